#include "protection.hpp"

#include <sstream>

#include <fmt/core.h>

#include <xnvme/nvme/status.hpp>

namespace xnvme::tool {
namespace {

constexpr const char* kOptionGroup = "Protection information";

struct CheckName {
    std::string_view name;
    std::uint32_t bit;
};
constexpr CheckName kCheckNames[] = {{"guard", nvme::kCheckGuard},
                                     {"app", nvme::kCheckApplicationTag},
                                     {"ref", nvme::kCheckReferenceTag},
                                     {"storage", nvme::kCheckStorageTag}};

const char* host_summary(ProtectionUse use) {
    switch (use) {
        case ProtectionUse::reads:
            return "Let the device check it, verify it here too, and keep it out of the data";
        case ProtectionUse::writes:
        case ProtectionUse::compares:
            return "Generate it here, and let the device check it";
        default:
            return "Let the device check it, and say what is wrong";
    }
}

/// A tag as wide as `bits`, or the end of the command.
void check_width(const char* option, std::uint64_t value, unsigned bits, const Device& device) {
    if (bits >= 64 || value >> bits == 0) return;
    throw Stop(kUsage, bits == 0
                           ? fmt::format("{} has no room for {}: its format has 0 bits of it.",
                                         device.uri(), option)
                           : fmt::format("{} {:#x} is too large; on {} it has {} bits.", option,
                                         value, device.uri(), bits));
}

/// Without --prchk: all that the command line says what to expect of. The tags that are not given
/// could be anything.
std::uint32_t default_checks(const ProtectionArguments& arguments,
                             const nvme::ProtectionFormat& format) {
    if (arguments.nothing_checked) return 0;
    std::uint32_t checks = nvme::all_checks(format);
    if (!arguments.application_tag) checks &= ~std::uint32_t{nvme::kCheckApplicationTag};
    if (!arguments.storage_tag) checks &= ~std::uint32_t{nvme::kCheckStorageTag};
    return checks;
}

}  // namespace

bool ProtectionArguments::any() const noexcept {
    return host || device || checks || application_tag || reference_tag || storage_tag;
}

std::uint32_t parse_checks(const std::string& option, const std::string& text) {
    if (text == "none") return 0;
    std::uint32_t checks = 0;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
        std::uint32_t bit = 0;
        for (const CheckName& known : kCheckNames)
            if (known.name == word) bit = known.bit;
        if (bit == 0)
            throw CLI::ValidationError(
                option, fmt::format("'{}' is no check; write guard, app, ref and storage with "
                                    "commas between them, or none",
                                    word));
        checks |= bit;
    }
    return checks;
}

void add_protection_options(CLI::App* command, ProtectionArguments& arguments, ProtectionUse use) {
    arguments.nothing_checked = use == ProtectionUse::zeroes;
    if (use != ProtectionUse::zeroes && use != ProtectionUse::copies)
        command->add_flag("--pi", arguments.host, host_summary(use))->group(kOptionGroup);
    if (use != ProtectionUse::compares && use != ProtectionUse::checks)
        command
            ->add_flag("--pract", arguments.device,
                       use == ProtectionUse::reads
                           ? "Let the device check it, and strip it where it is all the metadata"
                           : "Let the device generate it")
            ->group(kOptionGroup);
    if (use != ProtectionUse::zeroes)
        command
            ->add_option_function<std::string>(
                "--prchk",
                [&arguments](const std::string& text) {
                    arguments.checks = parse_checks("--prchk", text);
                },
                "What is checked: guard,app,ref,storage or none; by default the guard, the "
                "reference tag, and the tags that are given")
            ->type_name("LIST")
            ->group(kOptionGroup);
    const auto add_tag = [command](const char* name, const char* summary, std::uint64_t most,
                                   auto set) {
        const std::string option = name;
        command
            ->add_option_function<std::string>(
                name,
                [option, most, set](const std::string& text) {
                    set(parse_number(option, text, 0, most));
                },
                summary)
            ->type_name("N")
            ->group(kOptionGroup);
    };
    add_tag("--app-tag", "Application tag", 0xffff, [&arguments](std::uint64_t value) {
        arguments.application_tag = static_cast<std::uint16_t>(value);
    });
    if (use != ProtectionUse::zeroes)
        add_tag("--app-mask", "Bits of the application tag that are checked", 0xffff,
                [&arguments](std::uint64_t value) {
                    arguments.application_mask = static_cast<std::uint16_t>(value);
                });
    if (use != ProtectionUse::copies)
        add_tag("--ref-tag", "Reference tag of the first block; the default is its number",
                UINT64_MAX, [&arguments](std::uint64_t value) { arguments.reference_tag = value; });
    add_tag("--storage-tag", "Storage tag", UINT64_MAX,
            [&arguments](std::uint64_t value) { arguments.storage_tag = value; });
}

Command Protection::apply(Command command) const noexcept {
    if (!layout) return command;
    command.cdw12 |= checks | (device ? std::uint32_t{nvme::kPract} : 0u);
    return layout->command(command, tags);
}

std::optional<std::string> Protection::mismatch(const Data& data, const Data& metadata,
                                                std::uint64_t slba) const {
    if (!layout || checks == 0) return std::nullopt;
    const auto verdict = verify_protection(*layout, tags, data, metadata, checks);
    if (!verdict) stop_with("verifying protection information", verdict.error());
    if (!*verdict) return std::nullopt;
    return describe(**verdict, slba);
}

ProtectionLayout layout_of(const Device& device) {
    auto layout = ProtectionLayout::of(device.geometry());
    if (layout) return *layout;
    const Geometry& geometry = device.geometry();
    const bool kernels = geometry.protection_type != 0 && geometry.guard_bits != 0;
    throw Stop(kUsage,
               kernels
                   ? fmt::format("The kernel sees to the protection information of {} by itself; "
                                 "open the namespace's generic device, such as /dev/ng0n1.",
                                 device.uri())
                   : fmt::format("{} has no protection information{}. Format it with some: 'xnvme "
                                 "format --protection 1', and an --lbaf with metadata.",
                                 device.uri(),
                                 geometry.metadata_bytes == 0 ? "" : ", though it has metadata"));
}

Protection plan_protection(const Device& device, const ProtectionArguments& arguments,
                           std::uint64_t slba) {
    Protection plan;
    if (!arguments.any()) return plan;
    if (arguments.host && arguments.device)
        throw Stop(kUsage,
                   "--pi and --pract exclude each other: one generates the protection "
                   "information here, the other on the device.");
    plan.layout = layout_of(device);
    const nvme::ProtectionFormat& format = plan.layout->format;
    plan.host = arguments.host;
    plan.device = arguments.device;
    plan.tags = plan.layout->tags(slba, arguments.application_tag.value_or(0),
                                  arguments.storage_tag.value_or(0));
    plan.tags.application_tag_mask = arguments.application_mask;
    if (arguments.reference_tag) {
        check_width("--ref-tag", *arguments.reference_tag, format.reference_tag_bits(), device);
        plan.tags.reference_tag = *arguments.reference_tag;
    }
    if (arguments.storage_tag)
        check_width("--storage-tag", *arguments.storage_tag, format.storage_tag_bits, device);
    plan.checks = arguments.checks.value_or(default_checks(arguments, format));
    if ((plan.checks & nvme::kCheckReferenceTag) != 0 && format.type == 3)
        throw Stop(kUsage, fmt::format("{} has protection information of type 3, whose reference "
                                       "tags are not checked; leave ref out of --prchk.",
                                       device.uri()));
    return plan;
}

bool is_check_error(Status status) noexcept {
    return nvme::is(status, nvme::MediaStatus::guard_check_error) ||
           nvme::is(status, nvme::MediaStatus::application_tag_check_error) ||
           nvme::is(status, nvme::MediaStatus::reference_tag_check_error) ||
           nvme::is(status, nvme::MediaStatus::storage_tag_check_error);
}

Node protection_node(const ProtectionLayout& layout, std::uint64_t slba,
                     std::span<const std::byte> data, std::span<const std::byte> metadata) {
    const nvme::ProtectionFormat& format = layout.format;
    const std::size_t place = format.first ? 0 : layout.metadata_bytes - format.bytes();
    const std::size_t blocks = data.size() / layout.transfer_block_bytes();
    Node list = Node::list();
    for (std::size_t i = 0; i < blocks; ++i) {
        const auto block =
            layout.extended ? data.subspan(i * layout.transfer_block_bytes() + layout.block_bytes)
                            : metadata.subspan(i * layout.metadata_bytes);
        const auto info = nvme::decode_protection(format, block.subspan(place, format.bytes()));
        Node node = Node::map();
        node.add("block", slba + i)
            .add("guard", Node::hex(info.guard, format.guard_bits / 4u))
            .add("application_tag", Node::hex(info.application_tag, 4))
            .add("reference_tag", Node::hex(info.reference_tag, 1));
        if (format.storage_tag_bits != 0) node.add("storage_tag", Node::hex(info.storage_tag, 1));
        node.add("escapes_checks", nvme::escapes_checks(format, info));
        list.push(std::move(node));
    }
    return list;
}

}  // namespace xnvme::tool
