#include "kv_store.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>

namespace xnvme::be_model {

namespace {

using nvme::GenericStatus;

constexpr Status kKeyExists = nvme::status_of(GenericStatus::key_exists, true);
constexpr Status kKeyDoesNotExist = nvme::status_of(GenericStatus::key_does_not_exist, true);
// Deleting something else may make room, so a retry may succeed.
constexpr Status kCapacityExceeded = nvme::status_of(GenericStatus::capacity_exceeded);

std::uint64_t room_of(const nvme::KvKey& key, std::uint32_t value_bytes) {
    return std::uint64_t{key.length} + value_bytes;
}

}  // namespace

Status KvStore::check_store(Values::iterator found, const nvme::KvKey& key,
                            std::uint32_t value_bytes, unsigned options) noexcept {
    const bool exists = found != values_.end();
    if (exists && (options & nvme::kKvMustNotExist) != 0) return kKeyExists;
    if (!exists && (options & nvme::kKvMustExist) != 0) return kKeyDoesNotExist;
    const std::uint64_t freed = exists ? room_of(key, found->second.size) : 0;
    if (room_of(key, value_bytes) > capacity_bytes_ - (used_bytes_ - freed))
        return kCapacityExceeded;
    if (!exists && limits_.keys_max != 0 && values_.size() >= limits_.keys_max)
        return kCapacityExceeded;
    return kSuccess;
}

Outcome KvStore::store(const nvme::KvKey& key, Scatter& data, std::uint32_t value_bytes,
                       unsigned options) noexcept {
    // The value is copied before anybody has to wait for it.
    Value value{std::unique_ptr<std::byte[]>(new (std::nothrow) std::byte[value_bytes]),
                value_bytes};
    if (value.bytes == nullptr) return Outcome::of(kInternalError);
    data.get(value.bytes.get(), value_bytes);
    const std::unique_lock lock(mutex_);
    const auto found = values_.find(key);
    const Status allowed = check_store(found, key, value_bytes, options);
    if (!allowed.ok()) return Outcome::of(allowed);
    if (found != values_.end()) {
        used_bytes_ -= room_of(key, found->second.size);
        std::swap(found->second, value);
    } else {
        try {
            values_.emplace(key, std::move(value));
        } catch (const std::bad_alloc&) {
            return Outcome::of(kInternalError);
        }
    }
    used_bytes_ += room_of(key, value_bytes);
    written_.written_bytes += value_bytes;
    ++written_.write_commands;
    return {};
}

Outcome KvStore::retrieve(const nvme::KvKey& key, Scatter& data,
                          std::uint32_t buffer_bytes) noexcept {
    const std::shared_lock lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end()) return Outcome::of(kKeyDoesNotExist);
    const Value& value = found->second;
    const std::uint32_t part = std::min(value.size, buffer_bytes);
    data.put(value.bytes.get(), part);
    // Relaxed: they are only counted.
    read_bytes_.fetch_add(part, std::memory_order_relaxed);
    read_commands_.fetch_add(1, std::memory_order_relaxed);
    return Outcome::success(value.size);
}

Outcome KvStore::remove(const nvme::KvKey& key) noexcept {
    Values::node_type removed;  // Its memory is given back after the lock.
    const std::unique_lock lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end()) return Outcome::of(kKeyDoesNotExist);
    used_bytes_ -= room_of(key, found->second.size);
    removed = values_.extract(found);
    return {};
}

Outcome KvStore::exist(const nvme::KvKey& key) const noexcept {
    const std::shared_lock lock(mutex_);
    return values_.contains(key) ? Outcome{} : Outcome::of(kKeyDoesNotExist);
}

Outcome KvStore::list(const nvme::KvKey& from, Scatter& data,
                      std::uint32_t buffer_bytes) const noexcept {
    Scatter header = data;
    std::uint32_t count = 0;
    std::uint32_t used = nvme::kKvListHeaderBytes;
    nvme::Le32 reported = count;
    data.put(&reported, sizeof(reported));
    const std::shared_lock lock(mutex_);
    for (auto at = values_.lower_bound(from); at != values_.end(); ++at) {
        const nvme::KvKey& key = at->first;
        const std::uint32_t entry_bytes = nvme::kv_list_entry_bytes(key);
        if (entry_bytes > buffer_bytes - used) break;
        std::array<std::byte, 2 + nvme::kKvKeyBytesMax + 2> entry{};
        entry[0] = std::byte{key.length};
        std::ranges::copy(key.span(), entry.begin() + 2);
        data.put(entry.data(), entry_bytes);
        used += entry_bytes;
        ++count;
    }
    reported = count;
    header.put(&reported, sizeof(reported));
    return {};
}

void KvStore::erase() noexcept {
    const std::unique_lock lock(mutex_);
    values_.clear();
    used_bytes_ = 0;
}

std::uint64_t KvStore::used_bytes() const noexcept {
    const std::shared_lock lock(mutex_);
    return used_bytes_;
}

Traffic KvStore::traffic() const noexcept {
    const std::shared_lock lock(mutex_);
    Traffic traffic = written_;
    traffic.read_bytes = read_bytes_.load(std::memory_order_relaxed);
    traffic.read_commands = read_commands_.load(std::memory_order_relaxed);
    return traffic;
}

}  // namespace xnvme::be_model
