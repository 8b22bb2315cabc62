# The C API: libxnvme, with the whole library inside and nothing shown but the functions in C, so
# that it can stand beside the C++ library or instead of it. Its headers need sys/uio.h, which
# Windows does not have.

if(WIN32)
    return()
endif()

# The version of the API that it is compatible with.
set(XNVME_CAPI_VERSION 0.7.5)

add_library(xnvme_c_objects OBJECT ${xnvme_capi_sources})
target_link_libraries(xnvme_c_objects PRIVATE xnvme_common xnvme_lto_compile)
# A command is one structure to programs and another to the library, over the same bytes.
target_compile_options(xnvme_c_objects PRIVATE -fno-strict-aliasing)
# The functions that programs may inline are defined here.
target_compile_definitions(xnvme_c_objects PRIVATE XNVME_NO_QUICK)
# The map decides what is shown: the headers are plain C, without marks.
set_target_properties(xnvme_c_objects PROPERTIES CXX_VISIBILITY_PRESET default)

function(xnvme_c_library target)
    xnvme_library_target(${target})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME xnvme)
endfunction()

add_library(xnvme_c_static STATIC
    $<TARGET_OBJECTS:xnvme_c_objects> $<TARGET_OBJECTS:xnvme_objects>)
xnvme_c_library(xnvme_c_static)

if(XNVME_BUILD_SHARED)
    add_library(xnvme_c SHARED
        $<TARGET_OBJECTS:xnvme_c_objects> $<TARGET_OBJECTS:xnvme_objects>)
    xnvme_c_library(xnvme_c)
    target_link_libraries(xnvme_c PRIVATE xnvme_lto_link)
    set_target_properties(xnvme_c PROPERTIES VERSION ${XNVME_CAPI_VERSION} SOVERSION 0)
    if(NOT APPLE)
        set(xnvme_c_map "${PROJECT_SOURCE_DIR}/cmake/libxnvme.map")
        target_link_options(xnvme_c PRIVATE "-Wl,--version-script=${xnvme_c_map}"
            $<$<PLATFORM_ID:Linux>:-Wl,--exclude-libs,ALL>)
        set_target_properties(xnvme_c PROPERTIES LINK_DEPENDS "${xnvme_c_map}")
    endif()
endif()
