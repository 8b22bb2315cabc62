# Headers that the build needs, and the optional libraries. A missing optional library removes its
# files from the build; the reason is compiled in, so that `xnvme library-info` can tell it.

find_package(Threads REQUIRED)

# fmt, CLI11 and nlohmann-json are used as headers only. A cross compiler must not see /usr/include
# (it would take the host's libc headers), so there the three folders are copied aside.
add_library(xnvme_headers INTERFACE)
target_compile_definitions(xnvme_headers INTERFACE FMT_HEADER_ONLY=1)
set(xnvme_header_dirs fmt CLI nlohmann)
if(CMAKE_CROSSCOMPILING)
    foreach(dir IN LISTS xnvme_header_dirs)
        if(NOT EXISTS "/usr/include/${dir}")
            message(FATAL_ERROR "/usr/include/${dir} is missing: run `./dev deps`, or on Debian "
                "install libfmt-dev libcli11-dev nlohmann-json3-dev")
        endif()
        file(COPY "/usr/include/${dir}" DESTINATION "${PROJECT_BINARY_DIR}/third_party")
    endforeach()
    target_include_directories(xnvme_headers SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/third_party")
else()
    find_path(XNVME_FMT_INCLUDE fmt/format.h)
    find_path(XNVME_CLI11_INCLUDE CLI/CLI.hpp)
    find_path(XNVME_JSON_INCLUDE nlohmann/json.hpp)
    foreach(var XNVME_FMT_INCLUDE XNVME_CLI11_INCLUDE XNVME_JSON_INCLUDE)
        if(NOT ${var})
            message(FATAL_ERROR "${var}: the header is missing: run `./dev deps`, or on Debian "
                "install libfmt-dev libcli11-dev nlohmann-json3-dev")
        endif()
        target_include_directories(xnvme_headers SYSTEM INTERFACE "${${var}}")
    endforeach()
endif()

# Optional libraries are interface targets that carry the definition, and the file to link: the first
# of the names given that there is.
function(xnvme_optional_library name header library)
    string(TOUPPER "${name}" upper)
    add_library(xnvme_${name} INTERFACE)
    set(reason "")
    if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
        set(reason "this build is for ${CMAKE_SYSTEM_NAME}, and ${name} is a Linux library")
    elseif(NOT XNVME_WITH_${upper})
        set(reason "switched off when this library was built (XNVME_WITH_${upper}=OFF)")
    else()
        find_path(XNVME_${upper}_INCLUDE ${header})
        find_library(XNVME_${upper}_LIBRARY NAMES ${ARGN})
        if(NOT XNVME_${upper}_INCLUDE)
            set(reason "${header} was not found when this library was built (install ${name}-dev)")
        elseif(NOT XNVME_${upper}_LIBRARY)
            set(reason "lib${library} was not found when this library was built (install ${name}-dev)")
        endif()
    endif()
    if(reason)
        message(STATUS "${name}: left out: ${reason}")
        target_compile_definitions(xnvme_${name} INTERFACE "XNVME_${upper}_MISSING=\"${reason}\"")
        set(XNVME_HAVE_${upper} OFF PARENT_SCOPE)
    else()
        message(STATUS "${name}: ${XNVME_${upper}_LIBRARY}")
        target_include_directories(xnvme_${name} SYSTEM INTERFACE "${XNVME_${upper}_INCLUDE}")
        target_compile_definitions(xnvme_${name} INTERFACE XNVME_HAVE_${upper}=1)
        set(XNVME_HAVE_${upper} ON PARENT_SCOPE)
    endif()
endfunction()

# The archive first: the library then needs nothing of it at run time. That the functions of libaio's
# archive carry versions is seen to in xnvmepp.map.
xnvme_optional_library(liburing liburing.h uring liburing.a uring)
xnvme_optional_library(libaio libaio.h aio libaio.a aio)
# Debian has it as a shared library only.
xnvme_optional_library(libisal isa-l.h isal libisal.a isal)

# ISA-L computes the guards of protection information. The 64-bit one came with 2.31; without it, or
# without ISA-L, the library's own tables do.
if(XNVME_HAVE_LIBISAL)
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_INCLUDES "${XNVME_LIBISAL_INCLUDE}")
    set(CMAKE_REQUIRED_LIBRARIES "${XNVME_LIBISAL_LIBRARY}")
    check_cxx_source_compiles("#include <isa-l.h>
        int main() { return static_cast<int>(crc64_rocksoft_refl(0, nullptr, 0)); }"
        XNVME_LIBISAL_HAS_CRC64)
    unset(CMAKE_REQUIRED_INCLUDES)
    unset(CMAKE_REQUIRED_LIBRARIES)
    if(XNVME_LIBISAL_HAS_CRC64)
        target_compile_definitions(xnvme_libisal INTERFACE XNVME_HAVE_LIBISAL_CRC64=1)
    endif()
endif()
