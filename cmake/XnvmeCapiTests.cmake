# The tests of the C API: one program per file of tests/capi, in C, linked as a stranger's would be.
# With a sanitizer they are linked with the archive, which the sanitizer can then look into.

enable_language(C)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)

file(GLOB xnvme_capi_programs CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests/capi"
    "${PROJECT_SOURCE_DIR}/tests/capi/*.c")
foreach(source IN LISTS xnvme_capi_programs)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(capi_${name} "${PROJECT_SOURCE_DIR}/tests/capi/${source}")
    target_link_libraries(capi_${name} PRIVATE xnvme_warnings Threads::Threads
        $<IF:$<TARGET_EXISTS:xnvme_c>,xnvme_c,xnvme_c_static>)
    set_target_properties(capi_${name} PROPERTIES LINKER_LANGUAGE CXX
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/capi")
endforeach()
add_custom_target(capi_tests)
foreach(source IN LISTS xnvme_capi_programs)
    get_filename_component(name "${source}" NAME_WE)
    add_dependencies(capi_tests capi_${name})
endforeach()

# PROGRAM on TARGET with options; the test is named after all of them.
function(xnvme_capi_test program target)
    string(REPLACE ";" "_" name "capi_${program}_${target};${ARGN}")
    string(REGEX REPLACE "[^A-Za-z0-9_]+" "_" name "${name}")
    string(REGEX REPLACE "_+$" "" name "${name}")
    add_test(NAME ${name} COMMAND bash "${PROJECT_SOURCE_DIR}/tests/capi/on.sh"
        ${target} $<TARGET_FILE:capi_${program}> ${ARGN})
    set_tests_properties(${name} PROPERTIES LABELS "capi" TIMEOUT 300)
endfunction()

foreach(target mem:64MiB file loop zram)
    xnvme_capi_test(sync ${target})
    xnvme_capi_test(buffers ${target})
    xnvme_capi_test(queues ${target})
    xnvme_capi_test(fio_like ${target})
    foreach(depth 1 7 64)
        xnvme_capi_test(async ${target} depth=${depth})
    endforeach()
endforeach()
xnvme_capi_test(sync file direct=1)
xnvme_capi_test(sync loop direct=1)
foreach(async emu thrpool posix)
    xnvme_capi_test(async file async=${async})
    xnvme_capi_test(fio_like file async=${async})
endforeach()
foreach(async io_uring libaio)
    string(REPLACE "io_uring" "liburing" library ${async})
    string(TOUPPER ${library} library)
    if(XNVME_HAVE_${library})
        foreach(target file loop)
            xnvme_capi_test(async ${target} async=${async})
            xnvme_capi_test(async ${target} async=${async} direct=1)
            xnvme_capi_test(fio_like ${target} async=${async} direct=1)
            xnvme_capi_test(queues ${target} async=${async})
        endforeach()
    endif()
endforeach()
xnvme_capi_test(async mem:64MiB async=thrpool)
xnvme_capi_test(file folder)
xnvme_capi_test(errors folder)
xnvme_capi_test(names file)
xnvme_capi_test(enumerate file)
xnvme_capi_test(enumerate loop)
xnvme_capi_test(print mem:64MiB)

xnvme_capi_test(key_value mem:64MiB?csi=kv)
foreach(pi pi=1 pi=2 pi=3 pi=1&extended=1 pi=1&guard=64 pi=2&guard=32)
    xnvme_capi_test(protection mem:16MiB?${pi})
endforeach()

# What needs the shared library, and the compilers as they are.
if(TARGET xnvme_c AND NOT APPLE AND NOT XNVME_SANITIZE)
    foreach(script abi_test link_test ctypes_test)
        add_test(NAME capi_${script} COMMAND "${XNVME_PYTHON}"
            "${PROJECT_SOURCE_DIR}/tests/capi/${script}.py"
            WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
        set_tests_properties(capi_${script} PROPERTIES LABELS "capi" TIMEOUT 300
            ENVIRONMENT "${xnvme_script_environment};CC=${CMAKE_C_COMPILER};LIBXNVME=$<TARGET_FILE:xnvme_c>")
    endforeach()
endif()
