# What `make install` puts where, in three components, each of which is a Debian package: command,
# runtime (the shared library) and devel. What is written for a prefix is written when that is known,
# at the time of installing.
include(CMakePackageConfigHelpers)
include(cmake/private-libs.cmake)

add_library(garm::garm ALIAS garm_shared)
add_library(garm::garm_static ALIAS garm_static)
set_target_properties(garm_shared PROPERTIES EXPORT_NAME garm)

set(GARM_PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(GARM_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/garm)
set(GARM_UNIT_DIR lib/systemd/system)
set(GARM_BASH_DIR ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
set(GARM_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
set(GARM_FISH_DIR ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
if(GARM_DEB)
    set(GARM_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endif()
set(garm_directories
    ${CMAKE_INSTALL_BINDIR} ${CMAKE_INSTALL_LIBDIR}
    ${CMAKE_INSTALL_MANDIR}/man1 ${CMAKE_INSTALL_MANDIR}/man3 ${GARM_PKGCONFIG_DIR}
    ${GARM_CMAKE_DIR} ${GARM_UNIT_DIR} ${GARM_BASH_DIR} ${GARM_ZSH_DIR} ${GARM_FISH_DIR})
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR}/include CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/include/garm/*.h)
foreach(header IN LISTS headers)
    get_filename_component(directory ${header} DIRECTORY)
    list(APPEND garm_directories ${CMAKE_INSTALL_INCLUDEDIR}/${directory})
endforeach()
list(REMOVE_DUPLICATES garm_directories)

# A path as it is when it is absolute, else below `prefix`.
function(garm_below prefix path ret_path)
    if(NOT IS_ABSOLUTE "${path}")
        set(path "${prefix}/${path}")
    endif()
    set(${ret_path} "${path}" PARENT_SCOPE)
endfunction()

# Installs packaging/<template>.in, filled in for the prefix.
function(garm_install_filled template directory component)
    get_filename_component(name ${template} NAME)
    set(filled ${CMAKE_BINARY_DIR}/install/${name})
    garm_below("\${CMAKE_INSTALL_PREFIX}" ${directory} destination)
    garm_below("\${CMAKE_INSTALL_PREFIX}" ${CMAKE_INSTALL_BINDIR} bin)
    garm_below("\\\${prefix}" ${CMAKE_INSTALL_LIBDIR} lib)
    garm_below("\\\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR} include)
    install(CODE "
        set(GARM_VERSION \"${PROJECT_VERSION}\")
        set(GARM_PREFIX \"\${CMAKE_INSTALL_PREFIX}\")
        set(GARM_BIN \"${bin}\")
        set(GARM_LIB \"${lib}\")
        set(GARM_INCLUDE \"${include}\")
        set(GARM_LIBS_PRIVATE \"${garm_libs_private}\")
        configure_file(\"${PROJECT_SOURCE_DIR}/packaging/${template}.in\" \"${filled}\" @ONLY)
        file(INSTALL DESTINATION \"${destination}\" TYPE FILE FILES \"${filled}\")
        " COMPONENT ${component})
endfunction()

# Which directories are new is noted first, so that `make uninstall` can remove those again.
list(JOIN garm_directories "\\;" directories)
install(CODE "set(garm_directories ${directories})
set(garm_records \"${CMAKE_BINARY_DIR}/installed\")")
install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/install-begin.cmake)

install(TARGETS garm_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
install(TARGETS garm_static garm_shared EXPORT garm
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT devel
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT devel)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/garm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    COMPONENT devel FILES_MATCHING PATTERN *.h)

garm_private_libs(garm_static garm_libs_private)
garm_install_filled(garm.pc ${GARM_PKGCONFIG_DIR} devel)
garm_install_filled(garm-static.pc ${GARM_PKGCONFIG_DIR} devel)

install(EXPORT garm NAMESPACE garm:: FILE garm-targets.cmake DESTINATION ${GARM_CMAKE_DIR}
    COMPONENT devel)
configure_package_config_file(packaging/garm-config.cmake.in ${CMAKE_BINARY_DIR}/install/garm-config.cmake
    INSTALL_DESTINATION ${GARM_CMAKE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/install/garm-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/install/garm-config.cmake
    ${CMAKE_BINARY_DIR}/install/garm-config-version.cmake
    DESTINATION ${GARM_CMAKE_DIR} COMPONENT devel)

garm_install_filled(systemd/garm@.service ${GARM_UNIT_DIR} command)
install(FILES packaging/systemd/garm@.socket DESTINATION ${GARM_UNIT_DIR} COMPONENT command)
install(FILES completions/garm.bash RENAME garm DESTINATION ${GARM_BASH_DIR} COMPONENT command)
install(FILES completions/garm.zsh RENAME _garm DESTINATION ${GARM_ZSH_DIR} COMPONENT command)
install(FILES completions/garm.fish DESTINATION ${GARM_FISH_DIR} COMPONENT command)

include(cmake/man.cmake)
if(GARM_DEB)
    include(cmake/package.cmake)
endif()
install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/install-end.cmake)
