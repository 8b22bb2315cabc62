/// \file
/// Names and sentences for people: what an error means and what to do next.
///
/// Every function may be called from any thread, and none blocks. Views are of constant text.
#pragma once

#include <string>
#include <string_view>

#include <xnvme/export.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/options.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

/// The word for an error code, such as "queue_full"; "unknown" for a value outside `Errc`.
[[nodiscard]] XNVME_API std::string_view errc_name(Errc code) noexcept;

/// One sentence, two at most: what happened and what to do next, without a line break. A device's
/// verdict is given by its name in the specification, an error of the system by its name and
/// meaning. Allocates.
[[nodiscard]] XNVME_API std::string describe(const Error& error);

/// What an errno means, with its name, such as "no such file or directory (ENOENT)"; "error 1234"
/// for one that the C++ standard does not name. Allocates.
[[nodiscard]] XNVME_API std::string os_error_text(int os_errno);

/// The word for a class of device, such as "nvme-block".
[[nodiscard]] XNVME_API std::string_view device_class_name(DeviceClass device_class) noexcept;

/// What a device of that class is, with its article, for sentences: "a block device".
[[nodiscard]] XNVME_API std::string_view device_class_phrase(DeviceClass device_class) noexcept;

/// The word for a command set: "nvm", "key-value", "zoned", "file-system"; "unknown" otherwise.
[[nodiscard]] XNVME_API std::string_view command_set_name(CommandSet set) noexcept;

/// The word for how deallocated blocks read: "unreported", "zeroes", "ones".
[[nodiscard]] XNVME_API std::string_view deallocated_read_name(DeallocatedRead value) noexcept;

/// The word for a way of access: "read-write", "read-only", "write-only".
[[nodiscard]] XNVME_API std::string_view access_name(Access access) noexcept;

}  // namespace xnvme
