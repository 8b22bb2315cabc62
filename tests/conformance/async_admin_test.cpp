// Admin commands on queues, beside I/O: by the interface itself, or by the queue's worker.
#include <array>
#include <cstring>
#include <optional>

#include <xnvme/nvme/builders.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::Service;
using xnvme::nvme::Cns;
using xnvme::nvme::identify;

struct Answer {
    std::uint32_t count = 0;
    xnvme::Error why;
    xnvme::Completion completion;
};

void take_answer(xnvme::Context& context, void* argument) {
    auto& answer = *static_cast<Answer*>(argument);
    ++answer.count;
    answer.why = context.why();
    answer.completion = context.completion;
    context.queue->slots().give_back(context);
}

xnvme::Result<void> send(xnvme::Queue& queue, Answer& answer, const xnvme::Command& command,
                         const xnvme::Data& data = {}) {
    xnvme::Context* const context = queue.acquire();
    if (context == nullptr) return xnvme::fail(Errc::queue_full);
    context->command = command;
    context->callback = take_answer;
    context->argument = &answer;
    auto sent = queue.submit_admin(*context, data);
    if (!sent) queue.release(*context);
    return sent;
}

class AsyncAdmin : public AsyncCase {
  protected:
    void SetUp() override {
        AsyncCase::SetUp();
        if (HasFatalFailure()) return;
        device_.emplace(open());
        xnvme::QueueOptions options;
        options.admin = true;
        queue_.emplace(must(device_->create_queue(8, options)));
    }
    std::optional<xnvme::Device> device_;
    std::optional<xnvme::Queue> queue_;
};

TEST_P(AsyncAdmin, IdentifyAnswersAsItDoesWithoutAQueue) {
    std::array<std::byte, 4096> data{};
    Answer answer;
    must(send(*queue_, answer, identify({.cns = Cns::controller}),
              xnvme::Data(data.data(), data.size())));
    EXPECT_EQ(answer.count, 0u) << "a callback ran outside poll, wait and drain";
    (void)must(queue_->drain());
    EXPECT_EQ(answer.count, 1u);
    EXPECT_FALSE(answer.why) << text(answer.why);
    const auto& expected = device_->identify_controller();
    EXPECT_EQ(std::memcmp(data.data() + 4, expected.sn.data(), expected.sn.size()), 0);
    EXPECT_NE(queue_->capabilities().admin, Service::refused);
}

TEST_P(AsyncAdmin, RefusalsAreTheDevicesAndStayWithTheirCommand) {
    xnvme::Command unknown{};
    unknown.opcode = 0x7e;
    std::array<std::byte, 4096> data{};
    Answer refused;
    Answer good;
    must(send(*queue_, refused, unknown));
    must(send(*queue_, good, identify({.cns = Cns::controller}),
              xnvme::Data(data.data(), data.size())));
    (void)must(queue_->drain());
    EXPECT_EQ(refused.why.code, Errc::device) << text(refused.why);
    EXPECT_EQ(refused.why.status.sc(), 0x01u);
    EXPECT_FALSE(good.why) << text(good.why);
}

TEST_P(AsyncAdmin, StandsBesideReadsOnTheSameQueue) {
    const std::uint32_t bytes = device_->geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device_->allocate(bytes));
    write_pattern(*device_, 3, 1, 41);
    std::array<std::array<std::byte, 4096>, 4> data{};
    std::array<Answer, 8> answers;
    for (int round = 0; round < 20; ++round) {
        for (std::size_t i = 0; i < 4; ++i) {
            must(send(*queue_, answers[i], identify({.cns = Cns::controller}),
                      xnvme::Data(data[i].data(), data[i].size())));
            // A context that carried an admin command carries the next I/O command as such.
            xnvme::Context* const context = queue_->acquire();
            ASSERT_NE(context, nullptr);
            context->callback = take_answer;
            context->argument = &answers[4 + i];
            must(queue_->read(*context, 3, 1, buffer.part(0, bytes)));
        }
        EXPECT_EQ(queue_->acquire(), nullptr);
        (void)must(queue_->drain());
        EXPECT_EQ(queue_->outstanding(), 0u);
    }
    for (const Answer& answer : answers) {
        EXPECT_EQ(answer.count, 20u);
        EXPECT_FALSE(answer.why) << text(answer.why);
    }
    EXPECT_TRUE(holds(buffer.span().first(bytes), 3, bytes, 41));
}

TEST_P(AsyncAdmin, WhatMakesNoSenseIsRefusedAtSubmissionWithoutSideEffect) {
    std::array<std::byte, 4096> data{};
    Answer answer;
    const xnvme::Command command = identify({.cns = Cns::controller});
    EXPECT_EQ(code_of(send(*queue_, answer, command, xnvme::Data(data.data(), 512))),
              Errc::bad_length);
    const xnvme::IoVec list[] = {{data.data(), data.size()}};
    EXPECT_EQ(code_of(send(*queue_, answer, command, xnvme::Data(std::span(list)))),
              Errc::invalid_argument);
    EXPECT_EQ(queue_->outstanding(), 0u);
    EXPECT_EQ(must(queue_->drain()), 0u);
    xnvme::Queue plain = must(device_->create_queue(2));
    EXPECT_EQ(plain.capabilities().admin, Service::refused);
    EXPECT_EQ(code_of(send(plain, answer, command, xnvme::Data(data.data(), data.size()))),
              Errc::unsupported);
    EXPECT_EQ(answer.count, 0u);
}

TEST_P(AsyncAdmin, AStrictQueueCarriesThemOnlyItself) {
    xnvme::QueueOptions options;
    options.admin = true;
    options.strict = true;
    xnvme::Queue strict = must(device_->create_queue(2, options));
    const bool native = queue_->capabilities().admin == Service::native;
    EXPECT_EQ(strict.capabilities().admin, native ? Service::native : Service::refused);
    EXPECT_EQ(native, queue_->capabilities().traits.admin);
}

TEST_P(AsyncAdmin, AQueueThatIsDestroyedLeavesNoMemoryToTheDevice) {
    std::array<std::byte, 4096> data{};
    Answer answer;
    must(send(*queue_, answer, identify({.cns = Cns::controller}),
              xnvme::Data(data.data(), data.size())));
    queue_.reset();
    EXPECT_EQ(answer.count, 0u) << "a destructor called back";
}

CONFORMANCE_OVER(AsyncAdmin, pairs_with_data());

}  // namespace
}  // namespace conformance
