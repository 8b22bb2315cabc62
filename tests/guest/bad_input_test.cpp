// What goes wrong on a real controller: each with its own answer, and nothing hangs.
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include <xnvme/nvme/zoned.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"
#include "tests/guest/waiting.hpp"

namespace {

using conformance::code_of;
using conformance::must;
using conformance::Runner;
using xnvme::Errc;
using namespace std::chrono_literals;
namespace nvme = xnvme::nvme;

constexpr const char* kAsync[] = {"io_uring_cmd", "thrpool"};

xnvme::Options with(const std::string& async) {
    xnvme::Options options;
    options.async = async;
    options.sync = "nvme";
    return options;
}

TEST(NvmBadInput, AnotherNamespaceThanTheDevicesIsRefused) {
    for (const char* const async : kAsync) {
        SCOPED_TRACE(async);
        xnvme::Device device =
            must(xnvme::Device::open(guest::device("nvme512").generic, with(async)));
        xnvme::Buffer buffer = must(device.allocate(4096));
        xnvme::Command read = nvme::read(0, 1);
        read.nsid = 99;
        EXPECT_EQ(code_of(device.execute(read, buffer.part(0, 512))), Errc::invalid_argument);
        xnvme::Queue queue = must(device.create_queue(2));
        Runner runner(queue);
        EXPECT_EQ(runner.run(read, buffer.part(0, 512)).why.code, Errc::invalid_argument);
        read.nsid = device.nsid();
        EXPECT_FALSE(runner.run(read, buffer.part(0, 512)).why);
    }
}

TEST(NvmBadInput, ANamespaceIsNotOpenedByTheNumberOfAnother) {
    const guest::Device& node = guest::device("nvme4096");
    for (const std::string& path : {node.generic, node.block}) {
        SCOPED_TRACE(path);
        xnvme::Options options;
        options.nsid = 1;
        const auto device = xnvme::Device::open(path, options);
        ASSERT_FALSE(device.has_value());
        EXPECT_EQ(device.error().error.code, Errc::not_found);
        EXPECT_TRUE(conformance::says(device.error().sentence,
                                      {path, "is namespace 2, not 1", "name the controller"}));
        options.nsid = 2;
        EXPECT_EQ(must(xnvme::Device::open(path, options)).nsid(), 2u);
    }
}

TEST(NvmBadInput, AControllerIsNotOpenedWithANamespaceThatItLacks) {
    xnvme::Options options;
    options.nsid = 99;
    const auto device = xnvme::Device::open(guest::device("nvme512").controller, options);
    ASSERT_FALSE(device.has_value());
    EXPECT_EQ(device.error().error.code, Errc::not_found);
    EXPECT_TRUE(conformance::says(device.error().sentence, {"no namespace 99", "1, 2"}));
}

TEST(NvmBadInput, ATransferBeyondTheLimitIsRefusedAtSubmission) {
    for (const std::string& path : {guest::device("many1").generic, guest::device("many1").block}) {
        SCOPED_TRACE(path);
        xnvme::Options options;
        options.direct = path == guest::device("many1").block;
        xnvme::Device device = must(xnvme::Device::open(path, options));
        const std::uint32_t limit = device.geometry().max_transfer_bytes;
        EXPECT_EQ(limit, 128u << 10);  // MDTS 5 in pages of 4 KiB.
        xnvme::Buffer buffer = must(device.allocate(limit + 512));
        xnvme::Queue queue = must(device.create_queue(2));
        Runner runner(queue);
        const auto refused =
            runner.submit(nvme::read(0, limit / 512 + 1), buffer.part(0, limit + 512));
        EXPECT_EQ(code_of(refused), Errc::too_large);
        EXPECT_EQ(
            code_of(device.execute(nvme::read(0, limit / 512 + 1), buffer.part(0, limit + 512))),
            Errc::too_large);
        EXPECT_EQ(queue.outstanding(), 0u);
        EXPECT_FALSE(runner.run(nvme::read(0, limit / 512), buffer.part(0, limit)).why);
        EXPECT_TRUE(device.execute(nvme::read(0, limit / 512), buffer.part(0, limit)).has_value());
        nvme::LogFields log;
        log.page = nvme::LogPage::error_information;
        log.bytes = limit + 4096;
        xnvme::Buffer large = must(device.allocate(limit + 4096));
        EXPECT_EQ(code_of(device.admin(nvme::get_log_page(log), large.part(0, limit + 4096))),
                  Errc::too_large);
    }
}

TEST(NvmBadInput, LessRoomThanACommandFillsIsRefused) {
    xnvme::Device device = must(xnvme::Device::open(guest::device("nvme512").controller));
    std::array<std::byte, 4096> room{};
    EXPECT_EQ(code_of(device.admin(nvme::identify({.cns = nvme::Cns::controller}),
                                   xnvme::Data(room.data(), 512))),
              Errc::bad_length);
    EXPECT_TRUE(device
                    .admin(nvme::identify({.cns = nvme::Cns::controller}),
                           xnvme::Data(room.data(), room.size()))
                    .has_value());
}

struct Done {
    std::uint32_t count = 0;
    xnvme::Error why;
};
void note(xnvme::Context& context, void* argument) {
    auto& done = *static_cast<Done*>(argument);
    ++done.count;
    done.why = context.why();
    context.queue->slots().give_back(context);
}

TEST(NvmBadInput, ACommandThatDoesNotAnswerInTimeIsTimedOutAndOthersWorkAfterwards) {
    // A controller answers Asynchronous Event Request when something happens, which is never.
    for (const char* const async : kAsync) {
        SCOPED_TRACE(async);
        xnvme::Options options = with(async);
        options.admin_timeout = 1s;
        xnvme::Device device = must(xnvme::Device::open(guest::device("many1").generic, options));
        xnvme::Command request{};
        request.opcode = 0x0c;
        const auto started = std::chrono::steady_clock::now();
        EXPECT_EQ(code_of(device.admin(request)), Errc::timed_out);
        guest::wait_until_live(guest::device("many1").controller);
        xnvme::QueueOptions queue_options;
        queue_options.admin = true;
        xnvme::Queue queue = must(device.create_queue(4, queue_options));
        Done done;
        xnvme::Context* const context = queue.acquire();
        ASSERT_NE(context, nullptr);
        context->command = request;
        context->callback = note;
        context->argument = &done;
        must(queue.submit_admin(*context));
        (void)must(queue.drain());
        EXPECT_EQ(done.count, 1u);
        EXPECT_EQ(done.why.code, Errc::timed_out) << conformance::text(done.why);
        EXPECT_GE(std::chrono::steady_clock::now() - started, 2s);
        guest::wait_until_live(guest::device("many1").controller);
        conformance::write_pattern(device, 0, 4, 31);
        EXPECT_TRUE(conformance::holds(conformance::read_blocks(device, 0, 4).span(), 0, 512, 31));
    }
}

TEST(NvmBadInput, AnIoCommandThatDoesNotAnswerInTimeIsTimedOutAndOthersWorkAfterwards) {
    const guest::Device& node = guest::device("slow");
    for (const char* const async : {"io_uring_cmd", "thrpool", "emu"}) {
        SCOPED_TRACE(async);
        xnvme::Options options = with(async);
        // The driver asks the controller to abort the command first, and resets the controller when
        // as much time has passed again.
        options.command_timeout = 100ms;
        xnvme::Device device = must(xnvme::Device::open(node.generic, options));
        xnvme::Buffer buffer = must(device.allocate(512));
        xnvme::Queue queue = must(device.create_queue(2));
        Runner runner(queue);
        // Whichever the device takes second waits for as long as the first takes.
        for (std::uint64_t i = 0; i < 2; ++i) runner.add(nvme::write(i, 1), buffer.part(0, 512));
        runner.drain();
        EXPECT_EQ(queue.outstanding(), 0u);
        EXPECT_GE(runner.failed(), 1u);
        EXPECT_EQ(runner.first_failure().code, Errc::timed_out)
            << conformance::text(runner.first_failure());
        guest::wait_until_live(node.controller);
        EXPECT_FALSE(runner.run(nvme::read(0, 1), buffer.part(0, 512)).why);
        // One goes through when the writes above are long over; the next then waits for it.
        Errc code = Errc::ok;
        for (int i = 0; i < 4 && code == Errc::ok; ++i)
            code = code_of(device.execute(nvme::write(0, 1), buffer.part(0, 512)));
        EXPECT_EQ(code, Errc::timed_out);
        guest::wait_until_live(node.controller);
        EXPECT_TRUE(device.execute(nvme::read(0, 1), buffer.part(0, 512)).has_value());
    }
}

TEST(NvmBadInput, AControllerThatIsResetEndsTheCommandsThatWereOutstandingAsCancelled) {
    const guest::Device& node = guest::device("many1");
    for (const char* const async : kAsync) {
        SCOPED_TRACE(async);
        xnvme::Options options = with(async);
        options.admin_timeout = 30s;
        xnvme::Device device = must(xnvme::Device::open(node.generic, options));
        xnvme::Device controller = must(xnvme::Device::open(node.controller));
        xnvme::Buffer buffer = must(device.allocate(1024));
        xnvme::Queue queue = must(device.create_queue(4, {.admin = true}));
        Runner runner(queue);
        Done done;
        xnvme::Context* const context = queue.acquire();
        ASSERT_NE(context, nullptr);
        context->command.opcode = 0x0c;  // It is answered when something happens.
        context->callback = note;
        context->argument = &done;
        must(queue.submit_admin(*context));
        runner.add(nvme::read(0, 1), buffer.part(0, 512));
        while (runner.completed() == 0) (void)runner.wait(1, 5s);
        EXPECT_EQ(done.count, 0u);
        // Beside it, so that the command is seen to end when it does and not when all is done.
        std::thread reset(
            [&] { EXPECT_TRUE(controller.control(xnvme::ControllerAction::reset).has_value()); });
        runner.drain();
        reset.join();
        EXPECT_EQ(done.count, 1u);
        EXPECT_EQ(done.why.code, Errc::cancelled) << conformance::text(done.why);
        EXPECT_EQ(runner.failed(), 0u) << conformance::text(runner.first_failure());
        EXPECT_FALSE(runner.run(nvme::read(0, 1), buffer.part(0, 512)).why);
    }
}

/// Keeps a queue full of reads until it is told to stop, and counts what came back.
class Load {
  public:
    explicit Load(xnvme::Device& device, std::uint32_t depth)
        : buffer_(must(device.allocate(depth * 4096))), queue_(must(device.create_queue(depth))) {
        blocks_ = 4096 / device.geometry().block_bytes;
        for (std::uint32_t i = 0; i < depth; ++i) {
            xnvme::Context* const context = queue_.acquire();
            context->callback = on_complete;
            context->argument = this;
            must(queue_.read(*context, i * blocks_, blocks_, part(*context)));
        }
    }
    /// Runs until `wanted` commands have completed since the call.
    void run(std::uint64_t wanted) {
        const std::uint64_t end = completed_ + wanted;
        while (completed_ < end) (void)must(queue_.wait(1, 5s));
    }
    void finish() {
        stop_ = true;
        (void)must(queue_.drain());
    }
    std::uint64_t completed() const { return completed_; }
    const std::set<Errc>& failures() const { return failures_; }
    xnvme::Queue& queue() { return queue_; }

  private:
    xnvme::Data part(const xnvme::Context& context) {
        const auto slot = static_cast<std::size_t>(&context - &queue_.engine().slots().at(0));
        return buffer_.part(slot * 4096, 4096);
    }
    static void on_complete(xnvme::Context& context, void* argument) noexcept {
        Load& load = *static_cast<Load*>(argument);
        ++load.completed_;
        if (!context.ok()) load.failures_.insert(context.error);
        if (load.stop_) return load.queue_.release(context);
        if (!load.queue_.submit(context, load.part(context))) load.queue_.release(context);
    }

    xnvme::Buffer buffer_;
    xnvme::Queue queue_;
    std::uint32_t blocks_ = 1;
    std::uint64_t completed_ = 0;
    bool stop_ = false;
    std::set<Errc> failures_;
};

TEST(NvmBadInput, AControllerThatIsResetUnderLoadEndsWhatIsOutstandingAndGoesOn) {
    const guest::Device& node = guest::device("nvme512");
    for (const std::string async : {"io_uring_cmd", "thrpool", "emu", "io_uring"}) {
        SCOPED_TRACE(async);
        const bool block = async == "io_uring";
        xnvme::Options options = with(async);
        options.direct = block;
        // QEMU 7.2 loses a command in some hundred resets, which the driver then ends as late.
        options.command_timeout = 5s;
        xnvme::Device device =
            must(xnvme::Device::open(block ? node.block : node.generic, options));
        xnvme::Device controller = must(xnvme::Device::open(node.controller));
        Load load(device, 32);
        std::atomic<bool> resetting{true};
        std::thread resets([&] {
            for (int i = 0; i < 5; ++i)
                EXPECT_TRUE(controller.control(xnvme::ControllerAction::reset).has_value());
            resetting = false;
        });
        while (resetting) load.run(1);
        resets.join();
        load.run(64);
        load.finish();
        EXPECT_EQ(load.queue().outstanding(), 0u);
        // A command that was under way is cancelled by the driver, or answered with the path
        // related status of one; the block layer sends its own again.
        for (const Errc code : load.failures())
            EXPECT_TRUE(!block && (code == Errc::cancelled || code == Errc::device ||
                                   code == Errc::timed_out))
                << static_cast<int>(code);
        EXPECT_GT(load.completed(), 64u);
    }
}

xnvme::Command zone_send(std::uint64_t slba, std::uint32_t action) {
    xnvme::Command command{};
    command.opcode = 0x79;
    command.set_slba(slba);
    command.cdw13 = action;
    return command;
}

TEST(ZonedBadInput, AFullZoneIsTheDevicesVerdictAndAnUnalignedAppendIsRefusedBeforeIt) {
    for (const char* const async : kAsync) {
        SCOPED_TRACE(async);
        xnvme::Device device =
            must(xnvme::Device::open(guest::device("zoned").generic, with(async)));
        const std::uint64_t zone = 5 * device.geometry().zone_blocks;
        xnvme::Buffer buffer = must(device.allocate(4096));
        xnvme::Queue queue = must(device.create_queue(4));
        Runner runner(queue);
        EXPECT_FALSE(runner.run(zone_send(zone, 4)).why);
        EXPECT_FALSE(runner.run(zone_send(zone, 2)).why);
        const auto full = runner.run(nvme::write(zone, 1), buffer.part(0, 4096));
        EXPECT_EQ(full.why.code, Errc::device);
        // Zoned Namespace Command Set 1.1, command specific: Zone Is Full.
        EXPECT_EQ(full.why.status.sct(), 1u) << conformance::text(full.why);
        EXPECT_EQ(full.why.status.sc(), 0xb9u) << conformance::text(full.why);
        EXPECT_FALSE(runner.run(zone_send(zone, 4)).why);
        const xnvme::Command append = nvme::zone_append(zone + 1, 1);
        EXPECT_EQ(code_of(runner.submit(append, buffer.part(0, 4096))), Errc::misaligned);
        EXPECT_EQ(code_of(device.execute(append, buffer.part(0, 4096))), Errc::misaligned);
        EXPECT_EQ(queue.outstanding(), 0u);
        const auto past = runner.run(nvme::write(zone + 3, 1), buffer.part(0, 4096));
        EXPECT_EQ(past.why.status.sct(), 1u) << conformance::text(past.why);
        EXPECT_EQ(past.why.status.sc(), 0xbcu) << conformance::text(past.why);
    }
}

/// Attaches a namespace to its controller, or detaches it. NVMe Base 2.0 §5.20
void attach(xnvme::Device& controller, std::uint32_t nsid, bool attached) {
    std::array<std::byte, 4096> list{};
    list[0] = std::byte{1};  // One controller, whose identifier is the next word.
    const std::uint16_t id = controller.identify_controller().cntlid.value();
    std::memcpy(list.data() + 2, &id, sizeof id);
    xnvme::Command command{};
    command.opcode = 0x15;
    command.nsid = nsid;
    command.cdw10 = attached ? 0 : 1;
    (void)must(controller.admin(command, xnvme::Data(list.data(), list.size())));
    must(controller.control(xnvme::ControllerAction::rescan));
}

/// What commands to a namespace that is going, or has gone, may come to. A block device that has
/// gone ends at block 0 for the kernel, which moves nothing then.
bool is_of_the_end(Errc code) {
    return code == Errc::device_gone || code == Errc::device || code == Errc::system ||
           code == Errc::cancelled || code == Errc::short_transfer;
}

TEST(FdpBadInput, ANamespaceThatIsDetachedWhileItIsOpenFailsItsCommandsAndNothingHangs) {
    struct Way {
        const char* async;
        const char* sync;
        bool block;
    };
    const guest::Device& node = guest::device("attached");
    xnvme::Device controller = must(xnvme::Device::open(node.controller));
    const std::uint32_t nsid = 1;
    xnvme::Found found = guest::wait_for_namespace(node.controller, nsid);
    for (const Way& way : {Way{"io_uring_cmd", "nvme", false}, Way{"thrpool", "nvme", false},
                           Way{"io_uring", "block", true}, Way{"libaio", "psync", true},
                           Way{"posix_aio", "nvme", true}}) {
        SCOPED_TRACE(way.async);
        xnvme::Options options;
        options.async = way.async;
        options.sync = way.sync;
        options.direct = way.block;
        {
            xnvme::Device device =
                must(xnvme::Device::open(way.block ? found.twin : found.uri, options));
            ASSERT_EQ(device.nsid(), nsid);
            Load load(device, 16);
            load.run(32);
            attach(controller, nsid, false);
            guest::wait_for_namespace(node.controller, nsid, false);
            load.finish();
            xnvme::Buffer buffer = must(device.allocate(512));
            const auto read = device.execute(nvme::read(0, 1), buffer.part(0, 512));
            ASSERT_FALSE(read.has_value());
            EXPECT_TRUE(is_of_the_end(read.error().code)) << conformance::text(read.error());
            Runner runner(load.queue());
            const auto outcome = runner.run(nvme::read(0, 1), buffer.part(0, 512));
            EXPECT_TRUE(is_of_the_end(outcome.why.code)) << conformance::text(outcome.why);
            for (const Errc code : load.failures())
                EXPECT_TRUE(is_of_the_end(code)) << static_cast<int>(code);
        }
        // The namespace's name is free again when nothing has it open.
        attach(controller, nsid, true);
        found = guest::wait_for_namespace(node.controller, nsid);
        xnvme::Device again =
            must(xnvme::Device::open(way.block ? found.twin : found.uri, options));
        conformance::write_pattern(again, 0, 4, 8);
        EXPECT_TRUE(conformance::holds(conformance::read_blocks(again, 0, 4).span(), 0, 512, 8));
    }
}

TEST(FdpBadInput, AControllerWithoutANamespaceSaysSo) {
    const guest::Device& node = guest::device("attached");
    {
        xnvme::Device controller = must(xnvme::Device::open(node.controller));
        attach(controller, 1, false);
        guest::wait_for_namespace(node.controller, 1, false);
    }
    xnvme::Device bare = must(xnvme::Device::open(node.controller));
    EXPECT_EQ(bare.nsid(), 0u);
    EXPECT_EQ(bare.identify_controller().serial(), "attach");
    xnvme::Buffer buffer = must(bare.allocate(512));
    EXPECT_FALSE(bare.execute(nvme::read(0, 1), buffer.part(0, 512)).has_value());
    attach(bare, 1, true);
    guest::wait_for_namespace(node.controller, 1);
}

}  // namespace
