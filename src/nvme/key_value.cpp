#include <xnvme/nvme/key_value.hpp>

#include "nvme/print_parts.hpp"
#include "nvme/reader.hpp"

namespace xnvme::nvme {

namespace {

bool printable(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) {
        return byte >= std::byte{0x21} && byte < std::byte{0x7f};
    });
}

}  // namespace

void take_kv_geometry(const IdentifyNamespaceKv& ns, std::uint32_t max_transfer_bytes,
                      Geometry& geometry) noexcept {
    geometry = Geometry{};
    geometry.command_set = CommandSet::key_value;
    geometry.size_bytes = ns.nsze;
    geometry.max_transfer_bytes = max_transfer_bytes;
    geometry.max_segments = kIoVecMax;
    geometry.key_bytes_max = ns.key_bytes_max();
    // A value is stored by one command, so that it is never longer than one command's data.
    const std::uint32_t longest = ns.value_bytes_max();
    geometry.value_bytes_max =
        longest == 0 ? max_transfer_bytes : std::min(longest, max_transfer_bytes);
    geometry.optimal_io_bytes = ns.novg;
}

KvKeys decode_kv_keys(std::span<const std::byte> data) {
    KvKeys list;
    Reader reader(data);
    const auto count = reader.read<Le32>();
    if (!count) {
        list.well_formed = false;
        return list;
    }
    list.reported = *count;
    // No key takes less than four bytes: a count from the device reserves no more than can be.
    list.keys.reserve(std::min<std::size_t>(list.reported, reader.remaining_bytes() / 4));
    for (std::uint32_t i = 0; i < list.reported; ++i) {
        const auto length = reader.read<Le16>();
        const auto bytes = length ? reader.take(length->value()) : std::nullopt;
        const auto key = bytes ? KvKey::of(*bytes) : Result<KvKey>(fail(Errc::bad_length));
        if (!key) {
            list.well_formed = false;
            return list;
        }
        list.keys.push_back(*key);
        // The last key may end the data without its filling.
        const std::size_t next = (reader.offset_bytes() + 3) / 4 * 4;
        if (!reader.seek(next)) (void)reader.seek(data.size());
    }
    return list;
}

std::string kv_key_text(const KvKey& key) {
    const std::span<const std::byte> bytes = key.span();
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (printable(bytes) && !text.starts_with("0x")) return text;
    return "0x" + hex_text(std::span(key.bytes).first(bytes.size()));
}

Node to_node(const IdentifyNamespaceKv& ns) {
    Node formats = Node::list();
    for (std::uint32_t i = 0; i < ns.formats(); ++i) {
        Node format = Node::map();
        format.add("index", i)
            .add("key_max_bytes", ns.kvf[i].kml)
            .add("value_max_bytes", ns.kvf[i].vml)
            .add("keys_max", ns.kvf[i].mnk.value() == 0 ? Node() : Node(ns.kvf[i].mnk))
            .add("options", Node::hex(ns.kvf[i].fopt, 2));
        formats.push(std::move(format));
    }
    Node node = Node::map();
    node.add("nsze_bytes", ns.nsze)
        .add("nuse_bytes", ns.nuse)
        .add("nsfeat", Node::hex(ns.nsfeat, 2))
        .add("nmic", flags_node(ns.nmic, 2, {{0, "shared"}}))
        .add("rescap", Node::hex(ns.rescap, 2))
        .add("fpi", Node::hex(ns.fpi, 2))
        .add("novg_bytes", ns.novg)
        .add("anagrpid", ns.anagrpid)
        .add("nsattr", flags_node(ns.nsattr, 2, {{0, "write_protected"}}))
        .add("nvmsetid", ns.nvmsetid)
        .add("endgid", ns.endgid)
        .add("nguid", hex_text(ns.nguid))
        .add("eui64", hex_text(ns.eui64))
        .add("formats", std::move(formats));
    return node;
}

Node to_node(const KvKeys& keys) {
    Node list = Node::list();
    for (const KvKey& key : keys.keys) list.push(kv_key_text(key));
    Node node = Node::map();
    node.add("keys", std::move(list)).add("reported", keys.reported);
    if (!keys.well_formed) node.add("well_formed", false);
    return node;
}

}  // namespace xnvme::nvme
