/// \file
/// What the files of the command share: the program's state, the options that several commands
/// have, and how a command ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <xnvme/xnvme.hpp>

namespace xnvme::tool {

/// How the process ends; `xnvme --help` documents it.
enum ExitCode : int {
    kDone = 0,
    kFailed = 1,  ///< The device, the system or an I/O said no.
    kUsage = 2,   ///< The command line makes no sense.
};

/// Ends a command. The library returns its errors; the command, which has nothing to do with an
/// error but to print it and leave, throws them from wherever it finds them to `main`.
struct Stop : std::exception {
    Stop(int exit_code, std::string text) : code(exit_code), sentence(std::move(text)) {}
    const char* what() const noexcept override { return sentence.c_str(); }

    int code;
    std::string sentence;  ///< For standard error; one or two sentences.
};

/// The value, or the end of the command with the failure's sentence. What makes no sense in the
/// command line is told from what the device or the system refuses.
template <class T>
T take(std::expected<T, Failure> result) {
    if (!result) {
        const bool usage = result.error().error.code == Errc::invalid_argument;
        throw Stop(usage ? kUsage : kFailed, std::move(result.error().sentence));
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

enum class Format : std::uint8_t { text, json };

/// The device of a command and how to open it.
struct DeviceChoice {
    std::string uri;
    Options options;
};

/// The state of the program. Commands put what they do into `action`, which runs when the whole
/// command line has been read and makes sense.
struct Program {
    CLI::App app;
    DeviceChoice device;
    Format format = Format::text;
    bool force = false;
    std::function<int()> action;
};

/// Adds a command. `examples` are lines for the end of its help.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& group,
                      const std::string& summary, const std::string& examples);

/// Adds the device, `--be --async --sync --admin --mem --direct --nsid --time-out` and
/// `--output`.
void add_device_options(Program& program, CLI::App* command);
/// The same without the device, for commands that name theirs otherwise.
void add_interface_options(Program& program, CLI::App* command);
void add_output_option(Program& program, CLI::App* command);
/// Adds `--force`, for commands that change what a device holds.
void add_force_option(Program& program, CLI::App* command);

/// Adds an option that takes a size such as `4KiB`.
CLI::Option* add_size(CLI::App* command, const std::string& name, std::uint64_t& target,
                      const std::string& summary);
/// Adds an option that takes a whole number from `least` to `most`, decimal or 0x hexadecimal.
CLI::Option* add_number(CLI::App* command, const std::string& name, std::uint64_t& target,
                        const std::string& summary, std::uint64_t least = 0,
                        std::uint64_t most = UINT64_MAX);
/// The same for narrower fields: the limits are those of the type.
template <class T>
    requires(std::is_unsigned_v<T> && !std::is_same_v<T, std::uint64_t>)
CLI::Option* add_number(CLI::App* command, const std::string& name, T& target,
                        const std::string& summary, std::uint64_t least = 0,
                        std::uint64_t most = static_cast<T>(-1));
/// Adds an option that takes a number from 1 to `most`, also in thousands or millions: `20k`, `2M`.
CLI::Option* add_count(CLI::App* command, const std::string& name, std::uint64_t& target,
                       const std::string& summary, std::uint64_t most = UINT64_MAX);
/// Adds an option that takes a time such as `500ms`, `2s` or `1m`; a bare number is in seconds.
/// \param least of whatever unit it is given in
CLI::Option* add_duration(CLI::App* command, const std::string& name,
                          std::chrono::nanoseconds& target, const std::string& summary,
                          std::uint64_t least = 1);

/// A whole number, decimal or 0x hexadecimal. Throws `CLI::ValidationError` for anything else.
std::uint64_t parse_number(const std::string& option, const std::string& text, std::uint64_t least,
                           std::uint64_t most);
/// `parse_size` for an option. Throws `CLI::ValidationError`.
std::uint64_t parse_size_option(const std::string& option, const std::string& text);
/// Two numbers with a colon between them, such as `128:8`, for ranges of blocks.
std::pair<std::uint64_t, std::uint64_t> parse_range(const std::string& option,
                                                    const std::string& text);

template <class T>
    requires(std::is_unsigned_v<T> && !std::is_same_v<T, std::uint64_t>)
CLI::Option* add_number(CLI::App* command, const std::string& name, T& target,
                        const std::string& summary, std::uint64_t least, std::uint64_t most) {
    const std::string option = name.substr(0, name.find(','));
    return command
        ->add_option_function<std::string>(
            name,
            [option, &target, least, most](const std::string& text) {
                target = static_cast<T>(parse_number(option, text, least, most));
            },
            summary)
        ->type_name("N");
}

/// Opens the program's device for these commands.
Device open_device(const Program& program, Access access);
/// The same for commands on blocks: a namespace without any is refused.
Device open_blocks(const Program& program, Access access);
/// Ends the command where a device has no blocks, because it stores keys and values.
void refuse_without_blocks(const Device& device);

/// Ends the command with what `device.execute`, `device.admin` or a queue said. `what` names the
/// command, such as "identify". A command that the library refused because its fields make no sense
/// for this device is a usage error.
[[noreturn]] void stop_with(std::string_view what, const Error& error);

/// The value of a command that was waited for, or its error with `what` in front.
template <class T>
T take(std::expected<T, Error> result, std::string_view what) {
    if (!result) stop_with(what, result.error());
    return *result;
}
inline void take(Result<void> result, std::string_view what) {
    if (!result) stop_with(what, result.error());
}

/// Ends the command when `uri` names a block device that is in use (mounted, partitioned, held by
/// something else) and `--force` was not given. `what` is what would be done, such as "write to".
void refuse_if_used(const Program& program, const std::string& uri, std::string_view what);

// One function per file of commands.
void add_scan(Program& program);
void add_info(Program& program);
void add_library_info(Program& program);
void add_identify(Program& program);
void add_log(Program& program);
void add_feature(Program& program);
void add_manage(Program& program);
void add_namespace(Program& program);
void add_firmware(Program& program);
void add_controller(Program& program);
void add_kvs(Program& program);
void add_fdp(Program& program);
void add_directive(Program& program);
void add_raw(Program& program);
void add_io(Program& program);
void add_ranges(Program& program);
void add_dd(Program& program);
void add_check(Program& program);
void add_perf(Program& program);
void add_zoned(Program& program);
void add_completion(Program& program);

}  // namespace xnvme::tool
