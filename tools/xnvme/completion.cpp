// completion: scripts for shells, made from the commands and options themselves.

#include <algorithm>

#include <fmt/core.h>

#include "output.hpp"

namespace xnvme::tool {
namespace {

/// A command with the words that lead to it.
struct Entry {
    std::string path;  ///< "log health"; empty for the program itself.
    const CLI::App* app = nullptr;
};

std::vector<const CLI::App*> children(const CLI::App* app) {
    // Option groups are subcommands without a name.
    return app->get_subcommands([](const CLI::App* child) { return !child->get_name().empty(); });
}

void collect(const CLI::App* app, const std::string& path, std::vector<Entry>& entries) {
    entries.push_back({path, app});
    for (const CLI::App* child : children(app))
        collect(child, path.empty() ? child->get_name() : path + " " + child->get_name(), entries);
}

/// The options of a command, those in its groups included.
std::vector<const CLI::Option*> options_of(const CLI::App* app) {
    std::vector<const CLI::Option*> options;
    for (const CLI::Option* option : app->get_options())
        if (!option->get_lnames().empty()) options.push_back(option);
    for (const CLI::App* group :
         app->get_subcommands([](const CLI::App* child) { return child->get_name().empty(); }))
        for (const CLI::Option* option : options_of(group)) options.push_back(option);
    std::ranges::sort(options, {}, [](const CLI::Option* o) { return o->get_lnames().front(); });
    const auto same = std::ranges::unique(
        options, {}, [](const CLI::Option* o) { return o->get_lnames().front(); });
    options.erase(same.begin(), same.end());
    return options;
}

bool takes_value(const CLI::Option* option) {
    return option->get_expected_max() != 0;
}

/// "text json" of the type name "text|json"; empty where the values are not a short list.
std::string choices(const CLI::Option* option) {
    // What the validators accept stands behind a colon.
    std::string type = option->get_type_name();
    type.erase(std::min(type.find(':'), type.size()));
    if (type != "text|json") return {};
    std::ranges::replace(type, '|', ' ');
    return type;
}

std::string words_of(const CLI::App* app) {
    std::string words;
    for (const CLI::App* child : children(app)) words += child->get_name() + " ";
    for (const CLI::Option* option : options_of(app))
        for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
    if (!words.empty()) words.pop_back();
    return words;
}

/// Text between single quotes of a shell.
std::string quoted(std::string text) {
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
        text.replace(at, 1, "'\\''");
    return "'" + text + "'";
}

std::string bash_script(const std::vector<Entry>& entries) {
    std::string script =
        "# bash completion for xnvme. Load it with: source <(xnvme completion bash)\n"
        "_xnvme() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} path= i words=\n"
        "    case ${COMP_WORDS[COMP_CWORD-1]} in\n"
        "        --output|-o) COMPREPLY=($(compgen -W 'text json' -- \"$word\")); return;;\n"
        "        --data|--data-in|--data-out|--metadata|--command|--in|--out|--via|--report)\n"
        "            COMPREPLY=($(compgen -f -- \"$word\")); return;;\n"
        "    esac\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case \"$path${path:+ }${COMP_WORDS[i]}\" in\n";
    std::string names;
    for (const Entry& entry : entries)
        if (!entry.path.empty()) names += (names.empty() ? "" : "|") + quoted(entry.path);
    script += "            " + names + ") path=\"$path${path:+ }${COMP_WORDS[i]}\";;\n";
    script += "        esac\n    done\n    case $path in\n";
    for (const Entry& entry : entries)
        script += fmt::format("        {}) words={};;\n", quoted(entry.path),
                              quoted(words_of(entry.app)));
    script +=
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
        "    [[ -n $path && $word != -* ]] && COMPREPLY+=($(compgen -f -- \"$word\"))\n"
        "}\n"
        "complete -o filenames -F _xnvme xnvme\n";
    return script;
}

/// Colons and brackets separate fields of zsh's descriptions.
std::string zsh_text(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == ':' || c == '[' || c == ']' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

std::string zsh_options(const CLI::App* app) {
    std::string text;
    for (const CLI::Option* option : options_of(app)) {
        const std::string list = choices(option);
        const std::string action = !takes_value(option) ? ""
                                   : list.empty()       ? ":value:_files"
                                                        : ":value:(" + list + ")";
        for (const std::string& name : option->get_lnames())
            text += " \\\n            " +
                    quoted(fmt::format("--{}[{}]{}", name, zsh_text(option->get_description()),
                                       action));
    }
    return text;
}

std::string zsh_script(const std::vector<Entry>& entries) {
    std::string script =
        "#compdef xnvme\n"
        "# zsh completion for xnvme. Put it into a folder of $fpath as _xnvme.\n"
        "_xnvme() {\n"
        "    local at= word\n"
        "    local -a commands\n"
        "    for word in ${words[2,CURRENT-1]}; do\n"
        "        case \"$at${at:+ }$word\" in\n";
    std::string names;
    for (const Entry& entry : entries)
        if (!entry.path.empty()) names += (names.empty() ? "" : "|") + quoted(entry.path);
    script += "            " + names + ") at=\"$at${at:+ }$word\";;\n";
    script += "        esac\n    done\n    case $at in\n";
    for (const Entry& entry : entries) {
        script += fmt::format("        {})\n", quoted(entry.path));
        const auto below = children(entry.app);
        if (!below.empty()) {
            script += "            commands=(";
            for (const CLI::App* child : below)
                script +=
                    " " + quoted(child->get_name() + ":" + zsh_text(child->get_description()));
            script += ")\n            _describe command commands\n";
        }
        script += "            _arguments" + zsh_options(entry.app) +
                  " \\\n            '*:file:_files';;\n";
    }
    return script + "    esac\n}\n_xnvme \"$@\"\n";
}

/// When a line of fish's completions counts: the words of the path have been seen.
std::string fish_condition(const Entry& entry) {
    if (entry.path.empty()) return "__fish_use_subcommand";
    std::string condition;
    std::string rest = entry.path;
    while (!rest.empty()) {
        const std::size_t space = std::min(rest.find(' '), rest.size());
        condition += (condition.empty() ? "" : "; and ") +
                     fmt::format("__fish_seen_subcommand_from {}", rest.substr(0, space));
        rest.erase(0, std::min(space + 1, rest.size()));
    }
    return condition;
}

std::string fish_script(const std::vector<Entry>& entries) {
    std::string script =
        "# fish completion for xnvme. Load it with: xnvme completion fish | source\n";
    for (const Entry& entry : entries) {
        const std::string condition = quoted(fish_condition(entry));
        for (const CLI::App* child : children(entry.app))
            script += fmt::format("complete -c xnvme -n {} -f -a {} -d {}\n", condition,
                                  quoted(child->get_name()), quoted(child->get_description()));
        for (const CLI::Option* option : options_of(entry.app)) {
            const std::string list = choices(option);
            for (const std::string& name : option->get_lnames())
                script += fmt::format("complete -c xnvme -n {} -l {}{}{} -d {}\n", condition, name,
                                      takes_value(option) ? " -r" : "",
                                      list.empty() ? "" : " -f -a " + quoted(list),
                                      quoted(option->get_description()));
        }
    }
    return script;
}

int run_completion(const Program& program, const std::string& shell) {
    std::vector<Entry> entries;
    collect(&program.app, "", entries);
    if (shell == "bash") print(bash_script(entries));
    if (shell == "zsh") print(zsh_script(entries));
    if (shell == "fish") print(fish_script(entries));
    return kDone;
}

}  // namespace

void add_completion(Program& program) {
    CLI::App* command = add_command(program.app, "completion", "Shell",
                                    "Print a completion script for bash, zsh or fish",
                                    "  source <(xnvme completion bash)\n"
                                    "  xnvme completion zsh > ~/.zfunc/_xnvme\n"
                                    "  xnvme completion fish | source\n");
    auto shell = std::make_shared<std::string>();
    command->add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}))
        ->type_name("");
    command->callback([&program, shell] {
        program.action = [&program, shell] { return run_completion(program, *shell); };
    });
}

}  // namespace xnvme::tool
