# The library: compiled once, linked as a shared and as a static library.

configure_file("${PROJECT_SOURCE_DIR}/cmake/version.hpp.in"
    "${PROJECT_BINARY_DIR}/generated/xnvme/version.hpp" @ONLY)

# What every part of this project is compiled with, tests and command included.
add_library(xnvme_common INTERFACE)
target_include_directories(xnvme_common INTERFACE
    "${PROJECT_SOURCE_DIR}/include"
    "${PROJECT_BINARY_DIR}/generated"
    "${PROJECT_SOURCE_DIR}/src")
target_link_libraries(xnvme_common INTERFACE
    xnvme_warnings xnvme_headers xnvme_liburing xnvme_libaio xnvme_libisal Threads::Threads)

add_library(xnvme_objects OBJECT ${xnvme_library_sources})
target_link_libraries(xnvme_objects PRIVATE xnvme_common xnvme_lto_compile)

# What the finished library asks of the program that links it.
function(xnvme_library_target target)
    target_compile_features(${target} INTERFACE cxx_std_23)
    target_include_directories(${target} INTERFACE
        "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
        "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>"
        "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(${target} PUBLIC Threads::Threads)
    if(WIN32)
        target_link_libraries(${target} PRIVATE synchronization)  # WaitOnAddress
    endif()
    foreach(optional LIBURING LIBAIO LIBISAL)
        if(XNVME_HAVE_${optional})
            get_filename_component(plain "${XNVME_${optional}_LIBRARY}" NAME_WE)
            string(REGEX REPLACE "^lib" "" plain "${plain}")
            # An absolute path in the installed package would tie it to this machine.
            target_link_libraries(${target} PRIVATE
                "$<BUILD_INTERFACE:${XNVME_${optional}_LIBRARY}>" "$<INSTALL_INTERFACE:${plain}>")
        endif()
    endforeach()
    set_target_properties(${target} PROPERTIES OUTPUT_NAME xnvmepp)
endfunction()

add_library(xnvmepp_static STATIC $<TARGET_OBJECTS:xnvme_objects>)
xnvme_library_target(xnvmepp_static)
set_target_properties(xnvmepp_static PROPERTIES EXPORT_NAME static)
add_library(xnvmepp::static ALIAS xnvmepp_static)

if(XNVME_BUILD_SHARED)
    add_library(xnvmepp SHARED $<TARGET_OBJECTS:xnvme_objects>)
    xnvme_library_target(xnvmepp)
    target_link_libraries(xnvmepp PRIVATE xnvme_lto_link)
    set_target_properties(xnvmepp PROPERTIES
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    # Apple's linker has no version scripts; hidden visibility alone decides there.
    if(NOT APPLE)
        set(xnvme_map "${PROJECT_SOURCE_DIR}/cmake/xnvmepp.map")
        # The archives are Linux's, and Zig's linker does not know the second option.
        target_link_options(xnvmepp PRIVATE "-Wl,--version-script=${xnvme_map}"
            $<$<PLATFORM_ID:Linux>:-Wl,--exclude-libs,ALL>)
        set_target_properties(xnvmepp PROPERTIES LINK_DEPENDS "${xnvme_map}")
    endif()
    add_library(xnvmepp::xnvmepp ALIAS xnvmepp)
endif()

# For programs of this project that look inside the library: tests, the command, benchmarks.
add_library(xnvme_internal INTERFACE)
target_link_libraries(xnvme_internal INTERFACE xnvme_common xnvmepp_static)
