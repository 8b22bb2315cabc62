/// \file
/// Data of commands: from files and standard input, to files and standard output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "program.hpp"

namespace xnvme::tool {

/// All bytes of a file, or of standard input for "-". More than `most` bytes are a usage error, so
/// that a wrong file name is noticed before memory runs out.
std::vector<std::byte> read_file(const std::string& path, std::uint64_t most);

/// Writes bytes to a file, or to standard output for "-". The file is replaced.
void write_file(const std::string& path, std::span<const std::byte> bytes);

/// Writes bytes to standard output as they are.
void write_raw(std::span<const std::byte> bytes);

}  // namespace xnvme::tool
