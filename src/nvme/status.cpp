#include <xnvme/nvme/status.hpp>

#include <algorithm>
#include <array>

namespace xnvme::nvme {
namespace {

struct StatusRow {
    std::uint8_t sct;
    std::uint8_t sc;
    std::string_view name;

    constexpr unsigned key() const noexcept { return static_cast<unsigned>(sct << 8) | sc; }
};

// NVMe Base 2.0 §3.3.3.2.1; from 80h also NVM Command Set 1.0, Zoned Namespace Command Set 1.1 and
// Key Value Command Set 1.0. In ascending order: it is searched by halves.
constexpr auto kRows = std::to_array<StatusRow>({
    {0, 0x00, "Successful Completion"},
    {0, 0x01, "Invalid Command Opcode"},
    {0, 0x02, "Invalid Field in Command"},
    {0, 0x03, "Command ID Conflict"},
    {0, 0x04, "Data Transfer Error"},
    {0, 0x05, "Commands Aborted due to Power Loss Notification"},
    {0, 0x06, "Internal Error"},
    {0, 0x07, "Command Abort Requested"},
    {0, 0x08, "Command Aborted due to SQ Deletion"},
    {0, 0x09, "Command Aborted due to Failed Fused Command"},
    {0, 0x0a, "Command Aborted due to Missing Fused Command"},
    {0, 0x0b, "Invalid Namespace or Format"},
    {0, 0x0c, "Command Sequence Error"},
    {0, 0x0d, "Invalid SGL Segment Descriptor"},
    {0, 0x0e, "Invalid Number of SGL Descriptors"},
    {0, 0x0f, "Data SGL Length Invalid"},
    {0, 0x10, "Metadata SGL Length Invalid"},
    {0, 0x11, "SGL Descriptor Type Invalid"},
    {0, 0x12, "Invalid Use of Controller Memory Buffer"},
    {0, 0x13, "PRP Offset Invalid"},
    {0, 0x14, "Atomic Write Unit Exceeded"},
    {0, 0x15, "Operation Denied"},
    {0, 0x16, "SGL Offset Invalid"},
    {0, 0x18, "Host Identifier Inconsistent Format"},
    {0, 0x19, "Keep Alive Timer Expired"},
    {0, 0x1a, "Keep Alive Timeout Invalid"},
    {0, 0x1b, "Command Aborted due to Preempt and Abort"},
    {0, 0x1c, "Sanitize Failed"},
    {0, 0x1d, "Sanitize In Progress"},
    {0, 0x1e, "SGL Data Block Granularity Invalid"},
    {0, 0x1f, "Command Not Supported for Queue in CMB"},
    {0, 0x20, "Namespace is Write Protected"},
    {0, 0x21, "Command Interrupted"},
    {0, 0x22, "Transient Transport Error"},
    {0, 0x23, "Command Prohibited by Command and Feature Lockdown"},
    {0, 0x24, "Admin Command Media Not Ready"},
    {0, 0x29, "FDP Disabled"},
    {0, 0x2a, "Invalid Placement Handle List"},
    {0, 0x80, "LBA Out of Range"},
    {0, 0x81, "Capacity Exceeded"},
    {0, 0x82, "Namespace Not Ready"},
    {0, 0x83, "Reservation Conflict"},
    {0, 0x84, "Format In Progress"},
    {0, 0x85, "Invalid Value Size"},
    {0, 0x86, "Invalid Key Size"},
    {0, 0x87, "KV Key Does Not Exist"},
    {0, 0x88, "Unrecovered Error"},
    {0, 0x89, "Key Exists"},

    {1, 0x00, "Completion Queue Invalid"},
    {1, 0x01, "Invalid Queue Identifier"},
    {1, 0x02, "Invalid Queue Size"},
    {1, 0x03, "Abort Command Limit Exceeded"},
    {1, 0x05, "Asynchronous Event Request Limit Exceeded"},
    {1, 0x06, "Invalid Firmware Slot"},
    {1, 0x07, "Invalid Firmware Image"},
    {1, 0x08, "Invalid Interrupt Vector"},
    {1, 0x09, "Invalid Log Page"},
    {1, 0x0a, "Invalid Format"},
    {1, 0x0b, "Firmware Activation Requires Conventional Reset"},
    {1, 0x0c, "Invalid Queue Deletion"},
    {1, 0x0d, "Feature Identifier Not Saveable"},
    {1, 0x0e, "Feature Not Changeable"},
    {1, 0x0f, "Feature Not Namespace Specific"},
    {1, 0x10, "Firmware Activation Requires NVM Subsystem Reset"},
    {1, 0x11, "Firmware Activation Requires Controller Level Reset"},
    {1, 0x12, "Firmware Activation Requires Maximum Time Violation"},
    {1, 0x13, "Firmware Activation Prohibited"},
    {1, 0x14, "Overlapping Range"},
    {1, 0x15, "Namespace Insufficient Capacity"},
    {1, 0x16, "Namespace Identifier Unavailable"},
    {1, 0x18, "Namespace Already Attached"},
    {1, 0x19, "Namespace Is Private"},
    {1, 0x1a, "Namespace Not Attached"},
    {1, 0x1b, "Thin Provisioning Not Supported"},
    {1, 0x1c, "Controller List Invalid"},
    {1, 0x1d, "Device Self-test In Progress"},
    {1, 0x1e, "Boot Partition Write Prohibited"},
    {1, 0x1f, "Invalid Controller Identifier"},
    {1, 0x20, "Invalid Secondary Controller State"},
    {1, 0x21, "Invalid Number of Controller Resources"},
    {1, 0x22, "Invalid Resource Identifier"},
    {1, 0x23, "Sanitize Prohibited While Persistent Memory Region is Enabled"},
    {1, 0x24, "ANA Group Identifier Invalid"},
    {1, 0x25, "ANA Attach Failed"},
    {1, 0x26, "Insufficient Capacity"},
    {1, 0x27, "Namespace Attachment Limit Exceeded"},
    {1, 0x28, "Prohibition of Command Execution Not Supported"},
    {1, 0x29, "I/O Command Set Not Supported"},
    {1, 0x2a, "I/O Command Set Not Enabled"},
    {1, 0x2b, "I/O Command Set Combination Rejected"},
    {1, 0x2c, "Invalid I/O Command Set"},
    {1, 0x2d, "Identifier Unavailable"},
    {1, 0x80, "Conflicting Attributes"},
    {1, 0x81, "Invalid Protection Information"},
    {1, 0x82, "Attempted Write to Read Only Range"},
    {1, 0x83, "Command Size Limit Exceeded"},
    {1, 0x84, "Invalid Command ID"},
    {1, 0x85, "Incompatible Namespace or Format"},
    {1, 0x86, "Fast Copy Not Possible"},
    {1, 0x87, "Overlapping I/O Range"},
    {1, 0x88, "Namespace Not Reachable"},
    {1, 0x89, "Insufficient Resources"},
    {1, 0x90, "Discover Restart"},
    {1, 0x91, "Authentication Required"},
    {1, 0xb6, "Invalid Zone Operation"},
    {1, 0xb7, "No ZRWA Resources Available"},
    {1, 0xb8, "Zone Boundary Error"},
    {1, 0xb9, "Zone Is Full"},
    {1, 0xba, "Zone Is Read Only"},
    {1, 0xbb, "Zone Is Offline"},
    {1, 0xbc, "Zone Invalid Write"},
    {1, 0xbd, "Too Many Active Zones"},
    {1, 0xbe, "Too Many Open Zones"},
    {1, 0xbf, "Invalid Zone State Transition"},

    {2, 0x80, "Write Fault"},
    {2, 0x81, "Unrecovered Read Error"},
    {2, 0x82, "End-to-end Guard Check Error"},
    {2, 0x83, "End-to-end Application Tag Check Error"},
    {2, 0x84, "End-to-end Reference Tag Check Error"},
    {2, 0x85, "Compare Failure"},
    {2, 0x86, "Access Denied"},
    {2, 0x87, "Deallocated or Unwritten Logical Block"},
    {2, 0x88, "End-to-end Storage Tag Check Error"},

    {3, 0x00, "Internal Path Error"},
    {3, 0x01, "Asymmetric Access Persistent Loss"},
    {3, 0x02, "Asymmetric Access Inaccessible"},
    {3, 0x03, "Asymmetric Access Transition"},
    {3, 0x60, "Controller Pathing Error"},
    {3, 0x70, "Host Pathing Error"},
    {3, 0x71, "Command Aborted By Host"},
});

constexpr bool ascending() {
    for (std::size_t i = 1; i < kRows.size(); ++i) {
        if (kRows[i - 1].key() >= kRows[i].key()) return false;
    }
    return true;
}
static_assert(ascending(), "the table is searched by halves");

constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

std::string_view status_name(Status status) noexcept {
    const unsigned key = static_cast<unsigned>(status.sct() << 8) | status.sc();
    const auto row = std::lower_bound(
        kRows.begin(), kRows.end(), key,
        [](const StatusRow& candidate, unsigned wanted) { return candidate.key() < wanted; });
    if (row != kRows.end() && row->key() == key) return row->name;
    // Codes from C0h are the vendor's in every type. NVMe Base 2.0 §3.3.3.2.1
    if (status.sct() == static_cast<unsigned>(StatusType::vendor) || status.sc() >= 0xc0) {
        return "Vendor Specific";
    }
    return "Unknown Status";
}

std::string_view status_type_name(Status status) noexcept {
    switch (static_cast<StatusType>(status.sct())) {
        case StatusType::generic:
            return "Generic Command Status";
        case StatusType::command_specific:
            return "Command Specific Status";
        case StatusType::media:
            return "Media and Data Integrity Errors";
        case StatusType::path:
            return "Path Related Status";
        case StatusType::vendor:
            return "Vendor Specific";
    }
    return "Reserved";
}

std::string status_text(Status status) {
    std::string text(status_name(status));
    text += " (sct 0x";
    text += kHexDigits[status.sct()];
    text += ", sc 0x";
    text += kHexDigits[status.sc() >> 4];
    text += kHexDigits[status.sc() & 0xf];
    if (status.dnr()) text += ", do not retry";
    if (status.more()) text += ", more in the error log";
    text += ')';
    return text;
}

}  // namespace xnvme::nvme
