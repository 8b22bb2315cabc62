#include <xnvme/nvme/directives.hpp>

#include <algorithm>

#include "nvme/reader.hpp"

namespace xnvme::nvme {

std::vector<std::uint16_t> decode_streams_status(std::span<const std::byte> data) {
    std::vector<std::uint16_t> streams;
    Reader reader(data);
    const auto count = reader.read<Le16>();
    if (!count) return streams;
    streams.reserve(std::min<std::size_t>(count->value(), reader.remaining_bytes() / 2));
    while (streams.size() < count->value()) {
        const auto stream = reader.read<Le16>();
        if (!stream) break;
        streams.push_back(*stream);
    }
    return streams;
}

Node to_node(const DirectiveParameters& parameters) {
    Node list = Node::list();
    for (unsigned bit = 0; bit < 256; ++bit) {
        const auto type = static_cast<DirectiveType>(bit);
        if (!DirectiveParameters::has(parameters.supported, type)) continue;
        Node entry = Node::map();
        entry.add("type", Node::hex(bit, 2))
            .add("name", directive_name(type))
            .add("enabled", DirectiveParameters::has(parameters.enabled, type))
            .add("persistent", DirectiveParameters::has(parameters.persistent, type));
        list.push(std::move(entry));
    }
    return Node::map().add("directives", std::move(list));
}

Node to_node(const StreamsParameters& parameters) {
    return Node::map()
        .add("streams_max", parameters.msl)
        .add("streams_available", parameters.nssa)
        .add("streams_open", parameters.nsso)
        .add("capabilities", Node::hex(parameters.nssc, 2))
        .add("write_blocks", parameters.sws)
        .add("granularity_writes", parameters.sgs)
        .add("namespace_streams", parameters.nsa)
        .add("namespace_streams_open", parameters.nso);
}

}  // namespace xnvme::nvme
