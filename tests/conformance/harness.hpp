// The fixtures of the suite: one case runs once per pair of an interface and a target.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <xnvme/device.hpp>
#include <xnvme/nvme/builders.hpp>

#include "tests/conformance/places.hpp"

namespace conformance {

using std::chrono::milliseconds;
using xnvme::Errc;

/// An interface in one of its parts, on one target.
struct Pair {
    xnvme::Contract contract{};
    std::string interface;
    std::string target;
    xnvme::DeviceClass device_class{};
};
/// True for a namespace behind an NVMe driver.
bool is_nvme(const Pair& pair);
std::string pair_name(const ::testing::TestParamInfo<Pair>& info);
std::ostream& operator<<(std::ostream& out, const Pair& pair);

/// Every pair of the registry that runs here, on a target with blocks, and that `wanted` takes.
std::vector<Pair> pairs(xnvme::Contract contract,
                        const std::function<bool(const Pair&)>& wanted = nullptr);
/// The same on targets that store keys and values; without nil, which moves no data.
std::vector<Pair> key_value_pairs(xnvme::Contract contract);
/// The same on zoned targets, which `pairs` leaves out too: its cases write blocks in any order.
std::vector<Pair> zoned_pairs(xnvme::Contract contract);
/// The asynchronous pairs, but for nil, which moves no data.
std::vector<Pair> pairs_with_data();

/// Text for a failed assertion.
std::string text(const xnvme::Error& error);

/// The value, or an exception with the reason, which fails the case that called it.
template <class T>
T must(std::expected<T, xnvme::Failure> result) {
    if (!result) throw std::runtime_error(result.error().sentence);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}
template <class T>
T must(std::expected<T, xnvme::Error> result) {
    if (!result) throw std::runtime_error(text(result.error()));
    return std::move(*result);
}
inline void must(xnvme::Result<void> result) {
    if (!result) throw std::runtime_error(text(result.error()));
}

/// The error of a result, or `Errc::ok`.
template <class T>
Errc code_of(const std::expected<T, xnvme::Error>& result) {
    return result ? Errc::ok : result.error().code;
}
inline Errc code_of(const xnvme::Result<void>& result) {
    return result.error().code;
}

/// The sentence of a failure, or a text that says there was none.
template <class T>
std::string sentence_of(const std::expected<T, xnvme::Failure>& result) {
    return result ? std::string("(it succeeded)") : result.error().sentence;
}

/// True when every one of `parts` stands in `sentence`, which must be a sentence.
::testing::AssertionResult says(const std::string& sentence,
                                std::initializer_list<std::string_view> parts);

/// Fills blocks with a pattern that holds each block's number and a generation.
void fill(std::span<std::byte> bytes, std::uint64_t first_block, std::uint32_t block_bytes,
          std::uint64_t generation);
/// Holds blocks against that pattern; the text names the first byte that differs.
::testing::AssertionResult holds(std::span<const std::byte> bytes, std::uint64_t first_block,
                                 std::uint32_t block_bytes, std::uint64_t generation);
::testing::AssertionResult all_bytes(std::span<const std::byte> bytes, std::byte value);

/// What came back of one command.
struct Outcome {
    class Runner* runner = nullptr;
    bool done = false;
    xnvme::Error why;
    std::uint32_t bytes = 0;
    std::int32_t os_error = 0;
    xnvme::Completion completion;
    std::thread::id thread;
    bool inside = false;  ///< Called back inside one of the runner's calls of poll, wait or drain.
};

/// Submits commands to a queue and keeps what came back of each.
class Runner {
  public:
    explicit Runner(xnvme::Queue& queue) : queue_(queue) {}
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    /// Completes what is outstanding, so that buffers may go before the queue does.
    ~Runner();
    /// Leaves what is outstanding to the queue's destructor.
    void abandon() { abandoned_ = true; }

    /// Takes a context and submits. The context is given back on an error and after completion.
    xnvme::Result<void> submit(const xnvme::Command& command, const xnvme::Data& data = {},
                               const xnvme::Data& metadata = {});
    /// Submits when there is room, waiting for it. Throws when the command is refused.
    void add(const xnvme::Command& command, const xnvme::Data& data = {},
             const xnvme::Data& metadata = {});
    /// Submits one and waits for it. Throws when it is refused at submission.
    Outcome run(const xnvme::Command& command, const xnvme::Data& data = {},
                const xnvme::Data& metadata = {});
    std::uint32_t poll(std::uint32_t max = UINT32_MAX);
    std::uint32_t wait(std::uint32_t min, std::chrono::nanoseconds timeout);
    /// Completes everything; throws on an error of the system.
    std::uint32_t drain();

    std::uint32_t completed() const { return completed_; }
    std::uint32_t failed() const { return failed_; }
    /// The first failure, for the message of an assertion.
    xnvme::Error first_failure() const { return first_failure_; }
    std::deque<Outcome>& outcomes() { return outcomes_; }

  private:
    static void on_complete(xnvme::Context& context, void* argument) noexcept;

    xnvme::Queue& queue_;
    std::deque<Outcome> outcomes_;
    std::uint32_t completed_ = 0;
    std::uint32_t failed_ = 0;
    bool inside_ = false;
    bool abandoned_ = false;
    xnvme::Error first_failure_;
};

/// The fixture: a place, and options that name the interface.
class DeviceCase : public ::testing::TestWithParam<Pair> {
  protected:
    void SetUp() override;
    void TearDown() override;

    xnvme::Options options() const;
    xnvme::Device open() const { return open(options()); }
    xnvme::Device open(const xnvme::Options& options) const;
    Place& place() const { return *place_; }
    bool is_file() const { return GetParam().device_class == xnvme::DeviceClass::file; }
    bool is_nvme() const { return conformance::is_nvme(GetParam()); }
    bool is_model() const { return GetParam().device_class == xnvme::DeviceClass::model; }

  private:
    Place* place_ = nullptr;
};
class AsyncCase : public DeviceCase {};
class SyncCase : public DeviceCase {};
class AdminCase : public DeviceCase {};
class MemoryCase : public DeviceCase {};

/// Blocks of a device as a synchronous command reads and writes them, in parts that it takes.
void write_pattern(xnvme::Device& device, std::uint64_t slba, std::uint32_t blocks,
                   std::uint64_t generation);
xnvme::Buffer read_blocks(xnvme::Device& device, std::uint64_t slba, std::uint32_t blocks);

/// At most `wanted` blocks, and no more than one command takes.
std::uint32_t blocks_per_command(const xnvme::Geometry& geometry, std::uint32_t wanted);

/// Prints how many cases ran per pair, and writes it to the file that XNVME_CONFORMANCE_JSON names.
void report();

}  // namespace conformance

#define CONFORMANCE_OVER(suite, ...)                      \
    GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite); \
    INSTANTIATE_TEST_SUITE_P(, suite, ::testing::ValuesIn(__VA_ARGS__), ::conformance::pair_name)
