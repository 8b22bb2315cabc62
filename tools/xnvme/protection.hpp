/// \file
/// The options about protection information, and what a command does about it.
#pragma once

#include <optional>
#include <string>

#include <xnvme/protection.hpp>

#include "output.hpp"
#include "program.hpp"

namespace xnvme::tool {

/// What the command line says.
struct ProtectionArguments {
    bool host = false;                    ///< --pi: this program generates and verifies it.
    bool device = false;                  ///< --pract: the device does.
    std::optional<std::uint32_t> checks;  ///< --prchk, as bits of `nvme::IoFlags`.
    std::optional<std::uint16_t> application_tag;
    std::uint16_t application_mask = 0xffff;
    std::optional<std::uint64_t> reference_tag;
    std::optional<std::uint64_t> storage_tag;
    bool nothing_checked = false;  ///< A command that reads nothing has nothing to check.

    /// True when any of the options was given.
    bool any() const noexcept;
};

/// What a command that checks or generates protection information does.
enum class ProtectionUse : std::uint8_t {
    reads,     ///< Read: --pi verifies, --pract strips.
    writes,    ///< Write: --pi or --pract generates.
    compares,  ///< Compare: --pi generates.
    checks,    ///< Verify: --pi checks.
    zeroes,    ///< Write zeroes: --pract generates.
    copies,    ///< Copy: --pract generates anew; reference tags are the blocks' numbers.
};

/// Adds --pi, --pract, --prchk, --app-tag, --app-mask, --ref-tag and --storage-tag, those of them
/// that the use has.
void add_protection_options(CLI::App* command, ProtectionArguments& arguments, ProtectionUse use);

/// Reads a list such as "guard,app,ref,storage", or "none". Throws `CLI::ValidationError`.
std::uint32_t parse_checks(const std::string& option, const std::string& text);

/// What is done about protection information in one command.
struct Protection {
    std::optional<ProtectionLayout> layout;  ///< Nothing: the command says nothing of it.
    nvme::ProtectionTags tags;
    std::uint32_t checks = 0;  ///< Bits of `nvme::IoFlags`: what is checked, by whomever.
    bool host = false;
    bool device = false;

    /// The command with its tags, and with the bits that ask the device.
    Command apply(Command command) const noexcept;
    /// Why blocks that were read are not what they should be; nothing when they are.
    std::optional<std::string> mismatch(const Data& data, const Data& metadata,
                                        std::uint64_t slba) const;
};

/// What the options ask for on this device. Ends the command where they ask for what there is not:
/// protection information on a namespace without it, or a tag that does not fit.
Protection plan_protection(const Device& device, const ProtectionArguments& arguments,
                           std::uint64_t slba);

/// The layout of the device, or the end of the command where it has no protection information.
ProtectionLayout layout_of(const Device& device);

/// True for the errors of a check, which a look at the blocks can explain.
bool is_check_error(Status status) noexcept;

/// The protection information of every block, for output.
Node protection_node(const ProtectionLayout& layout, std::uint64_t slba,
                     std::span<const std::byte> data, std::span<const std::byte> metadata);

}  // namespace xnvme::tool
