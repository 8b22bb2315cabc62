# What `cmake --install build --prefix P` lays down: libraries, headers, the CMake and pkg-config
# packages, the command with its completions, and the documentation.

include(CMakePackageConfigHelpers)

set(xnvme_targets xnvmepp_static)
if(XNVME_BUILD_SHARED)
    list(APPEND xnvme_targets xnvmepp)
endif()
install(TARGETS ${xnvme_targets} EXPORT xnvmepp-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET xnvme_c_static)
    install(TARGETS xnvme_c_static ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
if(TARGET xnvme_c)
    install(TARGETS xnvme_c LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
if(TARGET xnvme_tool)
    install(TARGETS xnvme_tool RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(FILES "${PROJECT_BINARY_DIR}/generated/xnvme/version.hpp"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/xnvme")

set(xnvme_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/xnvmepp")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/xnvmepp-config.cmake.in"
    "${PROJECT_BINARY_DIR}/xnvmepp-config.cmake" INSTALL_DESTINATION "${xnvme_cmake_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/xnvmepp-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(EXPORT xnvmepp-targets NAMESPACE xnvmepp:: DESTINATION "${xnvme_cmake_dir}")
install(FILES "${PROJECT_BINARY_DIR}/xnvmepp-config.cmake"
    "${PROJECT_BINARY_DIR}/xnvmepp-config-version.cmake" DESTINATION "${xnvme_cmake_dir}")

# pkg-config: what the archive needs is private, so that only `--static` shows it.
set(xnvme_libs_private "-pthread")
if(WIN32)
    string(APPEND xnvme_libs_private " -lsynchronization")
endif()
if(XNVME_HAVE_LIBURING)
    string(APPEND xnvme_libs_private " -luring")
endif()
if(XNVME_HAVE_LIBAIO)
    string(APPEND xnvme_libs_private " -laio")
endif()
if(XNVME_HAVE_LIBISAL)
    string(APPEND xnvme_libs_private " -lisal")
endif()
# The prefix is found from the file's own place, so that an installed tree can be moved.
file(RELATIVE_PATH xnvme_pc_to_prefix "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
configure_file("${PROJECT_SOURCE_DIR}/cmake/xnvmepp.pc.in" "${PROJECT_BINARY_DIR}/xnvmepp.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/xnvmepp.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(TARGET xnvme_c_static)
    # Programs ask for the version of the C API that they were written to.
    configure_file("${PROJECT_SOURCE_DIR}/cmake/xnvme.pc.in" "${PROJECT_BINARY_DIR}/xnvme.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/xnvme.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

# The command writes its own completions; one built for another system cannot run here.
if(TARGET xnvme_tool AND NOT CMAKE_CROSSCOMPILING)
    set(xnvme_completions "")
    foreach(shell bash zsh fish)
        set(script "${PROJECT_BINARY_DIR}/completions/${shell}")
        add_custom_command(OUTPUT "${script}"
            COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/completions"
            COMMAND xnvme_tool completion ${shell} > "${script}"
            DEPENDS xnvme_tool VERBATIM)
        list(APPEND xnvme_completions "${script}")
    endforeach()
    add_custom_target(completions ALL DEPENDS ${xnvme_completions})
    install(FILES "${PROJECT_BINARY_DIR}/completions/bash" RENAME xnvme
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
    install(FILES "${PROJECT_BINARY_DIR}/completions/zsh" RENAME _xnvme
        DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
    install(FILES "${PROJECT_BINARY_DIR}/completions/fish" RENAME xnvme.fish
        DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endif()

install(FILES README.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING PATTERN "*.md")
