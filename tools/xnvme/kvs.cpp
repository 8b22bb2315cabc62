// The kvs family: keys and values of a key-value namespace.

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include <fmt/core.h>

#include <xnvme/key_value.hpp>
#include <xnvme/nvme/status.hpp>

#include "files.hpp"
#include "os/terminal.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Keys and values";

struct KvArguments {
    std::string key;
    std::string key_hex;
    std::string value;
    bool value_given = false;
    std::string data;
    std::string prefix;
    std::uint64_t limit = UINT64_MAX;
    bool must_exist = false;
    bool must_not_exist = false;
    bool no_compression = false;
    bool hex = false;
    std::string file;  ///< Of `run`.
};

/// The bytes that hexadecimal digits say, two for each.
std::vector<std::byte> parse_hex(const std::string& option, const std::string& text) {
    std::vector<std::byte> bytes(text.size() / 2);
    bool good = text.size() % 2 == 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        unsigned value = 0;
        const char* const first = text.data() + 2 * i;
        const auto [end, error] = std::from_chars(first, first + 2, value, 16);
        good = good && error == std::errc{} && end == first + 2;
        bytes[i] = static_cast<std::byte>(value);
    }
    if (!good)
        throw Stop(kUsage,
                   fmt::format("{} '{}' is no even number of hexadecimal digits.", option, text));
    return bytes;
}

nvme::KvKey key_of_text(const std::string& text) {
    const auto key = nvme::KvKey::of(text);
    if (!key)
        throw Stop(kUsage, fmt::format("'{}' is no key: a key has 1 to {} bytes, and this has {}.",
                                       text, nvme::kKvKeyBytesMax, text.size()));
    return *key;
}

nvme::KvKey key_of(const KvArguments& arguments) {
    if (arguments.key_hex.empty()) return key_of_text(arguments.key);
    const auto key = nvme::KvKey::of(parse_hex("--key-hex", arguments.key_hex));
    if (!key)
        throw Stop(kUsage, fmt::format("--key-hex {} is no key: a key has 1 to {} bytes.",
                                       arguments.key_hex, nvme::kKvKeyBytesMax));
    return *key;
}

KeyValue store_of(Device& device) {
    auto store = KeyValue::of(device);
    if (!store) throw Stop(kUsage, store.error().sentence);
    return *store;
}

/// Ends the command with an error, in this device's own words and numbers where there are any.
[[noreturn]] void stop_on(const KeyValue& store, const Program& program, std::string_view what,
                          const nvme::KvKey& key, const Error& error) {
    const std::string name = nvme::kv_key_text(key);
    const std::string& device = program.device.uri;
    if (nvme::is(error.status, nvme::GenericStatus::key_does_not_exist))
        throw Stop(kFailed, fmt::format("{} has no key {}.", device, name));
    if (nvme::is(error.status, nvme::GenericStatus::key_exists))
        throw Stop(kFailed, fmt::format("{} has a key {} already.", device, name));
    if (error.code == Errc::invalid_argument)
        throw Stop(kUsage,
                   fmt::format("The key {} has {}, and the longest that {} takes has {}.", name,
                               counted(key.length, "byte"), device, store.key_bytes_max()));
    if (error.code == Errc::too_large)
        throw Stop(kUsage, fmt::format("The longest value that {} takes has {}.", device,
                                       counted(store.value_bytes_max(), "byte")));
    stop_with(fmt::format("{} of {} on {}", what, name, device), error);
}

Node done_node(const Program& program, std::string_view command, const nvme::KvKey& key) {
    return Node::map()
        .add("command", command)
        .add("device", program.device.uri)
        .add("key", nvme::kv_key_text(key));
}

std::vector<std::byte> value_of(const KvArguments& arguments, const KeyValue& store) {
    if (!arguments.value_given) return read_file(arguments.data, store.value_bytes_max());
    const auto bytes = std::as_bytes(std::span(arguments.value.data(), arguments.value.size()));
    return {bytes.begin(), bytes.end()};
}

std::uint8_t options_of(const KvArguments& arguments) {
    unsigned options = 0;
    if (arguments.must_exist) options |= nvme::kKvMustExist;
    if (arguments.must_not_exist) options |= nvme::kKvMustNotExist;
    if (arguments.no_compression) options |= nvme::kKvNoCompression;
    return static_cast<std::uint8_t>(options);
}

int run_store(const Program& program, const KvArguments& arguments) {
    const nvme::KvKey key = key_of(arguments);
    refuse_if_used(program, program.device.uri, "write to");
    Device device = open_device(program, Access::read_write);
    const KeyValue store = store_of(device);
    const std::vector<std::byte> value = value_of(arguments, store);
    const Data data(value.data(), value.size());
    if (auto done = store.store(key, data, options_of(arguments)); !done)
        stop_on(store, program, "store", key, done.error());
    print(program.format, done_node(program, "store", key).add("bytes", value.size()));
    return kDone;
}

int run_retrieve(const Program& program, const KvArguments& arguments) {
    const nvme::KvKey key = key_of(arguments);
    Device device = open_device(program, Access::read_only);
    const KeyValue store = store_of(device);
    const auto value = store.retrieve(key);
    if (!value) stop_on(store, program, "retrieve", key, value.error());
    if (!arguments.data.empty()) write_file(arguments.data, *value);
    if (arguments.data == "-") return kDone;
    if (program.format == Format::json || !arguments.data.empty()) {
        Node node = done_node(program, "retrieve", key).add("bytes", value->size());
        if (arguments.data.empty())
            node.add("hex", hex_string(*value));
        else
            node.add("data", arguments.data);
        print(program.format, node);
    } else if (arguments.hex || os::is_terminal(os::Stream::out)) {
        print(hex_dump(*value, 0));
    } else {
        write_raw(*value);
    }
    return kDone;
}

int run_delete(const Program& program, const KvArguments& arguments) {
    const nvme::KvKey key = key_of(arguments);
    refuse_if_used(program, program.device.uri, "write to");
    Device device = open_device(program, Access::read_write);
    const KeyValue store = store_of(device);
    if (auto done = store.remove(key); !done) stop_on(store, program, "delete", key, done.error());
    print(program.format, done_node(program, "delete", key));
    return kDone;
}

int run_exist(const Program& program, const KvArguments& arguments) {
    const nvme::KvKey key = key_of(arguments);
    Device device = open_device(program, Access::read_only);
    const KeyValue store = store_of(device);
    const auto exists = store.exists(key);
    if (!exists) stop_on(store, program, "exist", key, exists.error());
    if (!*exists)
        throw Stop(kFailed,
                   fmt::format("{} has no key {}.", program.device.uri, nvme::kv_key_text(key)));
    print(program.format, done_node(program, "exist", key).add("exists", true));
    return kDone;
}

Node keys_node(const std::vector<nvme::KvKey>& keys, std::uint64_t limit) {
    Node list = Node::list();
    for (const nvme::KvKey& key : keys) {
        if (list.size() == limit) break;
        list.push(nvme::kv_key_text(key));
    }
    return list;
}

int run_list(const Program& program, const KvArguments& arguments) {
    Device device = open_device(program, Access::read_only);
    const KeyValue store = store_of(device);
    const auto prefix = std::as_bytes(std::span(arguments.prefix.data(), arguments.prefix.size()));
    const auto keys = store.keys(prefix);
    if (!keys) stop_with(fmt::format("list of {}", program.device.uri), keys.error());
    print(program.format, Node::map()
                              .add("device", program.device.uri)
                              .add("count", keys->size())
                              .add("keys", keys_node(*keys, arguments.limit)));
    return kDone;
}

int run_info(const Program& program) {
    Device device = open_device(program, Access::read_only);
    const KeyValue store = store_of(device);
    const nvme::IdentifyNamespaceKv ns =
        take(store.identify(), fmt::format("identify of {}", program.device.uri));
    Node node = Node::map();
    node.add("device", program.device.uri)
        .add("key_max_bytes", store.key_bytes_max())
        .add("value_max_bytes", store.value_bytes_max())
        .add("size_bytes", ns.nsze)
        .add("used_bytes", ns.nuse)
        .add("identify", nvme::to_node(ns));
    print(program.format, node);
    return kDone;
}

// ---- run: a script of commands on one open device -----------------------------------------------

/// A line of a script.
struct Step {
    std::string command;
    std::optional<nvme::KvKey> key;
    std::string rest;  ///< The value of a store, the prefix of a list.
};

/// What follows the first word, without the spaces between.
std::string take_word(std::string& line) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos) return line = {};
    const std::size_t end = std::min(line.find_first_of(" \t", first), line.size());
    std::string word = line.substr(first, end - first);
    line.erase(0, std::min(line.find_first_not_of(" \t", end), line.size()));
    return word;
}

Step parse_step(std::string line, std::size_t number) {
    static constexpr std::array<std::string_view, 5> kCommands{"store", "retrieve", "delete",
                                                               "exist", "list"};
    Step step;
    step.command = take_word(line);
    if (std::ranges::find(kCommands, step.command) == kCommands.end())
        throw Stop(kUsage, fmt::format("Line {}: '{}' is none of store, retrieve, delete, exist, "
                                       "list.",
                                       number, step.command));
    if (step.command != "list") step.key = key_of_text(take_word(line));
    step.rest = std::move(line);
    const bool more = step.command != "store" && step.command != "list" && !step.rest.empty();
    if (more)
        throw Stop(kUsage,
                   fmt::format("Line {}: '{}' is not expected behind the key.", number, step.rest));
    return step;
}

/// The steps of a script. Empty lines and those that begin with '#' say nothing.
std::vector<Step> parse_script(const std::vector<std::byte>& bytes) {
    std::istringstream in(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    std::vector<Step> steps;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.ends_with('\r')) line.pop_back();
        const std::size_t first = line.find_first_not_of(" \t");
        if (first == std::string::npos || line[first] == '#') continue;
        steps.push_back(parse_step(line, number));
    }
    return steps;
}

/// Adds what a step came to; false when the device refused it.
bool add_outcome(const KeyValue& store, const Step& step, Node& node) {
    const auto failed = [&node](const Error& error) {
        node.add("error", nvme::to_node(error));
        return false;
    };
    if (step.command == "store") {
        const Data value(static_cast<const void*>(step.rest.data()), step.rest.size());
        if (auto done = store.store(*step.key, value); !done) return failed(done.error());
        node.add("bytes", step.rest.size());
    } else if (step.command == "retrieve") {
        const auto value = store.retrieve(*step.key);
        if (!value) return failed(value.error());
        const std::string_view text(reinterpret_cast<const char*>(value->data()), value->size());
        node.add("bytes", value->size()).add("value", Node::device_text(text));
    } else if (step.command == "delete") {
        if (auto done = store.remove(*step.key); !done) return failed(done.error());
    } else if (step.command == "exist") {
        const auto exists = store.exists(*step.key);
        if (!exists) return failed(exists.error());
        node.add("exists", *exists);
    } else {
        const auto keys = store.keys(std::as_bytes(std::span(step.rest.data(), step.rest.size())));
        if (!keys) return failed(keys.error());
        node.add("count", keys->size()).add("keys", keys_node(*keys, UINT64_MAX));
    }
    return true;
}

int run_script(const Program& program, const KvArguments& arguments) {
    constexpr std::uint64_t kScriptMost = std::uint64_t{64} << 20;
    const std::vector<Step> steps = parse_script(read_file(arguments.file, kScriptMost));
    refuse_if_used(program, program.device.uri, "write to");
    Device device = open_device(program, Access::read_write);
    const KeyValue store = store_of(device);
    Node results = Node::list();
    std::uint64_t refused = 0;
    for (const Step& step : steps) {
        Node node = Node::map();
        node.add("command", step.command);
        if (step.key) node.add("key", nvme::kv_key_text(*step.key));
        if (!add_outcome(store, step, node)) ++refused;
        results.push(std::move(node));
    }
    print(program.format, Node::map()
                              .add("device", program.device.uri)
                              .add("failed", refused)
                              .add("results", std::move(results)));
    return refused == 0 ? kDone : kFailed;
}

// ---- The command line ---------------------------------------------------------------------------

void add_key(CLI::App* command, KvArguments& arguments) {
    CLI::Option_group* key = command->add_option_group("Which key");
    key->add_option("--key", arguments.key, "The key, 1 to 16 characters")->type_name("TEXT");
    key->add_option("--key-hex", arguments.key_hex, "The key, 2 to 32 hexadecimal digits")
        ->type_name("HEX");
    key->require_option(1);
}

using Run = int (*)(const Program&, const KvArguments&);

CLI::App* add_one(Program& program, CLI::App* family, const char* name, const char* summary,
                  const char* examples, const std::shared_ptr<KvArguments>& arguments, Run run,
                  bool changes) {
    CLI::App* command = add_command(*family, name, kGroup, summary, examples);
    if (changes) add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, run, command] {
        if (command->get_option_no_throw("--value") != nullptr)
            arguments->value_given = command->count("--value") != 0;
        program.action = [&program, arguments, run] { return run(program, *arguments); };
    });
    return command;
}

void add_store(Program& program, CLI::App* family) {
    auto arguments = std::make_shared<KvArguments>();
    CLI::App* command = add_one(program, family, "store", "Store a value under a key",
                                "  xnvme kvs store 'mem:64MiB?csi=kv' --key name --value Ada\n"
                                "  xnvme kvs store /dev/ng0n1 --key-hex 00ff --data value.bin\n"
                                "  date | xnvme kvs store /dev/ng0n1 --key now --data -\n",
                                arguments, run_store, true);
    add_key(command, *arguments);
    CLI::Option_group* value = command->add_option_group("Where the value comes from");
    value->add_option("--value", arguments->value, "The value as text")->type_name("TEXT");
    value->add_option("--data", arguments->data, "Take the value from FILE ('-': from stdin)")
        ->type_name("FILE");
    value->require_option(1);
    command->add_flag("--must-exist", arguments->must_exist, "Only where there is such a key");
    command->add_flag("--must-not-exist", arguments->must_not_exist,
                      "Only where there is no such key");
    command->add_flag("--no-compression", arguments->no_compression,
                      "The device does not compress the value");
}

void add_retrieve(Program& program, CLI::App* family) {
    auto arguments = std::make_shared<KvArguments>();
    CLI::App* command =
        add_one(program, family, "retrieve", "Get the value of a key: shown, or to a file",
                "  xnvme kvs retrieve /dev/ng0n1 --key name\n"
                "  xnvme kvs retrieve /dev/ng0n1 --key photo --data photo.jpg\n"
                "Without --data, a terminal gets a hex dump and a pipe the bytes.\n",
                arguments, run_retrieve, false);
    add_key(command, *arguments);
    command->add_option("--data", arguments->data, "Write the value to FILE ('-': to stdout)")
        ->type_name("FILE");
    command->add_flag("--hex", arguments->hex, "A hex dump also when stdout is no terminal");
}

void add_script(Program& program, CLI::App* family) {
    auto arguments = std::make_shared<KvArguments>();
    CLI::App* command =
        add_one(program, family, "run", "Run a script of these commands on the open device",
                "  printf 'store name Ada\\nretrieve name\\nlist\\n' |\n"
                "      xnvme kvs run 'mem:64MiB?csi=kv' --script -\n"
                "A line is a command: store KEY VALUE, retrieve KEY, delete KEY, exist KEY, or\n"
                "list [PREFIX]. What the device refuses is told with the others and the exit "
                "status is 1.\n",
                arguments, run_script, true);
    command->add_option("--script", arguments->file, "The script ('-': from stdin)")
        ->required()
        ->type_name("FILE");
}

}  // namespace

void add_kvs(Program& program) {
    CLI::App* family =
        add_command(program.app, "kvs", kGroup, "Store, retrieve and list keys and values",
                    "  xnvme kvs store 'mem:64MiB?csi=kv' --key name --value Ada\n"
                    "  xnvme kvs list /dev/ng0n1 --prefix user: --output json\n");
    family->require_subcommand(1);
    add_store(program, family);
    add_retrieve(program, family);
    auto removed = std::make_shared<KvArguments>();
    add_key(add_one(program, family, "delete", "Remove a key and its value",
                    "  xnvme kvs delete /dev/ng0n1 --key name\n", removed, run_delete, true),
            *removed);
    auto asked = std::make_shared<KvArguments>();
    add_key(add_one(program, family, "exist", "Ask whether there is such a key",
                    "  xnvme kvs exist /dev/ng0n1 --key name && echo there\n"
                    "The exit status is 1 where there is none.\n",
                    asked, run_exist, false),
            *asked);
    auto listed = std::make_shared<KvArguments>();
    CLI::App* list = add_one(program, family, "list", "List the keys",
                             "  xnvme kvs list /dev/ng0n1 --prefix user:\n"
                             "Keys that cannot be printed are shown as 0x and their bytes.\n",
                             listed, run_list, false);
    list->add_option("--prefix", listed->prefix, "Those that begin so")->type_name("TEXT");
    add_number(list, "--limit", listed->limit, "Show at most so many", 1);
    auto told = std::make_shared<KvArguments>();
    add_one(
        program, family, "info", "Room, limits and formats",
        "  xnvme kvs info 'mem:64MiB?csi=kv' --output json\n", told,
        [](const Program& state, const KvArguments&) { return run_info(state); }, false);
    add_script(program, family);
}

}  // namespace xnvme::tool
