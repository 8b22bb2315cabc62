# The programs that ./dev bench measures: bench/raw, each by hand on one interface, and bench/ours,
# the same reads through the library, linked as a stranger's program would be.

enable_language(C)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)

file(GLOB xnvme_bench_sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/bench"
    "${PROJECT_SOURCE_DIR}/bench/raw/*.cpp" "${PROJECT_SOURCE_DIR}/bench/ours/*.cpp"
    "${PROJECT_SOURCE_DIR}/bench/ours/*.c")
if(NOT XNVME_HAVE_LIBURING)
    list(REMOVE_ITEM xnvme_bench_sources raw/io_uring.cpp)
endif()
if(NOT XNVME_HAVE_LIBAIO)
    list(REMOVE_ITEM xnvme_bench_sources raw/libaio.cpp)
endif()
add_custom_target(bench)
foreach(source IN LISTS xnvme_bench_sources)
    get_filename_component(folder "${source}" DIRECTORY)
    get_filename_component(name "${source}" NAME_WE)
    set(target bench_${folder}_${name})
    add_executable(${target} "${PROJECT_SOURCE_DIR}/bench/${source}")
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${target} PRIVATE xnvme_warnings Threads::Threads)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench/${folder}")
    if(source MATCHES "^ours/.*\\.c$")
        target_link_libraries(${target} PRIVATE
            $<IF:$<TARGET_EXISTS:xnvme_c>,xnvme_c,xnvme_c_static>)
        set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
    elseif(folder STREQUAL "ours")
        target_link_libraries(${target} PRIVATE
            $<IF:$<TARGET_EXISTS:xnvmepp>,xnvmepp,xnvmepp_static>)
    elseif(name STREQUAL "io_uring")
        target_link_libraries(${target} PRIVATE xnvme_liburing ${XNVME_LIBURING_LIBRARY})
    elseif(name STREQUAL "libaio")
        target_link_libraries(${target} PRIVATE xnvme_libaio ${XNVME_LIBAIO_LIBRARY})
    endif()
    add_dependencies(bench ${target})
endforeach()
