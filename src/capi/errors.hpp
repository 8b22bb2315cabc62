/// \file
/// From the library's errors to errno, and the sentence that goes with the last one.
#pragma once

#include <cerrno>
#include <exception>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xnvme/result.hpp>

namespace xnvme::capi {

/// The errno, positive, that says the same as `error`; 0 for none.
int errno_of(const Error& error) noexcept;

/// Keeps the sentence for `xnvme_error_sentence`.
void keep_sentence(std::string_view sentence) noexcept;

/// Keeps the failure's sentence. Returns its negative errno.
int failed(const Failure& failure) noexcept;
/// Keeps a sentence of its own. Returns `-os_errno`.
int failed(int os_errno, std::string_view sentence) noexcept;

/// For functions that return a pointer: sets errno and returns null.
template <class T>
T* null_with(int negative_errno) noexcept {
    errno = -negative_errno;
    return nullptr;
}

/// 0, or the negative errno of the error.
inline int code_of(const Result<void>& result) noexcept {
    return result ? 0 : -errno_of(result.error());
}
/// The count, or the negative errno of the error.
inline int count_of(const Result<std::uint32_t>& result) noexcept {
    return result ? static_cast<int>(*result) : -errno_of(result.error());
}

/// Runs what may allocate, so that no exception reaches a caller in C. `body` returns an int or a
/// pointer.
template <class Body>
auto guarded(Body&& body) noexcept -> std::invoke_result_t<Body> {
    using Value = std::invoke_result_t<Body>;
    int code = 0;
    try {
        return std::forward<Body>(body)();
    } catch (const std::bad_alloc&) {
        code = failed(ENOMEM, "There is no memory left.");
    } catch (const std::exception& problem) {
        code = failed(EIO, problem.what());
    }
    if constexpr (std::is_pointer_v<Value>) {
        errno = -code;
        return nullptr;
    } else {
        return code;
    }
}

}  // namespace xnvme::capi
