/// \file
/// What Directive Receive returns, and the streams directive in a write. The commands are in
/// builders.hpp, data placement in fdp.hpp.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {

/// The name of a directive type: "identify", "streams", "data-placement", or "unknown".
constexpr std::string_view directive_name(DirectiveType type) noexcept {
    switch (type) {
        case DirectiveType::identify:
            return "identify";
        case DirectiveType::streams:
            return "streams";
        case DirectiveType::data_placement:
            return "data-placement";
    }
    return "unknown";
}

/// What the identify directive's parameters are: bit n of each field is directive type n.
/// NVMe Base 2.0 §8.7.2.1
struct DirectiveParameters {
    std::array<std::uint8_t, 32> supported;
    std::array<std::uint8_t, 32> enabled;
    std::array<std::uint8_t, 32> persistent;  ///< Stays enabled over controller level resets.
    std::array<std::uint8_t, 4000> rsvd96;

    static constexpr bool has(const std::array<std::uint8_t, 32>& field,
                              DirectiveType type) noexcept {
        const auto bit = static_cast<unsigned>(type);
        return ((field[bit / 8] >> (bit % 8)) & 1) != 0;
    }
    static constexpr void add(std::array<std::uint8_t, 32>& field, DirectiveType type) noexcept {
        const auto bit = static_cast<unsigned>(type);
        field[bit / 8] = static_cast<std::uint8_t>(field[bit / 8] | (1u << (bit % 8)));
    }
};
static_assert(sizeof(DirectiveParameters) == 4096);

/// Directive Receive of the identify directive's parameters. The data is a `DirectiveParameters`.
constexpr Command directive_parameters(std::uint32_t nsid) noexcept {
    DirectiveFields fields;
    fields.nsid = nsid;
    fields.bytes = sizeof(DirectiveParameters);
    fields.operation = kIdentifyReceiveParameters;
    return directive_receive(fields);
}

/// The parameters of the streams directive. NVMe Base 2.0 §8.7.3.1.1
struct StreamsParameters {
    Le16 msl;           ///< Most streams that can be open in the NVM subsystem.
    Le16 nssa;          ///< Those that no namespace has been given.
    Le16 nsso;          ///< Open streams of all namespaces that use the common ones.
    std::uint8_t nssc;  ///< Capabilities.
    std::array<std::uint8_t, 9> rsvd7;
    Le32 sws;  ///< Write size that performs best, blocks.
    Le16 sgs;  ///< Granularity of a stream's space, in multiples of `sws`.
    Le16 nsa;  ///< Streams that this namespace has been given.
    Le16 nso;  ///< Open streams of this namespace.
    std::array<std::uint8_t, 6> rsvd26;
};
static_assert(sizeof(StreamsParameters) == 32 && offsetof(StreamsParameters, sws) == 16);

/// Directive Receive of them. The data is a `StreamsParameters`.
constexpr Command streams_parameters(std::uint32_t nsid) noexcept {
    DirectiveFields fields;
    fields.nsid = nsid;
    fields.bytes = sizeof(StreamsParameters);
    fields.type = DirectiveType::streams;
    fields.operation = kStreamsReceiveParameters;
    return directive_receive(fields);
}
/// Directive Receive of the open streams. `decode_streams_status` reads the data.
/// \param bytes a multiple of 4; 131072 is room for all
constexpr Command streams_status(std::uint32_t bytes, std::uint32_t nsid) noexcept {
    DirectiveFields fields;
    fields.nsid = nsid;
    fields.bytes = bytes;
    fields.type = DirectiveType::streams;
    fields.operation = kStreamsReceiveStatus;
    return directive_receive(fields);
}
/// Directive Receive that asks for streams of the namespace's own. No data; dword 0 of the
/// completion is how many it was given. NVMe Base 2.0 §8.7.3.1.3
constexpr Command streams_allocate(std::uint16_t count, std::uint32_t nsid) noexcept {
    DirectiveFields fields;
    fields.nsid = nsid;
    fields.type = DirectiveType::streams;
    fields.operation = kStreamsReceiveAllocate;
    fields.cdw12 = count;
    return directive_receive(fields);
}
/// Directive Send that closes a stream. No data. NVMe Base 2.0 §8.7.3.2.1
constexpr Command streams_release(std::uint16_t stream, std::uint32_t nsid) noexcept {
    DirectiveFields fields;
    fields.nsid = nsid;
    fields.type = DirectiveType::streams;
    fields.operation = kStreamsSendReleaseIdentifier;
    fields.specific = stream;
    return directive_send(fields);
}
/// Directive Send that gives the namespace's own streams back. No data. NVMe Base 2.0 §8.7.3.2.2
constexpr Command streams_release_all(std::uint32_t nsid) noexcept {
    DirectiveFields fields;
    fields.nsid = nsid;
    fields.type = DirectiveType::streams;
    fields.operation = kStreamsSendReleaseResources;
    return directive_send(fields);
}

/// The identifiers of open streams: a count, then as many; no more than are in the buffer.
/// NVMe Base 2.0 §8.7.3.1.2
[[nodiscard]] XNVME_API std::vector<std::uint16_t> decode_streams_status(
    std::span<const std::byte> data);

/// Makes a write one of a stream: dword 12 and dword 13. NVM Command Set 1.0 §3.2.6 (DTYPE, DSPEC)
/// \param stream 1 to 65535
constexpr Command streamed(Command write, std::uint16_t stream) noexcept {
    write.cdw12 =
        (write.cdw12 & ~0x00f00000u) | (static_cast<std::uint32_t>(DirectiveType::streams) << 20);
    write.cdw13 = (write.cdw13 & 0xffffu) | (static_cast<std::uint32_t>(stream) << 16);
    return write;
}

/// The directives by name, with what is said of each.
[[nodiscard]] XNVME_API Node to_node(const DirectiveParameters& parameters);
[[nodiscard]] XNVME_API Node to_node(const StreamsParameters& parameters);

}  // namespace xnvme::nvme
