// Commands on one range of blocks: read, write, compare, verify, write-zeroes, write-uncor, flush.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/status.hpp>

#include "block_range.hpp"
#include "files.hpp"
#include "os/terminal.hpp"
#include "output.hpp"
#include "protection.hpp"
#include "transfer.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Blocks";

struct IoArguments {
    BlockRange range;
    std::string data;
    std::string metadata;
    std::uint32_t fill = 256;  ///< A byte to write; 256: not given.
    bool hex = false;
    bool force_unit_access = false;
    bool deallocate = false;
    ProtectionArguments protection;
};

std::uint32_t io_flags(const IoArguments& arguments) {
    return arguments.force_unit_access ? nvme::kForceUnitAccess : 0u;
}

/// What was done, for standard output.
Node done_node(const Program& program, std::string_view what, const BlockRange& range) {
    return Node::map()
        .add("command", what)
        .add("device", program.device.uri)
        .add("slba", range.slba)
        .add("blocks", range.blocks);
}

template <class Opcode>
constexpr std::uint8_t opcode_of(Opcode opcode) {
    return static_cast<std::uint8_t>(opcode);
}

/// Checks the range before memory for it is asked for.
void check_range(const Device& device, std::string_view what, const BlockRange& range,
                 bool pract = false) {
    const Geometry& geometry = device.geometry();
    if (range.slba >= geometry.blocks || range.blocks > geometry.blocks - range.slba)
        stop_at(device, what, range, Error::of(Errc::out_of_range));
    if (geometry.transfer_bytes(range.blocks, pract) > geometry.max_transfer_bytes)
        stop_at(device, what, range, Error::of(Errc::too_large));
}

/// A metadata file makes sense where metadata is moved.
void check_metadata_option(const Device& device, const IoArguments& arguments,
                           const Transfer& transfer) {
    if (arguments.metadata.empty() || transfer.block_metadata_bytes() != 0) return;
    throw Stop(kUsage,
               device.geometry().metadata_bytes == 0
                   ? fmt::format("{} has no metadata; leave --metadata out.", device.uri())
                   : fmt::format("No metadata of {} is moved in this command; leave --metadata "
                                 "out.",
                                 device.uri()));
}

/// A file has the data of the blocks alone where their metadata is seen to otherwise, and what the
/// device takes as data where it is not.
bool is_split(const IoArguments& arguments, const Protection& protection) {
    return protection.layout.has_value() || !arguments.metadata.empty();
}

/// Ends a command that the device failed. A check that failed is looked into: the blocks are read
/// again without checks, to say which field is wrong.
[[noreturn]] void stop_at_blocks(Device& device, std::string_view what, const BlockRange& range,
                                 const Protection& protection, const Error& error) {
    if (!protection.layout || !is_check_error(error.status)) stop_at(device, what, range, error);
    const Transfer again(device, opcode_of(nvme::NvmOpcode::read), range.blocks, false);
    std::optional<std::string> mismatch;
    if (device.execute(nvme::read(range.slba, range.blocks), again.data(), again.metadata()))
        mismatch = protection.mismatch(again.data(), again.metadata(), range.slba);
    if (!mismatch) stop_at(device, what, range, error);
    throw Stop(kFailed,
               fmt::format("{} of {} on {}: {}: {}.", what, range_text(range.slba, range.blocks),
                           device.uri(), nvme::status_name(error.status), *mismatch));
}

int run_read(const Program& program, IoArguments arguments) {
    Device device = open_blocks(program, Access::read_only);
    BlockRange& range = arguments.range;
    if (range.blocks == 0) range.blocks = 1;
    const Protection protection = plan_protection(device, arguments.protection, range.slba);
    check_range(device, "read", range, protection.device);
    const Transfer transfer(device, opcode_of(nvme::NvmOpcode::read), range.blocks,
                            protection.device);
    check_metadata_option(device, arguments, transfer);
    const Command command =
        protection.apply(nvme::read(range.slba, range.blocks, io_flags(arguments)));
    if (auto done = device.execute(command, transfer.data(), transfer.metadata()); !done)
        stop_at_blocks(device, "read", range, protection, done.error());
    if (protection.host) {
        if (const auto mismatch =
                protection.mismatch(transfer.data(), transfer.metadata(), range.slba))
            throw Stop(kFailed, fmt::format("What {} gave was not what its checks promise: {}.",
                                            device.uri(), *mismatch));
    }
    const std::vector<std::byte> split = transfer.block_data();
    const std::span<const std::byte> bytes =
        is_split(arguments, protection) ? std::span(split) : transfer.raw();
    if (!arguments.metadata.empty()) write_file(arguments.metadata, transfer.block_metadata());
    if (!arguments.data.empty()) write_file(arguments.data, bytes);
    if (arguments.data == "-") return kDone;
    if (program.format == Format::json || !arguments.data.empty()) {
        Node node = done_node(program, "read", range);
        node.add("bytes", bytes.size());
        if (arguments.data.empty())
            node.add("hex", hex_string(bytes));
        else
            node.add("data", arguments.data);
        if (protection.host)
            node.add("protection", protection_node(*protection.layout, range.slba, transfer.raw(),
                                                   transfer.block_metadata()));
        print(program.format, node);
    } else if (arguments.hex || os::is_terminal(os::Stream::out)) {
        print(hex_dump(bytes, range.slba * (bytes.size() / range.blocks)));
    } else {
        write_raw(bytes);
    }
    return kDone;
}

/// The bytes to send, as many as `block` for each block: of a file, or one byte over and over.
/// Without a number of blocks there are as many as the file has.
std::vector<std::byte> bytes_to_send(const Device& device, IoArguments& arguments,
                                     std::size_t block) {
    const Geometry& geometry = device.geometry();
    std::uint32_t& blocks = arguments.range.blocks;
    if (arguments.fill < 256) {
        if (blocks == 0) blocks = 1;
        check_range(device, "write", arguments.range);
        return std::vector<std::byte>(blocks * block, static_cast<std::byte>(arguments.fill));
    }
    const std::uint64_t most =
        std::uint64_t{geometry.max_transfer_bytes} / geometry.block_bytes * block;
    std::vector<std::byte> bytes = read_file(arguments.data, most);
    const std::string name = arguments.data == "-" ? "Standard input" : arguments.data;
    if (bytes.empty()) throw Stop(kUsage, fmt::format("{} is empty.", name));
    if (bytes.size() % block != 0)
        throw Stop(kUsage,
                   fmt::format("{} holds {} bytes, which is no multiple of the {} bytes of a block "
                               "of {}. 'xnvme dd' copies any length.",
                               name, bytes.size(), block, device.uri()));
    const std::size_t held = bytes.size() / block;
    if (blocks != 0 && blocks != held)
        throw Stop(kUsage,
                   fmt::format("{} holds {}, and {} asked for.", name, counted(held, "block"),
                               blocks == 1 ? "1 was" : fmt::format("{} were", blocks)));
    blocks = static_cast<std::uint32_t>(held);
    return bytes;
}

/// Metadata that nobody sees to is a mistake where the device looks at it.
void check_metadata_given(const Device& device, const IoArguments& arguments,
                          const Protection& protection, std::string_view what) {
    const Geometry& geometry = device.geometry();
    if (!arguments.metadata.empty() || protection.host || protection.device ||
        geometry.metadata_bytes == 0 || (geometry.metadata_extended && !protection.layout))
        return;
    if (what == "compare" && geometry.pract_strips()) return;
    if (what == "write" && geometry.protection_type == 0) return;
    throw Stop(kUsage,
               fmt::format("Each block of {} has {} bytes of metadata{}: say what they hold with "
                           "--metadata FILE{}.",
                           device.uri(), geometry.metadata_bytes,
                           geometry.protection_type != 0 ? " with protection information" : "",
                           geometry.protection_type == 0 ? ""
                           : what == "write"             ? ", or let --pi or --pract generate it"
                                                         : ", or let --pi generate it"));
}

Transfer transfer_to_send(Device& device, IoArguments& arguments, const Protection& protection,
                          std::uint8_t opcode, std::string_view what) {
    const bool carried = device.capabilities().rules->opcodes[opcode].carries_metadata;
    if (carried) check_metadata_given(device, arguments, protection, what);
    const bool split = is_split(arguments, protection);
    const Geometry& geometry = device.geometry();
    const std::vector<std::byte> bytes =
        bytes_to_send(device, arguments,
                      split ? geometry.block_bytes : geometry.transfer_bytes(1, protection.device));
    check_range(device, what, arguments.range, protection.device);
    Transfer transfer(device, opcode, arguments.range.blocks, protection.device);
    check_metadata_option(device, arguments, transfer);
    if (split)
        transfer.set_block_data(bytes);
    else
        std::ranges::copy(bytes, transfer.raw().begin());
    if (!arguments.metadata.empty()) {
        const std::size_t wanted =
            std::size_t{arguments.range.blocks} * transfer.block_metadata_bytes();
        const std::vector<std::byte> metadata = read_file(arguments.metadata, wanted);
        if (metadata.size() != wanted)
            throw Stop(kUsage, fmt::format("{} holds {} bytes of metadata, and {} take {}.",
                                           arguments.metadata, metadata.size(),
                                           counted(arguments.range.blocks, "block"), wanted));
        transfer.set_block_metadata(metadata);
    }
    if (protection.host) {
        if (auto done = generate_protection(*protection.layout, protection.tags, transfer.data(),
                                            transfer.metadata());
            !done)
            stop_with("generating protection information", done.error());
    }
    return transfer;
}

int run_write(const Program& program, IoArguments arguments) {
    refuse_if_used(program, program.device.uri, "write to");
    Device device = open_blocks(program, Access::read_write);
    const Protection protection =
        plan_protection(device, arguments.protection, arguments.range.slba);
    const Transfer transfer =
        transfer_to_send(device, arguments, protection, opcode_of(nvme::NvmOpcode::write), "write");
    const Command command = protection.apply(
        nvme::write(arguments.range.slba, arguments.range.blocks, io_flags(arguments)));
    if (auto done = device.execute(command, transfer.data(), transfer.metadata()); !done)
        stop_at(device, "write", arguments.range, done.error());
    Node node = done_node(program, "write", arguments.range);
    node.add("bytes", std::size_t{arguments.range.blocks} *
                          (is_split(arguments, protection)
                               ? transfer.block_bytes()
                               : transfer.raw().size() / arguments.range.blocks));
    if (protection.host)
        node.add("protection", protection_node(*protection.layout, arguments.range.slba,
                                               transfer.raw(), transfer.block_metadata()));
    print(program.format, node);
    return kDone;
}

/// Where the device's data first differs from what was sent, read back to say so.
std::string first_difference(Device& device, const BlockRange& range, const Transfer& sent) {
    const Transfer there(device, opcode_of(nvme::NvmOpcode::read), range.blocks, false);
    if (!device.execute(nvme::read(range.slba, range.blocks), there.data(), there.metadata()))
        return {};
    const auto expected = sent.raw();
    const auto actual = there.raw();
    const auto [one, other] = std::ranges::mismatch(expected, actual);
    if (one == expected.end()) return {};
    const auto at = static_cast<std::uint64_t>(one - expected.begin());
    const std::uint64_t block_bytes = device.geometry().transfer_block_bytes;
    return fmt::format(
        " The first difference is at byte {} of block {}: the device has {:#04x}, "
        "the data {:#04x}.",
        at % block_bytes, range.slba + at / block_bytes, static_cast<unsigned>(*other),
        static_cast<unsigned>(*one));
}

int run_compare(const Program& program, IoArguments arguments) {
    Device device = open_blocks(program, Access::read_only);
    const Protection protection =
        plan_protection(device, arguments.protection, arguments.range.slba);
    const Transfer transfer = transfer_to_send(device, arguments, protection,
                                               opcode_of(nvme::NvmOpcode::compare), "compare");
    const Command command = protection.apply(
        nvme::compare(arguments.range.slba, arguments.range.blocks, io_flags(arguments)));
    if (auto done = device.execute(command, transfer.data(), transfer.metadata()); !done) {
        if (nvme::is(done.error().status, nvme::MediaStatus::compare_failure))
            throw Stop(kFailed,
                       fmt::format("The data of {} on {} differs.{}",
                                   range_text(arguments.range.slba, arguments.range.blocks),
                                   program.device.uri,
                                   first_difference(device, arguments.range, transfer)));
        stop_at_blocks(device, "compare", arguments.range, protection, done.error());
    }
    print(program.format, done_node(program, "compare", arguments.range).add("equal", true));
    return kDone;
}

/// A command on a range that has no data.
int run_without_data(const Program& program, std::string_view what, const BlockRange& range,
                     const Command& plain, Access access,
                     const ProtectionArguments& arguments = {}) {
    Device device = open_blocks(program, access);
    const Protection protection = plan_protection(device, arguments, range.slba);
    const Command command = protection.apply(plain);
    if (range.slba >= device.geometry().blocks ||
        range.blocks > device.geometry().blocks - range.slba)
        stop_at(device, what, range, Error::of(Errc::out_of_range));
    if (auto done = device.execute(command); !done)
        stop_at_blocks(device, what, range, protection, done.error());
    print(program.format, done_node(program, what, range));
    return kDone;
}

int run_flush(const Program& program) {
    Device device = open_device(program, Access::read_write);
    take(device.execute(nvme::flush()), fmt::format("flush of {}", program.device.uri));
    print(program.format, Node::map().add("command", "flush").add("device", program.device.uri));
    return kDone;
}

std::shared_ptr<IoArguments> add_range_command(CLI::App* command) {
    auto arguments = std::make_shared<IoArguments>();
    add_block_range(command, arguments->range);
    return arguments;
}

void add_fua(CLI::App* command, IoArguments& arguments) {
    command->add_flag("--fua", arguments.force_unit_access,
                      "Not from or to a volatile cache (force unit access)");
}

void add_read(Program& program) {
    CLI::App* command =
        add_command(program.app, "read", kGroup, "Read blocks: shown in hexadecimal, or to a file",
                    "  xnvme read disk.img --slba 0 --blocks 1\n"
                    "  xnvme read /dev/nvme0n1 --slba 0x100 --nlb 7 --data out.bin\n"
                    "  xnvme read disk.img --blocks 8 --data - | sha256sum\n"
                    "  xnvme read /dev/ng0n1 --blocks 8 --pi --data out.bin --metadata out.md\n"
                    "Without --data, a terminal gets a hex dump and a pipe the bytes.\n");
    auto arguments = add_range_command(command);
    command->add_option("--data", arguments->data, "Write the data to FILE ('-': to stdout)")
        ->type_name("FILE");
    command->add_option("--metadata", arguments->metadata, "Write the metadata to FILE")
        ->type_name("FILE");
    command->add_flag("--hex", arguments->hex, "A hex dump also when stdout is no terminal");
    add_fua(command, *arguments);
    add_protection_options(command, arguments->protection, ProtectionUse::reads);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_read(program, *arguments); };
    });
}

void add_sending(Program& program, const char* name, const char* summary, const char* examples,
                 int (*run)(const Program&, IoArguments), bool writes) {
    CLI::App* command = add_command(program.app, name, kGroup, summary, examples);
    auto arguments = add_range_command(command);
    CLI::Option_group* source = command->add_option_group("Where the data comes from");
    source->add_option("--data", arguments->data, "Take the data from FILE ('-': from stdin)")
        ->type_name("FILE");
    add_number(source, "--fill", arguments->fill, "Take one byte, 0 to 255, over and over", 0, 255);
    source->require_option(1);
    command->add_option("--metadata", arguments->metadata, "Take the metadata from FILE")
        ->type_name("FILE");
    add_fua(command, *arguments);
    add_protection_options(command, arguments->protection,
                           writes ? ProtectionUse::writes : ProtectionUse::compares);
    if (writes) add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, run] {
        program.action = [&program, arguments, run] { return run(program, *arguments); };
    });
}

void add_write_zeroes(Program& program) {
    CLI::App* command =
        add_command(program.app, "write-zeroes", kGroup, "Write zeroes, without moving data",
                    "  xnvme write-zeroes disk.img --slba 8 --blocks 8\n"
                    "  xnvme write-zeroes /dev/sdb --blocks 65536 --deallocate\n");
    auto arguments = add_range_command(command);
    command->add_flag("--deallocate", arguments->deallocate,
                      "The device may deallocate the blocks");
    add_protection_options(command, arguments->protection, ProtectionUse::zeroes);
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] {
            refuse_if_used(program, program.device.uri, "write to");
            BlockRange range = arguments->range;
            if (range.blocks == 0) range.blocks = 1;
            return run_without_data(
                program, "write-zeroes", range,
                nvme::write_zeroes(range.slba, range.blocks, arguments->deallocate),
                Access::read_write, arguments->protection);
        };
    });
}

void add_verify_and_uncor(Program& program) {
    CLI::App* verify =
        add_command(program.app, "verify", kGroup, "Let the device read and check blocks",
                    "  xnvme verify /dev/nvme0n1 --slba 0 --blocks 256\n"
                    "  xnvme verify /dev/ng0n1 --blocks 256 --pi --app-tag 0x1234\n");
    auto verified = add_range_command(verify);
    add_protection_options(verify, verified->protection, ProtectionUse::checks);
    add_device_options(program, verify);
    verify->callback([&program, verified] {
        program.action = [&program, verified] {
            BlockRange range = verified->range;
            if (range.blocks == 0) range.blocks = 1;
            return run_without_data(program, "verify", range,
                                    nvme::verify(range.slba, range.blocks), Access::read_only,
                                    verified->protection);
        };
    });
    CLI::App* uncor = add_command(program.app, "write-uncor", kGroup,
                                  "Make blocks unreadable until they are written",
                                  "  xnvme write-uncor mem:64MiB --slba 100 --blocks 8\n");
    auto spoiled = add_range_command(uncor);
    add_force_option(program, uncor);
    add_device_options(program, uncor);
    uncor->callback([&program, spoiled] {
        program.action = [&program, spoiled] {
            refuse_if_used(program, program.device.uri, "write to");
            BlockRange range = spoiled->range;
            if (range.blocks == 0) range.blocks = 1;
            return run_without_data(program, "write-uncor", range,
                                    nvme::write_uncorrectable(range.slba, range.blocks),
                                    Access::read_write);
        };
    });
}

}  // namespace

void add_io(Program& program) {
    add_read(program);
    add_sending(program, "write", "Write blocks from a file, or one byte over and over",
                "  xnvme write disk.img --slba 8 --data block.bin\n"
                "  xnvme write disk.img --slba 0 --blocks 8 --fill 0xff\n"
                "  xnvme write /dev/ng0n1 --fill 7 --pi --app-tag 0x1234\n"
                "  head -c 4096 /dev/urandom | xnvme write /dev/sdb --slba 64 --data -\n",
                run_write, true);
    add_sending(program, "compare", "Compare blocks with a file, or with one byte over and over",
                "  xnvme compare disk.img --slba 8 --data block.bin\n"
                "  xnvme compare disk.img --slba 0 --blocks 8 --fill 0\n",
                run_compare, false);
    add_write_zeroes(program);
    add_verify_and_uncor(program);
    CLI::App* flush =
        add_command(program.app, "flush", kGroup, "Bring what was written to the medium",
                    "  xnvme flush /dev/nvme0n1\n");
    add_device_options(program, flush);
    flush->callback([&program] { program.action = [&program] { return run_flush(program); }; });
}

}  // namespace xnvme::tool
