#include "core/identifier.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include <xnvme/size.hpp>

#include "os/error_text.hpp"
#include "os/file_kind.hpp"

namespace xnvme::core {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes a run of characters that `accept` likes from the front of `text`; returns how many.
template <class Accept>
std::size_t take(std::string_view& text, Accept accept) {
    const auto end = std::ranges::find_if_not(text, accept);
    const auto count = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(count);
    return count;
}

bool take_char(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

/// "0000:02:00.0", or without the domain "02:00.0".
bool is_pci_address(std::string_view text) {
    const auto hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
    std::size_t digits = take(text, hex);
    if (digits == 4) {
        if (!take_char(text, ':') || take(text, hex) != 2) return false;
    } else if (digits != 2) {
        return false;
    }
    return take_char(text, ':') && take(text, hex) == 2 && take_char(text, '.') &&
           take(text, is_digit) == 1 && text.empty();
}

/// "host:4420", "127.0.0.1:4420", "[::1]:4420": a port of digits after the last colon.
bool is_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || text.find('/') != std::string_view::npos) {
        return false;
    }
    const std::string_view port = text.substr(colon + 1);
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return !port.empty() && port.size() <= 5 && std::ranges::all_of(port, is_digit) &&
           (bracketed || host.find(':') == std::string_view::npos);
}

/// Digits and then a letter, such as "1GB": a size, or meant as one.
bool looks_like_size(std::string_view text) {
    const std::size_t digits = take(text, is_digit);
    return digits != 0 && !text.empty() && std::ranges::all_of(text, [](char c) {
               return std::isalpha(static_cast<unsigned char>(c)) != 0;
           });
}

/// Follows the names that Linux's NVMe driver gives: "nvme0n1" and its partitions, "ng0n1",
/// "nvme0".
enum class NvmeName { none, space, generic, controller };
NvmeName nvme_name(std::string_view path) {
    std::string_view name = path.substr(path.rfind('/') + 1);
    const bool generic = name.starts_with("ng");
    if (!generic && !name.starts_with("nvme")) return NvmeName::none;
    name.remove_prefix(generic ? 2 : 4);
    if (take(name, is_digit) == 0) return NvmeName::none;
    if (name.empty()) return generic ? NvmeName::none : NvmeName::controller;
    if (!take_char(name, 'n') || take(name, is_digit) == 0) return NvmeName::none;
    if (name.empty()) return generic ? NvmeName::generic : NvmeName::space;
    const bool partition = take_char(name, 'p') && take(name, is_digit) != 0 && name.empty();
    return partition && !generic ? NvmeName::space : NvmeName::none;
}

std::unexpected<Failure> refuse(Errc code, std::string_view uri, std::string rest) {
    return fail(code, "'" + std::string(uri) + "' " + std::move(rest));
}

Result<Identifier, Failure> missing(Identifier identifier, const Options& options) {
    const std::string_view uri = identifier.text;
    if (looks_like_size(uri)) {
        if (auto size = parse_size(uri); !size) return std::unexpected(std::move(size.error()));
        identifier.device_class = DeviceClass::model;
        return identifier;
    }
    if (options.create) {
        identifier.device_class = DeviceClass::file;
        identifier.missing = true;
        return identifier;
    }
    return refuse(Errc::not_found, uri,
                  "is not there. Check the path; 'xnvme scan' lists this machine's devices, and "
                  "the option 'create' makes a new file.");
}

Result<Identifier, Failure> existing(Identifier identifier, const os::FileFound& found) {
    const std::string_view uri = identifier.text;
    switch (found.kind) {
        case os::FileKind::regular:
            identifier.device_class = DeviceClass::file;
            return identifier;
        case os::FileKind::block:
            identifier.device_class = nvme_name(identifier.path) == NvmeName::space
                                          ? DeviceClass::nvme_block
                                          : DeviceClass::block;
            return identifier;
        case os::FileKind::character:
            if (nvme_name(identifier.path) == NvmeName::generic) {
                identifier.device_class = DeviceClass::nvme_generic;
                return identifier;
            }
            if (nvme_name(identifier.path) == NvmeName::controller) {
                identifier.device_class = DeviceClass::nvme_controller;
                return identifier;
            }
            return refuse(Errc::invalid_argument, uri,
                          "is a character device that is not NVMe's. Name a file, a block device "
                          "or an NVMe device such as /dev/ng0n1.");
        case os::FileKind::directory:
            return refuse(Errc::invalid_argument, uri,
                          "is a directory. Name a file in it, or a device.");
        case os::FileKind::no_permission:
            return refuse(Errc::no_permission, uri,
                          "may not be looked at by this user. Ask for the permission to search "
                          "its folder, or run as root.");
        case os::FileKind::missing:
        case os::FileKind::other:
            break;
    }
    if (found.os_error != 0) {
        return fail(Error::of_system(found.os_error),
                    "'" + std::string(uri) +
                        "' could not be looked at: " + os::message(found.os_error) + ".");
    }
    return refuse(Errc::invalid_argument, uri,
                  "is neither a file nor a block device. Name a file, a block device, an NVMe "
                  "device or a model device such as mem:64MiB.");
}

}  // namespace

std::string generic_device_of(const Identifier& identifier) {
    const std::string& path = identifier.path;
    const std::size_t name = path.rfind('/') + 1;
    if (identifier.device_class != DeviceClass::nvme_block || path.compare(name, 4, "nvme") != 0)
        return {};
    std::string generic = path.substr(0, name) + "ng" + path.substr(name + 4);
    return generic.substr(0, generic.find('p', name));
}

Result<Identifier, Failure> identify(std::string_view uri, const Options& options) {
    if (uri.empty()) {
        return fail(Errc::invalid_argument,
                    "The device has no name. Give a path such as /dev/nvme0n1, or mem:64MiB for a "
                    "device in memory.");
    }
    Identifier identifier{.text = std::string(uri), .path = std::string(uri)};
    if (uri.find('\0') != std::string_view::npos) {
        return fail(Errc::invalid_argument, "The device's name holds a zero byte.");
    }
    if (uri.starts_with("mem:")) {
        identifier.device_class = DeviceClass::model;
        return identifier;
    }
    // What exists under that name is what was meant; only other names are taken as addresses.
    const os::FileFound found = os::file_kind(identifier.path);
    if (found.kind != os::FileKind::missing) return existing(std::move(identifier), found);
    if (uri.find('/') != std::string_view::npos) return missing(std::move(identifier), options);
    if (is_pci_address(uri)) {
        identifier.device_class = DeviceClass::pci;
        return identifier;
    }
    if (is_endpoint(uri)) {
        identifier.device_class = DeviceClass::tcp;
        return identifier;
    }
    if (uri.starts_with("MacVFN-")) {
        identifier.device_class = DeviceClass::driverkit;
        return identifier;
    }
    return missing(std::move(identifier), options);
}

}  // namespace xnvme::core
