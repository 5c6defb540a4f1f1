# Debian packages by CPack, one for each component: `make deb`. Only for a build with GARM_DEB, whose
# prefix is /usr and whose library directory is the architecture's.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    message(FATAL_ERROR "GARM_DEB wants -DCMAKE_INSTALL_PREFIX=/usr")
endif()

set(garm_changelog ${CMAKE_BINARY_DIR}/install/changelog.gz)
add_custom_command(OUTPUT ${garm_changelog}
    COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/packaging/deb/changelog > ${garm_changelog}
    DEPENDS ${PROJECT_SOURCE_DIR}/packaging/deb/changelog VERBATIM)
add_custom_target(garm_changelog ALL DEPENDS ${garm_changelog})

# The component's package in CPack's words.
function(garm_package component name)
    cmake_parse_arguments(PACKAGE "" "SECTION;SUMMARY;TEXT;DEPENDS;RECOMMENDS" "" ${ARGN})
    install(FILES ${garm_changelog} packaging/deb/copyright
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component})
    if(EXISTS ${PROJECT_SOURCE_DIR}/packaging/deb/${name}.lintian-overrides)
        install(FILES packaging/deb/${name}.lintian-overrides RENAME ${name}
            DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT ${component})
    endif()
    string(TOUPPER ${component} key)
    foreach(pair "PACKAGE_NAME:${name}" "FILE_NAME:DEB-DEFAULT" "PACKAGE_SECTION:${PACKAGE_SECTION}"
            "PACKAGE_DEPENDS:${PACKAGE_DEPENDS}" "PACKAGE_RECOMMENDS:${PACKAGE_RECOMMENDS}")
        string(REGEX MATCH "^([A-Z_]+):(.*)$" pair "${pair}")
        if(NOT CMAKE_MATCH_2 STREQUAL "")
            set(CPACK_DEBIAN_${key}_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}" PARENT_SCOPE)
        endif()
    endforeach()
    set(CPACK_DEBIAN_${key}_DESCRIPTION "${PACKAGE_SUMMARY}\n${PACKAGE_TEXT}" PARENT_SCOPE)
endfunction()

set(about "Garm is a library for HTTP services in C. Handlers are written in blocking
style, and each request runs on a small stack of its own above one event loop
per core.
.
")
garm_package(command garm SECTION httpd SUMMARY "HTTP application server for C"
    RECOMMENDS "libgarm-dev (= ${PROJECT_VERSION})"
    TEXT "${about}This package has the garm command: it serves the files of a directory and
applications in shared objects, lists and explains routes, and writes new
projects. Units for systemd's socket activation come with it.")
garm_package(runtime libgarm0 SECTION libs SUMMARY "HTTP application server for C - shared library"
    TEXT "${about}This package has the shared library.")
garm_package(devel libgarm-dev SECTION libdevel
    SUMMARY "HTTP application server for C - development files"
    DEPENDS "libgarm0 (= ${PROJECT_VERSION}), libc6-dev, libsimdjson-dev, libssl-dev, libsodium-dev, zlib1g-dev, \
libdeflate-dev, libbrotli-dev, libzstd-dev"
    TEXT "${about}This package has what programs are compiled with: headers, the static library,
and files for pkg-config and CMake.")

# The archive keeps the names that linking needs, and no debugging symbols.
install(CODE "execute_process(COMMAND ${CMAKE_STRIP} --strip-debug --remove-section=.comment
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/libgarm.a\" COMMAND_ERROR_IS_FATAL ANY)"
    COMPONENT devel)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME garm)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Garm authors <maintainers@garm.invalid>")
set(CPACK_COMPONENTS_ALL command runtime devel)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/deb/triggers)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_POST_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/deb/finish.cmake)
include(CPack)
