/// \file
/// Data of commands: from files and standard input, to files and standard output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "program.hpp"

namespace xnvme::tool {

/// All bytes of a file, or of standard input for "-". More than `most` bytes are a usage error, so
/// that a wrong file name is noticed before memory runs out.
std::vector<std::byte> read_file(const std::string& path, std::uint64_t most);

/// Writes bytes to a file, or to standard output for "-". The file is replaced.
void write_file(const std::string& path, std::span<const std::byte> bytes);

/// A file, or standard output for "-", that is written part by part. The file is replaced. What
/// cannot be created ends the command.
class FileWriter {
  public:
    explicit FileWriter(std::string path);
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;
    ~FileWriter();

    /// Returns the failure, since it is called from inside the library.
    [[nodiscard]] Result<void, Failure> write(std::span<const std::byte> bytes);
    /// Everything is written, or the command ends. Without it a file is closed as it is.
    void finish();

  private:
    std::string could_not_be_written() const;

    std::string path_;
    std::FILE* file_;  ///< Standard output for "-"; null when it is finished.
};

/// A file that is replaced as a whole: it is what it was until `finish`, and then what was written.
/// That it can be written is known from the start.
class ReplacedFile {
  public:
    explicit ReplacedFile(std::string path);
    ReplacedFile(const ReplacedFile&) = delete;
    ReplacedFile& operator=(const ReplacedFile&) = delete;
    /// Without `finish` nothing is left behind.
    ~ReplacedFile();

    void finish(std::string_view content);

  private:
    std::string path_;
    std::string new_path_;
    std::unique_ptr<FileWriter> writer_;
};

/// Writes bytes to standard output as they are.
void write_raw(std::span<const std::byte> bytes);

}  // namespace xnvme::tool
