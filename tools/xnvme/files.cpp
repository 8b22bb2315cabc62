#include "files.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "os/terminal.hpp"

namespace xnvme::tool {
namespace {

struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

std::vector<std::byte> read_all(std::FILE* file, const std::string& name, std::uint64_t most) {
    std::vector<std::byte> bytes;
    for (;;) {
        constexpr std::size_t kStep = std::size_t{1} << 20;
        const std::size_t had = bytes.size();
        bytes.resize(had + kStep);
        const std::size_t got = std::fread(bytes.data() + had, 1, kStep, file);
        bytes.resize(had + got);
        if (std::ferror(file) != 0)
            throw Stop(kFailed,
                       fmt::format("{} could not be read: {}.", name, os_error_text(errno)));
        if (bytes.size() > most)
            throw Stop(kUsage, fmt::format("{} holds more than the {} that one command can carry.",
                                           name, format_size(most)));
        if (got < kStep) return bytes;
    }
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path, std::uint64_t most) {
    if (path == "-") {
        os::make_binary(os::Stream::in);
        return read_all(stdin, "Standard input", most);
    }
    const File file(std::fopen(path.c_str(), "rb"));
    if (file == nullptr)
        throw Stop(kFailed,
                   fmt::format("The file {} could not be opened: {}.", path, os_error_text(errno)));
    return read_all(file.get(), path, most);
}

FileWriter::FileWriter(std::string path) : path_(std::move(path)), file_(stdout) {
    if (path_ == "-") {
        os::make_binary(os::Stream::out);
        return;
    }
    file_ = std::fopen(path_.c_str(), "wb");
    if (file_ == nullptr)
        throw Stop(kFailed, fmt::format("The file {} could not be created: {}.", path_,
                                        os_error_text(errno)));
}

FileWriter::~FileWriter() {
    if (file_ != nullptr && file_ != stdout) std::fclose(file_);
}

std::string FileWriter::could_not_be_written() const {
    return fmt::format("{} could not be written: {}.", path_ == "-" ? "Standard output" : path_,
                       os_error_text(errno));
}

Result<void, Failure> FileWriter::write(std::span<const std::byte> bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return {};
    return fail(Error::of_system(errno), could_not_be_written());
}

void FileWriter::finish() {
    std::FILE* const file = std::exchange(file_, nullptr);
    if (file == stdout) return;
    if (std::fclose(file) != 0) throw Stop(kFailed, could_not_be_written());
}

ReplacedFile::ReplacedFile(std::string path)
    : path_(std::move(path)),
      new_path_(path_ + ".new"),
      writer_(std::make_unique<FileWriter>(new_path_)) {}

ReplacedFile::~ReplacedFile() {
    if (writer_ == nullptr) return;
    writer_.reset();
    std::error_code ignored;
    std::filesystem::remove(new_path_, ignored);
}

void ReplacedFile::finish(std::string_view content) {
    take(writer_->write(std::as_bytes(std::span(content))));
    writer_->finish();
    std::error_code error;
    std::filesystem::rename(new_path_, path_, error);
    if (error)
        throw Stop(kFailed, fmt::format("The file {} could not be replaced: {}.", path_,
                                        os_error_text(error.value())));
    writer_.reset();
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
    FileWriter writer(path);
    take(writer.write(bytes));
    writer.finish();
}

void write_raw(std::span<const std::byte> bytes) {
    os::make_binary(os::Stream::out);
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size())
        throw Stop(kFailed,
                   fmt::format("Standard output could not be written: {}.", os_error_text(errno)));
}

}  // namespace xnvme::tool
