// Commands on several ranges of blocks: dsm and copy.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "block_range.hpp"
#include "output.hpp"
#include "protection.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Blocks";

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

CLI::Option* add_ranges_option(CLI::App* command, const std::string& name, Ranges& ranges,
                               std::size_t most, const std::string& summary) {
    return command
        ->add_option_function<std::vector<std::string>>(
            name,
            [name, &ranges, most](const std::vector<std::string>& texts) {
                if (texts.size() > most)
                    throw CLI::ValidationError(
                        name, fmt::format("{} ranges are too many; one command takes {}",
                                          texts.size(), most));
                for (const std::string& text : texts) ranges.push_back(parse_range(name, text));
            },
            summary)
        ->type_name("SLBA:BLOCKS")
        ->allow_extra_args(false);
}

Node ranges_node(const Ranges& ranges) {
    Node list = Node::list();
    for (const auto& [slba, blocks] : ranges)
        list.push(Node::map().add("slba", slba).add("blocks", blocks));
    return list;
}

void check_ranges(const Device& device, std::string_view what, const Ranges& ranges) {
    const std::uint64_t end = device.geometry().blocks;
    for (const auto& [slba, blocks] : ranges)
        if (slba >= end || blocks > end - slba)
            stop_at(device, what, {slba, static_cast<std::uint32_t>(blocks)},
                    Error::of(Errc::out_of_range));
}

struct DsmArguments {
    BlockRange range;
    Ranges ranges;
    bool deallocate = false;
    bool integral_read = false;
    bool integral_write = false;
};

int run_dsm(const Program& program, const DsmArguments& arguments) {
    std::uint32_t attributes = 0;
    if (arguments.deallocate) attributes |= nvme::kDsmDeallocate;
    if (arguments.integral_read) attributes |= nvme::kDsmIntegralRead;
    if (arguments.integral_write) attributes |= nvme::kDsmIntegralWrite;
    if (attributes == 0) throw Stop(kUsage, "Say what to do: --deallocate, for example.");
    Ranges ranges = arguments.ranges;
    if (arguments.range.blocks != 0)
        ranges.emplace_back(arguments.range.slba, arguments.range.blocks);
    if (ranges.empty())
        throw Stop(kUsage, "Say which blocks: --slba and --blocks, or --range SLBA:BLOCKS.");
    refuse_if_used(program, program.device.uri, "deallocate blocks of");
    Device device = open_blocks(program, Access::read_write);
    check_ranges(device, "dsm", ranges);
    const std::size_t bytes = ranges.size() * sizeof(nvme::DsmRange);
    const Buffer buffer = take(device.allocate(bytes));
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        nvme::DsmRange range{};
        range.slba = ranges[i].first;
        range.nlb = static_cast<std::uint32_t>(ranges[i].second);
        const auto encoded = nvme::encode(range);
        std::copy(encoded.begin(), encoded.end(), buffer.data() + i * sizeof(range));
    }
    const auto count = static_cast<std::uint32_t>(ranges.size());
    take(device.execute(nvme::dataset_management(count, attributes), buffer.part(0, bytes)),
         fmt::format("dsm on {}", program.device.uri));
    print(program.format, Node::map()
                              .add("command", "dsm")
                              .add("device", program.device.uri)
                              .add("deallocate", arguments.deallocate)
                              .add("integral_read", arguments.integral_read)
                              .add("integral_write", arguments.integral_write)
                              .add("ranges", ranges_node(ranges)));
    return kDone;
}

struct CopyArguments {
    Ranges sources;
    std::uint64_t destination = 0;
    std::optional<std::uint32_t> format;
    ProtectionArguments protection;                 ///< What is expected of the sources.
    std::optional<std::uint32_t> written_checks{};  ///< What is checked where it is written.
};

/// The descriptors of the source ranges, with the tags that are expected there.
template <class Range>
void put_sources(const Device& device, const CopyArguments& arguments, std::byte* to) {
    for (const auto& [slba, blocks] : arguments.sources) {
        auto range = Range::of(slba, static_cast<std::uint32_t>(blocks));
        const Protection protection = plan_protection(device, arguments.protection, slba);
        if (protection.layout)
            nvme::set_expected_tags(range, protection.layout->format, protection.tags);
        const auto encoded = nvme::encode(range);
        to = std::copy(encoded.begin(), encoded.end(), to);
    }
}

/// The number of blocks, where no source is too long for its descriptor.
std::uint64_t total_blocks(const Ranges& sources) {
    std::uint64_t total = 0;
    for (const auto& source : sources) {
        if (source.second > nvme::kBlocksMax)
            throw Stop(kUsage, fmt::format("{} blocks are too many for one source range; the most "
                                           "is {}. Give several ranges.",
                                           source.second, nvme::kBlocksMax));
        total += source.second;
    }
    return total;
}

/// The copy command, with what it checks and generates.
Command copy_command(const Device& device, const CopyArguments& arguments, unsigned format) {
    const auto count = static_cast<std::uint32_t>(arguments.sources.size());
    const Command command = nvme::copy(arguments.destination, count, format);
    ProtectionArguments said = arguments.protection;
    if (arguments.written_checks && !said.checks) said.checks = 0;
    const Protection reads = plan_protection(device, said, arguments.destination);
    if (!reads.layout) return command;
    const std::uint32_t pract = reads.device ? std::uint32_t{nvme::kPract} : 0u;
    return reads.layout->command(
        nvme::with_copy_checks(command, reads.checks | pract,
                               arguments.written_checks.value_or(0) | pract),
        reads.tags);
}

int run_copy(const Program& program, const CopyArguments& arguments) {
    refuse_if_used(program, program.device.uri, "write to");
    Device device = open_blocks(program, Access::read_write);
    check_ranges(device, "copy", arguments.sources);
    const std::uint64_t total = total_blocks(arguments.sources);
    check_ranges(device, "copy to", {{arguments.destination, total}});
    // Longer guards need the longer descriptor.
    const bool long_guard =
        device.geometry().protection_type != 0 && device.geometry().guard_bits != 16;
    const std::uint32_t format = arguments.format.value_or(long_guard ? 1 : 0);
    const std::size_t bytes = arguments.sources.size() *
                              (format == 0 ? sizeof(nvme::CopyRange0) : sizeof(nvme::CopyRange1));
    const Buffer buffer = take(device.allocate(bytes));
    if (format == 0)
        put_sources<nvme::CopyRange0>(device, arguments, buffer.data());
    else
        put_sources<nvme::CopyRange1>(device, arguments, buffer.data());
    take(device.execute(copy_command(device, arguments, format), buffer.part(0, bytes)),
         fmt::format("copy on {}", program.device.uri));
    print(program.format, Node::map()
                              .add("command", "copy")
                              .add("device", program.device.uri)
                              .add("destination", arguments.destination)
                              .add("blocks", total)
                              .add("format", format)
                              .add("sources", ranges_node(arguments.sources)));
    return kDone;
}

}  // namespace

void add_ranges(Program& program) {
    CLI::App* dsm =
        add_command(program.app, "dsm", kGroup,
                    "Dataset management: deallocate blocks, or say how they are used",
                    "  xnvme dsm disk.img --deallocate --slba 1024 --blocks 1024\n"
                    "  xnvme dsm /dev/nvme0n1 --deallocate --range 0:8 --range 64:16\n");
    auto dsm_arguments = std::make_shared<DsmArguments>();
    add_block_range(dsm, dsm_arguments->range);
    add_ranges_option(dsm, "--range", dsm_arguments->ranges, nvme::kDsmRangesMax - 1,
                      "A range: its first block and its length; may be given again");
    dsm->add_flag("--deallocate", dsm_arguments->deallocate, "The data is no longer needed (trim)");
    dsm->add_flag("--integral-read", dsm_arguments->integral_read, "The range is read as a whole");
    dsm->add_flag("--integral-write", dsm_arguments->integral_write,
                  "The range is written as a whole");
    add_force_option(program, dsm);
    add_device_options(program, dsm);
    dsm->callback([&program, dsm_arguments] {
        program.action = [&program, dsm_arguments] { return run_dsm(program, *dsm_arguments); };
    });

    CLI::App* copy = add_command(
        program.app, "copy", kGroup, "Copy blocks within a device, by the device itself",
        "  xnvme copy /dev/nvme0n1 --source 0:8 --to 1024\n"
        "  xnvme copy mem:64MiB --source 0:8 --source 64:8 --to 4096\n"
        "  xnvme copy /dev/ng0n1 --source 0:8 --to 64 --pract --prchk guard\n"
        "'xnvme dd' copies between devices and files.\n");
    auto copy_arguments = std::make_shared<CopyArguments>();
    add_ranges_option(copy, "--source", copy_arguments->sources, nvme::kCopyRangesMax,
                      "A range to copy: its first block and its length; may be given again")
        ->required();
    add_number(copy, "--to,--sdlba", copy_arguments->destination, "First block to write")
        ->required();
    copy->add_option_function<std::string>(
            "--format",
            [copy_arguments](const std::string& text) {
                copy_arguments->format =
                    static_cast<std::uint32_t>(parse_number("--format", text, 0, 1));
            },
            "Format of the source ranges: 0, or 1 for guards of more than 16 bits; the default is "
            "what the namespace needs")
        ->type_name("N");
    add_protection_options(copy, copy_arguments->protection, ProtectionUse::copies);
    copy->add_option_function<std::string>(
            "--prchk-to",
            [copy_arguments](const std::string& text) {
                copy_arguments->written_checks = parse_checks("--prchk-to", text);
            },
            "What is checked where it is written, as with --prchk; by default nothing")
        ->type_name("LIST")
        ->group("Protection information");
    add_force_option(program, copy);
    add_device_options(program, copy);
    copy->callback([&program, copy_arguments] {
        program.action = [&program, copy_arguments] { return run_copy(program, *copy_arguments); };
    });
}

}  // namespace xnvme::tool
