set(CMAKE_SYSTEM_NAME FreeBSD)
set(CMAKE_SYSTEM_PROCESSOR amd64)
set(CMAKE_CXX_FLAGS_INIT "-target x86_64-freebsd.14.0")
include("${CMAKE_CURRENT_LIST_DIR}/zig.cmake")
