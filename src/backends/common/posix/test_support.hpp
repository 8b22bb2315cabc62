/// \file
/// What the tests of this folder share: a temporary file that is open, and queues to drive.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <xnvme/nvme/builders.hpp>

#include "contracts/interfaces.hpp"
#include "contracts/regions.hpp"

namespace xnvme::be_common::test {

inline constexpr std::uint32_t kBlockBytes = 512;

/// A file of its own, removed at the end.
class TempFile {
  public:
    explicit TempFile(std::uint64_t blocks) {
        const char* folder = std::getenv("TMPDIR");
        path_ = std::string(folder != nullptr ? folder : "/tmp") + "/xnvme-test-XXXXXX";
        fd_ = ::mkstemp(path_.data());
        EXPECT_GE(fd_, 0);
        EXPECT_EQ(::ftruncate(fd_, static_cast<off_t>(blocks * kBlockBytes)), 0);
    }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    ~TempFile() {
        ::close(fd_);
        ::unlink(path_.c_str());
    }
    int fd() const { return fd_; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
    int fd_ = -1;
};

/// A handle on a descriptor, as opening a regular file would make it.
inline void fill_handle(Handle& handle, int fd, std::uint64_t blocks) {
    handle.fd = fd;
    handle.identifier.device_class = DeviceClass::file;
    Geometry& geometry = handle.facts.geometry;
    geometry.blocks = blocks;
    geometry.block_bytes = geometry.transfer_block_bytes = kBlockBytes;
    geometry.size_bytes = blocks * kBlockBytes;
    geometry.max_transfer_bytes = 65536 * kBlockBytes;
    handle.facts.can_deallocate = true;
}

/// Fills a context as the rules do.
inline void fill(Context& context, const Command& command, const Data& data = {}) {
    context.command = command;
    CommandRules::fill(context, data);
    if (data.vectored()) {
        context.command.data_bytes = static_cast<std::uint32_t>(data.segments());
        context.options |= kVectored;
    }
}

inline QueueParts make_parts(std::uint32_t depth) {
    auto slots = SlotArray::create(depth);
    EXPECT_TRUE(slots.has_value());
    QueueParts parts{std::move(*slots), CommandRules{}, nullptr};
    for (OpcodeRule& rule : parts.rules.opcodes) rule.shift = 9;
    for (unsigned opcode : {0xacu, 0xdcu, 0xadu}) parts.rules.opcodes[opcode].shift = 0;
    return parts;
}

/// Blocks whose every byte tells which block of which generation it is.
inline std::vector<std::uint8_t> pattern(std::uint64_t slba, std::uint32_t blocks,
                                         unsigned generation) {
    std::vector<std::uint8_t> bytes(std::size_t{blocks} * kBlockBytes);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] =
            static_cast<std::uint8_t>((slba + i / kBlockBytes) * 31 + i * 7 + generation * 101);
    return bytes;
}

}  // namespace xnvme::be_common::test
