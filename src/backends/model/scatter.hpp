/// \file
/// The caller's memory of one command, as one stream of bytes: a buffer or a list of buffers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xnvme/command.hpp>

#include "verdicts.hpp"

namespace xnvme::be_model {

/// Walks over a buffer or a list from its start. Nothing is allocated. The walk stops at the end:
/// what is asked for beyond it is not done, though the commands check lengths before they begin.
class Scatter {
  public:
    Scatter() noexcept = default;

    /// The data of a command. A list with more than `kIoVecMax` elements, and a null address with
    /// a length, give `kDataTransferError`.
    static Scatter data_of(const Context& context) noexcept {
        const Command& command = context.command;
        return of(command.data, command.data_bytes, (context.options & kVectored) != 0);
    }
    /// The separate metadata of a command, likewise.
    static Scatter metadata_of(const Context& context) noexcept {
        const Command& command = context.command;
        return of(command.metadata, command.metadata_bytes,
                  (context.options & kMetadataVectored) != 0);
    }

    /// Success, or why the memory cannot be used.
    Status status() const noexcept { return status_; }
    /// Bytes in all, counted from the start.
    std::uint64_t bytes() const noexcept { return bytes_; }

    /// Copies `count` bytes into the caller's memory.
    void put(const void* from, std::size_t count) noexcept {
        auto* source = static_cast<const std::byte*>(from);
        walk(count, [&](std::byte* at, std::size_t part) {
            std::memcpy(at, source, part);
            source += part;
            return true;
        });
    }
    /// Sets `count` bytes of the caller's memory.
    void fill(std::byte value, std::size_t count) noexcept {
        walk(count, [&](std::byte* at, std::size_t part) {
            std::memset(at, static_cast<int>(value), part);
            return true;
        });
    }
    /// Copies `count` bytes out of the caller's memory.
    void get(void* to, std::size_t count) noexcept {
        auto* target = static_cast<std::byte*>(to);
        walk(count, [&](std::byte* at, std::size_t part) {
            std::memcpy(target, at, part);
            target += part;
            return true;
        });
    }
    /// True when the next `count` bytes are those at `expected`.
    bool equals(const void* expected, std::size_t count) noexcept {
        auto* source = static_cast<const std::byte*>(expected);
        bool equal = true;
        walk(count, [&](std::byte* at, std::size_t part) {
            equal = equal && std::memcmp(at, source, part) == 0;
            source += part;
            return equal;
        });
        return equal;
    }
    /// True when the next `count` bytes are all `value`.
    bool equals(std::byte value, std::size_t count) noexcept {
        bool equal = true;
        walk(count, [&](std::byte* at, std::size_t part) {
            equal = equal && std::all_of(at, at + part, [=](std::byte b) { return b == value; });
            return equal;
        });
        return equal;
    }

  private:
    static Scatter of(std::uint64_t address, std::uint32_t length, bool vectored) noexcept {
        Scatter scatter;
        if (!vectored) [[likely]] {
            scatter.at_ = reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(address));
            scatter.left_ = length;
            scatter.bytes_ = length;
            if (address == 0 && length != 0) scatter.status_ = kDataTransferError;
            return scatter;
        }
        scatter.take_list(reinterpret_cast<const IoVec*>(static_cast<std::uintptr_t>(address)),
                          length);
        return scatter;
    }
    void take_list(const IoVec* list, std::uint32_t count) noexcept;

    template <class Visit>
    void walk(std::size_t count, Visit visit) noexcept {
        while (count != 0) {
            while (left_ == 0) {
                if (next_ == end_) return;
                at_ = static_cast<std::byte*>(next_->base);
                left_ = next_->bytes;
                ++next_;
            }
            const std::size_t part = std::min(count, left_);
            const bool more = visit(at_, part);
            at_ += part;
            left_ -= part;
            count -= part;
            if (!more) return;
        }
    }

    std::byte* at_ = nullptr;
    std::size_t left_ = 0;
    const IoVec* next_ = nullptr;
    const IoVec* end_ = nullptr;
    std::uint64_t bytes_ = 0;
    Status status_{};
};

}  // namespace xnvme::be_model
