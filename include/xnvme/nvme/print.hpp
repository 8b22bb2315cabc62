/// \file
/// Printing: a small tree of named values, two renderers, and functions that turn what the library
/// knows into such trees.
///
/// Nothing here writes to a stream: trees become strings, and the caller decides where they go.
/// Everything allocates and may throw `std::bad_alloc`; nothing blocks; any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/identify_lists.hpp>
#include <xnvme/nvme/log.hpp>
#include <xnvme/nvme/log_events.hpp>
#include <xnvme/nvme/log_groups.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/registers.hpp>
#include <xnvme/nvme/zoned.hpp>

namespace xnvme::nvme {

/// A value: nothing, a boolean, a number, text, a list of values, or a map of names to values in
/// the order they were added.
class Node {
  public:
    enum class Kind : std::uint8_t {
        null,
        boolean,
        unsigned_integer,
        signed_integer,
        real,
        text,
        list,
        map,
    };

    Node() noexcept = default;
    Node(bool value) noexcept : kind_(Kind::boolean), bits_(value ? 1 : 0) {}  // NOLINT
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char>)
    Node(T value) noexcept : kind_(Kind::unsigned_integer), bits_(value) {}  // NOLINT
    template <std::signed_integral T>
        requires(!std::same_as<T, char>)
    Node(T value) noexcept  // NOLINT: values become nodes without a word.
        : kind_(Kind::signed_integer), bits_(static_cast<std::uint64_t>(std::int64_t{value})) {}
    Node(double value) noexcept : kind_(Kind::real), real_(value) {}         // NOLINT
    Node(std::string value) : kind_(Kind::text), text_(std::move(value)) {}  // NOLINT
    Node(std::string_view value) : kind_(Kind::text), text_(value) {}        // NOLINT
    Node(const char* value) : kind_(Kind::text), text_(value) {}             // NOLINT
    template <class T>
    Node(LittleEndian<T> value) noexcept : Node(value.value()) {}  // NOLINT
    /// A 128-bit count is text, all its digits in base ten: no reader of JSON keeps it otherwise.
    Node(const U128& value) : Node(value.decimal()) {}  // NOLINT

    static Node list() noexcept { return Node(Kind::list); }
    static Node map() noexcept { return Node(Kind::map); }
    /// A number that is written in base sixteen with at least `digits` digits where the format has
    /// such numbers. In JSON it is a number like any other.
    static Node hex(std::uint64_t value, unsigned digits) noexcept {
        Node node(value);
        node.hex_digits_ = static_cast<std::uint8_t>(digits < 1 ? 1 : digits > 16 ? 16 : digits);
        return node;
    }
    /// Text from a device, which may be any bytes: what is not printable ASCII, and the backslash,
    /// become `\xNN`.
    XNVME_API static Node device_text(std::string_view bytes);

    /// Adds a member to a map. A null node becomes a map first. \return this node
    Node& add(std::string_view name, Node value) {
        kind_ = Kind::map;
        names_.emplace_back(name);
        values_.push_back(std::move(value));
        return *this;
    }
    /// Adds an element to a list. A null node becomes a list first. \return this node
    Node& push(Node value) {
        kind_ = Kind::list;
        values_.push_back(std::move(value));
        return *this;
    }

    Kind kind() const noexcept { return kind_; }
    bool as_bool() const noexcept { return bits_ != 0; }
    std::uint64_t as_unsigned() const noexcept { return bits_; }
    std::int64_t as_signed() const noexcept { return static_cast<std::int64_t>(bits_); }
    double as_real() const noexcept { return real_; }
    const std::string& as_text() const noexcept { return text_; }
    /// 0 for a number in base ten.
    unsigned hex_digits() const noexcept { return hex_digits_; }
    /// Elements of a list or members of a map; 0 for the other kinds.
    std::size_t size() const noexcept { return values_.size(); }
    /// Element or member `index`, which must be below `size()`.
    const Node& at(std::size_t index) const noexcept { return values_[index]; }
    /// Name of member `index` of a map, which must be below `size()`.
    const std::string& name(std::size_t index) const noexcept { return names_[index]; }
    /// The member of this name, or null. The pointer is good until the map changes.
    const Node* find(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (names_[i] == name) return &values_[i];
        }
        return nullptr;
    }

  private:
    explicit Node(Kind kind) noexcept : kind_(kind) {}

    Kind kind_ = Kind::null;
    std::uint8_t hex_digits_ = 0;
    std::uint64_t bits_ = 0;
    double real_ = 0;
    std::string text_;
    std::vector<std::string> names_;
    std::vector<Node> values_;
};

/// The tree as readable text that is YAML: one value a line, ending with a line break. Text is
/// quoted where it would read as something else. Control characters never reach the terminal.
[[nodiscard]] XNVME_API std::string to_yaml(const Node& node);

/// The tree as JSON (RFC 8259). Integers keep all 64 bits. Text that is not UTF-8 has its stray
/// bytes written as `\xNN`, so that the result is always valid. Infinite and undefined numbers are
/// null.
/// \param indent spaces per level, and a line break at the end; 0 for one line without
[[nodiscard]] XNVME_API std::string to_json(const Node& node, unsigned indent = 2);

// ---- The library's words ------------------------------------------------------------------------

[[nodiscard]] XNVME_API Node to_node(const Geometry& geometry);
[[nodiscard]] XNVME_API Node to_node(Status status);
[[nodiscard]] XNVME_API Node to_node(const Completion& completion);
[[nodiscard]] XNVME_API Node to_node(const Error& error);
/// A command with the name of its opcode and every dword. The data and metadata pointers are left
/// out: they mean nothing outside this process.
[[nodiscard]] XNVME_API Node to_node(const Command& command, OpcodeSet set);

// ---- Identify -----------------------------------------------------------------------------------

[[nodiscard]] XNVME_API Node to_node(const IdentifyController& id);
[[nodiscard]] XNVME_API Node to_node(const IdentifyNamespace& id);
[[nodiscard]] XNVME_API Node to_node(const IdentifyControllerNvm& id);
/// \param formats how many of the LBA formats there are: `IdentifyNamespace::formats()`
[[nodiscard]] XNVME_API Node to_node(const IdentifyNamespaceNvm& id, std::uint32_t formats = 64);
[[nodiscard]] XNVME_API Node to_node(const IdentifyNamespaceIndependent& id);
/// \param formats how many of the LBA formats there are: `IdentifyNamespace::formats()`
[[nodiscard]] XNVME_API Node to_node(const IdentifyNamespaceZoned& id, std::uint32_t formats = 64);
[[nodiscard]] XNVME_API Node to_node(const IdentifyControllerZoned& id);
[[nodiscard]] XNVME_API Node to_node(const NamespaceList& list);
[[nodiscard]] XNVME_API Node to_node(const ControllerList& list);
[[nodiscard]] XNVME_API Node to_node(const IoCommandSets& sets);
[[nodiscard]] XNVME_API Node to_node(const NamespaceIds& ids);
[[nodiscard]] XNVME_API Node to_node(const PowerState& state);
[[nodiscard]] XNVME_API Node to_node(const LbaFormat& format);
[[nodiscard]] XNVME_API Node to_node(const NvmSetList& list);
[[nodiscard]] XNVME_API Node to_node(const PrimaryControllerCapabilities& id);
[[nodiscard]] XNVME_API Node to_node(const SecondaryControllerList& list);
[[nodiscard]] XNVME_API Node to_node(const NamespaceGranularityList& list);
[[nodiscard]] XNVME_API Node to_node(const UuidList& list);
[[nodiscard]] XNVME_API Node to_node(const DomainList& list);
[[nodiscard]] XNVME_API Node to_node(const EnduranceGroupList& list);

/// What Identify returned for a CNS value, field by field; the bytes in base sixteen for a CNS
/// that the library does not decode, or where the buffer is too short.
[[nodiscard]] XNVME_API Node identify_node(Cns cns, CommandSet csi,
                                           std::span<const std::byte> data);

// ---- Log pages ----------------------------------------------------------------------------------

[[nodiscard]] XNVME_API Node to_node(const SupportedLogPages& log);
[[nodiscard]] XNVME_API Node to_node(const ErrorLogEntry& entry);
[[nodiscard]] XNVME_API Node to_node(const HealthLog& log);
[[nodiscard]] XNVME_API Node to_node(const FirmwareSlotLog& log);
[[nodiscard]] XNVME_API Node to_node(const ChangedNamespacesLog& log);
/// The commands that are supported, by name. \param set the command set that the log is of
[[nodiscard]] XNVME_API Node to_node(const CommandsEffectsLog& log,
                                     CommandSet set = CommandSet::nvm);
[[nodiscard]] XNVME_API Node to_node(const SelfTestLog& log);
[[nodiscard]] XNVME_API Node to_node(const SanitizeStatusLog& log);
[[nodiscard]] XNVME_API Node to_node(const ChangedZonesLog& log);
[[nodiscard]] XNVME_API Node to_node(const TelemetryHeader& header);
[[nodiscard]] XNVME_API Node to_node(const PersistentEventHeader& header);
/// An event with the fields of its type; for a type without any, how much data it has.
[[nodiscard]] XNVME_API Node to_node(const PersistentEvent& event);
[[nodiscard]] XNVME_API Node to_node(const EnduranceGroupLog& log);
[[nodiscard]] XNVME_API Node to_node(const PredictableLatencyLog& log);
[[nodiscard]] XNVME_API Node to_node(const FeatureEffectsLog& log);
[[nodiscard]] XNVME_API Node to_node(const MiEffectsLog& log);
[[nodiscard]] XNVME_API Node to_node(const LockdownLog& log);
[[nodiscard]] XNVME_API Node to_node(const BootPartitionHeader& header);
[[nodiscard]] XNVME_API Node to_node(const RotationalMediaLog& log);
[[nodiscard]] XNVME_API Node to_node(const ReservationLog& log);

/// What Get Log Page returned from offset 0, field by field. The error information log gives as
/// many entries as the buffer holds, without the unused ones. The bytes in base sixteen for a page
/// that the library does not decode, or where the buffer is too short.
[[nodiscard]] XNVME_API Node log_node(LogPage page, CommandSet csi,
                                      std::span<const std::byte> data);

// ---- Zones --------------------------------------------------------------------------------------

[[nodiscard]] XNVME_API Node to_node(const ZoneDescriptor& zone);
[[nodiscard]] XNVME_API Node to_node(const ZoneReportView& report);

// ---- Features -----------------------------------------------------------------------------------

/// A feature's value with its fields, and what its structure says.
/// \param value dword 0 of the completion
/// \param data the data structure of a feature that has one, else empty
[[nodiscard]] XNVME_API Node feature_node(FeatureId id, std::uint32_t value,
                                          std::span<const std::byte> data = {});
[[nodiscard]] XNVME_API Node to_node(const FeatureCapabilities& capabilities);

// ---- Registers ----------------------------------------------------------------------------------

/// Every register, with its fields. Those of the persistent memory region where there is one.
[[nodiscard]] XNVME_API Node to_node(const ControllerRegisters& registers);

// ---- Bytes --------------------------------------------------------------------------------------

/// Bytes in base sixteen: a list of lines of 32 bytes, each with its offset. Trailing lines of
/// zeroes are left out.
[[nodiscard]] XNVME_API Node bytes_node(std::span<const std::byte> data);

}  // namespace xnvme::nvme
