/// \file
/// Opening a regular file as a device.
#pragma once

#include <memory>
#include <vector>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common {

/// Opens, and where `options` say so creates, cuts and grows, a regular file. Blocks.
///
/// The file is seen as an NVM namespace of 512-byte blocks, or with `direct` of what the file
/// system's direct I/O is a multiple of; a tail that fills no block is reached by the file-system
/// commands alone. With `create_bytes` space is set aside for all of it, so that a disk that is too
/// full is found out here; a file that this call created is removed again where it fails.
/// Errors: `not_found`, `no_permission`, `read_only`, `invalid_argument` for what is no regular
/// file, `unsupported` where the file system refuses direct I/O, `system` for all else.
Result<std::unique_ptr<Handle>, Failure> open_file(const Identifier& identifier,
                                                   const Options& options);

/// Discovery of the `common` backend, for POSIX systems without one of their own: regular files.
/// As `open_file`; `unsupported` for other classes.
Result<std::unique_ptr<Handle>, Failure> open(const Identifier& identifier, const Options& options);
/// Files are not looked for: always empty.
Result<std::vector<Found>, Failure> scan();

}  // namespace xnvme::be_common
