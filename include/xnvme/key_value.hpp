/// \file
/// Keys and values: what a key-value namespace does, as calls that wait.
///
///     auto device = xnvme::Device::open("mem:64MiB?csi=kv");
///     auto store = xnvme::KeyValue::of(*device);
///     auto key = xnvme::nvme::KvKey::of("greeting");
///     auto stored = store->store(*key, std::span("hello", 5));
///     auto value = store->retrieve(*key);
///
/// On a queue the same commands are built by `nvme::kv_store`, `nvme::kv_retrieve` and their kin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <xnvme/command.hpp>
#include <xnvme/device.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/key_value.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

/// The keys and values of a key-value namespace. A view of a device, which must outlive it; it may
/// be copied. Every call blocks until the device has answered, and may be made from several
/// threads. The errors of each are those of `Device::execute`; what the device refuses is
/// `Errc::device` with the status that is named.
class KeyValue {
  public:
    /// Of an open device. Fails with `unsupported` and a sentence where its namespace is not of the
    /// key-value command set.
    [[nodiscard]] XNVME_API static Result<KeyValue, Failure> of(Device& device);

    /// Longest key, bytes: 1 to 16.
    std::uint32_t key_bytes_max() const noexcept { return device_->geometry().key_bytes_max; }
    /// Longest value, bytes.
    std::uint32_t value_bytes_max() const noexcept { return device_->geometry().value_bytes_max; }
    /// Size, utilization and limits as they are now. Errors: those of `Device::admin`.
    [[nodiscard]] XNVME_API Result<nvme::IdentifyNamespaceKv> identify() const noexcept;

    /// Stores `value`, which may be empty, under `key`, in place of what is there.
    /// \param options bits of `nvme::KvStoreOptions`
    /// Errors: `invalid_argument` for a key longer than the namespace takes, `too_large` for a
    /// value longer than that, `read_only`; Capacity Exceeded, and with the options Key Exists or
    /// KV Key Does Not Exist.
    [[nodiscard]] XNVME_API Result<void> store(const nvme::KvKey& key, const Data& value,
                                               std::uint8_t options = 0) const noexcept;
    /// Retrieves as much of a value as `buffer` holds. Returns the length of the whole value, which
    /// may be more. Errors: KV Key Does Not Exist.
    [[nodiscard]] XNVME_API Result<std::uint32_t> retrieve(const nvme::KvKey& key,
                                                           const Data& buffer) const noexcept;
    /// Retrieves a whole value. Allocates. Errors: KV Key Does Not Exist, `no_memory`.
    [[nodiscard]] XNVME_API Result<std::vector<std::byte>> retrieve(const nvme::KvKey& key) const;
    /// Removes a key and its value. Errors: KV Key Does Not Exist.
    [[nodiscard]] XNVME_API Result<void> remove(const nvme::KvKey& key) const noexcept;
    /// Whether there is such a key: that there is none is no error.
    [[nodiscard]] XNVME_API Result<bool> exists(const nvme::KvKey& key) const noexcept;

    /// The keys that one List command returns, in the device's order: from the first, or those
    /// behind `after`, which is best the last key of the call before. Empty at the end. A key that
    /// is stored or removed meanwhile may be there or not. Allocates. Errors: `no_memory`, and
    /// `system` with EPROTO when the device's answer makes no sense.
    /// \param buffer_bytes how much the command may return: at least 64
    [[nodiscard]] XNVME_API Result<std::vector<nvme::KvKey>> list(
        const nvme::KvKey& after = {}, std::uint32_t buffer_bytes = kListBytes) const;
    /// All keys that begin with `prefix`, by as many List commands as it takes. The order in which
    /// a device lists keys is its own, so that every key is looked at whatever the prefix. Errors:
    /// those of `list`.
    [[nodiscard]] XNVME_API Result<std::vector<nvme::KvKey>> keys(
        std::span<const std::byte> prefix = {}) const;

    /// What `list` asks for at a time unless it is told otherwise.
    static constexpr std::uint32_t kListBytes = 64 * 1024;

  private:
    explicit KeyValue(Device& device) noexcept : device_(&device) {}
    Device* device_;
};

}  // namespace xnvme
