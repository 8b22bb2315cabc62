#include "tests/conformance/harness.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace conformance {
namespace {

constexpr const char* kContractNames[] = {"async", "sync", "admin", "memory"};

struct Count {
    unsigned ran = 0;
    unsigned failed = 0;
};
using PairKey = std::pair<std::string, std::string>;  // "async io_uring", target
std::map<PairKey, Count>& counts() {
    static std::map<PairKey, Count> all;
    return all;
}

PairKey key_of(const Pair& pair) {
    return {
        std::string(kContractNames[static_cast<unsigned>(pair.contract)]) + " " + pair.interface,
        pair.target};
}

/// True when `value` is in the list, or the list is empty.
template <class List, class Value>
bool is_wanted(const List& list, const Value& value) {
    return list.empty() || std::ranges::find(list, value) != list.end();
}

/// The eight bytes at `index` of a block of the pattern.
std::uint64_t pattern_word(std::uint64_t block, std::uint64_t generation, std::size_t index) {
    if (index == 0) return block;
    if (index == 1) return generation;
    // SplitMix64's finalizer: every word of every block and generation is different.
    std::uint64_t x = block * 0x9e3779b97f4a7c15u + generation * 0xbf58476d1ce4e5b9u + index;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Pair& pair) {
    return out << key_of(pair).first << " on " << pair.target;
}

bool is_nvme(const Pair& pair) {
    return pair.device_class == xnvme::DeviceClass::nvme_block ||
           pair.device_class == xnvme::DeviceClass::nvme_generic;
}

std::string pair_name(const ::testing::TestParamInfo<Pair>& info) {
    return std::string(kContractNames[static_cast<unsigned>(info.param.contract)]) + "_" +
           info.param.interface + "_on_" + info.param.target;
}

namespace {

enum class Kind : std::uint8_t { blocks, zones, keys };

Kind kind_of(const TargetKind& target) {
    return target.key_value ? Kind::keys : target.zoned ? Kind::zones : Kind::blocks;
}

std::vector<Pair> pairs_on(Kind kind, xnvme::Contract contract,
                           const std::function<bool(const Pair&)>& wanted) {
    std::vector<Pair> all;
    std::set<std::string> names;
    for (const xnvme::InterfaceInfo& row : xnvme::interfaces()) {
        if (row.contract != contract || !row.built) continue;
        for (const TargetKind& target : targets()) {
            if (kind_of(target) != kind) continue;
            if (std::ranges::find(row.classes, target.device_class) == row.classes.end()) continue;
            if (!is_wanted(target.interfaces, row.name) || !is_wanted(target.contracts, contract))
                continue;
            Pair pair{contract, std::string(row.name), target.name, target.device_class};
            // Two backends may have an interface of the same name and class; the name chooses.
            const auto info = ::testing::TestParamInfo<Pair>(pair, 0);
            if ((wanted == nullptr || wanted(pair)) && names.insert(pair_name(info)).second)
                all.push_back(pair);
        }
    }
    return all;
}

}  // namespace

std::vector<Pair> pairs(xnvme::Contract contract, const std::function<bool(const Pair&)>& wanted) {
    return pairs_on(Kind::blocks, contract, wanted);
}

std::vector<Pair> zoned_pairs(xnvme::Contract contract) {
    return pairs_on(Kind::zones, contract,
                    [](const Pair& pair) { return pair.interface != "nil"; });
}

std::vector<Pair> key_value_pairs(xnvme::Contract contract) {
    return pairs_on(Kind::keys, contract, [](const Pair& pair) { return pair.interface != "nil"; });
}

std::vector<Pair> pairs_with_data() {
    return pairs(xnvme::Contract::async, [](const Pair& pair) { return pair.interface != "nil"; });
}

std::string text(const xnvme::Error& error) {
    static constexpr const char* kNames[] = {"ok",
                                             "device",
                                             "system",
                                             "queue_full",
                                             "out_of_range",
                                             "misaligned",
                                             "bad_length",
                                             "too_large",
                                             "short_transfer",
                                             "unsupported",
                                             "read_only",
                                             "write_only",
                                             "timed_out",
                                             "device_gone",
                                             "cancelled",
                                             "invalid_argument",
                                             "not_found",
                                             "no_permission",
                                             "no_memory",
                                             "busy"};
    const auto index = static_cast<std::size_t>(error.code);
    std::ostringstream out;
    out << (index < std::size(kNames) ? kNames[index] : "unknown") << " (sct "
        << unsigned{error.status.sct()} << ", sc " << unsigned{error.status.sc()} << ", errno "
        << error.os << ")";
    return out.str();
}

::testing::AssertionResult says(const std::string& sentence,
                                std::initializer_list<std::string_view> parts) {
    for (std::string_view part : parts) {
        if (sentence.find(part) == std::string::npos)
            return ::testing::AssertionFailure()
                   << "the message lacks \"" << part << "\": " << sentence;
    }
    if (sentence.find(' ') == std::string::npos || sentence.find('\n') != std::string::npos)
        return ::testing::AssertionFailure() << "not a sentence on one line: " << sentence;
    return ::testing::AssertionSuccess();
}

void fill(std::span<std::byte> bytes, std::uint64_t first_block, std::uint32_t block_bytes,
          std::uint64_t generation) {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t word =
            pattern_word(first_block + at / block_bytes, generation, at % block_bytes / 8);
        std::memcpy(bytes.data() + at, &word, std::min(sizeof word, bytes.size() - at));
    }
}

::testing::AssertionResult holds(std::span<const std::byte> bytes, std::uint64_t first_block,
                                 std::uint32_t block_bytes, std::uint64_t generation) {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
        const std::size_t length = std::min(sizeof(std::uint64_t), bytes.size() - at);
        const std::uint64_t block = first_block + at / block_bytes;
        const std::uint64_t expected = pattern_word(block, generation, at % block_bytes / 8);
        if (std::memcmp(bytes.data() + at, &expected, length) == 0) continue;
        std::uint64_t found[2] = {};
        const std::size_t start = at / block_bytes * block_bytes;
        std::memcpy(found, bytes.data() + start, std::min(sizeof found, bytes.size() - start));
        return ::testing::AssertionFailure()
               << "block " << block << " of generation " << generation << " differs at byte "
               << at % block_bytes << "; it says block " << found[0] << " of generation "
               << found[1];
    }
    return ::testing::AssertionSuccess();
}

::testing::AssertionResult all_bytes(std::span<const std::byte> bytes, std::byte value) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        if (bytes[at] != value)
            return ::testing::AssertionFailure()
                   << "byte " << at << " is " << static_cast<unsigned>(bytes[at]) << ", not "
                   << static_cast<unsigned>(value);
    }
    return ::testing::AssertionSuccess();
}

// ---- Runner -------------------------------------------------------------------------------------

void Runner::on_complete(xnvme::Context& context, void* argument) noexcept {
    auto& outcome = *static_cast<Outcome*>(argument);
    Runner& runner = *outcome.runner;
    outcome.done = true;
    outcome.why = context.why();
    outcome.bytes = context.bytes;
    outcome.os_error = context.os_error;
    outcome.completion = context.completion;
    outcome.thread = std::this_thread::get_id();
    outcome.inside = runner.inside_;
    ++runner.completed_;
    if (!context.ok() && runner.failed_++ == 0) runner.first_failure_ = outcome.why;
    runner.queue_.release(context);
}

Runner::~Runner() {
    if (!abandoned_) (void)queue_.drain();
}

xnvme::Result<void> Runner::submit(const xnvme::Command& command, const xnvme::Data& data,
                                   const xnvme::Data& metadata) {
    xnvme::Context* context = queue_.acquire();
    if (context == nullptr) return xnvme::fail(Errc::queue_full);
    outcomes_.emplace_back();
    outcomes_.back().runner = this;
    context->command = command;
    context->callback = on_complete;
    context->argument = &outcomes_.back();
    auto result = queue_.submit(*context, data, metadata);
    if (!result) {
        queue_.release(*context);
        outcomes_.pop_back();
    }
    return result;
}

void Runner::add(const xnvme::Command& command, const xnvme::Data& data,
                 const xnvme::Data& metadata) {
    while (queue_.outstanding() == queue_.depth()) wait(1, std::chrono::seconds{30});
    must(submit(command, data, metadata));
}

Outcome Runner::run(const xnvme::Command& command, const xnvme::Data& data,
                    const xnvme::Data& metadata) {
    add(command, data, metadata);
    Outcome& outcome = outcomes_.back();
    drain();
    if (!outcome.done) throw std::runtime_error("drain returned and the command had not completed");
    return outcome;
}

std::uint32_t Runner::poll(std::uint32_t max) {
    inside_ = true;
    const std::uint32_t count = queue_.poll(max);
    inside_ = false;
    return count;
}

std::uint32_t Runner::wait(std::uint32_t min, std::chrono::nanoseconds timeout) {
    inside_ = true;
    auto result = queue_.wait(min, timeout);
    inside_ = false;
    return must(std::move(result));
}

std::uint32_t Runner::drain() {
    inside_ = true;
    auto result = queue_.drain();
    inside_ = false;
    return must(std::move(result));
}

// ---- Fixture ------------------------------------------------------------------------------------

void DeviceCase::SetUp() {
    // Asked once for each interface, since whether this machine has it is found out by trying; and
    // not before its first case, which may have made available what it takes.
    static std::map<std::string, std::vector<xnvme::InterfaceInfo>> asked;
    auto& rows = asked[GetParam().interface];
    if (rows.empty()) rows = xnvme::interfaces();
    for (const xnvme::InterfaceInfo& row : rows) {
        if (row.name != GetParam().interface || row.contract != GetParam().contract) continue;
        ASSERT_TRUE(row.available) << row.name << " is not available here: " << row.reason;
    }
    place_ = &shared_place(GetParam().target);
}

void DeviceCase::TearDown() {
    Count& count = counts()[key_of(GetParam())];
    ++count.ran;
    if (HasFailure()) ++count.failed;
}

xnvme::Options DeviceCase::options() const {
    xnvme::Options options;
    options.direct = place_->direct;
    options.poll_io = place_->poll_io;
    // Cases of the other contracts make no queue, and probing for the best one takes time.
    if (GetParam().contract == xnvme::Contract::sync ||
        GetParam().contract == xnvme::Contract::admin)
        options.async = "emu";
    switch (GetParam().contract) {
        case xnvme::Contract::async:
            options.async = GetParam().interface;
            break;
        case xnvme::Contract::sync:
            options.sync = GetParam().interface;
            break;
        case xnvme::Contract::admin:
            options.admin = GetParam().interface;
            break;
        case xnvme::Contract::memory:
            options.mem = GetParam().interface;
            break;
    }
    return options;
}

xnvme::Device DeviceCase::open(const xnvme::Options& options) const {
    return must(xnvme::Device::open(place_->uri, options));
}

// ---- Data ---------------------------------------------------------------------------------------

std::uint32_t blocks_per_command(const xnvme::Geometry& geometry, std::uint32_t wanted) {
    const std::uint32_t most =
        std::min(geometry.max_transfer_bytes / geometry.transfer_block_bytes, 65536u);
    return std::min(wanted, most);
}

void write_pattern(xnvme::Device& device, std::uint64_t slba, std::uint32_t blocks,
                   std::uint64_t generation) {
    const xnvme::Geometry& geometry = device.geometry();
    const std::uint32_t step = blocks_per_command(geometry, blocks);
    xnvme::Buffer buffer = must(device.allocate(std::size_t{step} * geometry.transfer_block_bytes));
    for (std::uint32_t done = 0; done < blocks; done += step) {
        const std::uint32_t count = std::min(step, blocks - done);
        const std::size_t bytes = std::size_t{count} * geometry.transfer_block_bytes;
        fill(buffer.span().first(bytes), slba + done, geometry.transfer_block_bytes, generation);
        (void)must(device.execute(xnvme::nvme::write(slba + done, count), buffer.part(0, bytes)));
    }
}

xnvme::Buffer read_blocks(xnvme::Device& device, std::uint64_t slba, std::uint32_t blocks) {
    const xnvme::Geometry& geometry = device.geometry();
    const std::uint32_t step = blocks_per_command(geometry, blocks);
    xnvme::Buffer buffer =
        must(device.allocate(std::size_t{blocks} * geometry.transfer_block_bytes));
    for (std::uint32_t done = 0; done < blocks; done += step) {
        const std::uint32_t count = std::min(step, blocks - done);
        (void)must(device.execute(xnvme::nvme::read(slba + done, count),
                                  buffer.part(std::size_t{done} * geometry.transfer_block_bytes,
                                              std::size_t{count} * geometry.transfer_block_bytes)));
    }
    return buffer;
}

// ---- Report -------------------------------------------------------------------------------------

void report() {
    std::map<std::string, std::vector<std::pair<std::string, Count>>> rows;
    Count total;
    for (const auto& [key, count] : counts()) {
        rows[key.first].emplace_back(key.second, count);
        total.ran += count.ran;
        total.failed += count.failed;
    }
    std::printf("\nCases per interface and target (%u in all, %u failed)\n", total.ran,
                total.failed);
    for (const auto& [interface, cells] : rows) {
        Count sum;
        for (const auto& [target, count] : cells) sum.ran += count.ran;
        std::printf("  %-20s %5u :", interface.c_str(), sum.ran);
        for (const auto& [target, count] : cells) {
            std::printf("  %s %u", target.c_str(), count.ran);
            if (count.failed != 0) std::printf(" (%u FAILED)", count.failed);
        }
        std::printf("\n");
    }
    std::fflush(stdout);

    const char* path = std::getenv("XNVME_CONFORMANCE_JSON");
    if (path == nullptr || *path == '\0') return;
    std::ofstream out(path);
    out << "{\n  \"cases\": " << total.ran << ",\n  \"failed\": " << total.failed
        << ",\n  \"pairs\": [";
    const char* separator = "\n";
    for (const auto& [key, count] : counts()) {
        const std::size_t space = key.first.find(' ');
        out << separator << "    {\"contract\": \"" << key.first.substr(0, space)
            << "\", \"interface\": \"" << key.first.substr(space + 1) << "\", \"target\": \""
            << key.second << "\", \"cases\": " << count.ran << ", \"failed\": " << count.failed
            << "}";
        separator = ",\n";
    }
    out << "\n  ]\n}\n";
    if (!out.flush()) std::fprintf(stderr, "conformance: cannot write %s\n", path);
}

}  // namespace conformance
