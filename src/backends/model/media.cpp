#include "media.hpp"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

namespace xnvme::be_model {

namespace {

/// Calls `visit(word, mask)` for the words of a bitmap that the bits [first, first + count) touch,
/// until it returns false.
template <class Visit>
void for_each_word(std::uint32_t first, std::uint32_t count, Visit visit) {
    while (count != 0) {
        const std::uint32_t bit = first % 64;
        const std::uint32_t part = count < 64 - bit ? count : 64 - bit;
        const std::uint64_t mask = (part == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << part) - 1)
                                   << bit;
        if (!visit(first / 64, mask)) return;
        first += part;
        count -= part;
    }
}

/// Calls `visit(chunk, first block in the chunk, blocks)` for the parts of a range that lie in one
/// chunk each, until it returns false. True when it never did.
template <class Visit>
bool for_each_part(const Shape& shape, std::uint64_t slba, std::uint64_t blocks, Visit visit) {
    while (blocks != 0) {
        const auto first = static_cast<std::uint32_t>(slba & (shape.chunk_blocks - 1));
        const std::uint64_t room = shape.chunk_blocks - first;
        const auto part = static_cast<std::uint32_t>(blocks < room ? blocks : room);
        if (!visit(slba >> shape.chunk_shift, first, part)) return false;
        slba += part;
        blocks -= part;
    }
    return true;
}

/// Where the shape of a choice stands among all of them.
std::size_t shape_index(const FormatChoice& choice) {
    return (std::size_t{choice.format} << 4) | (choice.extended ? 8u : 0u) |
           (choice.protection_first ? 4u : 0u) | (choice.protection_type & 3u);
}

Shape make_shape(std::uint64_t size_bytes, const FormatChoice& choice,
                 const StorageTags& storage_tags, std::uint32_t chunk_shift) {
    const std::size_t format = choice.format;
    Shape shape;
    shape.format = choice.format;
    shape.block_shift = kFormats[format].block_shift;
    shape.block_bytes = 1u << shape.block_shift;
    shape.metadata_bytes = kFormats[format].metadata_bytes;
    shape.extended = choice.extended && shape.metadata_bytes != 0;
    shape.separate_bytes = shape.extended ? 0 : shape.metadata_bytes;
    shape.transfer_bytes = shape.block_bytes + (shape.extended ? shape.metadata_bytes : 0);
    shape.chunk_shift = chunk_shift - shape.block_shift;
    shape.chunk_blocks = 1u << shape.chunk_shift;
    shape.blocks = size_bytes >> shape.block_shift;
    shape.protection.guard_bits = kFormats[format].guard_bits;
    shape.protection.storage_tag_bits = storage_tags.of(shape.protection.guard_bits);
    shape.protection.first = choice.protection_first;
    if (shape.metadata_bytes >= shape.protection.bytes())
        shape.protection.type = choice.protection_type;
    return shape;
}

}  // namespace

/// 256 KiB of data, the metadata of its blocks behind it, and the state of each block.
struct Media::Chunk {
    Bits written;
    Bits uncorrectable;
    std::uint32_t uncorrectable_count;
    std::byte* data;
    std::byte* metadata;
};

void Media::FreeChunk::operator()(Chunk* chunk) const noexcept {
    std::free(chunk);
}

Media::Media(std::uint64_t size_bytes, const StorageTags& storage_tags,
             DeallocatedRead deallocated) noexcept
    : size_bytes_(size_bytes), storage_tags_(storage_tags), deallocated_(deallocated) {}

Result<std::unique_ptr<Media>> Media::create(std::uint64_t size_bytes, const FormatChoice& choice,
                                             const StorageTags& storage_tags,
                                             DeallocatedRead deallocated) {
    std::unique_ptr<Media> media(new (std::nothrow) Media(size_bytes, storage_tags, deallocated));
    if (media == nullptr) return fail(Errc::no_memory);
    const std::uint64_t chunks = (size_bytes + kChunkBytes - 1) >> kChunkShift;
    media->table_count_ = (chunks + kTableChunks - 1) >> kTableShift;
    media->tables_.reset(new (std::nothrow) std::atomic<Table*>[media->table_count_] {});
    if (media->tables_ == nullptr) return fail(Errc::no_memory);
    for (std::size_t i = 0; i < media->shapes_.size(); ++i) {
        const FormatChoice each{static_cast<std::uint8_t>(i >> 4), (i & 8) != 0,
                                static_cast<std::uint8_t>(i & 3), (i & 4) != 0};
        media->shapes_[i] = make_shape(size_bytes, each, storage_tags, kChunkShift);
    }
    media->shown_ = &media->shapes_[shape_index(choice)];
    media->hidden_ = *media->shown_;
    media->hidden_.hidden = true;
    media->hidden_.blocks = 0;
    media->shape_.store(media->shown_);
    return media;
}

Media::~Media() {
    for (std::uint64_t i = 0; i < table_count_; ++i) delete tables_[i].load();
}

const Media::Chunk* Media::find(std::uint64_t chunk) const noexcept {
    const Table* table = table_of(chunk);
    return table != nullptr ? table->chunks[chunk % kTableChunks].get() : nullptr;
}

Media::Chunk* Media::make(const Shape& shape, std::uint64_t chunk) noexcept {
    Table* table = table_of(chunk);
    if (table == nullptr) [[unlikely]] {
        auto* fresh = new (std::nothrow) Table{};
        if (fresh == nullptr) return nullptr;
        // Release: a thread on another stripe that finds the table finds it initialised. Acquire
        // on failure: the other way round.
        if (tables_[chunk >> kTableShift].compare_exchange_strong(
                table, fresh, std::memory_order_release, std::memory_order_acquire)) {
            table = fresh;
        } else {
            delete fresh;
        }
    }
    auto& slot = table->chunks[chunk % kTableChunks];
    if (slot != nullptr) [[likely]]
        return slot.get();

    // The data starts on a page of its own: whole blocks are then whole pages, and only those that
    // are written take memory, since large zeroed allocations are fresh mappings.
    constexpr std::size_t kPage = 4096;
    static_assert(sizeof(Chunk) <= kPage);
    const std::size_t metadata_bytes = std::size_t{shape.metadata_bytes} << shape.chunk_shift;
    void* memory = std::calloc(1, 2 * kPage + kChunkBytes + metadata_bytes);
    if (memory == nullptr) return nullptr;
    auto* made = new (memory) Chunk;
    const auto base = reinterpret_cast<std::uintptr_t>(memory);
    made->data = static_cast<std::byte*>(memory) +
                 (((base + sizeof(Chunk) + kPage - 1) & ~(kPage - 1)) - base);
    made->metadata = made->data + kChunkBytes;
    made->written = {};
    made->uncorrectable = {};
    made->uncorrectable_count = 0;
    if (fill() != std::byte{0})
        std::memset(made->data, static_cast<int>(fill()), kChunkBytes + metadata_bytes);
    slot.reset(made);
    return made;
}

void Media::drop(std::uint64_t chunk) noexcept {
    Table* table = table_of(chunk);
    if (table != nullptr) table->chunks[chunk % kTableChunks].reset();
}

void Media::written(Chunk& chunk, std::uint64_t index, std::uint32_t first,
                    std::uint32_t count) noexcept {
    std::uint32_t fresh = 0;
    for_each_word(first, count, [&](std::uint32_t word, std::uint64_t mask) {
        fresh += static_cast<std::uint32_t>(std::popcount(mask & ~chunk.written[word]));
        chunk.written[word] |= mask;
        if (chunk.uncorrectable_count != 0) [[unlikely]] {
            chunk.uncorrectable_count -=
                static_cast<std::uint32_t>(std::popcount(mask & chunk.uncorrectable[word]));
            chunk.uncorrectable[word] &= ~mask;
        }
        return true;
    });
    stripe_of(index).allocated_blocks += fresh;
}

bool Media::is_plain(const Shape& shape, std::uint64_t slba, std::uint32_t blocks,
                     std::uint32_t bytes) noexcept {
    const auto first = static_cast<std::uint32_t>(slba) & (shape.chunk_blocks - 1);
    // Within one chunk, whatever was asked for, the number of the last block does not wrap.
    return shape.metadata_bytes == 0 && first + blocks <= shape.chunk_blocks &&
           slba + (blocks - 1) < shape.blocks &&
           std::uint64_t{blocks} << shape.block_shift == bytes;
}

bool Media::read_plain(std::uint64_t slba, std::uint32_t blocks, void* buffer,
                       std::uint32_t bytes) noexcept {
    const Shape& shape = this->shape();
    if (!is_plain(shape, slba, blocks, bytes)) [[unlikely]]
        return false;
    const std::uint64_t index = slba >> shape.chunk_shift;
    Stripe& stripe = stripe_of(index);
    const std::lock_guard lock(stripe.lock);
    if (!is_current(shape)) [[unlikely]]
        return false;
    const Table* table = table_of(index);
    const Chunk* chunk = table != nullptr ? table->chunks[index % kTableChunks].get() : nullptr;
    // Counted before the data is moved: what is needed afterwards is saved over the call.
    if (chunk == nullptr) [[unlikely]] {
        stripe.traffic.read_bytes += bytes;
        ++stripe.traffic.read_commands;
        std::memset(buffer, static_cast<int>(fill()), bytes);
        return true;
    }
    if (chunk->uncorrectable_count != 0) [[unlikely]]
        return false;
    const auto first = static_cast<std::uint32_t>(slba) & (shape.chunk_blocks - 1);
    stripe.traffic.read_bytes += bytes;
    ++stripe.traffic.read_commands;
    std::memcpy(buffer, chunk->data + (std::size_t{first} << shape.block_shift), bytes);
    return true;
}

bool Media::write_plain(std::uint64_t slba, std::uint32_t blocks, const void* buffer,
                        std::uint32_t bytes) noexcept {
    const Shape& shape = this->shape();
    if (!is_plain(shape, slba, blocks, bytes)) [[unlikely]]
        return false;
    const std::uint64_t index = slba >> shape.chunk_shift;
    Stripe& stripe = stripe_of(index);
    const std::lock_guard lock(stripe.lock);
    if (!is_current(shape)) [[unlikely]]
        return false;
    auto* chunk = const_cast<Chunk*>(find(index));
    if (chunk == nullptr || chunk->uncorrectable_count != 0) [[unlikely]]
        return false;
    const auto first = static_cast<std::uint32_t>(slba) & (shape.chunk_blocks - 1);
    stripe.traffic.written_bytes += bytes;
    ++stripe.traffic.write_commands;
    written(*chunk, index, first, blocks);
    std::memcpy(chunk->data + (std::size_t{first} << shape.block_shift), buffer, bytes);
    return true;
}

Outcome Media::check_readable(const Shape& shape, std::uint64_t slba, std::uint64_t blocks,
                              bool refuse_deallocated) const noexcept {
    Outcome outcome;
    for_each_part(
        shape, slba, blocks, [&](std::uint64_t index, std::uint32_t first, std::uint32_t count) {
            const Chunk* chunk = find(index);
            if (chunk == nullptr) {
                if (refuse_deallocated)
                    outcome = Outcome::of(kDeallocatedBlock, (index << shape.chunk_shift) + first);
                return !refuse_deallocated;
            }
            if (chunk->uncorrectable_count == 0 && !refuse_deallocated) [[likely]]
                return true;
            for_each_word(first, count, [&](std::uint32_t word, std::uint64_t mask) {
                const std::uint64_t bad = chunk->uncorrectable[word] & mask;
                const std::uint64_t gone = refuse_deallocated ? ~chunk->written[word] & mask : 0;
                if ((bad | gone) == 0) return true;
                const auto bit = static_cast<unsigned>(std::countr_zero(bad | gone));
                const bool is_bad = ((bad >> bit) & 1) != 0;
                outcome = Outcome::of(is_bad ? kUnrecoveredRead : kDeallocatedBlock,
                                      (index << shape.chunk_shift) + word * 64u + bit);
                return false;
            });
            return outcome.status.ok();
        });
    return outcome;
}

void Media::read(const Shape& shape, std::uint64_t slba, std::uint64_t blocks, Scatter& data,
                 Scatter& metadata) const noexcept {
    for_each_part(
        shape, slba, blocks, [&](std::uint64_t index, std::uint32_t first, std::uint32_t count) {
            const Chunk* chunk = find(index);
            if (chunk == nullptr) {
                data.fill(fill(), std::size_t{shape.transfer_bytes} * count);
                metadata.fill(fill(), std::size_t{shape.separate_bytes} * count);
                return true;
            }
            const std::byte* block = chunk->data + (std::size_t{first} << shape.block_shift);
            const std::byte* extra = chunk->metadata + std::size_t{first} * shape.metadata_bytes;
            if (!shape.extended) [[likely]] {
                data.put(block, std::size_t{count} << shape.block_shift);
                metadata.put(extra, std::size_t{count} * shape.separate_bytes);
                return true;
            }
            for (std::uint32_t i = 0; i < count; ++i) {
                data.put(block + (std::size_t{i} << shape.block_shift), shape.block_bytes);
                data.put(extra + std::size_t{i} * shape.metadata_bytes, shape.metadata_bytes);
            }
            return true;
        });
}

bool Media::write(const Shape& shape, std::uint64_t slba, std::uint64_t blocks, Scatter& data,
                  Scatter& metadata) noexcept {
    return for_each_part(
        shape, slba, blocks, [&](std::uint64_t index, std::uint32_t first, std::uint32_t count) {
            Chunk* chunk = make(shape, index);
            if (chunk == nullptr) return false;
            std::byte* block = chunk->data + (std::size_t{first} << shape.block_shift);
            std::byte* extra = chunk->metadata + std::size_t{first} * shape.metadata_bytes;
            written(*chunk, index, first, count);
            if (!shape.extended) [[likely]] {
                data.get(block, std::size_t{count} << shape.block_shift);
                metadata.get(extra, std::size_t{count} * shape.separate_bytes);
                return true;
            }
            for (std::uint32_t i = 0; i < count; ++i) {
                data.get(block + (std::size_t{i} << shape.block_shift), shape.block_bytes);
                data.get(extra + std::size_t{i} * shape.metadata_bytes, shape.metadata_bytes);
            }
            return true;
        });
}

bool Media::equals(const Shape& shape, std::uint64_t slba, std::uint64_t blocks, Scatter& data,
                   Scatter& metadata) const noexcept {
    return for_each_part(
        shape, slba, blocks, [&](std::uint64_t index, std::uint32_t first, std::uint32_t count) {
            const Chunk* chunk = find(index);
            if (chunk == nullptr)
                return data.equals(fill(), std::size_t{shape.transfer_bytes} * count) &&
                       metadata.equals(fill(), std::size_t{shape.separate_bytes} * count);
            const std::byte* block = chunk->data + (std::size_t{first} << shape.block_shift);
            const std::byte* extra = chunk->metadata + std::size_t{first} * shape.metadata_bytes;
            if (!shape.extended)
                return data.equals(block, std::size_t{count} << shape.block_shift) &&
                       metadata.equals(extra, std::size_t{count} * shape.separate_bytes);
            for (std::uint32_t i = 0; i < count; ++i) {
                if (!data.equals(block + (std::size_t{i} << shape.block_shift),
                                 shape.block_bytes) ||
                    !data.equals(extra + std::size_t{i} * shape.metadata_bytes,
                                 shape.metadata_bytes))
                    return false;
            }
            return true;
        });
}

bool Media::write_zeroes(const Shape& shape, std::uint64_t slba, std::uint64_t blocks) noexcept {
    return for_each_part(
        shape, slba, blocks, [&](std::uint64_t index, std::uint32_t first, std::uint32_t count) {
            const bool fresh = find(index) == nullptr;
            Chunk* chunk = make(shape, index);
            if (chunk == nullptr) return false;
            written(*chunk, index, first, count);
            // A fresh chunk is zeroes already, unless deallocated blocks are not.
            if (fresh && fill() == std::byte{0}) return true;
            std::memset(chunk->data + (std::size_t{first} << shape.block_shift), 0,
                        std::size_t{count} << shape.block_shift);
            std::memset(chunk->metadata + std::size_t{first} * shape.metadata_bytes, 0,
                        std::size_t{count} * shape.metadata_bytes);
            return true;
        });
}

void Media::deallocate(const Shape& shape, std::uint64_t slba, std::uint64_t blocks) noexcept {
    const std::uint64_t end = slba + blocks;
    const std::uint64_t table_blocks = std::uint64_t{shape.chunk_blocks} << kTableShift;
    while (slba < end) {
        // Nothing was ever written where there is no table: a range of terabytes is passed over.
        const std::uint64_t table_end = (slba / table_blocks + 1) * table_blocks;
        const std::uint64_t stop = table_end < end ? table_end : end;
        if (table_of(slba >> shape.chunk_shift) == nullptr) {
            slba = stop;
            continue;
        }
        for_each_part(
            shape, slba, stop - slba,
            [&](std::uint64_t index, std::uint32_t first, std::uint32_t count) {
                auto* chunk = const_cast<Chunk*>(find(index));
                if (chunk == nullptr) return true;
                std::uint32_t gone = 0;
                for_each_word(first, count, [&](std::uint32_t word, std::uint64_t mask) {
                    gone += static_cast<std::uint32_t>(std::popcount(mask & chunk->written[word]));
                    chunk->written[word] &= ~mask;
                    chunk->uncorrectable_count -= static_cast<std::uint32_t>(
                        std::popcount(mask & chunk->uncorrectable[word]));
                    chunk->uncorrectable[word] &= ~mask;
                    return true;
                });
                stripe_of(index).allocated_blocks -= gone;
                // Where nothing is promised of deallocated blocks, they keep what they held.
                if (deallocated_ == DeallocatedRead::unreported) return true;
                if (count == shape.chunk_blocks) {
                    drop(index);
                    return true;
                }
                std::memset(chunk->data + (std::size_t{first} << shape.block_shift),
                            static_cast<int>(fill()), std::size_t{count} << shape.block_shift);
                std::memset(chunk->metadata + std::size_t{first} * shape.metadata_bytes,
                            static_cast<int>(fill()), std::size_t{count} * shape.metadata_bytes);
                return true;
            });
        slba = stop;
    }
}

bool Media::load(const Shape& shape, std::uint64_t lba, std::byte* data,
                 std::byte* metadata) const noexcept {
    const Chunk* chunk = find(lba >> shape.chunk_shift);
    if (chunk == nullptr) {
        std::memset(data, static_cast<int>(fill()), shape.block_bytes);
        std::memset(metadata, static_cast<int>(fill()), shape.metadata_bytes);
        return false;
    }
    const auto block = static_cast<std::uint32_t>(lba & (shape.chunk_blocks - 1));
    std::memcpy(data, chunk->data + (std::size_t{block} << shape.block_shift), shape.block_bytes);
    std::memcpy(metadata, chunk->metadata + std::size_t{block} * shape.metadata_bytes,
                shape.metadata_bytes);
    return ((chunk->written[block / 64] >> (block % 64)) & 1) != 0;
}

bool Media::store(const Shape& shape, std::uint64_t lba, const std::byte* data,
                  const std::byte* metadata) noexcept {
    const std::uint64_t index = lba >> shape.chunk_shift;
    Chunk* chunk = make(shape, index);
    if (chunk == nullptr) return false;
    const auto block = static_cast<std::uint32_t>(lba & (shape.chunk_blocks - 1));
    written(*chunk, index, block, 1);
    std::memcpy(chunk->data + (std::size_t{block} << shape.block_shift), data, shape.block_bytes);
    std::memcpy(chunk->metadata + std::size_t{block} * shape.metadata_bytes, metadata,
                shape.metadata_bytes);
    return true;
}

bool Media::mark_uncorrectable(const Shape& shape, std::uint64_t slba,
                               std::uint64_t blocks) noexcept {
    return for_each_part(
        shape, slba, blocks, [&](std::uint64_t index, std::uint32_t first, std::uint32_t count) {
            Chunk* chunk = make(shape, index);
            if (chunk == nullptr) return false;
            written(*chunk, index, first, count);
            for_each_word(first, count, [&](std::uint32_t word, std::uint64_t mask) {
                chunk->uncorrectable[word] |= mask;
                return true;
            });
            chunk->uncorrectable_count += count;
            return true;
        });
}

bool Media::copy(const Shape& shape, std::uint64_t from, std::uint64_t to,
                 std::uint64_t blocks) noexcept {
    const std::uint32_t in_chunk = shape.chunk_blocks - 1;
    for (; blocks != 0; --blocks, ++from, ++to) {
        Chunk* target = make(shape, to >> shape.chunk_shift);
        if (target == nullptr) return false;
        const Chunk* source = find(from >> shape.chunk_shift);
        const auto target_block = static_cast<std::uint32_t>(to & in_chunk);
        const auto source_block = static_cast<std::uint32_t>(from & in_chunk);
        std::byte* data = target->data + (std::size_t{target_block} << shape.block_shift);
        std::byte* extra = target->metadata + std::size_t{target_block} * shape.metadata_bytes;
        if (source == nullptr) {
            std::memset(data, static_cast<int>(fill()), shape.block_bytes);
            std::memset(extra, static_cast<int>(fill()), shape.metadata_bytes);
        } else {
            // A block may be copied onto itself.
            std::memmove(data, source->data + (std::size_t{source_block} << shape.block_shift),
                         shape.block_bytes);
            std::memmove(extra, source->metadata + std::size_t{source_block} * shape.metadata_bytes,
                         shape.metadata_bytes);
        }
        written(*target, to >> shape.chunk_shift, target_block, 1);
    }
    return true;
}

void Media::reformat(const FormatChoice& choice) noexcept {
    erase();
    show(&shapes_[shape_index(choice)]);
}

bool Media::reformat(const FormatChoice& choice, std::uint64_t blocks) noexcept {
    const Shape& whole = shapes_[shape_index(choice)];
    if (blocks >= whole.blocks) {
        reformat(choice);
        return true;
    }
    std::unique_ptr<Smaller> smaller(new (std::nothrow) Smaller{whole, nullptr});
    if (smaller == nullptr) return false;
    smaller->shape.blocks = blocks;
    smaller->older = std::move(smaller_);
    smaller_ = std::move(smaller);
    erase();
    show(&smaller_->shape);
    return true;
}

void Media::show(const Shape* shape) noexcept {
    // A hidden namespace stays hidden in its new shape.
    const bool hidden = this->shape().hidden;
    shown_ = shape;
    // Release: pairs with `shape`, which readers call without a stripe.
    if (!hidden) shape_.store(shown_, std::memory_order_release);
}

void Media::set_hidden(bool hidden) noexcept {
    shape_.store(hidden ? &hidden_ : shown_, std::memory_order_release);
}

void Media::erase() noexcept {
    for (std::uint64_t i = 0; i < table_count_; ++i)
        delete tables_[i].exchange(nullptr, std::memory_order_acq_rel);
    for (Stripe& stripe : stripes_) stripe.allocated_blocks = 0;
}

std::uint64_t Media::allocated_blocks() const noexcept {
    std::uint64_t sum = 0;
    for (const Stripe& stripe : stripes_) sum += stripe.allocated_blocks;
    return sum;
}

Traffic Media::traffic() const noexcept {
    Traffic sum;
    for (const Stripe& stripe : stripes_) {
        sum.read_bytes += stripe.traffic.read_bytes;
        sum.written_bytes += stripe.traffic.written_bytes;
        sum.read_commands += stripe.traffic.read_commands;
        sum.write_commands += stripe.traffic.write_commands;
    }
    return sum;
}

}  // namespace xnvme::be_model
