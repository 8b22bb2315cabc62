/// \file
/// A command, its completion, and the 128-byte context that carries both through a queue.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <xnvme/result.hpp>

namespace xnvme {

class AsyncQueue;
class DeviceState;
struct Context;

static_assert(std::endian::native == std::endian::little,
              "commands are built in place in the wire's byte order, which is little-endian");

/// A submission queue entry: 64 bytes, in the wire's layout.
///
/// Bytes 24 to 39 are the data pointer. Until a driver of ours turns it into PRP or SGL entries it
/// holds the caller's view, in the layout of Linux's `struct nvme_passthru_cmd64`: an address,
/// then the lengths. Those four fields are filled by the library when a command is submitted;
/// callers pass `Data` instead.
/// NVMe Base 2.0 §3.3.3.1; linux/nvme_ioctl.h
struct Command {
    std::uint8_t opcode = 0;
    std::uint8_t flags = 0;  ///< Bits 1:0 FUSE, bits 7:6 PSDT.
    std::uint16_t cid = 0;   ///< Command identifier: set by the interface.
    std::uint32_t nsid = 0;  ///< Namespace; in an I/O command 0 means the device's own.
    std::uint32_t cdw2 = 0;
    std::uint32_t cdw3 = 0;
    std::uint64_t metadata = 0;        ///< Metadata address (MPTR); filled at submission.
    std::uint64_t data = 0;            ///< Data address, or of `IoVec`s; filled at submission.
    std::uint32_t metadata_bytes = 0;  ///< Metadata length; filled at submission.
    std::uint32_t data_bytes = 0;      ///< Data length, or count of `IoVec`s when vectored.
    std::uint32_t cdw10 = 0;
    std::uint32_t cdw11 = 0;
    std::uint32_t cdw12 = 0;
    std::uint32_t cdw13 = 0;
    std::uint32_t cdw14 = 0;
    std::uint32_t cdw15 = 0;

    /// Starting LBA: command dwords 10 and 11. NVM Command Set 1.0 §3
    constexpr std::uint64_t slba() const noexcept {
        return (static_cast<std::uint64_t>(cdw11) << 32) | cdw10;
    }
    constexpr void set_slba(std::uint64_t slba) noexcept {
        cdw10 = static_cast<std::uint32_t>(slba);
        cdw11 = static_cast<std::uint32_t>(slba >> 32);
    }
    /// Number of logical blocks, counted from one: command dword 12 bits 15:0, plus one. This
    /// accessor and `set_blocks` are where the specification's zero-based count is converted.
    constexpr std::uint32_t blocks() const noexcept { return (cdw12 & 0xffffu) + 1; }
    constexpr void set_blocks(std::uint32_t blocks) noexcept {
        cdw12 = (cdw12 & 0xffff0000u) | ((blocks - 1) & 0xffffu);
    }
};
static_assert(sizeof(Command) == 64 && std::is_standard_layout_v<Command>);
static_assert(offsetof(Command, metadata) == 16 && offsetof(Command, data) == 24 &&
              offsetof(Command, metadata_bytes) == 32 && offsetof(Command, cdw10) == 40);

/// A completion queue entry: 16 bytes, in the wire's layout.
/// NVMe Base 2.0 §3.3.3.2
struct Completion {
    std::uint64_t result = 0;  ///< Command dwords 0 and 1 of the completion.
    std::uint16_t sqhd = 0;
    std::uint16_t sqid = 0;
    std::uint16_t cid = 0;
    Status status{};

    constexpr bool ok() const noexcept { return status.ok(); }
};
static_assert(sizeof(Completion) == 16 && std::is_standard_layout_v<Completion>);

/// Called once per completed command, inside `poll`, `wait` or `drain` of the queue, on the thread
/// that called them. It may submit, also the same context again; otherwise it gives the context
/// back with `Queue::release`. It must not destroy the queue and must not throw.
using Callback = void (*)(Context& context, void* argument);

/// One command on its way: 128 bytes, standard layout. The C API's command context is these bytes.
///
/// A queue owns its contexts: take one with `Queue::acquire`, fill `command`, submit it, read
/// `completion`, `error`, `bytes` and `os_error` in the callback, give it back with
/// `Queue::release`. For synchronous calls it may stand on the caller's stack.
struct Context {
    Command command;
    Completion completion;          ///< Reset at submission.
    DeviceState* device = nullptr;  ///< Set by the library.
    AsyncQueue* queue = nullptr;    ///< Set by the library; null for synchronous commands.
    Callback callback = nullptr;
    void* argument = nullptr;
    std::uint32_t options = 0;  ///< Bits of `ContextOption`; set by the library.
    std::int32_t os_error = 0;  ///< errno of the operating system, 0 for a device's verdict.
    Errc error = Errc::ok;      ///< `ok`, or why the command failed.
    std::uint16_t reserved = 0;
    std::uint32_t bytes = 0;  ///< Bytes to move; after a short transfer, bytes moved.

    /// True when the command succeeded.
    constexpr bool ok() const noexcept { return error == Errc::ok; }
    /// The whole reason, as the synchronous calls return it.
    constexpr Error why() const noexcept { return Error{error, completion.status, os_error}; }
};
static_assert(sizeof(Context) == 128 && std::is_standard_layout_v<Context> &&
              std::is_trivially_copyable_v<Context>);
static_assert(offsetof(Context, completion) == 64 && offsetof(Context, device) == 80 &&
              offsetof(Context, queue) == 88 && offsetof(Context, callback) == 96 &&
              offsetof(Context, argument) == 104 && offsetof(Context, options) == 112 &&
              offsetof(Context, os_error) == 116 && offsetof(Context, error) == 120);

/// Bits of `Context::options`, which the library sets at submission.
enum ContextOption : std::uint32_t {
    kVectored = 1u << 16,          ///< `command.data` points to `data_bytes` elements of `IoVec`.
    kMetadataVectored = 1u << 17,  ///< The same for the metadata.
    kAdmin = 1u << 18,             ///< The command goes to the admin queue: `Queue::submit_admin`.
    kWhole = 1u << 19,             ///< All fields of the command count: see `kCloserLook`.
};
/// With all of these 0, a command reads or writes blocks of one buffer as the interface does
/// natively: nothing of it counts but opcode, starting block, address and length.
inline constexpr std::uint32_t kCloserLook = 0x00ff0000;

/// One element of a scatter/gather list. The layout is that of POSIX `struct iovec`.
struct IoVec {
    void* base = nullptr;
    std::size_t bytes = 0;
};

/// The largest number of elements in one list (POSIX IOV_MAX on Linux and FreeBSD).
inline constexpr std::uint32_t kIoVecMax = 1024;

/// Where the bytes of a command are: nothing, one buffer, or a list of buffers. It does not own
/// them; they must stay until the command completes, and so must the list itself. Commands that
/// send data to the device do not write to the buffer.
class Data {
  public:
    constexpr Data() noexcept = default;
    Data(void* base, std::size_t bytes) noexcept : base_(base), bytes_(bytes) {}
    Data(const void* base, std::size_t bytes) noexcept
        : base_(const_cast<void*>(base)), bytes_(bytes) {}
    template <class T, std::size_t N>
        requires(!std::is_same_v<std::remove_const_t<T>, IoVec>)
    Data(std::span<T, N> span) noexcept : Data(span.data(), span.size_bytes()) {}
    /// A list. Its total length is added up here; more than `kIoVecMax` elements, or none, is
    /// refused at submission.
    Data(std::span<const IoVec> list) noexcept
        : base_(const_cast<IoVec*>(list.data())), segments_(list.size()), vectored_(true) {
        for (const IoVec& element : list) bytes_ += element.bytes;
    }

    void* base() const noexcept { return base_; }
    std::size_t bytes() const noexcept { return bytes_; }
    bool vectored() const noexcept { return vectored_; }
    std::size_t segments() const noexcept { return segments_; }
    const IoVec* list() const noexcept { return static_cast<const IoVec*>(base_); }

  private:
    void* base_ = nullptr;
    std::size_t bytes_ = 0;
    std::size_t segments_ = 0;
    bool vectored_ = false;
};

}  // namespace xnvme
