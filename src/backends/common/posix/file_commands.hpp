/// \file
/// The commands of the NVM and file-system command sets on a descriptor, of a file or of a block
/// device.
#pragma once

#include <cstdint>
#include <span>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common {

/// A synchronous interface over read, write and range calls on `Handle::fd`. What systems and
/// devices do differently for ranges and for durability are the three virtual functions, which an
/// interface for block devices overrides.
///
/// Read, write and flush; compare, verify, write zeroes, dataset management and copy in terms of
/// those; a range that a list of a command names is checked before anything is done. Memory that a
/// command takes is bounded by `kScratchBytes`, whatever its length. Any thread; blocks.
class FileCommands : public SyncInterface {
  public:
    /// `handle` outlives it.
    explicit FileCommands(const Handle& handle) noexcept : handle_(handle) {}

    void execute(Context& context) noexcept override;
    void execute_each(std::span<Context* const> contexts) noexcept final;

    /// What `execute` carries on this device.
    static OpcodeSet carries(const Handle& handle);

    static constexpr std::size_t kScratchBytes = 64 * 1024;

  protected:
    // Each returns 0 or an errno. `EOPNOTSUPP` from `zero` makes zeroes be written; from
    // `deallocate` it makes the command fail with `Errc::unsupported`.

    /// Returns when all that was written is on the medium.
    virtual int make_durable() noexcept;
    /// Makes a range read as zeroes; with `may_deallocate` its space may be given back.
    virtual int zero(std::uint64_t offset, std::uint64_t bytes, bool may_deallocate) noexcept;
    /// Gives a range's space back.
    virtual int deallocate(std::uint64_t offset, std::uint64_t bytes) noexcept;

    const Handle& handle() const noexcept { return handle_; }

  private:
    bool read_at_once(const Context& context) const noexcept;
    [[gnu::noinline]] void execute_any(Context& context) noexcept;
    void write(Context& context, std::uint64_t offset) noexcept;
    void flush(Context& context) noexcept;
    void write_zeroes(Context& context) noexcept;
    void dataset_management(Context& context) noexcept;
    void compare(Context& context) noexcept;
    void verify(Context& context) noexcept;
    void copy(Context& context) noexcept;

    void complete_errno(Context& context, int os_errno) noexcept;
    void complete_write(Context& context) noexcept;
    /// True when the blocks are in the namespace.
    bool in_range(std::uint64_t slba, std::uint64_t blocks) const noexcept;
    std::uint64_t bytes_of(std::uint64_t blocks) const noexcept;
    std::uint32_t unit() const noexcept;

    const Handle& handle_;
};

}  // namespace xnvme::be_common
