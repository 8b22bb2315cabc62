/// \file
/// The key-value command set: keys, command builders, the structures that its commands return.
///
/// A namespace of this command set has no blocks. It stores values under keys of 1 to 16 bytes,
/// which are any bytes. Key Value Command Set 1.0
///
/// The builders are pure and inline; nothing can fail. As in builders.hpp, a namespace identifier
/// of 0 means the device's own, and the data is given beside the command at submission.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/print.hpp>
#include <xnvme/result.hpp>

namespace xnvme::nvme {

/// The longest key. Key Value Command Set 1.0 §3.2
inline constexpr std::uint32_t kKvKeyBytesMax = 16;

/// A key. One of length 0 is no key: it stands for "from the first" in a List command.
/// Key Value Command Set 1.0 §3.2, figure "Key Value Commands - Key"
struct KvKey {
    std::array<std::uint8_t, kKvKeyBytesMax> bytes{};  ///< Zeroes behind `length`.
    std::uint8_t length = 0;                           ///< 1 to 16, or 0 for no key.

    /// A key of these bytes. `invalid_argument` when they are none or more than 16.
    [[nodiscard]] static Result<KvKey> of(std::span<const std::byte> key) noexcept {
        if (key.empty() || key.size() > kKvKeyBytesMax) return fail(Errc::invalid_argument);
        KvKey made;
        std::memcpy(made.bytes.data(), key.data(), key.size());
        made.length = static_cast<std::uint8_t>(key.size());
        return made;
    }
    /// The same of the characters of a text, without a zero at its end.
    [[nodiscard]] static Result<KvKey> of(std::string_view text) noexcept {
        return of(std::as_bytes(std::span(text.data(), text.size())));
    }
    /// The bytes of the key. They belong to it.
    std::span<const std::byte> span() const noexcept {
        return std::as_bytes(std::span(bytes)).first(std::min<std::size_t>(length, bytes.size()));
    }
    bool starts_with(std::span<const std::byte> prefix) const noexcept {
        const std::span<const std::byte> key = span();
        return key.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), key.begin());
    }
    bool operator==(const KvKey&) const = default;
    /// Byte by byte; a key stands before those that it is the beginning of.
    std::strong_ordering operator<=>(const KvKey& other) const noexcept {
        // What lies behind the length is zero, so that a longer key is never smaller here.
        const int order = std::memcmp(bytes.data(), other.bytes.data(), bytes.size());
        return order != 0 ? order <=> 0 : length <=> other.length;
    }
};

/// Bits of a Store command's options. Key Value Command Set 1.0 §3.2.5 (SO)
enum KvStoreOptions : std::uint8_t {
    kKvMustExist = 1u << 0,     ///< Fails with "KV Key Does Not Exist" where there is no such key.
    kKvMustNotExist = 1u << 1,  ///< Fails with "Key Exists" where there is.
    kKvNoCompression = 1u << 2,
};

/// Bits of a Retrieve command's options. Key Value Command Set 1.0 §3.2.4 (RO)
enum KvRetrieveOptions : std::uint8_t {
    kKvRaw = 1u << 0,  ///< What was compressed is returned as it is.
};

namespace detail {
inline Command key_value(KeyValueOpcode opcode, const KvKey& key, std::uint32_t bytes,
                         std::uint8_t options, std::uint32_t nsid) noexcept {
    Command command;
    command.opcode = static_cast<std::uint8_t>(opcode);
    command.nsid = nsid;
    // Byte 0 of the key is the lowest of dword 2.
    std::memcpy(&command.cdw2, key.bytes.data(), 8);
    std::memcpy(&command.cdw14, key.bytes.data() + 8, 8);
    command.cdw10 = bytes;
    command.cdw11 = key.length | (static_cast<std::uint32_t>(options) << 8);
    return command;
}
static_assert(offsetof(Command, cdw3) == offsetof(Command, cdw2) + 4 &&
              offsetof(Command, cdw15) == offsetof(Command, cdw14) + 4);
}  // namespace detail

/// Store: puts a value under a key, in place of the one that is there. The data is the value.
/// Key Value Command Set 1.0 §3.2.5
/// \param value_bytes the length of the value, which may be 0, and of the data
/// \param options bits of `KvStoreOptions`
inline Command kv_store(const KvKey& key, std::uint32_t value_bytes, std::uint8_t options = 0,
                        std::uint32_t nsid = 0) noexcept {
    return detail::key_value(KeyValueOpcode::store, key, value_bytes, options, nsid);
}

/// Retrieve: gets the value of a key. Dword 0 of the completion is the length of the whole value;
/// where the buffer is shorter, as much as it holds is transferred, and that is success.
/// Key Value Command Set 1.0 §3.2.4
/// \param buffer_bytes the length of the data, which may be 0 to ask for the length alone
/// \param options bits of `KvRetrieveOptions`
inline Command kv_retrieve(const KvKey& key, std::uint32_t buffer_bytes, std::uint8_t options = 0,
                           std::uint32_t nsid = 0) noexcept {
    return detail::key_value(KeyValueOpcode::retrieve, key, buffer_bytes, options, nsid);
}

/// Delete: removes a key and its value. No data. Key Value Command Set 1.0 §3.2.1
inline Command kv_delete(const KvKey& key, std::uint32_t nsid = 0) noexcept {
    return detail::key_value(KeyValueOpcode::remove, key, 0, 0, nsid);
}

/// Exist: fails with "KV Key Does Not Exist" where there is no such key. No data.
/// Key Value Command Set 1.0 §3.2.2
inline Command kv_exist(const KvKey& key, std::uint32_t nsid = 0) noexcept {
    return detail::key_value(KeyValueOpcode::exist, key, 0, 0, nsid);
}

/// List: the keys that are stored, in an order of the device's own, from `from` on; a key of
/// length 0 is the beginning. `decode_kv_keys` reads the data. Key Value Command Set 1.0 §3.2.3
/// \param buffer_bytes the length of the data
inline Command kv_list(std::uint32_t buffer_bytes, const KvKey& from = {},
                       std::uint32_t nsid = 0) noexcept {
    return detail::key_value(KeyValueOpcode::list, from, buffer_bytes, 0, nsid);
}

/// The length of the key that a command gives, as it stands there: it may be more than 16.
constexpr std::uint32_t kv_key_bytes(const Command& command) noexcept {
    return command.cdw11 & 0xffu;
}
/// The key of a command; of more than 16 bytes the first 16.
inline KvKey kv_key(const Command& command) noexcept {
    KvKey key;
    key.length = static_cast<std::uint8_t>(std::min(kv_key_bytes(command), kKvKeyBytesMax));
    std::array<std::uint8_t, kKvKeyBytesMax> all{};
    std::memcpy(all.data(), &command.cdw2, 8);
    std::memcpy(all.data() + 8, &command.cdw14, 8);
    std::copy_n(all.begin(), key.length, key.bytes.begin());
    return key;
}
/// The length of the value (Store) or of the buffer (Retrieve, List).
constexpr std::uint32_t kv_value_bytes(const Command& command) noexcept {
    return command.cdw10;
}
/// The options of a Store or Retrieve.
constexpr std::uint8_t kv_options(const Command& command) noexcept {
    return static_cast<std::uint8_t>(command.cdw11 >> 8);
}

/// The lengths that a format of a key-value namespace allows. Key Value Command Set 1.0 §4.1.5.1,
/// figure "KV Format"
struct KvFormat {
    Le16 kml;  ///< Longest key, bytes.
    std::uint8_t rsvd2;
    std::uint8_t fopt;
    Le32 vml;  ///< Longest value, bytes.
    Le32 mnk;  ///< Most keys; 0 for no limit but the capacity.
    std::array<std::uint8_t, 4> rsvd12;
};
static_assert(sizeof(KvFormat) == 16 && offsetof(KvFormat, vml) == 4);

/// Identify Namespace of the key-value command set, CNS 05h, CSI 01h.
/// Key Value Command Set 1.0 §4.1.5.1
struct IdentifyNamespaceKv {
    Le64 nsze;  ///< Size, bytes.
    std::array<std::uint8_t, 8> rsvd8;
    Le64 nuse;  ///< Utilization, bytes.
    std::uint8_t nsfeat;
    std::uint8_t nkvf;  ///< Number of formats, zero-based.
    std::uint8_t nmic;
    std::uint8_t rescap;
    std::uint8_t fpi;
    std::array<std::uint8_t, 3> rsvd29;
    Le32 novg;  ///< Optimal value granularity, bytes; 0 when not reported.
    Le32 anagrpid;
    std::array<std::uint8_t, 3> rsvd40;
    std::uint8_t nsattr;  ///< Bit 0 write protected.
    Le16 nvmsetid;
    Le16 endgid;
    std::array<std::uint8_t, 16> nguid;  ///< Big-endian.
    std::array<std::uint8_t, 8> eui64;   ///< Big-endian.
    std::array<KvFormat, 16> kvf;
    std::array<std::uint8_t, 3512> rsvd328;
    std::array<std::uint8_t, 256> vs;

    /// Formats in `kvf`, at most 16.
    constexpr std::uint32_t formats() const noexcept { return nkvf < 16 ? nkvf + 1u : 16u; }
    /// Longest key, bytes: 1 to 16, whatever the device says.
    constexpr std::uint32_t key_bytes_max() const noexcept {
        const std::uint32_t longest = kvf[0].kml.value();
        return longest >= 1 && longest <= kKvKeyBytesMax ? longest : kKvKeyBytesMax;
    }
    /// Longest value, bytes; 0 when not reported.
    constexpr std::uint32_t value_bytes_max() const noexcept { return kvf[0].vml.value(); }
    constexpr bool write_protected() const noexcept { return (nsattr & 1) != 0; }
};
static_assert(sizeof(IdentifyNamespaceKv) == 4096 && alignof(IdentifyNamespaceKv) == 1);
static_assert(offsetof(IdentifyNamespaceKv, nuse) == 16 &&
              offsetof(IdentifyNamespaceKv, novg) == 32 &&
              offsetof(IdentifyNamespaceKv, nguid) == 48 &&
              offsetof(IdentifyNamespaceKv, kvf) == 72 &&
              offsetof(IdentifyNamespaceKv, vs) == 3840);

/// Fills in what a device's geometry has of a key-value namespace. There are no blocks in it.
/// \param max_transfer_bytes the most data in one command (MDTS)
XNVME_API void take_kv_geometry(const IdentifyNamespaceKv& ns, std::uint32_t max_transfer_bytes,
                                Geometry& geometry) noexcept;

/// What a List command returned.
struct KvKeys {
    std::vector<KvKey> keys;
    /// Keys that the device says it returned (NRK); more than `keys` has where the data is cut.
    std::uint32_t reported = 0;
    /// False when the data is damaged: a key without a length or longer than 16 bytes, or one that
    /// reaches past the end. What stands before the damage is kept.
    bool well_formed = true;
};

/// Decodes the data of a List command: a count, then each key with its length before it, filled up
/// to whole dwords. Reads nothing past the buffer, whatever the device says.
/// Key Value Command Set 1.0 §3.2.3, figure "List Data Structure"
[[nodiscard]] XNVME_API KvKeys decode_kv_keys(std::span<const std::byte> data);

/// Bytes that one key takes in the data of a List command.
constexpr std::uint32_t kv_list_entry_bytes(const KvKey& key) noexcept {
    return (2u + key.length + 3u) / 4u * 4u;
}
/// Bytes in front of the first key.
inline constexpr std::uint32_t kKvListHeaderBytes = 4;

/// A key for people: its characters where all can be printed, else "0x" and its bytes in base
/// sixteen. A key that begins with "0x" itself is written the second way.
[[nodiscard]] XNVME_API std::string kv_key_text(const KvKey& key);

[[nodiscard]] XNVME_API Node to_node(const IdentifyNamespaceKv& ns);
/// The keys as `kv_key_text` has them, with how many there are.
[[nodiscard]] XNVME_API Node to_node(const KvKeys& keys);

}  // namespace xnvme::nvme
