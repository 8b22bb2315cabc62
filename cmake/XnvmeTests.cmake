# Tests, and the label that chooses them (`ctest --test-dir build -L unit`):
#
#   unit         one program per folder of src/, and one of tools/xnvme, from the *_test.cpp files
#                beside the code
#   conformance  tests/conformance, one program over every interface
#                tests/guest, programs and scripts for the emulated machine: not ctest's, but run
#                by `./dev test` inside
#   command      tests/command: scripts that run the built command
#   capi         tests/capi: programs in C, and scripts, against the C API
#   docs         tests/docs: scripts that hold the documents against the build
#   consumer     tests/consumer: a stranger's program against the installed package
#   bench        instruction counts against bench/baseline.json
#   symbols      what the shared library shows
#   concurrent   what is worth running under the thread sanitizer

if(NOT EXISTS "${XNVME_GTEST_SOURCE}/CMakeLists.txt")
    message(FATAL_ERROR "GoogleTest's sources are not in ${XNVME_GTEST_SOURCE}: run `./dev deps`, "
        "set XNVME_GTEST_SOURCE, or build without tests (-DXNVME_BUILD_TESTS=OFF)")
endif()
set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
add_subdirectory("${XNVME_GTEST_SOURCE}" "${PROJECT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)

# Every test program reads the same large header, so it is compiled once for all of them.
file(WRITE "${PROJECT_BINARY_DIR}/generated/test_pch.cpp.tmp"
    "// The carrier of the test programs' precompiled header.\n")
file(COPY_FILE "${PROJECT_BINARY_DIR}/generated/test_pch.cpp.tmp"
    "${PROJECT_BINARY_DIR}/generated/test_pch.cpp" ONLY_IF_DIFFERENT)
add_library(xnvme_test_pch OBJECT "${PROJECT_BINARY_DIR}/generated/test_pch.cpp")
target_link_libraries(xnvme_test_pch PRIVATE xnvme_internal GTest::gmock)
target_precompile_headers(xnvme_test_pch PRIVATE <gtest/gtest.h>)
# A precompiled header can be shared only between targets with the same code model, and CMake gives
# an object library -fPIC where a program has -fPIE. Neither is asked for here: the default serves.
set_target_properties(xnvme_test_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
# Test code is the larger half of what is compiled, and nobody waits for its speed.
target_compile_options(xnvme_test_pch PRIVATE $<$<CONFIG:Release>:-O1>)

# What ccache takes for the precompiled header's contents, which are never the same twice: what they
# are made from.
file(GLOB xnvme_gtest_headers "${XNVME_GTEST_SOURCE}/googletest/include/gtest/*.h"
    "${XNVME_GTEST_SOURCE}/googletest/include/gtest/internal/*.h")
set(xnvme_pch_sum "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS}\n")
string(TOUPPER "${CMAKE_BUILD_TYPE}" xnvme_build_type)
string(APPEND xnvme_pch_sum "${CMAKE_CXX_FLAGS_${xnvme_build_type}} ${XNVME_SANITIZE}\n")
foreach(header IN LISTS xnvme_gtest_headers)
    file(SHA256 "${header}" hash)
    string(APPEND xnvme_pch_sum "${hash}\n")
endforeach()
foreach(suffix gch pch)
    file(WRITE "${PROJECT_BINARY_DIR}/CMakeFiles/xnvme_test_pch.dir/cmake_pch.hxx.${suffix}.sum"
        "${xnvme_pch_sum}")
endforeach()

function(xnvme_test_code target)
    target_link_libraries(${target} PRIVATE xnvme_internal GTest::gmock)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
    target_precompile_headers(${target} REUSE_FROM xnvme_test_pch)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
endfunction()

function(xnvme_test_program target main)
    add_executable(${target} ${ARGN})
    xnvme_test_code(${target})
    target_link_libraries(${target} PRIVATE ${main} xnvme_lto_off)
    set_target_properties(${target} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
endfunction()

# A test of src/os/posix/x.cpp goes into unit_os, one of src/backends/model/x.cpp into
# unit_backends_model.
set(xnvme_unit_programs "")
foreach(source IN LISTS xnvme_unit_test_sources)
    string(REGEX MATCH "^src/(backends/[^/]+|[^/]+)" folder "${source}")
    string(REGEX REPLACE "^src/" "" folder "${folder}")
    string(REPLACE "/" "_" folder "${folder}")
    list(APPEND xnvme_unit_programs ${folder})
    list(APPEND xnvme_unit_${folder} "${source}")
endforeach()
list(REMOVE_DUPLICATES xnvme_unit_programs)
foreach(folder IN LISTS xnvme_unit_programs)
    xnvme_test_program(unit_${folder} GTest::gtest_main ${xnvme_unit_${folder}})
    add_test(NAME unit_${folder} COMMAND unit_${folder} --gtest_brief=1)
    # Alone, for some of them set the machine's huge pages and count its devices.
    set_tests_properties(unit_${folder} PROPERTIES
        LABELS "unit;concurrent" TIMEOUT 300 RUN_SERIAL TRUE)
endforeach()
# Parts of the command: each test with the file beside it, where there is one.
if(XNVME_BUILD_COMMAND AND xnvme_tool_test_sources)
    set(xnvme_tool_tested "")
    foreach(source IN LISTS xnvme_tool_test_sources)
        string(REGEX REPLACE "_test\\.cpp$" ".cpp" beside "${source}")
        if(EXISTS "${PROJECT_SOURCE_DIR}/${beside}")
            list(APPEND xnvme_tool_tested "${beside}")
        endif()
    endforeach()
    xnvme_test_program(unit_command GTest::gtest_main ${xnvme_tool_test_sources}
        ${xnvme_tool_tested})
    target_include_directories(unit_command PRIVATE "${PROJECT_SOURCE_DIR}/tools/xnvme")
    add_test(NAME unit_command COMMAND unit_command --gtest_brief=1)
    set_tests_properties(unit_command PROPERTIES LABELS "unit;concurrent" TIMEOUT 300)
    list(APPEND xnvme_unit_programs command)
endif()
add_custom_target(unit_tests)
foreach(folder IN LISTS xnvme_unit_programs)
    add_dependencies(unit_tests unit_${folder})
endforeach()

xnvme_glob_sources(xnvme_conformance_sources tests/conformance)
if(xnvme_conformance_sources)
    # The suite has a main of its own where it defines one: it prints its table of interfaces.
    set(xnvme_conformance_main GTest::gtest_main)
    if(EXISTS "${PROJECT_SOURCE_DIR}/tests/conformance/main.cpp")
        set(xnvme_conformance_main GTest::gtest)
    endif()
    # What both programs below use of it: how commands are run and data compared.
    set(xnvme_harness_sources ${xnvme_conformance_sources})
    list(FILTER xnvme_harness_sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
    list(REMOVE_ITEM xnvme_conformance_sources ${xnvme_harness_sources})
    add_library(xnvme_test_harness OBJECT ${xnvme_harness_sources})
    xnvme_test_code(xnvme_test_harness)
    xnvme_test_program(conformance ${xnvme_conformance_main} ${xnvme_conformance_sources}
        $<TARGET_OBJECTS:xnvme_test_harness>)
    add_test(NAME conformance COMMAND conformance --gtest_brief=1)
    set_tests_properties(conformance PROPERTIES LABELS "conformance" TIMEOUT 900)
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
        file(GLOB xnvme_guest_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/guest/*.cpp")
        xnvme_test_program(guest_tests GTest::gtest ${xnvme_guest_sources}
            $<TARGET_OBJECTS:xnvme_test_harness>)
    endif()
endif()

if(CMAKE_CROSSCOMPILING)
    return()
endif()

# Scripts are handed what they test in their environment:
#   XNVME        the built command
#   BUILD_DIR    this build's folder
#   SOURCE_DIR   the sources
find_program(XNVME_PYTHON python3 REQUIRED)
set(xnvme_script_environment
    "XNVME=${PROJECT_BINARY_DIR}/bin/xnvme"
    "BUILD_DIR=${PROJECT_BINARY_DIR}"
    "SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "CXX=${CMAKE_CXX_COMPILER}"
    "PYTHONDONTWRITEBYTECODE=1")

function(xnvme_script_tests label)
    set(root "${PROJECT_SOURCE_DIR}/tests/${label}")
    file(GLOB scripts CONFIGURE_DEPENDS RELATIVE "${root}"
        "${root}/test_*.py" "${root}/*_test.py" "${root}/test_*.sh" "${root}/*_test.sh")
    foreach(script IN LISTS scripts)
        get_filename_component(name "${script}" NAME_WE)
        if(script MATCHES "\\.py$")
            set(interpreter "${XNVME_PYTHON}")
        else()
            set(interpreter bash)
        endif()
        add_test(NAME ${label}_${name} COMMAND ${interpreter} "${root}/${script}"
            WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
        set_tests_properties(${label}_${name} PROPERTIES LABELS ${label} TIMEOUT 600
            ENVIRONMENT "${xnvme_script_environment}")
    endforeach()
endfunction()

if(TARGET xnvme_tool)
    xnvme_script_tests(command)
endif()
if(TARGET xnvme_c_static)
    include(XnvmeCapiTests)
endif()

# These link the shared library as a stranger would, which a sanitizer does not allow.
if(XNVME_BUILD_SHARED AND NOT APPLE AND NOT XNVME_SANITIZE)
    if(EXISTS "${PROJECT_SOURCE_DIR}/README.md")
        xnvme_script_tests(docs)
    endif()
    add_test(NAME symbols COMMAND bash "${PROJECT_SOURCE_DIR}/scripts/check_symbols.sh"
        $<TARGET_FILE:xnvmepp>)
    set_tests_properties(symbols PROPERTIES LABELS symbols)
    add_test(NAME consumer COMMAND bash "${PROJECT_SOURCE_DIR}/tests/consumer/run.sh"
        "${PROJECT_BINARY_DIR}" "${CMAKE_CXX_COMPILER}")
    set_tests_properties(consumer PROPERTIES LABELS consumer TIMEOUT 300)
endif()

if(TARGET bench)
    add_test(NAME bench_report COMMAND "${XNVME_PYTHON}"
        "${PROJECT_SOURCE_DIR}/bench/report_test.py")
    set_tests_properties(bench_report PROPERTIES LABELS bench TIMEOUT 60
        ENVIRONMENT "${xnvme_script_environment}")
endif()

# Counts are those of optimised code of the compiler that made the baseline; with another version of
# it the check says so and is counted as skipped.
if(TARGET bench AND XNVME_BUILD_SHARED AND NOT XNVME_SANITIZE AND XNVME_LTO
   AND CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
   AND XNVME_HAVE_LIBURING AND XNVME_HAVE_LIBAIO)
    add_test(NAME bench_baseline COMMAND "${XNVME_PYTHON}"
        "${PROJECT_SOURCE_DIR}/bench/bench.py" --check --build "${PROJECT_BINARY_DIR}")
    set_tests_properties(bench_baseline PROPERTIES LABELS bench TIMEOUT 300 SKIP_RETURN_CODE 77
        ENVIRONMENT "${xnvme_script_environment}")
endif()
