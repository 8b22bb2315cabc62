#include <algorithm>

#include <fmt/core.h>

#include "os/terminal.hpp"
#include "program.hpp"
#include "text/nearest.hpp"

namespace xnvme::tool {
namespace {

/// Help without CLI11's remarks on which option excludes which, and on what validators accept: the
/// descriptions say that in words.
class HelpFormatter : public CLI::Formatter {
  public:
    std::string make_option_opts(const CLI::Option* option) const override {
        std::string type = option->get_type_name();
        type.erase(std::min(type.find(':'), type.size()));
        if (!type.empty()) type.insert(0, 1, ' ');
        return option->get_required() && !option->get_positional() ? type + " (required)" : type;
    }
};

constexpr const char* kFooter =
    R"(A DEVICE is a path (/dev/nvme0n1, /dev/sda, disk.img) or a device in memory (mem:1GiB).
Sizes take units of 1024: 512, 4KiB, 4k, 1GiB. Numbers may be hexadecimal: 0x10.
Every command has examples in its own help: xnvme COMMAND --help

Examples:
  xnvme info disk.img --explain          what it is, and why which interface was chosen
  xnvme read /dev/sda --slba 0 --blocks 1
  xnvme perf mem:64MiB --async nil,emu,thrpool
  xnvme dd --in disk.img --out /dev/sdb

Exit status: 0 done; 1 the device, the system or an I/O failed; 2 the command line is wrong.
Results go to standard output (--output json for programs), errors to standard error.)";

/// The deepest command that the command line named, for messages: "xnvme log health".
CLI::App* selected(CLI::App& app) {
    CLI::App* deepest = &app;
    for (;;) {
        const auto chosen = deepest->get_subcommands();
        if (chosen.empty()) return deepest;
        deepest = chosen.front();
    }
}

std::string full_name(const CLI::App* app) {
    if (app->get_parent() == nullptr) return "xnvme";
    return full_name(app->get_parent()) + " " + app->get_name();
}

/// The words that could have stood where `word` stands.
std::vector<std::string> possible_words(const CLI::App* command, const std::string& word) {
    std::vector<std::string> words;
    if (word.starts_with("-")) {
        for (const CLI::Option* option : command->get_options())
            for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    } else {
        for (const CLI::App* child : command->get_subcommands([](const CLI::App*) { return true; }))
            words.push_back(child->get_name());
    }
    return words;
}

std::string unexpected_word(const CLI::App* command, const std::string& word) {
    const std::vector<std::string> words = possible_words(command, word);
    const std::vector<std::string_view> views(words.begin(), words.end());
    const std::string_view meant = text::nearest(word, views);
    const bool option = word.starts_with("-");
    const bool needs_command = !option && !views.empty();
    std::string sentence = fmt::format("'{}' is not {}", word,
                                       option          ? "an option of this command"
                                       : needs_command ? "a command"
                                                       : "expected here");
    if (!meant.empty()) sentence += fmt::format("; did you mean '{}'?", meant);
    return sentence + (sentence.ends_with("?") ? "" : ".");
}

int usage_error(CLI::App& app, const CLI::ParseError& error) {
    CLI::App* command = selected(app);
    std::string sentence = error.what();
    const auto words = app.remaining(true);
    const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
                         sentence.find("subcommand") != std::string::npos;
    // CLI11 misses a command before it looks at the word that stands in its place.
    if (!words.empty() && (missing || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr))
        sentence = unexpected_word(command, words.front());
    else if (missing)
        sentence = "A command is missing.";
    if (!sentence.ends_with('.') && !sentence.ends_with('?')) sentence += ".";
    fmt::print(stderr, "{}: {}\nRun '{} --help' for its options and examples.\n",
               full_name(command), sentence, full_name(command));
    return kUsage;
}

void add_all(Program& program) {
    add_scan(program);
    add_info(program);
    add_library_info(program);
    add_identify(program);
    add_log(program);
    add_feature(program);
    add_manage(program);
    add_namespace(program);
    add_firmware(program);
    add_controller(program);
    add_io(program);
    add_ranges(program);
    add_kvs(program);
    add_fdp(program);
    add_directive(program);
    add_raw(program);
    add_dd(program);
    add_check(program);
    add_perf(program);
    add_zoned(program);
    add_completion(program);
}

int run(int argc, const char* const* argv) {
    Program program;
    program.app.name("xnvme");
    auto formatter = std::make_shared<HelpFormatter>();
    formatter->column_width(30);
    program.app.formatter(formatter);
    program.app.description("xNVMe++: read, write, inspect and measure any storage device.");
    program.app.footer(kFooter);
    program.app.set_version_flag("--version", std::string("xnvme ") + std::string(kVersion));
    program.app.require_subcommand(1);
    add_all(program);
    try {
        program.app.parse(argc, argv);
    } catch (const CLI::CallForHelp& request) {
        return program.app.exit(request);
    } catch (const CLI::CallForAllHelp& request) {
        return program.app.exit(request);
    } catch (const CLI::CallForVersion& request) {
        return program.app.exit(request);
    } catch (const CLI::ParseError& error) {
        return usage_error(program.app, error);
    }
    try {
        return program.action();
    } catch (const Stop& stop) {
        // Results that were printed before the error come before it.
        std::fflush(stdout);
        fmt::print(stderr, "{}: {}\n", full_name(selected(program.app)), stop.sentence);
        return stop.code;
    }
}

}  // namespace
}  // namespace xnvme::tool

int main(int argc, char** argv) {
    try {
        const int code = xnvme::tool::run(argc, argv);
        // A full disk or a closed pipe behind standard output shows when it is flushed.
        if (std::fflush(stdout) != 0 && code == xnvme::tool::kDone) {
            std::fputs("xnvme: standard output could not be written.\n", stderr);
            return xnvme::tool::kFailed;
        }
        return code;
    } catch (const std::bad_alloc&) {
        std::fputs("xnvme: there is not enough memory for this.\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "xnvme: %s\n", error.what());
    }
    return xnvme::tool::kFailed;
}
