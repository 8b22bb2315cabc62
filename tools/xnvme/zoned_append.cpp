// zoned append and zoned set-extension: what sends data to zones.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/zoned.hpp>

#include "files.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "zoned.hpp"

namespace xnvme::tool {
namespace {

/// The most that one command line appends: it is held in memory.
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 30;

struct AppendArguments {
    ZoneChoice zone;
    std::string data;
    std::uint32_t fill = 256;  ///< A byte to write; 256: not given.
    std::uint32_t blocks = 0;  ///< In one append; 0: as many as it takes.
    std::uint64_t count = 1;   ///< Appends of `fill`.
    std::uint32_t depth = 8;
};

/// One append: what it sends, and where that went.
struct Piece {
    std::uint64_t offset_bytes = 0;
    std::uint32_t blocks = 0;
    std::uint64_t lba = 0;
    bool done = false;
};

/// Appends pieces at depth, and keeps where each went.
class Appender {
  public:
    Appender(Device& device, std::uint64_t zslba, std::uint32_t depth)
        : geometry_(device.geometry()),
          zslba_(zslba),
          queue_(take(device.create_queue(depth))),
          flights_(depth) {}

    /// Submits all pieces. Stops at the first that fails, and waits for those under way.
    void run(std::vector<Piece>& pieces, const Buffer& buffer, Progress& progress) {
        std::uint64_t bytes = 0;
        for (Piece& piece : pieces) {
            while (queue_.outstanding() == queue_.depth()) reap(progress);
            if (error_) break;
            const std::size_t length = std::size_t{piece.blocks} * geometry_.transfer_block_bytes;
            // Appends of a repeated byte all send the same part of the buffer.
            const Data data = buffer.part(static_cast<std::size_t>(piece.offset_bytes), length);
            Context* context = queue_.acquire();
            const std::size_t flight = free_flight();
            flights_[flight] = {this, &piece};
            context->command = nvme::zone_append(zslba_, piece.blocks);
            context->callback = on_complete;
            context->argument = &flights_[flight];
            if (auto submitted = queue_.submit(*context, data); !submitted) {
                queue_.release(*context);
                flights_[flight] = {};
                error_ = submitted.error();
                break;
            }
            bytes += length;
        }
        while (queue_.outstanding() != 0) reap(progress);
        progress.update(bytes);
    }

    /// The first error, or none.
    const Error& error() const { return error_; }
    std::uint64_t appended() const { return appended_; }

  private:
    struct Flight {
        Appender* appender = nullptr;
        Piece* piece = nullptr;
    };

    static void on_complete(Context& context, void* argument) {
        Flight& flight = *static_cast<Flight*>(argument);
        Appender& self = *flight.appender;
        if (context.ok()) {
            flight.piece->lba = nvme::appended_lba(context.completion);
            flight.piece->done = true;
            ++self.appended_;
            self.done_bytes_ += context.bytes;
        } else if (!self.error_) {
            self.error_ = context.why();
        }
        flight = {};
        self.queue_.release(context);
    }

    std::size_t free_flight() const {
        const auto free = std::ranges::find(flights_, nullptr, &Flight::piece);
        return static_cast<std::size_t>(free - flights_.begin());
    }
    void reap(Progress& progress) {
        take(queue_.wait(1), "append");
        progress.update(done_bytes_);
    }

    const Geometry geometry_;
    const std::uint64_t zslba_;
    Queue queue_;
    std::vector<Flight> flights_;
    Error error_;
    std::uint64_t appended_ = 0;
    std::uint64_t done_bytes_ = 0;
};

/// Blocks that one append of this device takes.
std::uint32_t most_blocks(const Geometry& geometry) {
    const std::uint32_t bytes = std::min(geometry.max_append_bytes, geometry.max_transfer_bytes);
    return std::clamp(bytes / geometry.transfer_block_bytes, 1u, nvme::kBlocksMax);
}

/// The bytes to append, and how they are cut.
struct Plan {
    Buffer buffer;
    std::vector<Piece> pieces;
};

Plan plan_fill(Device& device, const AppendArguments& arguments) {
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    const std::uint32_t blocks = std::max(arguments.blocks, 1u);
    Plan plan{.buffer = take(device.allocate(std::size_t{blocks} * unit)), .pieces = {}};
    std::ranges::fill(plan.buffer.span(), static_cast<std::byte>(arguments.fill));
    plan.pieces.resize(static_cast<std::size_t>(arguments.count), Piece{.blocks = blocks});
    return plan;
}

Plan plan_file(Device& device, const AppendArguments& arguments) {
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    const std::vector<std::byte> bytes = read_file(arguments.data, kBytesMax);
    const std::string name = arguments.data == "-" ? "Standard input" : arguments.data;
    if (bytes.empty()) throw Stop(kUsage, fmt::format("{} is empty.", name));
    if (bytes.size() % unit != 0)
        throw Stop(kUsage,
                   fmt::format("{} holds {} bytes, which is no multiple of the {} bytes of a block "
                               "of {}.",
                               name, bytes.size(), unit, device.uri()));
    const std::uint64_t total = bytes.size() / unit;
    const std::uint64_t step =
        arguments.blocks != 0 ? arguments.blocks : most_blocks(device.geometry());
    Plan plan{.buffer = take(device.allocate(bytes.size())), .pieces = {}};
    std::ranges::copy(bytes, plan.buffer.data());
    plan.pieces.reserve(static_cast<std::size_t>((total + step - 1) / step));
    for (std::uint64_t block = 0; block < total; block += step)
        plan.pieces.push_back(
            {.offset_bytes = block * unit,
             .blocks = static_cast<std::uint32_t>(std::min(step, total - block))});
    return plan;
}

/// An error of one of the appends, with what was done before it.
[[noreturn]] void stop_append(Device& device, std::uint64_t zslba, const Plan& plan,
                              const Appender& appender) {
    // The synchronous call words what the library refuses in the device's own numbers, and is
    // refused likewise: it sends nothing.
    const Errc code = appender.error().code;
    if (code != Errc::device && code != Errc::system && code != Errc::timed_out) {
        const Piece& first = plan.pieces.front();
        auto refused =
            zoned::append(device, zslba, first.blocks,
                          plan.buffer.part(0, std::size_t{first.blocks} *
                                                  device.geometry().transfer_block_bytes));
        if (!refused) stop_zoned(std::move(refused.error()));
    }
    stop_zoned({appender.error(),
                fmt::format("append to the zone at block {} of {}, after {} of {}: {}", zslba,
                            device.uri(), appender.appended(),
                            counted(plan.pieces.size(), "append"), describe(appender.error()))});
}

/// A device's addresses are checked: inside the zone, and none twice.
void check_addresses(const Device& device, std::uint64_t zslba, const std::vector<Piece>& pieces) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    ranges.reserve(pieces.size());
    for (const Piece& piece : pieces) ranges.emplace_back(piece.lba, piece.lba + piece.blocks);
    std::ranges::sort(ranges);
    const std::uint64_t end = zslba + device.geometry().zone_blocks;
    std::uint64_t next = zslba;
    for (const auto& [first, behind] : ranges) {
        if (first < next || behind > end)
            throw Stop(kFailed,
                       fmt::format("{} says that an append to the zone at block {} went to block "
                                   "{}, which cannot be: do not trust what it stored.",
                                   device.uri(), zslba, first));
        next = behind;
    }
}

int run_append(const Program& program, const AppendArguments& arguments) {
    if (!arguments.zone.given) throw Stop(kUsage, "Say which zone: --slba or --zone.");
    refuse_if_used(program, program.device.uri, "append to");
    Device device = open_device(program, Access::read_write);
    const std::uint64_t zslba = block_of(device, arguments.zone);
    refuse_without_append(device);
    Plan plan =
        arguments.data.empty() ? plan_fill(device, arguments) : plan_file(device, arguments);
    std::uint64_t blocks = 0;
    for (const Piece& piece : plan.pieces) blocks += piece.blocks;
    const auto depth =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(arguments.depth, plan.pieces.size()));
    Appender appender(device, zslba, depth);
    {
        Progress progress("append", blocks * device.geometry().transfer_block_bytes, false);
        appender.run(plan.pieces, plan.buffer, progress);
    }
    if (appender.error()) stop_append(device, zslba, plan, appender);
    check_addresses(device, zslba, plan.pieces);
    Node list = Node::list();
    for (const Piece& piece : plan.pieces)
        list.push(Node::map().add("lba", piece.lba).add("blocks", piece.blocks));
    print(program.format, Node::map()
                              .add("command", "append")
                              .add("device", program.device.uri)
                              .add("zslba", zslba)
                              .add("blocks", blocks)
                              .add("bytes", blocks * device.geometry().transfer_block_bytes)
                              .add("depth", depth)
                              .add("appends", std::move(list)));
    return kDone;
}

void add_append(Program& program, CLI::App& zoned) {
    CLI::App* command = add_command(
        zoned, "append", "Zones", "Append to a zone, and say where the data went",
        "  xnvme zoned append /dev/nvme0n1 --zone 3 --data in.bin\n"
        "  xnvme zoned append /dev/ng0n1 --slba 0x8000 --fill 0x5a --blocks 8 --count 100\n"
        "  xnvme zoned append 'mem:64MiB?zoned=1&zone=4MiB' --zone 0 --fill 1 --output json\n");
    auto arguments = std::make_shared<AppendArguments>();
    add_zone_choice(command, arguments->zone);
    CLI::Option_group* source = command->add_option_group("Where the data comes from");
    CLI::Option* data =
        source->add_option("--data", arguments->data, "Take the data from FILE ('-': from stdin)");
    data->type_name("FILE");
    add_number(source, "--fill", arguments->fill, "Take one byte, 0 to 255, over and over", 0, 255);
    source->require_option(1);
    add_number(command, "--blocks", arguments->blocks,
               "Blocks in one append; the default is as many as the device takes, and 1 of --fill",
               1, nvme::kBlocksMax);
    add_number(command, "--count", arguments->count, "How many appends of --fill", 1, 1u << 24)
        ->excludes(data);
    add_number(command, "--depth", arguments->depth,
               "How many at a time; the default is 8, and their order is the device's", 1,
               kDepthMax);
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_append(program, *arguments); };
    });
}

struct ExtensionArguments {
    ZoneChoice zone;
    std::string data;
};

int run_set_extension(const Program& program, const ExtensionArguments& arguments) {
    if (!arguments.zone.given) throw Stop(kUsage, "Say which zone: --slba or --zone.");
    refuse_if_used(program, program.device.uri, "change zones of");
    Device device = open_device(program, Access::read_write);
    const std::uint64_t zslba = block_of(device, arguments.zone);
    const std::vector<std::byte> extension = read_file(arguments.data, 1 << 16);
    take_zoned(zoned::set_extension(device, zslba, extension));
    print(program.format, Node::map()
                              .add("command", "set-extension")
                              .add("device", program.device.uri)
                              .add("zslba", zslba)
                              .add("bytes", extension.size()));
    return kDone;
}

void add_set_extension(Program& program, CLI::App& zoned) {
    CLI::App* command =
        add_command(zoned, "set-extension", "Zones",
                    "Set the descriptor extension of an empty zone, which becomes closed",
                    "  xnvme zoned set-extension /dev/nvme0n1 --zone 3 --data extension.bin\n"
                    "  xnvme zoned report /dev/nvme0n1 --extensions\n");
    auto arguments = std::make_shared<ExtensionArguments>();
    add_zone_choice(command, arguments->zone);
    command->add_option("--data", arguments->data, "Take the bytes from FILE ('-': from stdin)")
        ->required()
        ->type_name("FILE");
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_set_extension(program, *arguments); };
    });
}

}  // namespace

void refuse_without_append(Device& device) {
    if (device.geometry().max_append_bytes != 0) return;
    // The library has the words for it, and sends nothing.
    auto refused = zoned::append(device, 0, 1, {});
    if (!refused) stop_zoned(std::move(refused.error()));
}

void add_zoned_append(Program& program, CLI::App& zoned) {
    add_append(program, zoned);
    add_set_extension(program, zoned);
}

}  // namespace xnvme::tool
