/// \file
/// What a key-value namespace stores: values under keys, with an account of the room they take.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>

#include <xnvme/nvme/key_value.hpp>

#include "media.hpp"
#include "scatter.hpp"
#include "uri.hpp"
#include "verdicts.hpp"

namespace xnvme::be_model {

/// The keys and values of a namespace, in the order of the keys' bytes.
///
/// Any thread may use it. Each command is done at once, as a whole, to the others' eyes: a retrieve
/// beside a store of the same key gets the old value or the new one. Keys and lengths have been
/// checked against the limits by the caller.
class KvStore {
  public:
    /// \param capacity_bytes room for all keys and values together
    KvStore(std::uint64_t capacity_bytes, const KvConfig& limits) noexcept
        : capacity_bytes_(capacity_bytes), limits_(limits) {}

    /// Key Value Command Set 1.0 §3.2.5. The value is the first `value_bytes` of `data`.
    /// \param options bits of `nvme::KvStoreOptions`
    Outcome store(const nvme::KvKey& key, Scatter& data, std::uint32_t value_bytes,
                  unsigned options) noexcept;
    /// Key Value Command Set 1.0 §3.2.4. At most `buffer_bytes` are moved; the outcome's result is
    /// the length of the whole value.
    Outcome retrieve(const nvme::KvKey& key, Scatter& data, std::uint32_t buffer_bytes) noexcept;
    /// Key Value Command Set 1.0 §3.2.1
    Outcome remove(const nvme::KvKey& key) noexcept;
    /// Key Value Command Set 1.0 §3.2.2
    Outcome exist(const nvme::KvKey& key) const noexcept;
    /// Key Value Command Set 1.0 §3.2.3. As many keys as fit, from the first that is not before
    /// `from`.
    Outcome list(const nvme::KvKey& from, Scatter& data, std::uint32_t buffer_bytes) const noexcept;

    /// Removes everything.
    void erase() noexcept;
    std::uint64_t used_bytes() const noexcept;
    std::uint64_t capacity_bytes() const noexcept { return capacity_bytes_; }
    const KvConfig& limits() const noexcept { return limits_; }
    Traffic traffic() const noexcept;

  private:
    struct Value {
        std::unique_ptr<std::byte[]> bytes;
        std::uint32_t size = 0;
    };
    using Values = std::map<nvme::KvKey, Value>;

    /// Success, or why `value_bytes` under `key` may not be stored now. With the lock held.
    Status check_store(Values::iterator found, const nvme::KvKey& key, std::uint32_t value_bytes,
                       unsigned options) noexcept;

    const std::uint64_t capacity_bytes_;
    const KvConfig limits_;
    mutable std::shared_mutex mutex_;
    Values values_;
    std::uint64_t used_bytes_ = 0;  ///< Bytes of all keys and values.
    Traffic written_;               ///< What is counted while the lock is held alone.
    /// What is counted under a lock that is shared.
    std::atomic<std::uint64_t> read_bytes_{0};
    std::atomic<std::uint64_t> read_commands_{0};
};

}  // namespace xnvme::be_model
