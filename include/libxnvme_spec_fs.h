/// \file
/// The file-system command set: a regular file seen as a namespace. Outside the specification.
///
/// The starting block of its commands is an offset in bytes, and the length is that of the data.
#pragma once

#include <stdint.h>

#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The command set identifier of a regular file.
#define XNVME_SPEC_CSI_FS 0x1F

/// Its commands.
enum xnvme_spec_fs_opcs {
    XNVME_SPEC_FS_OPC_FLUSH = 0xad,
    XNVME_SPEC_FS_OPC_WRITE = 0xac,
    XNVME_SPEC_FS_OPC_READ = 0xdc,
};

/// Identify Controller of the file-system command set.
struct xnvme_spec_fs_idfy_ctrlr {
    uint8_t byte0_519[520];
    struct {
        uint64_t direct : 1;
        uint64_t rsvd : 63;
    } caps;
    struct {
        uint64_t file_data_size;
        uint64_t file_name_len;
        uint64_t path_name_len;
        uint64_t number_of_files;
    } limits;
    struct {
        uint64_t permissions_posix : 1;
        uint64_t permissions_acl : 1;
        uint64_t stamp_creation : 1;
        uint64_t stamp_access : 1;
        uint64_t stamp_change : 1;
        uint64_t stamp_archive : 1;
        uint64_t hardlinks : 1;
        uint64_t symlinks : 1;
        uint64_t case_sensitive : 1;
        uint64_t case_preserving : 1;
        uint64_t journaling_block : 1;
        uint64_t journaling_meta : 1;
        uint64_t snapshotting : 1;
        uint64_t compressed : 1;
        uint64_t encrypted : 1;
        uint64_t rsvd : 48;
    } properties;
    struct {
        uint32_t min;
        uint32_t max;
        uint32_t opt;
    } iosizes;
    uint8_t rsvd[3509];
    uint8_t ac;
    uint8_t dc;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_fs_idfy_ctrlr) == 4096,
                    "xnvme_spec_fs_idfy_ctrlr has 4096 bytes")

/// Identify Namespace of the file-system command set.
struct xnvme_spec_fs_idfy_ns {
    uint64_t nsze;
    uint64_t ncap;
    uint64_t nuse;
    uint8_t rsvd[3816];
    uint8_t vendor_specific[254];
    uint8_t ac;
    uint8_t dc;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_fs_idfy_ns) == 4096,
                    "xnvme_spec_fs_idfy_ns has 4096 bytes")

#ifdef __cplusplus
}
#endif
