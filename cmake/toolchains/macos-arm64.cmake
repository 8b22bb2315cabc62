set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(CMAKE_CXX_FLAGS_INIT "-target aarch64-macos")
include("${CMAKE_CURRENT_LIST_DIR}/zig.cmake")
# The tools and the SDK that CMake looks for on a Mac are neither here nor needed.
set(CMAKE_INSTALL_NAME_TOOL "true")
set(CMAKE_OSX_SYSROOT "")
