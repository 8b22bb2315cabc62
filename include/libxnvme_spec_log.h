/// \file
/// Completions, log pages, features, flexible data placement and zone reports.
#pragma once

#include <stdint.h>

#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Status code types. NVMe Base 2.0 §3.3.3.2.1
enum xnvme_spec_status_code_type {
    XNVME_STATUS_CODE_TYPE_GENERIC = 0x0,
    XNVME_STATUS_CODE_TYPE_CMDSPEC = 0x1,
    XNVME_STATUS_CODE_TYPE_MEDIA = 0x2,
    XNVME_STATUS_CODE_TYPE_PATH = 0x3,
    XNVME_STATUS_CODE_TYPE_VENDOR = 0x7,
};

/// Generic command status.
enum xnvme_spec_status_code {
    XNVME_STATUS_CODE_INVALID_FIELD = 0x2,
};

/// Command specific status of the NVM command set.
enum xnvme_spec_nvm_cmd_cpl_sc {
    XNVME_SPEC_NVM_CMD_CPL_SC_WRITE_TO_RONLY = 0x82,
};

/// Command specific status of the zoned command set. Zoned Namespace Command Set 1.1 §4.1
enum xnvme_spec_znd_status_code {
    XNVME_SPEC_ZND_SC_INVALID_FORMAT = 0x7f,
    XNVME_SPEC_ZND_SC_INVALID_ZONE_OP = 0xb6,
    XNVME_SPEC_ZND_SC_NOZRWA = 0xb7,
    XNVME_SPEC_ZND_SC_BOUNDARY_ERROR = 0xb8,
    XNVME_SPEC_ZND_SC_IS_FULL = 0xb9,
    XNVME_SPEC_ZND_SC_IS_READONLY = 0xba,
    XNVME_SPEC_ZND_SC_IS_OFFLINE = 0xbb,
    XNVME_SPEC_ZND_SC_INVALID_WRITE = 0xbc,
    XNVME_SPEC_ZND_SC_TOO_MANY_ACTIVE = 0xbd,
    XNVME_SPEC_ZND_SC_TOO_MANY_OPEN = 0xbe,
    XNVME_SPEC_ZND_SC_INVALID_TRANS = 0xbf,
};

/// Generic command status of the key-value command set. Key Value Command Set 1.0 §3
enum xnvme_spec_kv_status_code {
    XNVME_SPEC_KV_SC_CAPACITY_EXCEEDED = 0x81,
    XNVME_SPEC_KV_SC_NS_NOT_READY = 0x82,
    XNVME_SPEC_KV_SC_RESERVATION_CONFLICT = 0x83,
    XNVME_SPEC_KV_SC_FORMAT_IN_PROGRESS = 0x84,
    XNVME_SPEC_KV_SC_INVALID_VAL_SIZE = 0x85,
    XNVME_SPEC_KV_SC_INVALID_KEY_SIZE = 0x86,
    XNVME_SPEC_KV_SC_KEY_NOT_EXISTS = 0x87,
    XNVME_SPEC_KV_SC_UNRECOVERED_ERR = 0x88,
    XNVME_SPEC_KV_SC_KEY_EXISTS = 0x89,
};

/// The status field of a completion. NVMe Base 2.0 §3.3.3.2.1
struct xnvme_spec_status {
    union {
        struct {
            uint16_t p : 1;
            uint16_t sc : 8;
            uint16_t sct : 3;
            uint16_t rsvd2 : 2;
            uint16_t m : 1;
            uint16_t dnr : 1;
        };
        uint16_t val;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_status) == 2, "xnvme_spec_status has 2 bytes")

/// A completion queue entry. NVMe Base 2.0 §3.3.3.2
struct xnvme_spec_cpl {
    union {
        struct {
            uint32_t cdw0;
            uint32_t rsvd1;
        };
        uint64_t result;
    };
    uint16_t sqhd;
    uint16_t sqid;
    uint16_t cid;
    struct xnvme_spec_status status;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_cpl) == 16, "xnvme_spec_cpl has 16 bytes")

/// Log pages. NVMe Base 2.0 §5.16.1
enum xnvme_spec_log_lpi {
    XNVME_SPEC_LOG_RSVD = 0x0,
    XNVME_SPEC_LOG_ERRI = 0x1,
    XNVME_SPEC_LOG_HEALTH = 0x2,
    XNVME_SPEC_LOG_FW = 0x3,
    XNVME_SPEC_LOG_CHNS = 0x4,
    XNVME_SPEC_LOG_CSAE = 0x5,
    XNVME_SPEC_LOG_SELFTEST = 0x6,
    XNVME_SPEC_LOG_TELEHOST = 0x7,
    XNVME_SPEC_LOG_TELECTRLR = 0x8,
    XNVME_SPEC_LOG_FDPCONF = 0x20,
    XNVME_SPEC_LOG_FDPRUHU = 0x21,
    XNVME_SPEC_LOG_FDPSTATS = 0x22,
    XNVME_SPEC_LOG_FDPEVENTS = 0x23,
};

/// Log pages of the zoned command set.
enum xnvme_spec_znd_log_lid {
    XNVME_SPEC_LOG_ZND_CHANGES = 0xbf,
};

#pragma pack(push, 1)
/// SMART / health information. NVMe Base 2.0 §5.16.1.3
struct xnvme_spec_log_health_entry {
    uint8_t crit_warn;
    uint16_t comp_temp;
    uint8_t avail_spare;
    uint8_t avail_spare_thresh;
    uint8_t pct_used;
    uint8_t eg_crit_warn_sum;
    uint8_t rsvd8[25];
    uint8_t data_units_read[16];
    uint8_t data_units_written[16];
    uint8_t host_read_cmds[16];
    uint8_t host_write_cmds[16];
    uint8_t ctrlr_busy_time[16];
    uint8_t pwr_cycles[16];
    uint8_t pwr_on_hours[16];
    uint8_t unsafe_shutdowns[16];
    uint8_t mdi_errs[16];
    uint8_t nr_err_logs[16];
    uint32_t warn_comp_temp_time;
    uint32_t crit_comp_temp_time;
    uint16_t temp_sens[8];
    uint32_t tmt1tc;
    uint32_t tmt2tc;
    uint32_t tttmt1;
    uint32_t tttmt2;
    uint8_t rsvd[280];
};
#pragma pack(pop)
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_log_health_entry) == 512,
                    "xnvme_spec_log_health_entry has 512 bytes")

/// An entry of the error information log. NVMe Base 2.0 §5.16.1.2
struct xnvme_spec_log_erri_entry {
    uint64_t ecnt;
    uint16_t sqid;
    uint16_t cid;
    struct xnvme_spec_status status;
    uint16_t eloc;
    uint64_t lba;
    uint32_t nsid;
    uint8_t ven_si;
    uint8_t trtype;
    uint8_t reserved30[2];
    uint64_t cmd_si;
    uint16_t trtype_si;
    uint8_t reserved42[22];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_log_erri_entry) == 64,
                    "xnvme_spec_log_erri_entry has 64 bytes")

/// A reclaim unit handle of a configuration. NVMe Base 2.1 §5.1.12.1.28
struct xnvme_spec_ruh_desc {
    uint8_t ruht;
    uint8_t rsvd[3];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_ruh_desc) == 4, "xnvme_spec_ruh_desc has 4 bytes")

/// A flexible data placement configuration. NVMe Base 2.1 §5.1.12.1.28
struct xnvme_spec_fdp_conf_desc {
    uint16_t ds;
    union {
        struct {
            uint8_t rgif : 4;
            uint8_t fdpvwc : 1;
            uint8_t rsvd1 : 2;
            uint8_t fdpcv : 1;
        };
        uint8_t val;
    } fdpa;
    uint8_t vss;
    uint32_t nrg;
    uint16_t nruh;
    uint16_t maxpids;
    uint32_t nns;
    uint64_t runs;
    uint32_t erutl;
    uint8_t rsvd28[36];
    struct xnvme_spec_ruh_desc ruh_desc[];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_fdp_conf_desc) == 64,
                    "xnvme_spec_fdp_conf_desc has 64 bytes")

/// Flexible data placement configurations; the first begins here, and each says its own size.
struct xnvme_spec_log_fdp_conf {
    uint16_t ncfg;
    uint8_t version;
    uint8_t rsvd1;
    uint32_t size;
    uint8_t rsvd2[8];
    __extension__ struct xnvme_spec_fdp_conf_desc conf_desc[];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_log_fdp_conf) == 16,
                    "xnvme_spec_log_fdp_conf has 16 bytes")

/// How a reclaim unit handle is used. NVMe Base 2.1 §5.1.12.1.29
struct xnvme_spec_ruhu_desc {
    uint8_t ruha;
    uint8_t rsvd[7];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_ruhu_desc) == 8, "xnvme_spec_ruhu_desc has 8 bytes")

/// Reclaim unit handle usage.
struct xnvme_spec_log_ruhu {
    uint16_t nruh;
    uint8_t rsvd[6];
    struct xnvme_spec_ruhu_desc ruhu_desc[];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_log_ruhu) == 8, "xnvme_spec_log_ruhu has 8 bytes")

/// Flexible data placement statistics. NVMe Base 2.1 §5.1.12.1.30
struct xnvme_spec_log_fdp_stats {
    uint64_t hbmw[2];
    uint64_t mbmw[2];
    uint64_t mbe[2];
    uint8_t rsvd48[16];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_log_fdp_stats) == 64,
                    "xnvme_spec_log_fdp_stats has 64 bytes")

#pragma pack(push, 1)
/// What a media reallocated event carries. NVMe Base 2.1 §5.1.12.1.31
struct xnvme_spec_fdp_event_media_reallocated {
    union {
        struct {
            uint8_t lbav : 1;
            uint8_t rsvd : 7;
        };
        uint8_t val;
    } sef;
    uint8_t rsvd1;
    uint16_t nlbam;
    uint64_t lba;
    uint8_t rsvd2[4];
};
#pragma pack(pop)
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_fdp_event_media_reallocated) == 16,
                    "xnvme_spec_fdp_event_media_reallocated has 16 bytes")

#pragma pack(push, 1)
/// A flexible data placement event. NVMe Base 2.1 §5.1.12.1.31
struct xnvme_spec_fdp_event {
    uint8_t type;
    union {
        struct {
            uint8_t piv : 1;
            uint8_t nsidv : 1;
            uint8_t lv : 1;
            uint8_t rsvd1 : 5;
        };
        uint8_t val;
    } fdpef;
    uint16_t pid;
    uint64_t timestamp;
    uint32_t nsid;
    uint8_t type_specific[16];
    uint16_t rgid;
    uint16_t ruhid;
    uint8_t rsvd1[4];
    uint8_t vs[24];
};
#pragma pack(pop)
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_fdp_event) == 64, "xnvme_spec_fdp_event has 64 bytes")

/// Flexible data placement events.
struct xnvme_spec_log_fdp_events {
    uint32_t nevents;
    uint8_t rsvd[60];
    struct xnvme_spec_fdp_event event[];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_log_fdp_events) == 64,
                    "xnvme_spec_log_fdp_events has 64 bytes")

/// Whether a type of event is recorded. NVMe Base 2.1 §5.1.25.1.21
struct xnvme_spec_fdp_event_desc {
    uint8_t type;
    union {
        struct {
            uint8_t ee : 1;
            uint8_t rsvd : 7;
        };
        uint8_t val;
    } fdpeta;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_fdp_event_desc) == 2,
                    "xnvme_spec_fdp_event_desc has 2 bytes")

/// A reclaim unit handle's state. NVM Command Set 1.1 §3.3.2, Reclaim Unit Handle Status
struct xnvme_spec_ruhs_desc {
    uint16_t pi;
    uint16_t ruhi;
    uint32_t earutr;
    uint64_t ruamw;
    uint8_t rsvd[16];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_ruhs_desc) == 32, "xnvme_spec_ruhs_desc has 32 bytes")

/// Reclaim unit handle states.
struct xnvme_spec_ruhs {
    uint8_t rsvd[14];
    uint16_t nruhsd;
    struct xnvme_spec_ruhs_desc desc[];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_ruhs) == 16, "xnvme_spec_ruhs has 16 bytes")

/// Features. NVMe Base 2.0 §5.27.1
enum xnvme_spec_feat_id {
    XNVME_SPEC_FEAT_ARBITRATION = 0x1,
    XNVME_SPEC_FEAT_PWR_MGMT = 0x2,
    XNVME_SPEC_FEAT_LBA_RANGETYPE = 0x3,
    XNVME_SPEC_FEAT_TEMP_THRESHOLD = 0x4,
    XNVME_SPEC_FEAT_ERROR_RECOVERY = 0x5,
    XNVME_SPEC_FEAT_VWCACHE = 0x6,
    XNVME_SPEC_FEAT_NQUEUES = 0x7,
    XNVME_SPEC_FEAT_FDP_MODE = 0x1d,
    XNVME_SPEC_FEAT_FDP_EVENTS = 0x1e,
};

/// Which value of a feature. NVMe Base 2.0 §5.15
enum xnvme_spec_feat_sel {
    XNVME_SPEC_FEAT_SEL_CURRENT = 0x0,
    XNVME_SPEC_FEAT_SEL_DEFAULT = 0x1,
    XNVME_SPEC_FEAT_SEL_SAVED = 0x2,
    XNVME_SPEC_FEAT_SEL_SUPPORTED = 0x3,
};

/// The value of a feature.
struct xnvme_spec_feat {
    union {
        struct {
            uint32_t tmpth : 16;
            uint32_t tmpsel : 4;
            uint32_t thsel : 3;
            uint32_t rsvd : 9;
        } temp_threshold;
        struct {
            uint32_t tler : 16;
            uint32_t dulbe : 1;
            uint32_t rsvd : 15;
        } error_recovery;
        struct {
            uint32_t nsqa : 16;
            uint32_t ncqa : 16;
        } nqueues;
        struct {
            uint32_t fdpe : 1;
            uint32_t rsvd1 : 7;
            uint32_t fdpci : 8;
            uint32_t rsvd2 : 16;
        } fdp_mode;
        uint32_t val;
    };
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_feat) == 4, "xnvme_spec_feat has 4 bytes")

#define XNVME_SPEC_FEAT_ERROR_RECOVERY_DULBE(feat) (((feat) & 0x00010000u) >> 16)
#define XNVME_SPEC_FEAT_ERROR_RECOVERY_TLER(feat) ((feat) & 0x0000ffffu)
#define XNVME_SPEC_FEAT_MEDIA_FEEDBACK_HECC(feat) ((feat) & 0x1u)
#define XNVME_SPEC_FEAT_MEDIA_FEEDBACK_VHECC(feat) (((feat) & 0x2u) >> 1)

/// What a zone is. Zoned Namespace Command Set 1.1 §2.1.1
enum xnvme_spec_znd_type {
    XNVME_SPEC_ZND_TYPE_SEQWR = 0x2,
};

/// The state of a zone. Zoned Namespace Command Set 1.1 §2.1.1.3
enum xnvme_spec_znd_state {
    XNVME_SPEC_ZND_STATE_EMPTY = 0x1,
    XNVME_SPEC_ZND_STATE_IOPEN = 0x2,
    XNVME_SPEC_ZND_STATE_EOPEN = 0x3,
    XNVME_SPEC_ZND_STATE_CLOSED = 0x4,
    XNVME_SPEC_ZND_STATE_RONLY = 0xd,
    XNVME_SPEC_ZND_STATE_FULL = 0xe,
    XNVME_SPEC_ZND_STATE_OFFLINE = 0xf,
};

/// The changed zone list. Zoned Namespace Command Set 1.1 §4.1.4
struct xnvme_spec_znd_log_changes {
    uint16_t nidents;
    uint8_t rsvd2[6];
    uint64_t idents[511];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_znd_log_changes) == 4096,
                    "xnvme_spec_znd_log_changes has 4096 bytes")

/// A zone descriptor. Zoned Namespace Command Set 1.1 §3.4.2.1
struct xnvme_spec_znd_descr {
    uint8_t zt : 4;
    uint8_t rsvd0 : 4;
    uint8_t rsvd1 : 4;
    uint8_t zs : 4;
    union {
        struct {
            uint8_t zfc : 1;
            uint8_t zfr : 1;
            uint8_t rzr : 1;
            uint8_t zrwav : 1;
            uint8_t rsvd3 : 3;
            uint8_t zdev : 1;
        };
        uint8_t val;
    } za;
    uint8_t rsvd7[5];
    uint64_t zcap;
    uint64_t zslba;
    uint64_t wp;
    uint8_t rsvd63[32];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_znd_descr) == 64, "xnvme_spec_znd_descr has 64 bytes")

/// The header of a zone report. Zoned Namespace Command Set 1.1 §3.4.2.1
struct xnvme_spec_znd_report_hdr {
    uint64_t nzones;
    uint8_t rsvd[56];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_znd_report_hdr) == 64,
                    "xnvme_spec_znd_report_hdr has 64 bytes")

#ifdef __cplusplus
}
#endif
