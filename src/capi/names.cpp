// Names of the specification's values. Where the library has a table of them, it is the table that
// is read; the values that stand here are those that it needs no names for itself. Every name ends
// with a zero: they are literals.

#include <cstdint>
#include <span>
#include <string_view>

#include <libxnvme_spec_pp.h>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/log.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/status.hpp>

using namespace xnvme;

namespace {

struct Name {
    unsigned value;
    const char* name;
};

const char* find(std::span<const Name> names, unsigned value) noexcept {
    for (const Name& one : names) {
        if (one.value == value) return one.name;
    }
    return "unknown";
}

template <class E>
std::uint8_t byte(E value) noexcept {
    return static_cast<std::uint8_t>(value);
}

/// "unknown" for a value that no byte can have, instead of the name of another one.
template <class E, class Look>
const char* of_byte(E value, Look&& look) noexcept {
    const auto number = static_cast<unsigned>(value);
    return number > 0xff ? "unknown" : look(static_cast<std::uint8_t>(number)).data();
}

constexpr Name kSelects[] = {{XNVME_SPEC_FEAT_SEL_CURRENT, "current"},
                             {XNVME_SPEC_FEAT_SEL_DEFAULT, "default"},
                             {XNVME_SPEC_FEAT_SEL_SAVED, "saved"},
                             {XNVME_SPEC_FEAT_SEL_SUPPORTED, "supported"}};
constexpr Name kFlags[] = {{XNVME_SPEC_FLAG_LIMITED_RETRY, "limited-retry"},
                           {XNVME_SPEC_FLAG_FORCE_UNIT_ACCESS, "force-unit-access"},
                           {XNVME_SPEC_FLAG_PRINFO_PRCHK_REF, "check-reference-tag"},
                           {XNVME_SPEC_FLAG_PRINFO_PRCHK_APP, "check-application-tag"},
                           {XNVME_SPEC_FLAG_PRINFO_PRCHK_GUARD, "check-guard"},
                           {XNVME_SPEC_FLAG_PRINFO_PRACT, "protection-action"}};
constexpr Name kPointers[] = {{XNVME_SPEC_PSDT_PRP, "prp"},
                              {XNVME_SPEC_PSDT_SGL_MPTR_CONTIGUOUS, "sgl-metadata-contiguous"},
                              {XNVME_SPEC_PSDT_SGL_MPTR_SGL, "sgl-metadata-sgl"}};
constexpr Name kSubtypes[] = {{XNVME_SPEC_SGL_DESCR_SUBTYPE_ADDRESS, "address"},
                              {XNVME_SPEC_SGL_DESCR_SUBTYPE_OFFSET, "offset"}};
constexpr Name kReceiveActions[] = {
    {XNVME_SPEC_ZND_CMD_MGMT_RECV_ACTION_REPORT, "report"},
    {XNVME_SPEC_ZND_CMD_MGMT_RECV_ACTION_REPORT_EXTENDED, "report-extended"}};
constexpr Name kReceiveStates[] = {{XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_ALL, "all"},
                                   {XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_EMPTY, "empty"},
                                   {XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_IOPEN, "implicitly-open"},
                                   {XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_EOPEN, "explicitly-open"},
                                   {XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_CLOSED, "closed"},
                                   {XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_FULL, "full"},
                                   {XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_RONLY, "read-only"},
                                   {XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_OFFLINE, "offline"}};
constexpr Name kSendActions[] = {
    {XNVME_SPEC_ZND_CMD_MGMT_SEND_CLOSE, "close"},
    {XNVME_SPEC_ZND_CMD_MGMT_SEND_FINISH, "finish"},
    {XNVME_SPEC_ZND_CMD_MGMT_SEND_OPEN, "open"},
    {XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET, "reset"},
    {XNVME_SPEC_ZND_CMD_MGMT_SEND_OFFLINE, "offline"},
    {XNVME_SPEC_ZND_CMD_MGMT_SEND_DESCRIPTOR, "set-descriptor-extension"},
    {XNVME_SPEC_ZND_CMD_MGMT_SEND_FLUSH, "flush"}};
constexpr Name kSendOptions[] = {{XNVME_SPEC_ZND_MGMT_OPEN_WITH_ZRWA, "open-with-zrwa"}};
constexpr Name kStates[] = {{XNVME_SPEC_ZND_STATE_EMPTY, "empty"},
                            {XNVME_SPEC_ZND_STATE_IOPEN, "implicitly-open"},
                            {XNVME_SPEC_ZND_STATE_EOPEN, "explicitly-open"},
                            {XNVME_SPEC_ZND_STATE_CLOSED, "closed"},
                            {XNVME_SPEC_ZND_STATE_RONLY, "read-only"},
                            {XNVME_SPEC_ZND_STATE_FULL, "full"},
                            {XNVME_SPEC_ZND_STATE_OFFLINE, "offline"}};
constexpr Name kTypes[] = {{XNVME_SPEC_ZND_TYPE_SEQWR, "sequential-write-required"}};

/// The name of a status code of the command-specific type.
const char* command_status(unsigned code) noexcept {
    return of_byte(code, [](std::uint8_t sc) { return nvme::status_name(Status::make(1, sc)); });
}

}  // namespace

const char* xnvme_spec_adm_opc_str(enum xnvme_spec_adm_opc eval) {
    return of_byte(eval, [](std::uint8_t opcode) {
        return nvme::opcode_name(nvme::OpcodeSet::admin, opcode);
    });
}

const char* xnvme_spec_nvm_opc_str(enum xnvme_spec_nvm_opc eval) {
    // The list has two admin commands, whose opcodes no I/O command has.
    const bool admin = eval == XNVME_SPEC_NVM_OPC_FMT || eval == XNVME_SPEC_NVM_OPC_SANITIZE;
    return of_byte(eval, [admin](std::uint8_t opcode) {
        return nvme::opcode_name(admin ? nvme::OpcodeSet::admin : nvme::OpcodeSet::nvm, opcode);
    });
}

const char* xnvme_spec_znd_opc_str(enum xnvme_spec_znd_opc eval) {
    return of_byte(eval, [](std::uint8_t opcode) {
        return nvme::opcode_name(nvme::OpcodeSet::zoned, opcode);
    });
}

const char* xnvme_spec_csi_str(enum xnvme_spec_csi eval) {
    return of_byte(eval,
                   [](std::uint8_t csi) { return command_set_name(static_cast<CommandSet>(csi)); });
}

const char* xnvme_spec_feat_id_str(enum xnvme_spec_feat_id eval) {
    return of_byte(eval, [](std::uint8_t fid) {
        return nvme::feature_name(static_cast<nvme::FeatureId>(fid));
    });
}

const char* xnvme_spec_feat_sel_str(enum xnvme_spec_feat_sel eval) {
    return find(kSelects, eval);
}

const char* xnvme_spec_flag_str(enum xnvme_spec_flag eval) {
    return find(kFlags, eval);
}

const char* xnvme_spec_idfy_cns_str(enum xnvme_spec_idfy_cns eval) {
    return of_byte(eval,
                   [](std::uint8_t cns) { return nvme::cns_name(static_cast<nvme::Cns>(cns)); });
}

const char* xnvme_spec_log_lpi_str(enum xnvme_spec_log_lpi eval) {
    return of_byte(eval, [](std::uint8_t lid) {
        return nvme::log_page_name(static_cast<nvme::LogPage>(lid));
    });
}

const char* xnvme_spec_znd_log_lid_str(enum xnvme_spec_znd_log_lid eval) {
    return of_byte(eval, [](std::uint8_t lid) {
        return nvme::log_page_name(static_cast<nvme::LogPage>(lid));
    });
}

const char* xnvme_spec_nvm_cmd_cpl_sc_str(enum xnvme_spec_nvm_cmd_cpl_sc eval) {
    return command_status(eval);
}

const char* xnvme_spec_znd_status_code_str(enum xnvme_spec_znd_status_code eval) {
    return command_status(eval);
}

const char* xnvme_spec_psdt_str(enum xnvme_spec_psdt eval) {
    return find(kPointers, eval);
}

const char* xnvme_spec_sgl_descriptor_subtype_str(enum xnvme_spec_sgl_descriptor_subtype eval) {
    return find(kSubtypes, eval);
}

const char* xnvme_spec_znd_cmd_mgmt_recv_action_str(enum xnvme_spec_znd_cmd_mgmt_recv_action eval) {
    return find(kReceiveActions, eval);
}

const char* xnvme_spec_znd_cmd_mgmt_recv_action_sf_str(
    enum xnvme_spec_znd_cmd_mgmt_recv_action_sf eval) {
    return find(kReceiveStates, eval);
}

const char* xnvme_spec_znd_cmd_mgmt_send_action_str(enum xnvme_spec_znd_cmd_mgmt_send_action eval) {
    return find(kSendActions, eval);
}

const char* xnvme_spec_znd_mgmt_send_action_so_str(enum xnvme_spec_znd_mgmt_send_action_so eval) {
    return find(kSendOptions, eval);
}

const char* xnvme_spec_znd_state_str(enum xnvme_spec_znd_state eval) {
    return find(kStates, eval);
}

const char* xnvme_spec_znd_type_str(enum xnvme_spec_znd_type eval) {
    return find(kTypes, eval);
}
