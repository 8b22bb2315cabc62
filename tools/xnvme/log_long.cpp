// log telemetry and log persistent-events: long logs, in chunks, to a file.
#include "log_long.hpp"

#include <fmt/core.h>

#include <xnvme/admin.hpp>

#include "files.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

struct TelemetryArguments {
    TelemetryRequest request;
    std::string source = "host";
    std::uint32_t area = 3;
    bool create = false;
    std::string data;
};

struct EventArguments {
    bool take_over = false;
    std::string data;
};

/// Gives the parts of a log to a file where one was named, and counts them.
class Target {
  public:
    explicit Target(const std::string& path) {
        if (!path.empty()) file_ = std::make_unique<FileWriter>(path);
    }
    ByteSink sink() {
        return [this](std::uint64_t, std::span<const std::byte> part) {
            bytes_ += part.size();
            return file_ != nullptr ? file_->write(part) : Result<void, Failure>();
        };
    }
    std::uint64_t finish() {
        if (file_ != nullptr) file_->finish();
        return bytes_;
    }

  private:
    std::unique_ptr<FileWriter> file_;
    std::uint64_t bytes_ = 0;
};

int run_telemetry(const Program& program, const TelemetryArguments& arguments) {
    // Capturing anew changes what the controller keeps.
    Device device = open_device(program, arguments.create ? Access::read_write : Access::read_only);
    TelemetryRequest request = arguments.request;
    request.host_initiated = arguments.source == "host";
    request.create = arguments.create;
    request.area = arguments.area;
    if (request.create && !request.host_initiated)
        throw Stop(kUsage,
                   "--create is for the host's log: the controller captures its own when "
                   "it sees a reason.");
    if (request.release && request.host_initiated)
        throw Stop(kUsage, "--release is for the controller's log.");
    Target target(arguments.data);
    const nvme::TelemetryHeader header = take(read_telemetry(device, request, target.sink()));
    const std::uint64_t bytes = target.finish();
    if (arguments.data == "-") return kDone;
    Node node = Node::map();
    node.add("header", nvme::to_node(header)).add("area", request.area).add("read_bytes", bytes);
    if (!arguments.data.empty()) node.add("file", arguments.data);
    print(program.format, node);
    return kDone;
}

int run_events(const Program& program, const EventArguments& arguments) {
    Device device = open_device(program, Access::read_only);
    if (!arguments.data.empty()) {
        Target target(arguments.data);
        const nvme::PersistentEventHeader header =
            take(read_persistent_events(device, target.sink(), arguments.take_over));
        const std::uint64_t bytes = target.finish();
        if (arguments.data == "-") return kDone;
        print(program.format, Node::map()
                                  .add("header", nvme::to_node(header))
                                  .add("read_bytes", bytes)
                                  .add("file", arguments.data));
        return kDone;
    }
    std::vector<std::byte> log;
    take(read_persistent_events(
        device,
        [&log](std::uint64_t, std::span<const std::byte> part) {
            log.insert(log.end(), part.begin(), part.end());
            return Result<void, Failure>();
        },
        arguments.take_over));
    print(program.format, nvme::log_node(nvme::LogPage::persistent_event, CommandSet::nvm, log));
    return kDone;
}

void add_telemetry(Program& program, CLI::App& log) {
    CLI::App* command =
        add_command(log, "telemetry", "Log pages", "The controller's own record of its state",
                    "  xnvme log telemetry /dev/nvme0 --create --data telemetry.bin\n"
                    "  xnvme log telemetry /dev/nvme0 --source controller --area 1\n"
                    "  xnvme log telemetry mem:64MiB --create --output json\n");
    auto arguments = std::make_shared<TelemetryArguments>();
    command
        ->add_option("--source", arguments->source,
                     "Who had it captured: host (the default) or controller")
        ->check(CLI::IsMember({"host", "controller"}))
        ->type_name("WHO");
    command->add_flag("--create", arguments->create, "Capture the state now, then read it");
    add_number(command, "--area", arguments->area, "Up to which data area; the default is 3", 1,
               nvme::kTelemetryAreas);
    command->add_flag("--release", arguments->request.release,
                      "Let the controller capture again (RAE 0)");
    command
        ->add_option(
            "--data", arguments->data,
            "Write header and data to FILE ('-': to stdout); else only the header is shown")
        ->type_name("FILE");
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_telemetry(program, *arguments); };
    });
}

}  // namespace

void add_long_logs(Program& program, CLI::App& log) {
    add_telemetry(program, log);
    CLI::App* command =
        add_command(log, "persistent-events", "Log pages", "What happened over the device's life",
                    "  xnvme log persistent-events /dev/nvme0\n"
                    "  xnvme log persistent-events /dev/nvme0 --data events.bin\n"
                    "  xnvme log persistent-events mem:64MiB --output json\n");
    auto arguments = std::make_shared<EventArguments>();
    command->add_flag("--take-over", arguments->take_over,
                      "Release the reporting context that another reader left");
    command
        ->add_option("--data", arguments->data,
                     "Write the whole log to FILE ('-': to stdout) and show its header")
        ->type_name("FILE");
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_events(program, *arguments); };
    });
}

}  // namespace xnvme::tool
