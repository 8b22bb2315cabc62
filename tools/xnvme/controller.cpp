// controller: what is done to a controller as a whole, and its registers.

#include <fmt/core.h>

#include <xnvme/nvme/print.hpp>

#include "open.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

int run_action(const Program& program, ControllerAction action, const char* done) {
    Device device = open_device(program, Access::read_only);
    take(device.control(action));
    print(program.format, Node::map().add("device", program.device.uri).add("done", done));
    return kDone;
}

int run_registers(const Program& program) {
    Device device = open_device(program, Access::read_only);
    print(program.format, nvme::to_node(take(device.registers())));
    return kDone;
}

void add_action(Program& program, CLI::App* group, const char* name, const char* summary,
                ControllerAction action, const char* done, const char* examples) {
    CLI::App* command = add_command(*group, name, "", summary, examples);
    add_device_options(program, command);
    command->callback([&program, action, done] {
        program.action = [&program, action, done] { return run_action(program, action, done); };
    });
}

}  // namespace

void add_controller(Program& program) {
    CLI::App* group = add_command(program.app, "controller", "NVMe admin",
                                  "Reset a controller, look for its namespaces, read its registers",
                                  "  xnvme controller reset /dev/nvme0\n"
                                  "  xnvme controller registers /dev/nvme0 --output json\n");
    group->require_subcommand(1);
    add_action(program, group, "reset", "Reset the controller; commands under way fail",
               ControllerAction::reset, "reset", "  xnvme controller reset /dev/nvme0\n");
    add_action(program, group, "subsystem-reset",
               "Reset the NVM subsystem, with all of its controllers",
               ControllerAction::subsystem_reset, "subsystem reset",
               "  xnvme controller subsystem-reset /dev/nvme0\n");
    add_action(program, group, "rescan", "Have the system look for namespaces again",
               ControllerAction::rescan, "rescan begun", "  xnvme controller rescan /dev/nvme0\n");
    CLI::App* registers =
        add_command(*group, "registers", "", "Show every register with its fields",
                    "  xnvme controller registers /dev/nvme0\n"
                    "  xnvme controller registers mem:64MiB --output json\n");
    add_device_options(program, registers);
    registers->callback(
        [&program] { program.action = [&program] { return run_registers(program); }; });
}

}  // namespace xnvme::tool
