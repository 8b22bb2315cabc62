// feature get and feature set: a controller's settings.

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include <xnvme/admin.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/feature_fields.hpp>
#include <xnvme/nvme/status.hpp>

#include "files.hpp"
#include "output.hpp"
#include "text/nearest.hpp"

namespace xnvme::tool {
namespace {

struct FeatureArguments {
    std::optional<nvme::FeatureId> id;
    std::string select = "current";
    std::uint32_t value = 0;
    bool has_value = false;
    std::uint32_t cdw11 = 0;
    std::uint32_t cdw12 = 0;
    std::uint32_t cdw13 = 0;
    bool save = false;
    bool own_namespace = false;
    std::vector<std::string> fields;  ///< "name=value", each.
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

/// A field with the value that was asked for.
struct Setting {
    const nvme::FeatureField* field;
    std::uint32_t raw;
};

std::string field_names(nvme::FeatureId id) {
    std::string names;
    for (const nvme::FeatureField& field : nvme::feature_fields(id))
        names += fmt::format("{}{}", names.empty() ? "" : ", ", field.name);
    return names;
}

Setting parse_setting(nvme::FeatureId id, const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const nvme::FeatureField* field = nvme::find_feature_field(id, name);
    if (equals == std::string::npos)
        throw Stop(kUsage, fmt::format("--field {}: write NAME=VALUE, such as {}=1.", text, name));
    if (field == nullptr) {
        const std::string names = field_names(id);
        throw Stop(kUsage,
                   fmt::format("The feature {} has no field '{}'{}.", nvme::feature_name(id), name,
                               names.empty() ? "" : "; its fields are " + names));
    }
    return {field, take(nvme::parse_feature_field(*field, text.substr(equals + 1)))};
}

std::vector<Setting> parse_settings(const FeatureArguments& arguments) {
    std::vector<Setting> settings;
    settings.reserve(arguments.fields.size());
    for (const std::string& text : arguments.fields)
        settings.push_back(parse_setting(*arguments.id, text));
    return settings;
}

/// Dword 11 of Get Features: what was given, with the fields that choose.
std::uint32_t selectors(const FeatureArguments& arguments, std::span<const Setting> settings) {
    std::uint32_t cdw11 = arguments.cdw11;
    for (const Setting& setting : settings)
        if (setting.field->role != nvme::FieldRole::value && setting.field->dword == 11)
            cdw11 = setting.field->with(cdw11, setting.raw);
    return cdw11;
}

std::uint32_t nsid_for(const FeatureArguments& arguments, const Device& device,
                       const nvme::FeatureInfo* info) {
    const bool namespaced = info != nullptr && info->per_namespace;
    return arguments.own_namespace || namespaced ? device.nsid() : 0;
}

nvme::FeatureSelect parse_select(const std::string& text) {
    constexpr std::array<std::string_view, 4> kSelects{"current", "default", "saved",
                                                       "capabilities"};
    const auto chosen = std::find(kSelects.begin(), kSelects.end(), text);
    return static_cast<nvme::FeatureSelect>(chosen - kSelects.begin());
}

Node feature_result(nvme::FeatureId id, nvme::FeatureSelect select, const FeatureValue& feature) {
    if (select != nvme::FeatureSelect::capabilities)
        return nvme::feature_node(id, feature.value, feature.data);
    return std::move(
        Node::map()
            .add("fid", Node::hex(static_cast<unsigned>(id), 2))
            .add("name", nvme::feature_name(id))
            .add("capabilities", nvme::to_node(nvme::FeatureCapabilities{feature.value})));
}

/// Every feature that the library knows and the device has, and what it says of the others.
int run_get_all(const Program& program, const FeatureArguments& arguments) {
    if (!arguments.fields.empty() || !arguments.data.empty() || arguments.cdw11 != 0)
        throw Stop(kUsage,
                   "--field, --cdw11 and --data are about one feature: name it with "
                   "--fid.");
    const nvme::FeatureSelect select = parse_select(arguments.select);
    Device device = open_device(program, Access::read_only);
    Node features = Node::list();
    Node refused = Node::list();
    for (const nvme::FeatureInfo& row : nvme::kFeatures) {
        const auto feature = get_feature(device, row.id, select, nsid_for(arguments, device, &row));
        if (feature) {
            features.push(feature_result(row.id, select, *feature));
            continue;
        }
        if (feature.error().code != Errc::device)
            stop_with(fmt::format("get feature {}", row.name), feature.error());
        refused.push(std::move(Node::map()
                                   .add("fid", Node::hex(static_cast<unsigned>(row.id), 2))
                                   .add("name", row.name)
                                   .add("status", nvme::status_name(feature.error().status))));
    }
    Node node = Node::map();
    node.add("select", arguments.select)
        .add("features", std::move(features))
        .add("refused", std::move(refused));
    print(program.format, node);
    return kDone;
}

int run_get(const Program& program, const FeatureArguments& arguments) {
    if (!arguments.id) return run_get_all(program, arguments);
    const nvme::FeatureId id = *arguments.id;
    const nvme::FeatureSelect select = parse_select(arguments.select);
    const std::vector<Setting> settings = parse_settings(arguments);
    for (const Setting& setting : settings)
        if (setting.field->role == nvme::FieldRole::value)
            throw Stop(kUsage, fmt::format("The field {} does not choose what to get; it is what "
                                           "is returned.",
                                           setting.field->name));
    Device device = open_device(program, Access::read_only);
    const FeatureValue feature =
        take(get_feature(device, id, select, nsid_for(arguments, device, nvme::find_feature(id)),
                         selectors(arguments, settings)),
             fmt::format("get feature {:#04x}", static_cast<unsigned>(id)));
    if (!arguments.data.empty()) {
        write_file(arguments.data, feature.data);
        return kDone;
    }
    Node node = feature_result(id, select, feature);
    node.add("select", arguments.select);
    print(program.format, node);
    return kDone;
}

/// Puts the fields in their dwords, over the values that the device has now.
void apply_settings(Device& device, const FeatureArguments& arguments,
                    std::span<const Setting> settings, nvme::SetFeaturesFields& command) {
    const auto known = nvme::feature_fields(command.id);
    const bool high = std::any_of(known.begin(), known.end(), [](const nvme::FeatureField& field) {
        return field.dword == 12;
    });
    std::uint32_t& value = high ? command.cdw12 : command.cdw11;
    const FeatureValue now =
        take(get_feature(device, command.id, nvme::FeatureSelect::current, command.nsid,
                         selectors(arguments, settings)),
             fmt::format("get feature {:#04x}", static_cast<unsigned>(command.id)));
    for (const nvme::FeatureField& field : known)
        if (field.role != nvme::FieldRole::selector)
            value = field.with(value, field.raw(now.value));
    for (const Setting& setting : settings) {
        std::uint32_t& dword = setting.field->dword == 12 ? command.cdw12 : command.cdw11;
        dword = setting.field->with(dword, setting.raw);
    }
}

/// The structure of the feature, from a file.
Buffer read_structure(Device& device, const FeatureArguments& arguments,
                      const nvme::FeatureInfo* info, Data& data) {
    const std::vector<std::byte> bytes = read_file(arguments.data, 1u << 20);
    if (info != nullptr && info->data_bytes != 0 && bytes.size() != info->data_bytes)
        throw Stop(kUsage, fmt::format("{} holds {} bytes, and the feature {} takes {}.",
                                       arguments.data, bytes.size(), info->name, info->data_bytes));
    Buffer buffer = take(device.allocate(std::max<std::size_t>(bytes.size(), 1)));
    std::copy(bytes.begin(), bytes.end(), buffer.data());
    data = buffer.part(0, bytes.size());
    return buffer;
}

int run_set(const Program& program, const FeatureArguments& arguments) {
    const nvme::FeatureId id = *arguments.id;
    const nvme::FeatureInfo* info = nvme::find_feature(id);
    const bool wants_data = info != nullptr && info->data_bytes != 0;
    if (wants_data && arguments.data.empty())
        throw Stop(kUsage, fmt::format("The feature {} is a structure of {} bytes; give it with "
                                       "--data FILE.",
                                       info->name, info->data_bytes));
    if (arguments.has_value && !arguments.fields.empty())
        throw Stop(kUsage, "Give --value or --field, not both.");
    const std::vector<Setting> settings = parse_settings(arguments);
    Device device = open_device(program, Access::read_write);
    nvme::SetFeaturesFields fields;
    fields.id = id;
    fields.nsid = nsid_for(arguments, device, info);
    fields.cdw11 = arguments.value;
    fields.cdw12 = arguments.cdw12;
    fields.cdw13 = arguments.cdw13;
    fields.save = arguments.save;
    if (!settings.empty()) apply_settings(device, arguments, settings, fields);
    Buffer buffer;
    Data data;
    if (!arguments.data.empty()) buffer = read_structure(device, arguments, info, data);
    const Completion completion =
        take(device.admin(nvme::set_features(fields), data),
             fmt::format("set feature {:#04x}", static_cast<unsigned>(id)));
    Node node = Node::map();
    node.add("fid", Node::hex(static_cast<unsigned>(id), 2));
    node.add("name", nvme::feature_name(id));
    node.add("value", Node::hex(fields.cdw11, 8));
    if (fields.cdw12 != 0) node.add("cdw12", Node::hex(fields.cdw12, 8));
    node.add("saved", arguments.save);
    node.add("result", Node::hex(static_cast<std::uint32_t>(completion.result), 8));
    print(program.format, node);
    return kDone;
}

CLI::App* add_one(Program& program, CLI::App* parent, const char* name, const char* summary,
                  const char* examples, bool required, FeatureArguments& arguments) {
    CLI::App* command = add_command(*parent, name, "Features", summary, examples);
    command
        ->add_option_function<std::string>(
            "--fid", [&arguments](const std::string& text) { arguments.id = parse_feature(text); },
            required ? "The feature, by name or number: 0x06"
                     : "The feature, by name or number: 0x06; without it all that the device has")
        ->required(required)
        ->type_name("NAME|N");
    command
        ->add_option("--field", arguments.fields,
                     required ? "Set a field, such as power_state=1; may be given several times"
                              : "Choose what it is about, such as sensor=1")
        ->allow_extra_args(false)
        ->type_name("NAME=VALUE");
    add_device_options(program, command);
    return command;
}

void add_get(Program& program, CLI::App* feature) {
    auto get = std::make_shared<FeatureArguments>();
    CLI::App* command = add_one(
        program, feature, "get", "Read a feature, or all of them",
        "  xnvme feature get mem:64MiB\n"
        "  xnvme feature get mem:64MiB --fid volatile-write-cache\n"
        "  xnvme feature get /dev/nvme0 --fid 0x04 --select default --output json\n"
        "  xnvme feature get /dev/nvme0 --fid 0x04 --field sensor=1 --field threshold=under\n",
        false, *get);
    command
        ->add_option("--select", get->select, "current (the default), default, saved, capabilities")
        ->check(CLI::IsMember({"current", "default", "saved", "capabilities"}))
        ->type_name("WHICH");
    add_number(command, "--cdw11", get->cdw11, "The feature's own field, such as a sensor");
    command->add_option("--data", get->data, "Write its structure to FILE ('-': to stdout)")
        ->type_name("FILE");
    command->callback([&program, get, command] {
        get->own_namespace = command->count("--nsid") != 0;
        program.action = [&program, get] { return run_get(program, *get); };
    });
}

void add_set(Program& program, CLI::App* feature) {
    auto set = std::make_shared<FeatureArguments>();
    CLI::App* command =
        add_one(program, feature, "set", "Change a feature",
                "  xnvme feature set /dev/nvme0 --fid volatile-write-cache --field enabled=true\n"
                "  xnvme feature set mem:64MiB --fid arbitration --field burst_commands=8 "
                "--field low_weight=4\n"
                "  xnvme feature set /dev/nvme0 --fid 0x04 --value 0x157 --save\n",
                true, *set);
    add_number(command, "--value", set->value, "The value (command dword 11)");
    add_number(command, "--cdw12", set->cdw12, "Command dword 12");
    add_number(command, "--cdw13", set->cdw13, "Command dword 13");
    command->add_flag("--save", set->save, "Keep it over resets and power cycles");
    command->add_option("--data", set->data, "The feature's structure, from FILE or '-'")
        ->type_name("FILE");
    command->callback([&program, set, command] {
        set->own_namespace = command->count("--nsid") != 0;
        set->has_value = command->count("--value") != 0;
        program.action = [&program, set] { return run_set(program, *set); };
    });
}

}  // namespace

void add_feature(Program& program) {
    CLI::App* feature = add_command(program.app, "feature", "NVMe admin", "Get or set a feature",
                                    "  xnvme feature get /dev/nvme0 --fid number-of-queues\n"
                                    "  xnvme feature set /dev/nvme0 --fid 0x06 --value 1\n");
    feature->require_subcommand(1);
    add_get(program, feature);
    add_set(program, feature);
}

}  // namespace xnvme::tool
