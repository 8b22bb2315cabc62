#include <xnvme/key_value.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/status.hpp>

namespace xnvme {

namespace {

/// What a value is first asked for with: most are no longer.
constexpr std::uint32_t kFirstBytes = 4096;
/// A List command's header with the longest key, and room for no more.
constexpr std::uint32_t kListBytesMin = 64;

bool is_absent(const Error& error) noexcept {
    return error.code == Errc::device &&
           nvme::is(error.status, nvme::GenericStatus::key_does_not_exist);
}

Result<Buffer> allocate(Device& device, std::uint32_t bytes) {
    auto buffer = device.allocate(bytes);
    if (!buffer) return fail(buffer.error().error);
    return std::move(*buffer);
}

/// Notices when lists go round in circles, which only a broken device does. Brent's algorithm: one
/// key is kept, and replaced after twice as many steps as before.
class Circle {
  public:
    bool closes(const nvme::KvKey& key) noexcept {
        if (key == kept_) return true;
        if (++steps_ == next_) {
            kept_ = key;
            next_ *= 2;
        }
        return false;
    }

  private:
    nvme::KvKey kept_;
    std::uint64_t steps_ = 0;
    std::uint64_t next_ = 1;
};

}  // namespace

Result<KeyValue, Failure> KeyValue::of(Device& device) {
    const CommandSet set = device.geometry().command_set;
    if (set == CommandSet::key_value) return KeyValue(device);
    return fail(Errc::unsupported, std::string(device.uri()) +
                                       " stores no keys and values: its command set is " +
                                       std::string(command_set_name(set)) +
                                       ". A device in memory that does is mem:64MiB?csi=kv.");
}

Result<nvme::IdentifyNamespaceKv> KeyValue::identify() const noexcept {
    nvme::IdentifyNamespaceKv ns{};
    const Command command = nvme::identify(
        {.cns = nvme::Cns::ns_csi, .nsid = device_->nsid(), .csi = CommandSet::key_value});
    if (auto done = device_->admin(command, Data(&ns, sizeof ns)); !done)
        return std::unexpected(done.error());
    return ns;
}

Result<void> KeyValue::store(const nvme::KvKey& key, const Data& value,
                             std::uint8_t options) const noexcept {
    if (value.bytes() > UINT32_MAX) return fail(Errc::too_large);
    const auto bytes = static_cast<std::uint32_t>(value.bytes());
    auto done = device_->execute(nvme::kv_store(key, bytes, options), value);
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<std::uint32_t> KeyValue::retrieve(const nvme::KvKey& key,
                                         const Data& buffer) const noexcept {
    if (buffer.bytes() > UINT32_MAX) return fail(Errc::too_large);
    const auto bytes = static_cast<std::uint32_t>(buffer.bytes());
    auto done = device_->execute(nvme::kv_retrieve(key, bytes), buffer);
    if (!done) return std::unexpected(done.error());
    return static_cast<std::uint32_t>(done->result);
}

Result<std::vector<std::byte>> KeyValue::retrieve(const nvme::KvKey& key) const {
    const std::uint32_t most = std::max(value_bytes_max(), 1u);
    std::uint32_t room = std::min(kFirstBytes, most);
    // Another thread may store a longer value between the two commands; no value is longer than
    // the limit, so that this ends.
    while (true) {
        auto buffer = allocate(*device_, room);
        if (!buffer) return std::unexpected(buffer.error());
        const auto bytes = retrieve(key, buffer->part(0, room));
        if (!bytes) return std::unexpected(bytes.error());
        if (*bytes <= room) return std::vector<std::byte>(buffer->data(), buffer->data() + *bytes);
        if (*bytes > most) return fail(Error::of_system(EPROTO));
        room = *bytes;
    }
}

Result<void> KeyValue::remove(const nvme::KvKey& key) const noexcept {
    auto done = device_->execute(nvme::kv_delete(key));
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<bool> KeyValue::exists(const nvme::KvKey& key) const noexcept {
    auto done = device_->execute(nvme::kv_exist(key));
    if (done) return true;
    if (is_absent(done.error())) return false;
    return std::unexpected(done.error());
}

Result<std::vector<nvme::KvKey>> KeyValue::list(const nvme::KvKey& after,
                                                std::uint32_t buffer_bytes) const {
    if (buffer_bytes < kListBytesMin) return fail(Errc::invalid_argument);
    const std::uint32_t room =
        std::min(buffer_bytes, std::max(device_->geometry().max_transfer_bytes, kListBytesMin));
    auto buffer = allocate(*device_, room);
    if (!buffer) return std::unexpected(buffer.error());
    auto done = device_->execute(nvme::kv_list(room, after), buffer->part(0, room));
    if (!done) return std::unexpected(done.error());
    nvme::KvKeys list = nvme::decode_kv_keys(buffer->span().first(room));
    if (!list.well_formed) return fail(Error::of_system(EPROTO));
    // The list begins with the key it was asked to begin with, where that is still there.
    if (!list.keys.empty() && list.keys.front() == after) list.keys.erase(list.keys.begin());
    return std::move(list.keys);
}

Result<std::vector<nvme::KvKey>> KeyValue::keys(std::span<const std::byte> prefix) const {
    std::vector<nvme::KvKey> found;
    nvme::KvKey last;
    Circle circle;
    while (true) {
        const auto part = list(last);
        if (!part) return part;
        if (part->empty()) return found;
        for (const nvme::KvKey& key : *part) {
            if (key.starts_with(prefix)) found.push_back(key);
        }
        last = part->back();
        if (circle.closes(last)) return fail(Error::of_system(EPROTO));
    }
}

}  // namespace xnvme
