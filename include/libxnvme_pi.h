/// \file
/// Protection information: making it and checking it on the host. NVM Command Set 1.0 §5.2
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libxnvme_spec.h>
#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An application tag of this value is not checked, and neither is the block's guard.
#define XNVME_APPTAG_IGNORE 0xFFFF

/// The bits of a reference tag, by the guard's format.
#define XNVME_REFTAG_MASK_16 0x00000000FFFFFFFFull
#define XNVME_REFTAG_MASK_32 0xFFFFFFFFFFFFFFFFull
#define XNVME_REFTAG_MASK_64 0x0000FFFFFFFFFFFFull

/// Types of protection information.
enum xnvme_pi_type {
    XNVME_PI_DISABLE = 0x0,
    XNVME_PI_TYPE1 = 0x1,
    XNVME_PI_TYPE2 = 0x2,
    XNVME_PI_TYPE3 = 0x3,
};

/// What is checked.
enum xnvme_pi_check_type {
    XNVME_PI_FLAGS_REFTAG_CHECK = 0x1,
    XNVME_PI_FLAGS_APPTAG_CHECK = 0x2,
    XNVME_PI_FLAGS_GUARD_CHECK = 0x4,
};

/// Protection information as it stands in the metadata, most significant byte first.
struct xnvme_pif {
    union {
        struct {
            uint16_t guard;
            uint16_t app_tag;
            uint32_t stor_ref_space;
        } g16;
        struct {
            uint64_t guard;
            uint16_t app_tag;
            uint16_t stor_ref_space_p1;
            uint32_t stor_ref_space_p2;
        } g64;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_pif) == 16, "xnvme_pif has 16 bytes")

/// How the blocks of a command are protected.
struct xnvme_pi_ctx {
    uint32_t block_size;      ///< Bytes in a block as it is transferred: with extended blocks, the
                              ///< metadata too.
    uint32_t md_size;         ///< Metadata bytes in a block.
    uint32_t guard_interval;  ///< Bytes that the guard covers.
    uint32_t pi_flags;        ///< Bits of `enum xnvme_pi_check_type`.
    bool md_interleave;       ///< The metadata stands behind the data of each block.
    uint16_t pi_type;         ///< `enum xnvme_pi_type`.
    uint16_t pi_format;       ///< `enum xnvme_spec_nvm_ns_pif`.
    uint64_t init_ref_tag;    ///< Reference tag of the first block.
    uint16_t app_tag;         ///< Application tag.
    uint16_t apptag_mask;     ///< Bits of the application tag that are checked.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_pi_ctx) == 40, "xnvme_pi_ctx has 40 bytes")

/// Bytes of protection information in a block: 8 for 16-bit guards, 16 for the others.
size_t xnvme_pi_size(enum xnvme_spec_nvm_ns_pif pi_format);

/// Fills `ctx`. `block_size` is what is transferred per block: with `md_interleave` the metadata
/// too. `pi_loc` is true where the protection information is at the front of the metadata.
/// `pi_flags` has bits of `enum xnvme_pi_check_type`; others are kept. Returns 0, or -EINVAL where
/// the metadata has no room, or for NULL.
int xnvme_pi_ctx_init(struct xnvme_pi_ctx* ctx, uint32_t block_size, uint32_t md_size,
                      bool md_interleave, bool pi_loc, enum xnvme_pi_type pi_type,
                      uint32_t pi_flags, uint32_t init_ref_tag, uint16_t apptag_mask,
                      uint16_t app_tag, enum xnvme_spec_nvm_ns_pif pi_format);

/// Fills in the protection information of `num_blocks` blocks. `md_buf` is the separate metadata,
/// NULL where it is interleaved.
void xnvme_pi_generate(struct xnvme_pi_ctx* ctx, uint8_t* data_buf, uint8_t* md_buf,
                       uint32_t num_blocks);

/// Checks the protection information of `num_blocks` blocks. Returns 0, also where `ctx` asks for
/// no check, whatever the buffers are; -EINVAL for NULL; or -EIO at the first block that does not
/// agree.
int xnvme_pi_verify(struct xnvme_pi_ctx* ctx, uint8_t* data_buf, uint8_t* md_buf,
                    uint32_t num_blocks);

#ifdef __cplusplus
}
#endif
