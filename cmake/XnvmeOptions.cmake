# What a person who builds the library may choose. The presets set these for each kind of build.

# GoogleTest is built from Debian's sources, so that the tests have the same standard library and
# sanitizer as the code they test. Elsewhere name another checkout with XNVME_GTEST_SOURCE.
set(XNVME_GTEST_SOURCE "/usr/src/googletest" CACHE PATH "Where GoogleTest's sources are")
if(EXISTS "${XNVME_GTEST_SOURCE}/CMakeLists.txt")
    set(xnvme_gtest_found ON)
else()
    set(xnvme_gtest_found OFF)
endif()

option(XNVME_BUILD_TESTS "Build the unit tests and the conformance suite" ${xnvme_gtest_found})
option(XNVME_BUILD_COMMAND "Build the command, `xnvme`" ON)
option(XNVME_BUILD_EXAMPLES "Build the programs in examples/" ON)
option(XNVME_BUILD_BENCH "Build the programs in bench/" ON)
option(XNVME_BUILD_FUZZ "Build the fuzz targets, with everything instrumented for them" OFF)
option(XNVME_WERROR "Treat warnings as errors" OFF)
option(XNVME_LTO "Optimise the library and the command at link time, where the compiler can" OFF)
option(XNVME_WITH_LIBURING "Use liburing where it is found" ON)
option(XNVME_WITH_LIBAIO "Use libaio where it is found" ON)
option(XNVME_WITH_LIBISAL "Use ISA-L where it is found" ON)
set(XNVME_SANITIZE "" CACHE STRING "Sanitizers for everything, as in -fsanitize=")

# A DLL would need every public class to be marked for import as well as export; on Windows the
# library is an archive only.
if(WIN32)
    set(xnvme_shared_default OFF)
else()
    set(xnvme_shared_default ON)
endif()
option(XNVME_BUILD_SHARED "Build the shared library beside the static one" ${xnvme_shared_default})

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()
