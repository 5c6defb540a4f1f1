# A floor is an object library with an include directory of its own, which holds links to itself and
# to the floors it stands on: an #include that goes up, or sideways, finds no file.
set_property(GLOBAL PROPERTY garm_floors "")

function(garm_floor name)
    cmake_parse_arguments(FLOOR "PUBLIC_HEADERS" "" "ON;SOURCES" ${ARGN})
    set(view ${CMAKE_BINARY_DIR}/floors/${name})
    file(MAKE_DIRECTORY ${view})
    foreach(floor IN LISTS FLOOR_ON ITEMS ${name})
        file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${floor} ${view}/${floor} SYMBOLIC)
    endforeach()
    add_library(floor_${name} OBJECT ${FLOOR_SOURCES})
    target_include_directories(floor_${name} PRIVATE ${view})
    if(FLOOR_PUBLIC_HEADERS)
        target_include_directories(floor_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
    endif()
    target_link_libraries(floor_${name} PRIVATE garm_flags)
    set_property(GLOBAL APPEND PROPERTY garm_floors ${name})
endfunction()

# libgarm.a and libgarm.so, from the floors' objects. The archive holds one object in which all names but
# the public ones are local: a program may have a map_get of its own. It is machine code whatever the
# build, for LTO's byte code would tie it to one version of one compiler. Groups of C++'s inline
# functions are dissolved: their names are local too, so that no other copy can take their place.
function(garm_library)
    get_property(floors GLOBAL PROPERTY garm_floors)
    set(objects "")
    foreach(floor IN LISTS floors)
        list(APPEND objects $<TARGET_OBJECTS:floor_${floor}>)
    endforeach()
    set(lto "")
    if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
        separate_arguments(lto NATIVE_COMMAND "${CMAKE_C_FLAGS_RELEASE}")
        list(APPEND lto -flto=auto -flinker-output=nolto-rel)
    endif()
    set(object ${CMAKE_BINARY_DIR}/garm.o)
    add_custom_command(OUTPUT ${object}
        COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -Wl,--force-group-allocation ${lto} -o ${object}.all ${objects}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${object}.all ${object}
        DEPENDS ${objects} COMMAND_EXPAND_LISTS VERBATIM COMMENT "Joining the floors")
    add_library(garm_static STATIC ${object})
    set_target_properties(garm_static PROPERTIES LINKER_LANGUAGE C INTERPROCEDURAL_OPTIMIZATION OFF)
    set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    add_library(garm_shared SHARED ${objects})
    foreach(target garm_static garm_shared)
        set_target_properties(${target} PROPERTIES OUTPUT_NAME garm)
        target_include_directories(${target} PUBLIC
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
        target_link_libraries(${target} PUBLIC Threads::Threads PRIVATE $<BUILD_INTERFACE:garm_flags>)
        set_target_properties(${target} PROPERTIES
            ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    endforeach()
    # Who links the archive as an installed library, by a C compiler perhaps, needs these.
    target_link_libraries(garm_static INTERFACE simdjson stdc++ crypto sodium z deflate brotlienc brotlicommon zstd)
    set_target_properties(garm_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
endfunction()

function(garm_summary)
    message(STATUS "Garm ${PROJECT_VERSION}: ${CMAKE_BUILD_TYPE}, ${CMAKE_C_COMPILER_ID} "
        "${CMAKE_C_COMPILER_VERSION}, sanitizers: ${GARM_SANITIZE}, tests: ${GARM_TESTS}, "
        "examples: ${GARM_EXAMPLES}, fuzz: ${GARM_FUZZ}")
endfunction()
