#include <xnvme/admin.hpp>

#include <algorithm>
#include <cstring>
#include <string>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/log_groups.hpp>
#include <xnvme/nvme/status.hpp>
#include <xnvme/size.hpp>

namespace xnvme {
namespace {

using nvme::LogFields;
using nvme::LogPage;

/// One command's part of a log. Drivers take this much in one piece wherever memory pages are.
constexpr std::uint32_t kChunkBytes = 64 * 1024;
/// What a controller whose log pages have no offsets can return.
constexpr std::uint64_t kWithoutOffsets = 4096;

std::string page_text(LogPage page) {
    return "log page '" + std::string(nvme::log_page_name(page)) + "'";
}

std::unexpected<Failure> failed(const Device& device, const LogFields& fields, const Error& error) {
    return fail(error, std::string(device.uri()) + ": " + page_text(fields.page) +
                           " could not be read: " + describe(error));
}

std::unexpected<Failure> too_long(const LogFields& fields, std::uint64_t bytes) {
    return fail(Errc::too_large, "The " + page_text(fields.page) + " of " + format_size(bytes) +
                                     " is more than the " + format_size(kLogBytesMax) +
                                     " that are read of a log.");
}

/// Bytes of data in one command.
std::uint32_t chunk_bytes(const Device& device) {
    std::uint64_t most = kChunkBytes;
    const std::uint64_t mdts = device.identify_controller().max_transfer_bytes();
    if (mdts != 0) most = std::min(most, mdts);
    if (const std::uint64_t limit = device.geometry().max_transfer_bytes; limit >= 4096)
        most = std::min(most, limit);
    return static_cast<std::uint32_t>(most & ~std::uint64_t{3});
}

/// One command: `bytes` from `offset_bytes`, a multiple of 4 of each.
Error read_part(Device& device, LogFields fields, std::uint64_t offset_bytes, std::uint32_t bytes,
                bool retain, std::byte* into) {
    fields.offset_bytes = offset_bytes;
    fields.bytes = bytes;
    fields.retain_event = retain;
    const auto done = device.admin(nvme::get_log_page(fields), Data(into, bytes));
    return done ? Error{} : done.error();
}

/// A structure from the start of a page, without an effect on the page.
template <class T>
Result<T, Failure> read_header(Device& device, LogFields fields) {
    auto buffer = device.allocate(sizeof(T));
    if (!buffer) return std::unexpected(std::move(buffer.error()));
    if (const Error error = read_part(device, fields, 0, sizeof(T), true, buffer->data()))
        return failed(device, fields, error);
    return nvme::decode<T>(buffer->span()).value();
}

Result<std::uint64_t, Failure> bounded(const LogFields& fields, std::uint64_t bytes) {
    if (bytes > kLogBytesMax) return too_long(fields, bytes);
    return bytes;
}

/// A length that a page's own header gives, by way of `length`.
template <class T, class Length>
Result<std::uint64_t, Failure> length_in_header(Device& device, const LogFields& fields,
                                                Length length) {
    const auto header = read_header<T>(device, fields);
    if (!header) return std::unexpected(header.error());
    return bounded(fields, length(*header));
}

/// The most that the ANA log can have: what Identify says of groups and namespaces.
/// NVMe Base 2.0 §5.16.1.13
std::uint64_t ana_bytes(const Device& device, const LogFields& fields) {
    const nvme::IdentifyController& id = device.identify_controller();
    const bool groups_only = (fields.lsp & nvme::kAnaGroupsOnly) != 0;
    const std::uint64_t namespaces = groups_only            ? 0
                                     : id.mnan.value() != 0 ? id.mnan.value()
                                                            : id.nn.value();
    return sizeof(nvme::AnaHeader) +
           std::uint64_t{id.nanagrpid.value()} * sizeof(nvme::AnaGroupEntry) + namespaces * 4;
}

/// Releases the reporting context of persistent events when it goes.
class ReportingContext {
  public:
    explicit ReportingContext(Device& device) noexcept : device_(device) {}
    ReportingContext(const ReportingContext&) = delete;
    ReportingContext& operator=(const ReportingContext&) = delete;
    ~ReportingContext() { (void)release(device_); }

    static LogFields fields(nvme::PersistentEventAction action) {
        LogFields fields;
        fields.page = LogPage::persistent_event;
        fields.lsp = static_cast<std::uint8_t>(action);
        return fields;
    }
    static Error release(Device& device) {
        nvme::PersistentEventHeader header;
        return read_part(device, fields(nvme::PersistentEventAction::release), 0, sizeof(header),
                         false, reinterpret_cast<std::byte*>(&header));
    }

  private:
    Device& device_;
};

}  // namespace

Result<void, Failure> read_log(Device& device, const LogFields& fields, std::uint64_t bytes,
                               const ByteSink& sink) {
    if (fields.offset_bytes % 4 != 0)
        return fail(Errc::invalid_argument,
                    "Log pages are read from offsets that are multiples of "
                    "4, and " +
                        std::to_string(fields.offset_bytes) + " is none.");
    if (bytes > kLogBytesMax) return too_long(fields, bytes);
    const bool offsets = (device.identify_controller().lpa & nvme::kLpaExtendedData) != 0;
    if (!offsets && (fields.offset_bytes != 0 || bytes > kWithoutOffsets))
        return fail(Errc::unsupported,
                    "The controller of " + std::string(device.uri()) +
                        " takes no offset into a log page (LPA bit 2), so that only the first " +
                        std::to_string(kWithoutOffsets) + " bytes can be read.");
    const std::uint32_t chunk = chunk_bytes(device);
    auto buffer = device.allocate(std::max<std::size_t>(std::min<std::uint64_t>(bytes, chunk), 4));
    if (!buffer) return std::unexpected(std::move(buffer.error()));
    for (std::uint64_t done = 0; done < bytes;) {
        const auto part = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes - done, chunk));
        const bool last = part == bytes - done;
        // Whole dwords are transferred, and no more of them handed on than was asked for.
        const std::uint32_t whole = (part + 3) & ~3u;
        if (const Error error = read_part(device, fields, fields.offset_bytes + done, whole,
                                          !last || fields.retain_event, buffer->data()))
            return failed(device, fields, error);
        if (auto taken = sink(fields.offset_bytes + done, buffer->span().first(part)); !taken)
            return taken;
        done += part;
    }
    return {};
}

Result<std::vector<std::byte>, Failure> read_log(Device& device, const LogFields& fields,
                                                 std::uint64_t bytes) {
    std::vector<std::byte> log;
    if (bytes <= kLogBytesMax) log.reserve(static_cast<std::size_t>(bytes));
    auto read =
        read_log(device, fields, bytes, [&log](std::uint64_t, std::span<const std::byte> part) {
            log.insert(log.end(), part.begin(), part.end());
            return Result<void, Failure>();
        });
    if (!read) return std::unexpected(std::move(read.error()));
    return log;
}

Result<std::uint64_t, Failure> log_bytes(Device& device, const LogFields& fields) {
    const nvme::LogPageInfo* info = nvme::find_log_page(fields.page);
    switch (fields.page) {
        case LogPage::error_information:
            return std::uint64_t{sizeof(nvme::ErrorLogEntry)} *
                   device.identify_controller().error_log_entries();
        case LogPage::telemetry_host:
        case LogPage::telemetry_controller:
            return length_in_header<nvme::TelemetryHeader>(
                device, fields, [](const auto& header) { return header.bytes(3); });
        case LogPage::ana:
            return bounded(fields, ana_bytes(device, fields));
        case LogPage::lba_status:
            return length_in_header<nvme::LbaStatusHeader>(device, fields, [](const auto& header) {
                return std::max<std::uint64_t>(header.lslplen, sizeof(header));
            });
        case LogPage::boot_partition:
            return length_in_header<nvme::BootPartitionHeader>(
                device, fields,
                [](const auto& header) { return sizeof(header) + header.partition_bytes(); });
        case LogPage::predictable_latency_events:
        case LogPage::endurance_group_events:
            // Identifiers have 16 bits, which bounds how many entries there can be.
            return length_in_header<nvme::Le64>(device, fields, [](std::uint64_t entries) {
                return 8 + 2 * std::min<std::uint64_t>(entries, 65536);
            });
        default:
            break;
    }
    if (info != nullptr && info->bytes != 0) return info->bytes;
    return fail(Errc::unsupported, "The length of " + page_text(fields.page) +
                                       " is not known; say how much of it to read.");
}

Result<nvme::TelemetryHeader, Failure> read_telemetry(Device& device,
                                                      const TelemetryRequest& request,
                                                      const ByteSink& sink) {
    if (request.area < 1 || request.area > nvme::kTelemetryAreas)
        return fail(Errc::invalid_argument, "Telemetry has the data areas 1 to 4, and no " +
                                                std::to_string(request.area) + ".");
    LogFields fields;
    fields.page = request.host_initiated ? LogPage::telemetry_host : LogPage::telemetry_controller;
    LogFields create = fields;
    if (request.host_initiated && request.create) create.lsp = nvme::kTelemetryCreate;
    const auto header = read_header<nvme::TelemetryHeader>(device, create);
    if (!header) return header;
    const std::uint64_t bytes = header->bytes(request.area);
    if (bytes > kLogBytesMax) return too_long(fields, bytes);
    if (auto taken = sink(0, nvme::encode(*header)); !taken)
        return std::unexpected(std::move(taken.error()));
    LogFields data = fields;
    data.offset_bytes = sizeof(*header);
    data.retain_event = true;
    if (auto read = read_log(device, data, bytes - sizeof(*header), sink); !read)
        return std::unexpected(std::move(read.error()));

    const auto again = read_header<nvme::TelemetryHeader>(device, fields);
    if (!again) return again;
    const bool same = request.host_initiated
                          ? again->host_generation == header->host_generation
                          : again->controller_generation == header->controller_generation;
    if (!same)
        return fail(Errc::busy, std::string(device.uri()) +
                                    ": the telemetry was captured anew while it was read, so that "
                                    "what was read is of two captures. Read it again.");
    if (!request.host_initiated && request.release) {
        nvme::TelemetryHeader last;
        if (const Error error = read_part(device, fields, 0, sizeof(last), false,
                                          reinterpret_cast<std::byte*>(&last)))
            return failed(device, fields, error);
    }
    return header;
}

Result<nvme::PersistentEventHeader, Failure> read_persistent_events(Device& device,
                                                                    const ByteSink& sink,
                                                                    bool take_over) {
    using Action = nvme::PersistentEventAction;
    const LogFields establish = ReportingContext::fields(Action::establish_and_read);
    nvme::PersistentEventHeader header;
    const auto open = [&] {
        return read_part(device, establish, 0, sizeof(header), true,
                         reinterpret_cast<std::byte*>(&header));
    };
    Error error = open();
    const auto taken = [](const Error& why) {
        return why.code == Errc::device &&
               nvme::is(why.status, nvme::GenericStatus::command_sequence_error);
    };
    if (error && taken(error) && take_over) {
        if (const Error release = ReportingContext::release(device))
            return failed(device, establish, release);
        error = open();
    }
    if (error && taken(error))
        return fail(Error{Errc::busy, error.status, 0},
                    std::string(device.uri()) +
                        ": something else is reading the persistent events, or did and never "
                        "released them. Take over its reporting context to read them here.");
    if (error) return failed(device, establish, error);
    const ReportingContext context(device);

    const std::uint64_t bytes = std::max<std::uint64_t>(header.tll, sizeof(header));
    if (bytes > kLogBytesMax) return too_long(establish, bytes);
    if (auto given = sink(0, nvme::encode(header)); !given)
        return std::unexpected(std::move(given.error()));
    LogFields rest = ReportingContext::fields(Action::read);
    rest.offset_bytes = sizeof(header);
    if (auto read = read_log(device, rest, bytes - sizeof(header), sink); !read)
        return std::unexpected(std::move(read.error()));
    return header;
}

}  // namespace xnvme
