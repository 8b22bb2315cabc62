# The command, the examples and the benchmarks.

xnvme_glob_sources(xnvme_tool_sources tools/xnvme)
set(xnvme_tool_test_sources ${xnvme_tool_sources})
list(FILTER xnvme_tool_sources EXCLUDE REGEX "_test\\.cpp$")
list(FILTER xnvme_tool_test_sources INCLUDE REGEX "_test\\.cpp$")
if(XNVME_BUILD_COMMAND AND xnvme_tool_sources)
    add_executable(xnvme_tool ${xnvme_tool_sources})
    # A folder of a command uses what its parent has for all.
    target_include_directories(xnvme_tool PRIVATE "${PROJECT_SOURCE_DIR}/tools/xnvme")
    target_link_libraries(xnvme_tool PRIVATE xnvme_internal xnvme_lto_compile xnvme_lto_link)
    set_target_properties(xnvme_tool PROPERTIES OUTPUT_NAME xnvme)
    # The option parser's headers are most of what a command's file takes to compile.
    target_precompile_headers(xnvme_tool PRIVATE "${PROJECT_SOURCE_DIR}/tools/xnvme/program.hpp")
    # A precompiled header with a header of ours in it names the folder of its checkout, and must
    # not come from another's.
    if(xnvme_launcher_here)
        set_target_properties(xnvme_tool PROPERTIES CXX_COMPILER_LAUNCHER "${xnvme_launcher_here}")
    endif()
endif()

# One program per file, linked as a stranger's program would be: against the public headers alone.
if(XNVME_BUILD_EXAMPLES)
    file(GLOB xnvme_example_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
    foreach(source IN LISTS xnvme_example_sources)
        get_filename_component(name "${source}" NAME_WE)
        add_executable(example_${name} "${source}")
        target_link_libraries(example_${name} PRIVATE
            $<IF:$<TARGET_EXISTS:xnvmepp>,xnvmepp,xnvmepp_static> xnvme_warnings)
        set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
            RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
    endforeach()
endif()

if(XNVME_BUILD_BENCH AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    include(XnvmeBench)
endif()
