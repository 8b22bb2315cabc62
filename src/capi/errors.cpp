#include "capi/errors.hpp"

#include <string>

#include <libxnvme_more.h>

namespace xnvme::capi {

namespace {

std::string& sentence() noexcept {
    thread_local std::string text;
    return text;
}

}  // namespace

int errno_of(const Error& error) noexcept {
    if (error.os != 0) return error.os;
    switch (error.code) {
        case Errc::ok:
            return 0;
        case Errc::device:
        case Errc::system:
        case Errc::short_transfer:
            return EIO;
        case Errc::queue_full:
        case Errc::busy:
            return EBUSY;
        case Errc::out_of_range:
            return ERANGE;
        case Errc::too_large:
            return EMSGSIZE;
        case Errc::misaligned:
        case Errc::bad_length:
        case Errc::invalid_argument:
            return EINVAL;
        case Errc::unsupported:
            return ENOTSUP;
        case Errc::read_only:
            return EROFS;
        case Errc::write_only:
            return EBADF;
        case Errc::timed_out:
            return ETIMEDOUT;
        case Errc::device_gone:
            return ENODEV;
        case Errc::cancelled:
            return ECANCELED;
        case Errc::not_found:
            return ENOENT;
        case Errc::no_permission:
            return EACCES;
        case Errc::no_memory:
            return ENOMEM;
        default:
            // What was added to the list since: it failed, and the sentence says why.
            return EIO;
    }
}

void keep_sentence(std::string_view text) noexcept {
    try {
        sentence().assign(text);
    } catch (const std::exception&) {
        sentence().clear();
    }
}

int failed(const Failure& failure) noexcept {
    keep_sentence(failure.sentence);
    return -errno_of(failure.error);
}

int failed(int os_errno, std::string_view text) noexcept {
    keep_sentence(text);
    return -os_errno;
}

}  // namespace xnvme::capi

const char* xnvme_error_sentence(void) {
    return xnvme::capi::sentence().c_str();
}
