# Which files are compiled. The folder says it, so that a new system or backend is a new folder:
#
#   a folder named linux, freebsd, macos or windows    on that system alone
#   a folder named posix                               on every Unix-like system
#   any other folder                                   everywhere
#   src/backends/linux/io_uring*, libaio*              where that library was found
#   x_test.cpp                                         into the unit test program of its folder

set(xnvme_foreign_folders linux freebsd macos windows)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    list(REMOVE_ITEM xnvme_foreign_folders linux)
elseif(CMAKE_SYSTEM_NAME STREQUAL "FreeBSD")
    list(REMOVE_ITEM xnvme_foreign_folders freebsd)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    list(REMOVE_ITEM xnvme_foreign_folders macos)
elseif(WIN32)
    list(REMOVE_ITEM xnvme_foreign_folders windows)
    list(APPEND xnvme_foreign_folders posix)
else()
    message(FATAL_ERROR "${CMAKE_SYSTEM_NAME} is not a system that this library knows: add a "
        "folder for it under src/os, and its name here")
endif()

# The sources below a folder that this system compiles, relative to the project's root.
function(xnvme_glob_sources result folder)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
        RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
    foreach(foreign IN LISTS xnvme_foreign_folders)
        list(FILTER sources EXCLUDE REGEX "/${foreign}/")
    endforeach()
    if(NOT XNVME_HAVE_LIBURING)
        list(FILTER sources EXCLUDE REGEX "/linux/io_uring[^/]*$")
    endif()
    if(NOT XNVME_HAVE_LIBAIO)
        list(FILTER sources EXCLUDE REGEX "/linux/libaio[^/]*$")
    endif()
    set(${result} ${sources} PARENT_SCOPE)
endfunction()

xnvme_glob_sources(xnvme_library_sources src)
# The C API is a library of its own: see XnvmeCapi.cmake.
list(FILTER xnvme_library_sources EXCLUDE REGEX "^src/capi/")
xnvme_glob_sources(xnvme_capi_sources src/capi)
set(xnvme_unit_test_sources ${xnvme_library_sources})
list(FILTER xnvme_library_sources EXCLUDE REGEX "_test\\.cpp$")
list(FILTER xnvme_unit_test_sources INCLUDE REGEX "_test\\.cpp$")
