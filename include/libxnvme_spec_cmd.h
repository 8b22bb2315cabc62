/// \file
/// Commands: a submission queue entry, seen as each of the commands.
#pragma once

#include <stdint.h>

#include <libxnvme_spec_log.h>
#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The most source ranges in one Copy command.
#define XNVME_SPEC_NVM_SCOPY_NENTRY_MAX 128

/// Admin commands. NVMe Base 2.0 §5
enum xnvme_spec_adm_opc {
    XNVME_SPEC_ADM_OPC_LOG = 0x2,
    XNVME_SPEC_ADM_OPC_IDFY = 0x6,
    XNVME_SPEC_ADM_OPC_SFEAT = 0x9,
    XNVME_SPEC_ADM_OPC_GFEAT = 0xa,
    XNVME_SPEC_ADM_OPC_DSEND = 0x19,
    XNVME_SPEC_ADM_OPC_DRECV = 0x1a,
};

/// Commands of the NVM command set, and of the others that follow it.
enum xnvme_spec_nvm_opc {
    XNVME_SPEC_NVM_OPC_FLUSH = 0x0,
    XNVME_SPEC_NVM_OPC_WRITE = 0x1,
    XNVME_SPEC_NVM_OPC_READ = 0x2,
    XNVME_SPEC_NVM_OPC_WRITE_UNCORRECTABLE = 0x4,
    XNVME_SPEC_NVM_OPC_COMPARE = 0x5,
    XNVME_SPEC_NVM_OPC_WRITE_ZEROES = 0x8,
    XNVME_SPEC_NVM_OPC_DATASET_MANAGEMENT = 0x9,
    XNVME_SPEC_NVM_OPC_SCOPY = 0x19,
    XNVME_SPEC_NVM_OPC_IO_MGMT_RECV = 0x12,
    XNVME_SPEC_NVM_OPC_IO_MGMT_SEND = 0x1d,
    XNVME_SPEC_NVM_OPC_FMT = 0x80,
    XNVME_SPEC_NVM_OPC_SANITIZE = 0x84,
};

/// Commands of the zoned command set.
enum xnvme_spec_znd_opc {
    XNVME_SPEC_ZND_OPC_MGMT_SEND = 0x79,
    XNVME_SPEC_ZND_OPC_MGMT_RECV = 0x7a,
    XNVME_SPEC_ZND_OPC_APPEND = 0x7d,
};

/// Commands of the key-value command set.
enum xnvme_spec_kv_opc {
    XNVME_SPEC_KV_OPC_STORE = 0x1,
    XNVME_SPEC_KV_OPC_RETRIEVE = 0x2,
    XNVME_SPEC_KV_OPC_DELETE = 0x10,
    XNVME_SPEC_KV_OPC_EXIST = 0x14,
    XNVME_SPEC_KV_OPC_LIST = 0x6,
};

/// Operations of I/O Management Receive. NVMe Base 2.0 §7.3
enum xnvme_spec_io_mgmt_recv_mo {
    XNVME_SPEC_IO_MGMT_RECV_RUHS = 0x1,
};

/// Operations of I/O Management Send. NVMe Base 2.0 §7.4
enum xnvme_spec_io_mgmt_send_mo {
    XNVME_SPEC_IO_MGMT_SEND_RUHU = 0x1,
};

/// Directives. NVMe Base 2.0 §8.7
enum xnvme_spec_dir_types {
    XNVME_SPEC_DIR_IDENTIFY = 0x0,
    XNVME_SPEC_DIR_STREAMS = 0x1,
};

/// Operations of Directive Send and Receive.
enum xnvme_spec_dsend_idfy_doper {
    XNVME_SPEC_DSEND_IDFY_ENDIR = 0x1,
};
enum xnvme_spec_dsend_streams_doper {
    XNVME_SPEC_DSEND_STREAMS_RELID = 0x1,
    XNVME_SPEC_DSEND_STREAMS_RELRS = 0x2,
};
enum xnvme_spec_drecv_idfy_doper {
    XNVME_SPEC_DRECV_IDFY_RETPR = 0x1,
};
enum xnvme_spec_drecv_streams_doper {
    XNVME_SPEC_DRECV_STREAMS_RETPR = 0x1,
    XNVME_SPEC_DRECV_STREAMS_GETST = 0x2,
    XNVME_SPEC_DRECV_STREAMS_ALLRS = 0x3,
};

/// The upper 16 bits of command dword 12 of reads and writes.
enum xnvme_spec_flag {
    XNVME_SPEC_FLAG_LIMITED_RETRY = 0x8000,
    XNVME_SPEC_FLAG_FORCE_UNIT_ACCESS = 0x4000,
    XNVME_SPEC_FLAG_PRINFO_PRCHK_REF = 0x400,
    XNVME_SPEC_FLAG_PRINFO_PRCHK_APP = 0x800,
    XNVME_SPEC_FLAG_PRINFO_PRCHK_GUARD = 0x1000,
    XNVME_SPEC_FLAG_PRINFO_PRACT = 0x2000,
};

/// Scatter/gather lists. NVMe Base 2.0 §4.1.2
enum xnvme_nvme_sgl_descriptor_type {
    XNVME_SPEC_SGL_DESCR_TYPE_DATA_BLOCK = 0x0,
    XNVME_SPEC_SGL_DESCR_TYPE_BIT_BUCKET = 0x1,
    XNVME_SPEC_SGL_DESCR_TYPE_SEGMENT = 0x2,
    XNVME_SPEC_SGL_DESCR_TYPE_LAST_SEGMENT = 0x3,
    XNVME_SPEC_SGL_DESCR_TYPE_KEYED_DATA_BLOCK = 0x4,
    XNVME_SPEC_SGL_DESCR_TYPE_VENDOR_SPECIFIC = 0xf,
};
enum xnvme_spec_sgl_descriptor_subtype {
    XNVME_SPEC_SGL_DESCR_SUBTYPE_ADDRESS = 0x0,
    XNVME_SPEC_SGL_DESCR_SUBTYPE_OFFSET = 0x1,
};

/// What the data pointer of a command is. NVMe Base 2.0 §3.3.3.1
enum xnvme_spec_psdt {
    XNVME_SPEC_PSDT_PRP = 0x0,
    XNVME_SPEC_PSDT_SGL_MPTR_CONTIGUOUS = 0x1,
    XNVME_SPEC_PSDT_SGL_MPTR_SGL = 0x2,
};

/// Formats of the source ranges of Copy.
enum xnvme_nvm_scopy_fmt {
    XNVME_NVM_SCOPY_FMT_ZERO = 0x1,
    XNVME_NVM_SCOPY_FMT_SRCLEN = 0x100,
};

/// Options of Zone Management Send.
enum xnvme_spec_znd_mgmt_send_action_so {
    XNVME_SPEC_ZND_MGMT_OPEN_WITH_ZRWA = 0x1,
};

/// What Zone Management Send does. Zoned Namespace Command Set 1.1 §3.4.3
enum xnvme_spec_znd_cmd_mgmt_send_action {
    XNVME_SPEC_ZND_CMD_MGMT_SEND_CLOSE = 0x1,
    XNVME_SPEC_ZND_CMD_MGMT_SEND_FINISH = 0x2,
    XNVME_SPEC_ZND_CMD_MGMT_SEND_OPEN = 0x3,
    XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET = 0x4,
    XNVME_SPEC_ZND_CMD_MGMT_SEND_OFFLINE = 0x5,
    XNVME_SPEC_ZND_CMD_MGMT_SEND_DESCRIPTOR = 0x10,
    XNVME_SPEC_ZND_CMD_MGMT_SEND_FLUSH = 0x11,
};

/// Which zones are reported. Zoned Namespace Command Set 1.1 §3.4.2
enum xnvme_spec_znd_cmd_mgmt_recv_action_sf {
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_ALL = 0x0,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_EMPTY = 0x1,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_IOPEN = 0x2,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_EOPEN = 0x3,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_CLOSED = 0x4,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_FULL = 0x5,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_RONLY = 0x6,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_OFFLINE = 0x7,
};

/// What Zone Management Receive does. Zoned Namespace Command Set 1.1 §3.4.2
enum xnvme_spec_znd_cmd_mgmt_recv_action {
    XNVME_SPEC_ZND_CMD_MGMT_RECV_ACTION_REPORT = 0x0,
    XNVME_SPEC_ZND_CMD_MGMT_RECV_ACTION_REPORT_EXTENDED = 0x1,
};

/// A range of Dataset Management. NVM Command Set 1.0 §3.2.3
struct xnvme_spec_dsm_range {
    uint32_t cattr;
    uint32_t llb;
    uint64_t slba;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_dsm_range) == 16, "xnvme_spec_dsm_range has 16 bytes")

/// An SGL descriptor. NVMe Base 2.0 §4.1.2
struct xnvme_spec_sgl_descriptor {
    uint64_t addr;
    union {
        struct {
            uint64_t rsvd : 56;
            uint64_t subtype : 4;
            uint64_t type : 4;
        } generic;
        struct {
            uint64_t len : 32;
            uint64_t rsvd : 24;
            uint64_t subtype : 4;
            uint64_t type : 4;
        } unkeyed;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_sgl_descriptor) == 16,
                    "xnvme_spec_sgl_descriptor has 16 bytes")

/// What all commands have in common. NVMe Base 2.0 §3.3.3.1
struct xnvme_spec_cmd_common {
    uint16_t opcode : 8;
    uint16_t fuse : 2;
    uint16_t rsvd : 4;
    uint16_t psdt : 2;
    uint16_t cid;
    uint32_t nsid;
    uint32_t cdw02;
    uint32_t cdw03;
    uint64_t mptr;
    union {
        struct {
            uint64_t prp1;
            uint64_t prp2;
        } prp;
        struct xnvme_spec_sgl_descriptor sgl;
        struct {
            uint64_t data;
            uint32_t metadata_len;
            uint32_t data_len;
        } lnx_ioctl;
    } dptr;
    uint32_t ndt;
    uint32_t ndm;
    uint32_t cdw12;
    uint32_t cdw13;
    uint32_t cdw14;
    uint32_t cdw15;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_common) == 64,
                    "xnvme_spec_cmd_common has 64 bytes")

/// Sanitize. NVMe Base 2.0 §5.24
struct xnvme_spec_cmd_sanitize {
    uint32_t cdw00_09[10];
    uint32_t sanact : 3;
    uint32_t ause : 1;
    uint32_t owpass : 4;
    uint32_t oipbp : 1;
    uint32_t nodas : 1;
    uint32_t rsvd : 22;
    uint32_t ovrpat;
    uint32_t cdw12_15[4];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_sanitize) == 64,
                    "xnvme_spec_cmd_sanitize has 64 bytes")

/// Format NVM. NVMe Base 2.0 §5.14
struct xnvme_spec_cmd_format {
    uint32_t cdw00_09[10];
    uint32_t lbafl : 4;
    uint32_t mset : 1;
    uint32_t pi : 3;
    uint32_t pil : 1;
    uint32_t ses : 3;
    uint32_t lbafu : 2;
    uint32_t rsvd : 18;
    uint32_t cdw11_15[5];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_format) == 64,
                    "xnvme_spec_cmd_format has 64 bytes")

/// Get Features. NVMe Base 2.0 §5.15
struct xnvme_spec_cmd_gfeat {
    uint32_t cdw00_09[10];
    union {
        struct {
            uint32_t fid : 8;
            uint32_t sel : 3;
            uint32_t rsvd10 : 21;
        };
        uint32_t val;
    } cdw10;
    uint32_t cdw11;
    uint32_t cdw12_15[4];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_gfeat) == 64, "xnvme_spec_cmd_gfeat has 64 bytes")

/// Set Features. NVMe Base 2.0 §5.27
struct xnvme_spec_cmd_sfeat {
    uint32_t cdw00_09[10];
    union {
        struct {
            uint32_t fid : 8;
            uint32_t rsvd10 : 23;
            uint32_t save : 1;
        };
        uint32_t val;
    } cdw10;
    struct xnvme_spec_feat feat;
    uint32_t cdw12;
    uint32_t cdw13_15[3];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_sfeat) == 64, "xnvme_spec_cmd_sfeat has 64 bytes")

/// Directive Send. NVMe Base 2.0 §5.10
struct xnvme_spec_cmd_dsend {
    uint32_t cdw00_09[10];
    uint32_t numd;
    uint32_t doper : 8;
    uint32_t dtype : 8;
    uint32_t dspec : 16;
    union {
        struct {
            uint32_t endir : 1;
            uint32_t rsvd1 : 7;
            uint32_t tdtype : 8;
            uint32_t rsvd2 : 16;
        };
        uint32_t val;
    } cdw12;
    uint32_t cdw13_15[3];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_dsend) == 64, "xnvme_spec_cmd_dsend has 64 bytes")

/// Directive Receive. NVMe Base 2.0 §5.9
struct xnvme_spec_cmd_drecv {
    uint32_t cdw00_09[10];
    uint32_t numd;
    uint32_t doper : 8;
    uint32_t dtype : 8;
    uint32_t dspec : 16;
    union {
        struct {
            uint32_t nsr : 16;
            uint32_t rsvd : 16;
        };
        uint32_t val;
    } cdw12;
    uint32_t cdw13_15[3];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_drecv) == 64, "xnvme_spec_cmd_drecv has 64 bytes")

/// What Directive Receive returns of the Identify directive. NVMe Base 2.0 §8.7.2
struct xnvme_spec_idfy_dir_rp {
    struct {
        uint8_t identify : 1;
        uint8_t streams : 1;
        uint8_t data_placement : 1;
        uint8_t rsvd1 : 5;
        uint8_t rsvd2[31];
    } directives_supported;
    struct {
        uint8_t identify : 1;
        uint8_t streams : 1;
        uint8_t data_placement : 1;
        uint8_t rsvd1 : 5;
        uint8_t rsvd2[31];
    } directives_enabled;
    struct {
        uint8_t identify : 1;
        uint8_t streams : 1;
        uint8_t data_placement : 1;
        uint8_t rsvd1 : 5;
        uint8_t rsvd2[31];
    } directives_persistence;
    uint8_t rsvd4[4000];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_idfy_dir_rp) == 4096,
                    "xnvme_spec_idfy_dir_rp has 4096 bytes")

/// What Directive Receive returns of the Streams directive: its parameters. NVMe Base 2.0 §8.7.3
struct xnvme_spec_streams_dir_rp {
    uint16_t msl;
    uint16_t nssa;
    uint16_t nsso;
    union {
        struct {
            uint8_t multi_host : 1;
            uint8_t reserved : 7;
        } bits;
        uint8_t val;
    } nssc;
    uint8_t reserved1[9];
    uint32_t sws;
    uint16_t sgs;
    uint16_t nsa;
    uint16_t nso;
    uint8_t reserved2[6];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_streams_dir_rp) == 32,
                    "xnvme_spec_streams_dir_rp has 32 bytes")

/// The same: its open streams.
struct xnvme_spec_streams_dir_gs {
    uint16_t open_sc;
    uint16_t sid[];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_streams_dir_gs) == 2,
                    "xnvme_spec_streams_dir_gs has 2 bytes")

/// The same: the resources that were allocated.
struct xnvme_spec_alloc_resource {
    union {
        struct {
            uint32_t nsa : 16;
            uint32_t rsvd : 16;
        } bits;
        uint32_t val;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_alloc_resource) == 4,
                    "xnvme_spec_alloc_resource has 4 bytes")

/// Identify. NVMe Base 2.0 §5.17
struct xnvme_spec_cmd_idfy {
    uint32_t cdw00_09[10];
    uint32_t cns : 8;
    uint32_t rsvd1 : 8;
    uint32_t cntid : 16;
    uint32_t nvmsetid : 16;
    uint32_t rsvd2 : 8;
    uint32_t csi : 8;
    uint32_t cdw12_13[2];
    uint32_t uuid : 7;
    uint32_t rsvd3 : 25;
    uint32_t cdw15;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_idfy) == 64, "xnvme_spec_cmd_idfy has 64 bytes")

/// Get Log Page. NVMe Base 2.0 §5.16
struct xnvme_spec_cmd_log {
    uint32_t cdw00_09[10];
    uint32_t lid : 8;
    uint32_t lsp : 7;
    uint32_t rae : 1;
    uint32_t numdl : 16;
    uint32_t numdu : 16;
    uint32_t lsi : 16;
    uint32_t lpol;
    uint32_t lpou;
    uint32_t uuidx : 7;
    uint32_t rsvd1 : 16;
    uint32_t ot : 1;
    uint32_t csi : 8;
    uint32_t cdw15;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_log) == 64, "xnvme_spec_cmd_log has 64 bytes")

/// Read, write and their kin. NVM Command Set 1.0 §3.2
struct xnvme_spec_cmd_nvm {
    uint32_t cdw00_09[10];
    uint64_t slba;
    uint32_t nlb : 16;
    uint32_t rsvd : 4;
    uint32_t dtype : 4;
    uint32_t rsvd2 : 2;
    uint32_t prinfo : 4;
    uint32_t fua : 1;
    uint32_t lr : 1;
    union {
        struct {
            uint32_t af : 4;
            uint32_t al : 2;
            uint32_t sr : 1;
            uint32_t incom : 1;
            uint32_t rsvd3 : 8;
            uint32_t dspec : 16;
        };
        uint32_t val;
    } cdw13;
    uint32_t ilbrt : 32;
    uint32_t lbat : 16;
    uint32_t lbatm : 16;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_nvm) == 64, "xnvme_spec_cmd_nvm has 64 bytes")

/// Dataset Management. NVM Command Set 1.0 §3.2.3
struct xnvme_spec_cmd_dsm {
    uint32_t cdw00_09[10];
    uint32_t nr : 8;
    uint32_t rsvd1 : 24;
    uint32_t idr : 1;
    uint32_t idw : 1;
    uint32_t ad : 1;
    uint32_t rsvd2 : 29;
    uint32_t cdw12_15[4];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd_dsm) == 64, "xnvme_spec_cmd_dsm has 64 bytes")

/// Write Zeroes. NVM Command Set 1.0 §3.2.8
struct xnvme_spec_nvm_write_zeroes {
    uint32_t cdw00_09[10];
    uint64_t slba;
    uint32_t nlb : 16;
    uint32_t rsvd1 : 8;
    uint32_t stc : 1;
    uint32_t deac : 1;
    uint32_t prinfo : 4;
    uint32_t fua : 1;
    uint32_t lr : 1;
    uint32_t cdw_13;
    uint32_t ilbrt : 32;
    uint32_t lbat : 16;
    uint32_t lbatm : 16;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_nvm_write_zeroes) == 64,
                    "xnvme_spec_nvm_write_zeroes has 64 bytes")

/// A source range of Copy, format 0. NVM Command Set 1.0 §3.2.2
struct xnvme_spec_nvm_scopy_fmt_zero {
    uint8_t rsvd0[8];
    uint64_t slba;
    uint32_t nlb : 16;
    uint32_t rsvd20 : 16;
    uint32_t eilbrt;
    uint32_t elbatm;
    uint32_t elbat;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_nvm_scopy_fmt_zero) == 32,
                    "xnvme_spec_nvm_scopy_fmt_zero has 32 bytes")

/// As many source ranges as one command takes.
struct xnvme_spec_nvm_scopy_source_range {
    struct xnvme_spec_nvm_scopy_fmt_zero entry[128];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_nvm_scopy_source_range) == 4096,
                    "xnvme_spec_nvm_scopy_source_range has 4096 bytes")

/// Copy. NVM Command Set 1.0 §3.2.2
struct xnvme_spec_nvm_cmd_scopy {
    uint32_t cdw00_09[10];
    uint64_t sdlba;
    uint32_t nr : 8;
    uint32_t df : 4;
    uint32_t prinfor : 4;
    uint32_t rsvd1 : 4;
    uint32_t dtype : 4;
    uint32_t rsvd2 : 2;
    uint32_t prinfow : 4;
    uint32_t fua : 1;
    uint32_t lr : 1;
    uint32_t rsvd3 : 16;
    uint32_t dspec : 16;
    uint32_t ilbrt;
    uint32_t lbat : 16;
    uint32_t lbatm : 16;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_nvm_cmd_scopy) == 64,
                    "xnvme_spec_nvm_cmd_scopy has 64 bytes")

/// A range of blocks as a start and a length.
struct xnvme_spec_nvm_cmd_scopy_fmt_srclen {
    uint64_t start;
    uint64_t len;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_nvm_cmd_scopy_fmt_srclen) == 16,
                    "xnvme_spec_nvm_cmd_scopy_fmt_srclen has 16 bytes")

/// Commands of the NVM command set.
struct xnvme_spec_nvm_cmd {
    union {
        struct xnvme_spec_nvm_cmd_scopy scopy;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_nvm_cmd) == 64, "xnvme_spec_nvm_cmd has 64 bytes")

/// Zone Management Send. Zoned Namespace Command Set 1.1 §3.4.3
struct xnvme_spec_znd_cmd_mgmt_send {
    uint32_t cdw00_09[10];
    uint64_t slba;
    uint32_t nrange;
    uint32_t zsa : 8;
    uint32_t select_all : 1;
    uint32_t zsaso : 1;
    uint32_t rsvd : 22;
    uint32_t cdw14_15[2];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_znd_cmd_mgmt_send) == 64,
                    "xnvme_spec_znd_cmd_mgmt_send has 64 bytes")

/// Zone Management Receive. Zoned Namespace Command Set 1.1 §3.4.2
struct xnvme_spec_znd_cmd_mgmt_recv {
    uint32_t cdw00_09[10];
    uint64_t slba;
    uint32_t ndwords;
    uint32_t zra : 8;
    uint32_t zrasf : 8;
    uint32_t partial : 1;
    uint32_t rsvd : 15;
    uint64_t addrs_dst;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_znd_cmd_mgmt_recv) == 64,
                    "xnvme_spec_znd_cmd_mgmt_recv has 64 bytes")

/// Zone Append. Zoned Namespace Command Set 1.1 §3.4.1
struct xnvme_spec_znd_cmd_append {
    uint32_t cdw00_09[10];
    uint64_t zslba;
    uint32_t nlb : 16;
    uint32_t rsvd : 4;
    uint32_t dtype : 4;
    uint32_t prinfo : 4;
    uint32_t rsvd2 : 2;
    uint32_t fua : 1;
    uint32_t lr : 1;
    uint32_t cdw13_15[3];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_znd_cmd_append) == 64,
                    "xnvme_spec_znd_cmd_append has 64 bytes")

/// Commands of the zoned command set.
struct xnvme_spec_znd_cmd {
    union {
        struct xnvme_spec_znd_cmd_mgmt_send mgmt_send;
        struct xnvme_spec_znd_cmd_mgmt_recv mgmt_recv;
        struct xnvme_spec_znd_cmd_append append;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_znd_cmd) == 64, "xnvme_spec_znd_cmd has 64 bytes")

/// I/O Management Receive. NVMe Base 2.0 §7.3
struct xnvme_spec_io_mgmt_recv_cmd {
    uint32_t cdw00_09[10];
    uint32_t mo : 8;
    uint32_t rsvd : 8;
    uint32_t mos : 16;
    uint32_t numd;
    uint32_t cdw12_15[4];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_io_mgmt_recv_cmd) == 64,
                    "xnvme_spec_io_mgmt_recv_cmd has 64 bytes")

/// I/O Management Send. NVMe Base 2.0 §7.4
struct xnvme_spec_io_mgmt_send_cmd {
    uint32_t cdw00_09[10];
    uint32_t mo : 8;
    uint32_t rsvd : 8;
    uint32_t mos : 16;
    uint32_t cdw11_15[5];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_io_mgmt_send_cmd) == 64,
                    "xnvme_spec_io_mgmt_send_cmd has 64 bytes")

/// I/O management commands.
struct xnvme_spec_io_mgmt_cmd {
    union {
        struct xnvme_spec_io_mgmt_recv_cmd mgmt_recv;
        struct xnvme_spec_io_mgmt_send_cmd mgmt_send;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_io_mgmt_cmd) == 64,
                    "xnvme_spec_io_mgmt_cmd has 64 bytes")

/// Commands of the key-value command set: the first 8 bytes of the key are in `key`, the others in
/// `key_hi`. Key Value Command Set 1.0 §3
struct xnvme_spec_kvs_cmd {
    uint32_t cdw0;
    uint32_t nsid;
    uint64_t key;
    uint64_t mptr;
    uint32_t cdw06;
    uint32_t cdw07;
    uint32_t cdw08;
    uint32_t cdw09;
    uint32_t cdw10;
    struct {
        uint8_t kl;
        uint8_t ro;
        uint16_t rsvd;
    } cdw11;
    uint32_t cdw12;
    uint32_t cdw13;
    uint64_t key_hi;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_kvs_cmd) == 64, "xnvme_spec_kvs_cmd has 64 bytes")

/// Compare. NVM Command Set 1.0 §3.2.1
struct xnvme_spec_nvm_compare {
    uint32_t cdw00_09[10];
    uint64_t slba;
    uint32_t nlb : 16;
    uint32_t rsvd1 : 8;
    uint32_t stc : 1;
    uint32_t rsvd2 : 1;
    uint32_t prinfo : 4;
    uint32_t fua : 1;
    uint32_t lr : 1;
    uint32_t cdw_13;
    uint32_t ilbrt : 32;
    uint32_t lbat : 16;
    uint32_t lbatm : 16;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_nvm_compare) == 64,
                    "xnvme_spec_nvm_compare has 64 bytes")

/// A submission queue entry.
struct xnvme_spec_cmd {
    union {
        struct xnvme_spec_cmd_common common;
        struct xnvme_spec_cmd_sanitize sanitize;
        struct xnvme_spec_cmd_format format;
        struct xnvme_spec_cmd_log log;
        struct xnvme_spec_cmd_gfeat gfeat;
        struct xnvme_spec_cmd_sfeat sfeat;
        struct xnvme_spec_cmd_idfy idfy;
        struct xnvme_spec_cmd_dsend dsend;
        struct xnvme_spec_cmd_drecv drecv;
        struct xnvme_spec_cmd_nvm nvm;
        struct xnvme_spec_cmd_dsm dsm;
        struct xnvme_spec_nvm_cmd_scopy scopy;
        struct xnvme_spec_nvm_write_zeroes write_zeroes;
        struct xnvme_spec_znd_cmd znd;
        struct xnvme_spec_io_mgmt_cmd mgmt;
        struct xnvme_spec_kvs_cmd kvs;
        struct xnvme_spec_nvm_compare compare;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cmd) == 64, "xnvme_spec_cmd has 64 bytes")

#ifdef __cplusplus
}
#endif
