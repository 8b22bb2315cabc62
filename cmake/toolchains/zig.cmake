# Common to the systems that are reached with `zig c++`. ./dev sets XNVME_ZIG_PYTHON to the Python
# that has the package ziglang; see zig-c++.
set(CMAKE_CXX_COMPILER "${CMAKE_CURRENT_LIST_DIR}/zig-c++")
set(CMAKE_C_COMPILER "${CMAKE_CURRENT_LIST_DIR}/zig-c++")
set(CMAKE_AR "${CMAKE_CURRENT_LIST_DIR}/zig-ar")
set(CMAKE_RANLIB "${CMAKE_CURRENT_LIST_DIR}/zig-ranlib")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH "${CMAKE_CURRENT_LIST_DIR}/nothing-of-the-host")
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# What ccache cannot see for itself of a compiler behind a script: what kind it is, and which.
execute_process(COMMAND "${CMAKE_CXX_COMPILER}" --version OUTPUT_VARIABLE xnvme_zig_version)
string(REGEX REPLACE "[\r\n;]+" " " xnvme_zig_version "${xnvme_zig_version}")
set(XNVME_CCACHE_SETTINGS "CCACHE_COMPILERTYPE=clang"
    "CCACHE_COMPILERCHECK=string:${xnvme_zig_version}")
