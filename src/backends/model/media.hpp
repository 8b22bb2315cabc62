/// \file
/// What a namespace stores: blocks with their metadata, and for each block whether it was written
/// and whether it can be read. Sparse: memory is taken when something is written, and given back
/// when it is deallocated.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <xnvme/geometry.hpp>
#include <xnvme/nvme/protection.hpp>
#include <xnvme/result.hpp>

#include "os/lock.hpp"
#include "scatter.hpp"
#include "verdicts.hpp"

namespace xnvme::be_model {

/// A format of the fixed list that the model offers.
struct BlockFormat {
    std::uint8_t block_shift;  ///< log2 of the data bytes in a block.
    std::uint8_t metadata_bytes;
    std::uint8_t guard_bits;  ///< Of the protection information that the metadata has room for.
};
inline constexpr std::array<BlockFormat, 16> kFormats{{{9, 0, 16},
                                                       {12, 0, 16},
                                                       {12, 64, 16},
                                                       {9, 8, 16},
                                                       {9, 16, 16},
                                                       {9, 16, 32},
                                                       {9, 16, 64},
                                                       {9, 64, 16},
                                                       {9, 64, 32},
                                                       {9, 64, 64},
                                                       {12, 8, 16},
                                                       {12, 16, 16},
                                                       {12, 16, 32},
                                                       {12, 16, 64},
                                                       {12, 64, 32},
                                                       {12, 64, 64}}};
inline constexpr std::uint32_t kBlockBytesMax = 4096;
inline constexpr std::uint32_t kMetadataBytesMax = 64;

/// What a namespace is formatted to: a format of the list, and what Format NVM adds to it.
struct FormatChoice {
    std::uint8_t format = 0;  ///< Index in `kFormats`.
    bool extended = false;
    std::uint8_t protection_type = 0;  ///< 0 where the metadata has no room for it.
    bool protection_first = false;

    bool operator==(const FormatChoice&) const = default;
};

/// Bits of the storage tag that goes with each guard.
struct StorageTags {
    std::uint8_t guard16 = 0;
    std::uint8_t guard32 = 16;  // The least that there can be.
    std::uint8_t guard64 = 0;

    std::uint8_t& of(unsigned guard_bits) noexcept {
        return guard_bits == 16 ? guard16 : guard_bits == 32 ? guard32 : guard64;
    }
    std::uint8_t of(unsigned guard_bits) const noexcept {
        return guard_bits == 16 ? guard16 : guard_bits == 32 ? guard32 : guard64;
    }
    bool operator==(const StorageTags&) const = default;
};

/// A format as it is used: everything that depends on it, worked out once.
struct Shape {
    std::uint8_t format = 0;  ///< Index in `kFormats`.
    bool extended = false;    ///< Metadata follows each block's data in the same buffer.
    bool hidden = false;      ///< The namespace is not there: it has no blocks.
    std::uint32_t block_shift = 0;
    std::uint32_t block_bytes = 0;
    std::uint32_t metadata_bytes = 0;
    std::uint32_t separate_bytes = 0;  ///< Bytes of separate metadata per block.
    std::uint32_t transfer_bytes = 0;  ///< Bytes of data buffer per block.
    std::uint32_t chunk_shift = 0;     ///< log2 of the blocks in a chunk.
    std::uint32_t chunk_blocks = 0;
    std::uint64_t blocks = 0;
    nvme::ProtectionFormat protection;  ///< Type 0: none.

    /// True when metadata is protection information and nothing else, which PRACT strips.
    bool pract_strips() const noexcept {
        return protection.type != 0 && protection.bytes() == metadata_bytes;
    }

    /// True when `count` blocks from `slba` are all inside.
    bool holds(std::uint64_t slba, std::uint64_t count) const noexcept {
        return slba <= blocks && count <= blocks - slba;
    }
};

/// Locks of a set of stripes, bit n of a mask for stripe n.
using StripeMask = std::uint32_t;
inline constexpr unsigned kStripes = 32;
inline constexpr StripeMask kAllStripes = ~StripeMask{0};

/// What was done to a namespace, for the health log.
struct Traffic {
    std::uint64_t read_bytes = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t read_commands = 0;
    std::uint64_t write_commands = 0;
};

/// The blocks of a namespace.
///
/// Any thread may use it, holding the stripes of the blocks it touches (`Held`). A block belongs to
/// one stripe, so commands on the same block run one after the other, and commands elsewhere at the
/// same time. Everything that takes a `Shape` must be given the current one, checked while at least
/// one stripe is held, and ranges that it holds.
class Media {
  public:
    /// `size_bytes` of blocks, all deallocated. Fails with `no_memory`.
    static Result<std::unique_ptr<Media>> create(std::uint64_t size_bytes,
                                                 const FormatChoice& choice,
                                                 const StorageTags& storage_tags,
                                                 DeallocatedRead deallocated);
    ~Media();
    Media(const Media&) = delete;
    Media& operator=(const Media&) = delete;

    /// The shape at this moment. It may change until a stripe is held: see `is_current`.
    const Shape& shape() const noexcept {
        // Acquire: pairs with the release of `reformat`, for readers that hold no stripe.
        return *shape_.load(std::memory_order_acquire);
    }
    bool is_current(const Shape& shape) const noexcept {
        // Relaxed: whoever asks holds a stripe, and the shape changes only under all of them.
        return shape_.load(std::memory_order_relaxed) == &shape;
    }
    std::uint64_t size_bytes() const noexcept { return size_bytes_; }
    const StorageTags& storage_tags() const noexcept { return storage_tags_; }
    DeallocatedRead deallocated_read() const noexcept { return deallocated_; }

    static StripeMask stripes_of(const Shape& shape, std::uint64_t slba,
                                 std::uint64_t blocks) noexcept {
        const std::uint64_t first = slba >> shape.chunk_shift;
        const std::uint64_t count = ((slba + blocks - 1) >> shape.chunk_shift) - first + 1;
        if (count >= kStripes) return kAllStripes;
        return std::rotl((StripeMask{1} << count) - 1, static_cast<int>(first % kStripes));
    }

    /// Holds stripes for as long as it lives. They are taken in ascending order, so that two
    /// commands cannot wait for each other.
    class Held {
      public:
        Held(Media& media, StripeMask stripes) noexcept : media_(media), stripes_(stripes) {
            for (StripeMask left = stripes; left != 0; left &= left - 1)
                media.stripes_[static_cast<unsigned>(std::countr_zero(left))].lock.lock();
        }
        ~Held() {
            for (StripeMask left = stripes_; left != 0; left &= left - 1)
                media_.stripes_[static_cast<unsigned>(std::countr_zero(left))].lock.unlock();
        }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        /// Counters that belong to one of the stripes that are held.
        Traffic& traffic() noexcept {
            return media_.stripes_[static_cast<unsigned>(std::countr_zero(stripes_))].traffic;
        }

      private:
        Media& media_;
        StripeMask stripes_;
    };

    /// The common read or write in as few steps as it can be: blocks without metadata, in one
    /// chunk, all readable, from or to one buffer, and to write, a chunk that is there. Takes the
    /// stripe itself. False: it is something else, and nothing was done.
    bool read_plain(std::uint64_t slba, std::uint32_t blocks, void* buffer,
                    std::uint32_t bytes) noexcept;
    [[gnu::noinline]] bool write_plain(std::uint64_t slba, std::uint32_t blocks, const void* buffer,
                                       std::uint32_t bytes) noexcept;

    /// The first block of the range that cannot be read: marked uncorrectable
    /// (`kUnrecoveredRead`) or, with `refuse_deallocated`, deallocated (`kDeallocatedBlock`).
    Outcome check_readable(const Shape& shape, std::uint64_t slba, std::uint64_t blocks,
                           bool refuse_deallocated) const noexcept;

    /// Moves blocks to the caller's memory. Separate metadata goes to `metadata`.
    void read(const Shape& shape, std::uint64_t slba, std::uint64_t blocks, Scatter& data,
              Scatter& metadata) const noexcept;
    /// Moves blocks from the caller's memory. False when memory ran out; blocks before that are
    /// written.
    bool write(const Shape& shape, std::uint64_t slba, std::uint64_t blocks, Scatter& data,
               Scatter& metadata) noexcept;
    /// True when the caller's memory holds what the blocks hold.
    bool equals(const Shape& shape, std::uint64_t slba, std::uint64_t blocks, Scatter& data,
                Scatter& metadata) const noexcept;
    /// Writes zeroes to data and metadata. False when memory ran out.
    bool write_zeroes(const Shape& shape, std::uint64_t slba, std::uint64_t blocks) noexcept;
    /// Deallocates: the blocks read as `deallocated_read` says.
    void deallocate(const Shape& shape, std::uint64_t slba, std::uint64_t blocks) noexcept;
    /// One block with its metadata, out of the medium. False when it was never written, or
    /// deallocated.
    bool load(const Shape& shape, std::uint64_t lba, std::byte* data,
              std::byte* metadata) const noexcept;
    /// One block with its metadata, into the medium. False when memory ran out.
    bool store(const Shape& shape, std::uint64_t lba, const std::byte* data,
               const std::byte* metadata) noexcept;
    /// Makes blocks unreadable until they are written again. False when memory ran out.
    bool mark_uncorrectable(const Shape& shape, std::uint64_t slba, std::uint64_t blocks) noexcept;
    /// Copies blocks inside the namespace, in ascending order. False when memory ran out.
    bool copy(const Shape& shape, std::uint64_t from, std::uint64_t to,
              std::uint64_t blocks) noexcept;

    /// Deallocates everything and takes another format. The caller holds all stripes.
    void reformat(const FormatChoice& choice) noexcept;
    /// The same with fewer blocks than fit, for a namespace that is smaller than the medium. False
    /// when memory ran out; then nothing has changed. The caller holds all stripes.
    bool reformat(const FormatChoice& choice, std::uint64_t blocks) noexcept;
    /// Hides the blocks, or shows them again: while hidden the shape has none. They keep what they
    /// hold. The caller holds all stripes.
    void set_hidden(bool hidden) noexcept;
    /// The shape when it is not hidden. The caller holds a stripe.
    const Shape& shown() const noexcept { return *shown_; }
    /// Deallocates everything. The caller holds all stripes.
    void erase() noexcept;
    /// Blocks that are not deallocated. The caller holds all stripes.
    std::uint64_t allocated_blocks() const noexcept;
    /// The counters of all stripes. The caller holds all stripes.
    Traffic traffic() const noexcept;

  private:
    static constexpr std::uint32_t kChunkShift = 18;
    static constexpr std::size_t kChunkBytes = std::size_t{1} << kChunkShift;
    static constexpr std::uint32_t kBlocksMax = kChunkBytes >> 9;
    static constexpr std::uint32_t kTableShift = 12;
    static constexpr std::uint32_t kTableChunks = 1u << kTableShift;

    using Bits = std::array<std::uint64_t, kBlocksMax / 64>;
    struct Chunk;
    struct FreeChunk {
        void operator()(Chunk* chunk) const noexcept;
    };
    /// Pointers to the chunks of 1 GiB. A pointer belongs to the chunk's stripe.
    struct Table {
        std::array<std::unique_ptr<Chunk, FreeChunk>, kTableChunks> chunks;
    };
    /// On a cache line of its own, so that threads on different stripes do not disturb each other.
    struct alignas(64) Stripe {
        os::Lock lock;
        Traffic traffic;
        std::uint64_t allocated_blocks = 0;
    };

    Media(std::uint64_t size_bytes, const StorageTags& storage_tags,
          DeallocatedRead deallocated) noexcept;
    /// True for what `read_plain` and `write_plain` take: blocks without metadata, in one chunk.
    static bool is_plain(const Shape& shape, std::uint64_t slba, std::uint32_t blocks,
                         std::uint32_t bytes) noexcept;
    Stripe& stripe_of(std::uint64_t chunk) noexcept { return stripes_[chunk % kStripes]; }
    const Chunk* find(std::uint64_t chunk) const noexcept;
    /// The chunk, made when it is not there; null when memory ran out.
    Chunk* make(const Shape& shape, std::uint64_t chunk) noexcept;
    void drop(std::uint64_t chunk) noexcept;
    Table* table_of(std::uint64_t chunk) const noexcept {
        // Acquire: pairs with the release of `make`, since tables are shared between stripes.
        return tables_[chunk >> kTableShift].load(std::memory_order_acquire);
    }
    std::byte fill() const noexcept {
        return deallocated_ == DeallocatedRead::ones ? std::byte{0xff} : std::byte{0};
    }
    /// Takes a shape, at once unless the namespace is hidden.
    void show(const Shape* shape) noexcept;
    void written(Chunk& chunk, std::uint64_t index, std::uint32_t first,
                 std::uint32_t count) noexcept;

    std::array<Stripe, kStripes> stripes_;
    /// Every shape that Format NVM can ask for: readers may hold on to one that is past.
    std::array<Shape, 16 * kFormats.size()> shapes_;
    std::atomic<const Shape*> shape_{nullptr};
    const Shape* shown_ = nullptr;
    Shape hidden_;
    /// Shapes of namespaces that were smaller than the medium. They stay, since a command that is
    /// about to find out that its shape is not current any more may still look at it.
    struct Smaller {
        Shape shape;
        std::unique_ptr<Smaller> older;
    };
    std::unique_ptr<Smaller> smaller_;
    std::unique_ptr<std::atomic<Table*>[]> tables_;
    std::uint64_t table_count_ = 0;
    std::uint64_t size_bytes_ = 0;
    StorageTags storage_tags_;
    DeallocatedRead deallocated_;
};

}  // namespace xnvme::be_model
