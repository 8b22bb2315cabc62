// feature get and feature set: a controller's settings.

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "files.hpp"
#include "output.hpp"
#include "text/nearest.hpp"

namespace xnvme::tool {
namespace {

struct FeatureArguments {
    nvme::FeatureId id = nvme::FeatureId::arbitration;
    std::string select = "current";
    std::uint32_t value = 0;
    std::uint32_t cdw11 = 0;
    std::uint32_t cdw12 = 0;
    std::uint32_t cdw13 = 0;
    bool save = false;
    bool own_namespace = false;
    std::string data;
};

/// A feature by name, such as "temperature-threshold", or by number, such as 0x04.
nvme::FeatureId parse_feature(const std::string& text) {
    for (const nvme::FeatureInfo& row : nvme::kFeatures)
        if (row.name == text) return row.id;
    if (!text.empty() && text.front() >= '0' && text.front() <= '9')
        return static_cast<nvme::FeatureId>(parse_number("--fid", text, 0, 255));
    std::vector<std::string_view> names;
    names.reserve(std::size(nvme::kFeatures));
    for (const nvme::FeatureInfo& row : nvme::kFeatures) names.push_back(row.name);
    const std::string_view meant = text::nearest(text, names);
    throw CLI::ValidationError(
        "--fid", meant.empty()
                     ? fmt::format("'{}' is not a feature; give its number, such as 0x06", text)
                     : fmt::format("'{}' is not a feature; did you mean '{}'?", text, meant));
}

std::uint32_t nsid_for(const FeatureArguments& arguments, const Device& device,
                       const nvme::FeatureInfo* info) {
    const bool namespaced = info != nullptr && info->per_namespace;
    return arguments.own_namespace || namespaced ? device.nsid() : 0;
}

int run_get(const Program& program, const FeatureArguments& arguments) {
    const nvme::FeatureId id = arguments.id;
    constexpr std::array<std::string_view, 4> kSelects{"current", "default", "saved",
                                                       "capabilities"};
    const auto chosen = std::find(kSelects.begin(), kSelects.end(), arguments.select);
    const auto select = static_cast<nvme::FeatureSelect>(chosen - kSelects.begin());
    const nvme::FeatureInfo* info = nvme::find_feature(id);
    Device device = open_device(program, Access::read_only);
    const bool has_data =
        info != nullptr && info->data_bytes != 0 && select != nvme::FeatureSelect::capabilities;
    Buffer buffer;
    Data data;
    if (has_data) {
        buffer = take(device.allocate(info->data_bytes));
        data = buffer.part(0, info->data_bytes);
    }
    const Completion completion =
        take(device.admin(
                 nvme::get_features(id, select, nsid_for(arguments, device, info), arguments.cdw11),
                 data),
             fmt::format("get feature {:#04x}", static_cast<unsigned>(id)));
    const auto bytes = std::span<const std::byte>(buffer.data(), data.bytes());
    if (!arguments.data.empty()) {
        write_file(arguments.data, bytes);
        return kDone;
    }
    const auto value = static_cast<std::uint32_t>(completion.result);
    Node node = nvme::feature_node(id, value, bytes);
    if (select == nvme::FeatureSelect::capabilities)
        node = Node::map()
                   .add("fid", Node::hex(static_cast<unsigned>(id), 2))
                   .add("name", nvme::feature_name(id))
                   .add("capabilities", nvme::to_node(nvme::FeatureCapabilities{value}));
    node.add("select", arguments.select);
    print(program.format, node);
    return kDone;
}

int run_set(const Program& program, const FeatureArguments& arguments) {
    const nvme::FeatureId id = arguments.id;
    const nvme::FeatureInfo* info = nvme::find_feature(id);
    const bool wants_data = info != nullptr && info->data_bytes != 0;
    if (wants_data && arguments.data.empty())
        throw Stop(kUsage, fmt::format("The feature {} is a structure of {} bytes; give it with "
                                       "--data FILE.",
                                       info->name, info->data_bytes));
    Device device = open_device(program, Access::read_write);
    nvme::SetFeaturesFields fields;
    fields.id = id;
    fields.nsid = nsid_for(arguments, device, info);
    fields.cdw11 = arguments.value;
    fields.cdw12 = arguments.cdw12;
    fields.cdw13 = arguments.cdw13;
    fields.save = arguments.save;
    Buffer buffer;
    Data data;
    if (!arguments.data.empty()) {
        const std::vector<std::byte> bytes = read_file(arguments.data, 1u << 20);
        if (wants_data && bytes.size() != info->data_bytes)
            throw Stop(kUsage,
                       fmt::format("{} holds {} bytes, and the feature {} takes {}.",
                                   arguments.data, bytes.size(), info->name, info->data_bytes));
        buffer = take(device.allocate(std::max<std::size_t>(bytes.size(), 1)));
        std::copy(bytes.begin(), bytes.end(), buffer.data());
        data = buffer.part(0, bytes.size());
    }
    const Completion completion =
        take(device.admin(nvme::set_features(fields), data),
             fmt::format("set feature {:#04x}", static_cast<unsigned>(id)));
    Node node = Node::map();
    node.add("fid", Node::hex(static_cast<unsigned>(id), 2));
    node.add("name", nvme::feature_name(id));
    node.add("value", Node::hex(arguments.value, 8));
    node.add("saved", arguments.save);
    node.add("result", Node::hex(static_cast<std::uint32_t>(completion.result), 8));
    print(program.format, node);
    return kDone;
}

CLI::App* add_one(Program& program, CLI::App* parent, const char* name, const char* summary,
                  const char* examples, FeatureArguments& arguments) {
    CLI::App* command = add_command(*parent, name, "Features", summary, examples);
    command
        ->add_option_function<std::string>(
            "--fid", [&arguments](const std::string& text) { arguments.id = parse_feature(text); },
            "The feature, by name or number: 0x06")
        ->required()
        ->type_name("NAME|N");
    add_device_options(program, command);
    return command;
}

}  // namespace

void add_feature(Program& program) {
    CLI::App* feature = add_command(program.app, "feature", "NVMe admin", "Get or set a feature",
                                    "  xnvme feature get /dev/nvme0 --fid number-of-queues\n"
                                    "  xnvme feature set /dev/nvme0 --fid 0x06 --value 1\n");
    feature->require_subcommand(1);

    auto get = std::make_shared<FeatureArguments>();
    CLI::App* get_command =
        add_one(program, feature, "get", "Read a feature",
                "  xnvme feature get mem:64MiB --fid volatile-write-cache\n"
                "  xnvme feature get /dev/nvme0 --fid 0x04 --select default --output json\n",
                *get);
    get_command
        ->add_option("--select", get->select, "current (the default), default, saved, capabilities")
        ->check(CLI::IsMember({"current", "default", "saved", "capabilities"}))
        ->type_name("WHICH");
    add_number(get_command, "--cdw11", get->cdw11, "The feature's own field, such as a sensor");
    get_command->add_option("--data", get->data, "Write its structure to FILE ('-': to stdout)")
        ->type_name("FILE");
    get_command->callback([&program, get, get_command] {
        get->own_namespace = get_command->count("--nsid") != 0;
        program.action = [&program, get] { return run_get(program, *get); };
    });

    auto set = std::make_shared<FeatureArguments>();
    CLI::App* set_command =
        add_one(program, feature, "set", "Change a feature",
                "  xnvme feature set /dev/nvme0 --fid volatile-write-cache --value 1\n"
                "  xnvme feature set /dev/nvme0 --fid 0x04 --value 0x157 --save\n",
                *set);
    add_number(set_command, "--value", set->value, "The value (command dword 11)");
    add_number(set_command, "--cdw12", set->cdw12, "Command dword 12");
    add_number(set_command, "--cdw13", set->cdw13, "Command dword 13");
    set_command->add_flag("--save", set->save, "Keep it over resets and power cycles");
    set_command->add_option("--data", set->data, "The feature's structure, from FILE or '-'")
        ->type_name("FILE");
    set_command->callback([&program, set, set_command] {
        set->own_namespace = set_command->count("--nsid") != 0;
        program.action = [&program, set] { return run_set(program, *set); };
    });
}

}  // namespace xnvme::tool
