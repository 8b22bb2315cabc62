// The options that several commands share, and opening the device that they name.

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "open.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kInterfaceGroup = "How the device is reached";

/// A bare option name for messages: "--slba" of "-s,--slba".
std::string display_name(const std::string& names) {
    const std::size_t at = names.find("--");
    return at == std::string::npos ? names : names.substr(at, names.find(',', at) - at);
}

CLI::Option* add_text(CLI::App* command, const std::string& names, std::string& target,
                      const std::string& type, const std::string& summary) {
    return command->add_option(names, target, summary)->type_name(type)->group(kInterfaceGroup);
}

}  // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& group,
                      const std::string& summary, const std::string& examples) {
    CLI::App* command = parent.add_subcommand(name, summary);
    command->group(group);
    command->footer("Examples:\n" + examples);
    return command;
}

void add_output_option(Program& program, CLI::App* command) {
    command
        ->add_option_function<std::string>(
            "-o,--output",
            [&program](const std::string& text) {
                program.format = text == "json" ? Format::json : Format::text;
            },
            "Write results as text (the default) or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->type_name("text|json");
}

void add_interface_options(Program& program, CLI::App* command) {
    Options& options = program.device.options;
    add_text(command, "--be", options.be, "NAME",
             "Backend; see 'xnvme library-info' for the names");
    add_text(command, "--async", options.async, "NAME", "Interface for queues, such as io_uring");
    add_text(command, "--sync", options.sync, "NAME", "Interface for I/O that is waited for");
    add_text(command, "--admin", options.admin, "NAME", "Interface for admin commands");
    add_text(command, "--mem", options.mem, "NAME", "Where buffers come from, such as hugepage");
    command->add_flag("--direct", options.direct, "Bypass the system's page cache")
        ->group(kInterfaceGroup);
    add_number(command, "--nsid", options.nsid, "Namespace, where DEVICE is a controller", 1)
        ->group(kInterfaceGroup);
    add_output_option(program, command);
}

void add_device_options(Program& program, CLI::App* command) {
    command->add_option("DEVICE", program.device.uri, "A path, or mem:SIZE for one in memory")
        ->required()
        ->type_name("");
    add_interface_options(program, command);
}

void add_force_option(Program& program, CLI::App* command) {
    command->add_flag("--force", program.force, "Do it although the device is in use");
}

std::uint64_t parse_number(const std::string& option, const std::string& text, std::uint64_t least,
                           std::uint64_t most) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const char* const first = text.data() + (hexadecimal ? 2 : 0);
    const char* const last = text.data() + text.size();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(first, last, value, hexadecimal ? 16 : 10);
    const std::string name = display_name(option);
    if (error == std::errc::result_out_of_range)
        throw CLI::ValidationError(name, fmt::format("{} is too large a number", text));
    if (error != std::errc{} || end != last || first == last)
        throw CLI::ValidationError(name, fmt::format("'{}' is not a whole number", text));
    if (value < least)
        throw CLI::ValidationError(name,
                                   fmt::format("{} is too small; the least is {}", text, least));
    if (value > most)
        throw CLI::ValidationError(name,
                                   fmt::format("{} is too large; the most is {}", text, most));
    return value;
}

std::uint64_t parse_size_option(const std::string& option, const std::string& text) {
    auto size = parse_size(text);
    if (!size) throw CLI::ValidationError(display_name(option), size.error().sentence);
    return *size;
}

CLI::Option* add_count(CLI::App* command, const std::string& name, std::uint64_t& target,
                       const std::string& summary, std::uint64_t most) {
    return command
        ->add_option_function<std::string>(
            name,
            [name, &target, most](const std::string& text) {
                std::uint64_t scale = 1;
                if (text.ends_with('k') || text.ends_with('K')) scale = 1'000;
                if (text.ends_with('M')) scale = 1'000'000;
                const std::string digits = text.substr(0, text.size() - (scale == 1 ? 0 : 1));
                target = parse_number(name, digits, 1, most / scale) * scale;
            },
            summary)
        ->type_name("N");
}

std::pair<std::uint64_t, std::uint64_t> parse_range(const std::string& option,
                                                    const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos)
        throw CLI::ValidationError(
            display_name(option),
            fmt::format("'{}' is not a range; write the first block, a colon and the number of "
                        "blocks, such as 128:8",
                        text));
    return {parse_number(option, text.substr(0, colon), 0, UINT64_MAX),
            parse_number(option, text.substr(colon + 1), 1, UINT32_MAX)};
}

CLI::Option* add_size(CLI::App* command, const std::string& name, std::uint64_t& target,
                      const std::string& summary) {
    return command
        ->add_option_function<std::string>(
            name,
            [name, &target](const std::string& text) {
                target = parse_size_option(name, text);
                if (target == 0)
                    throw CLI::ValidationError(display_name(name), "0 is too small a size");
            },
            summary)
        ->type_name("SIZE");
}

CLI::Option* add_number(CLI::App* command, const std::string& name, std::uint64_t& target,
                        const std::string& summary, std::uint64_t least, std::uint64_t most) {
    return command
        ->add_option_function<std::string>(
            name,
            [name, &target, least, most](const std::string& text) {
                target = parse_number(name, text, least, most);
            },
            summary)
        ->type_name("N");
}

CLI::Option* add_duration(CLI::App* command, const std::string& name,
                          std::chrono::nanoseconds& target, const std::string& summary,
                          std::uint64_t least) {
    return command
        ->add_option_function<std::string>(
            name,
            [name, &target, least](const std::string& text) {
                const std::size_t digits = text.find_first_not_of("0123456789");
                const std::string unit = digits == std::string::npos ? "s" : text.substr(digits);
                std::uint64_t scale_ms = 0;
                if (unit == "ms") scale_ms = 1;
                if (unit == "s") scale_ms = 1000;
                if (unit == "m" || unit == "min") scale_ms = 60'000;
                if (scale_ms == 0 || digits == 0)
                    throw CLI::ValidationError(
                        display_name(name),
                        fmt::format("'{}' is not a time; write 500ms, 2s or 1m", text));
                // A year is more than anybody measures, and far from overflowing.
                const std::uint64_t count =
                    parse_number(name, text.substr(0, digits), least, 31'536'000);
                target = std::chrono::milliseconds(count * scale_ms);
            },
            summary)
        ->type_name("TIME");
}

Device open_device(const Program& program, Access access) {
    Options options = program.device.options;
    options.access = access;
    return open_or_stop(program.device.uri, options);
}

Device open_blocks(const Program& program, Access access) {
    Device device = open_device(program, access);
    refuse_without_blocks(device);
    return device;
}

void refuse_without_blocks(const Device& device) {
    if (device.nsid() == 0)
        throw Stop(kFailed, fmt::format("{0} has no namespace, and so no blocks. 'xnvme namespace "
                                        "list {0}' shows those that can be attached.",
                                        device.uri()));
    if (device.geometry().command_set == CommandSet::key_value)
        throw Stop(kUsage, fmt::format("{} has no blocks: it stores keys and values. See 'xnvme "
                                       "kvs --help'.",
                                       device.uri()));
}

ExitCode exit_code(const Failure& failure, const Options& options) {
    const Errc code = failure.error.code;
    if (code == Errc::invalid_argument || code == Errc::unsupported) return kUsage;
    if (code != Errc::not_found) return kFailed;
    // What was not found is the device, or an interface that an option names.
    const std::pair<Contract, const std::string*> names[] = {{Contract::async, &options.async},
                                                             {Contract::sync, &options.sync},
                                                             {Contract::admin, &options.admin},
                                                             {Contract::memory, &options.mem}};
    const std::vector<InterfaceInfo> rows = interfaces();
    const auto none = [&rows](auto&& matches) { return std::ranges::none_of(rows, matches); };
    for (const auto& [contract, name] : names)
        if (!name->empty() && none([contract, name](const InterfaceInfo& row) {
                return row.contract == contract && row.name == *name;
            }))
            return kUsage;
    const bool no_backend = !options.be.empty() && none([&options](const InterfaceInfo& row) {
        return row.backend == options.be;
    });
    return no_backend ? kUsage : kFailed;
}

Device open_or_stop(const std::string& uri, const Options& options) {
    auto device = Device::open(uri, options);
    if (!device) throw Stop(exit_code(device.error(), options), device.error().sentence);
    return std::move(*device);
}

void stop_with(std::string_view what, const Error& error) {
    const bool usage = error.code == Errc::out_of_range || error.code == Errc::misaligned ||
                       error.code == Errc::bad_length || error.code == Errc::too_large ||
                       error.code == Errc::invalid_argument;
    throw Stop(usage ? kUsage : kFailed, fmt::format("{}: {}", what, describe(error)));
}

}  // namespace xnvme::tool
