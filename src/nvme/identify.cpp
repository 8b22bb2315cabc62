#include <xnvme/nvme/identify.hpp>

#include <algorithm>
#include <cstring>

#include "nvme/reader.hpp"

namespace xnvme::nvme {
namespace {

/// The length that a descriptor of this type must have, 0 for a type that is not known.
constexpr std::size_t descriptor_bytes(std::uint8_t type) noexcept {
    switch (static_cast<NamespaceIdType>(type)) {
        case NamespaceIdType::eui64:
            return 8;
        case NamespaceIdType::nguid:
        case NamespaceIdType::uuid:
            return 16;
        case NamespaceIdType::csi:
            return 1;
    }
    return 0;
}

void store(NamespaceIds& ids, NamespaceIdType type, std::span<const std::byte> id) noexcept {
    switch (type) {
        case NamespaceIdType::eui64:
            ids.has_eui64 = true;
            std::memcpy(ids.eui64.data(), id.data(), ids.eui64.size());
            return;
        case NamespaceIdType::nguid:
            ids.has_nguid = true;
            std::memcpy(ids.nguid.data(), id.data(), ids.nguid.size());
            return;
        case NamespaceIdType::uuid:
            ids.has_uuid = true;
            std::memcpy(ids.uuid.data(), id.data(), ids.uuid.size());
            return;
        case NamespaceIdType::csi:
            ids.has_csi = true;
            ids.csi = static_cast<CommandSet>(id[0]);
            return;
    }
}

}  // namespace

NamespaceIds decode_namespace_ids(std::span<const std::byte> list) noexcept {
    NamespaceIds ids;
    Reader reader(list.first(std::min<std::size_t>(list.size(), kIdentifyBytes)));
    while (reader.remaining_bytes() > 0) {
        const auto header = reader.read<NamespaceIdHeader>();
        if (!header) {
            ids.well_formed = false;
            break;
        }
        if (header->nidt == 0) break;
        const auto id = reader.take(header->nidl);
        const std::size_t expected = descriptor_bytes(header->nidt);
        // No type has an identifier without bytes, so that a length of zero is damage, even where
        // the type is not known.
        if (!id || header->nidl == 0 || (expected != 0 && header->nidl != expected)) {
            ids.well_formed = false;
            break;
        }
        if (expected != 0) store(ids, static_cast<NamespaceIdType>(header->nidt), *id);
    }
    return ids;
}

std::size_t encode_namespace_id(std::span<std::byte> list, std::size_t offset, NamespaceIdType type,
                                std::span<const std::uint8_t> id) noexcept {
    const NamespaceIdHeader header{
        static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(id.size()), {}};
    if (id.empty() || id.size() > 0xff || offset > list.size() ||
        list.size() - offset < sizeof(header) + id.size()) {
        return 0;
    }
    std::memcpy(list.data() + offset, &header, sizeof(header));
    std::memcpy(list.data() + offset + sizeof(header), id.data(), id.size());
    return offset + sizeof(header) + id.size();
}

std::vector<std::uint32_t> decode_namespace_list(std::span<const std::byte> list) {
    std::vector<std::uint32_t> nsids;
    Reader reader(list.first(std::min<std::size_t>(list.size(), sizeof(NamespaceList))));
    while (const auto nsid = reader.read<Le32>()) {
        if (nsid->value() == 0) break;
        nsids.push_back(nsid->value());
    }
    return nsids;
}

std::vector<std::uint16_t> decode_controller_list(std::span<const std::byte> list) {
    std::vector<std::uint16_t> cntlids;
    Reader reader(list.first(std::min<std::size_t>(list.size(), sizeof(ControllerList))));
    const auto count = reader.read<Le16>();
    if (!count) return cntlids;
    for (std::uint32_t i = 0; i < count->value(); ++i) {
        const auto cntlid = reader.read<Le16>();
        if (!cntlid) break;
        cntlids.push_back(cntlid->value());
    }
    return cntlids;
}

}  // namespace xnvme::nvme
