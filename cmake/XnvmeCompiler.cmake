# The language level, warnings, sanitizers, link-time optimisation and the compiler cache.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# One object file serves the shared and the static library.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(XNVME_CCACHE ccache)
    if(XNVME_CCACHE)
        # Without the first two, ccache refuses every file that uses a precompiled header. The
        # others let a checkout in another folder use what this one compiled.
        set(xnvme_launcher_here "${CMAKE_COMMAND}" -E env
            "CCACHE_SLOPPINESS=pch_defines,time_macros" ${XNVME_CCACHE_SETTINGS} "${XNVME_CCACHE}")
        set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env"
            "CCACHE_SLOPPINESS=pch_defines,time_macros"
            "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "CCACHE_NOHASHDIR=1" "CCACHE_PCH_EXTSUM=1"
            ${XNVME_CCACHE_SETTINGS} "${XNVME_CCACHE}")
        if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
            add_compile_options(-fpch-preprocess)
        endif()
    endif()
endif()

# Our own code alone is held to the warnings: GoogleTest is not ours.
add_library(xnvme_warnings INTERFACE)
target_compile_options(xnvme_warnings INTERFACE -Wall -Wextra -Wconversion)
if(XNVME_WERROR)
    target_compile_options(xnvme_warnings INTERFACE -Werror)
endif()

if(XNVME_SANITIZE)
    add_compile_options(-fsanitize=${XNVME_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${XNVME_SANITIZE})
    # A callback in C takes the same bytes as one in C++ under another name, and a program in C may
    # hand over any number as an enumerator. Both are meant, and clang alone looks at them.
    if(XNVME_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        add_compile_options(-fno-sanitize=function,enum)
    endif()
endif()

if(XNVME_BUILD_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Objects carry machine code beside the bytecode, so that the installed archive works with any
# linker, and so that a test program links in a moment without repeating the optimisation.
add_library(xnvme_lto_compile INTERFACE)
add_library(xnvme_lto_link INTERFACE)
add_library(xnvme_lto_off INTERFACE)
if(XNVME_LTO)
    include(CheckCXXSourceCompiles)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        set(xnvme_lto_compile_flags -flto=auto -ffat-lto-objects)
        set(xnvme_lto_link_flags -flto=auto)
    else()
        set(xnvme_lto_compile_flags -flto -ffat-lto-objects)
        set(xnvme_lto_link_flags -flto -ffat-lto-objects -fuse-ld=lld)
    endif()
    list(JOIN xnvme_lto_compile_flags " " CMAKE_REQUIRED_FLAGS)
    set(CMAKE_REQUIRED_LINK_OPTIONS ${xnvme_lto_link_flags})
    check_cxx_source_compiles("int main() { return 0; }" XNVME_LTO_WORKS)
    unset(CMAKE_REQUIRED_FLAGS)
    unset(CMAKE_REQUIRED_LINK_OPTIONS)
    if(XNVME_LTO_WORKS)
        target_compile_options(xnvme_lto_compile INTERFACE ${xnvme_lto_compile_flags})
        target_link_options(xnvme_lto_link INTERFACE ${xnvme_lto_link_flags})
        target_link_options(xnvme_lto_off INTERFACE -fno-lto)
    else()
        message(STATUS "Link-time optimisation does not work with this compiler: left out")
    endif()
endif()
