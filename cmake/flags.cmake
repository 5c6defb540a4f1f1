# Compiler and linker flags: one interface library that every target of ours links.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SIMDJSON REQUIRED simdjson)
pkg_check_modules(CRYPTO REQUIRED libcrypto libsodium)
pkg_check_modules(CODING REQUIRED zlib libdeflate libbrotlienc libzstd)

add_library(garm_flags INTERFACE)
target_compile_definitions(garm_flags INTERFACE _GNU_SOURCE)
target_compile_options(garm_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wvla -Wwrite-strings -Wundef
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
    -fno-omit-frame-pointer)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(garm_flags INTERFACE -fno-plt)
endif()
target_link_libraries(garm_flags INTERFACE Threads::Threads)
# For src/codec/json_simdjson.cc, src/app/crypto_*.c and src/app/coding_*.c; a program without these
# shall not load them.
target_link_options(garm_flags INTERFACE -Wl,--as-needed)
target_link_libraries(garm_flags INTERFACE ${SIMDJSON_LINK_LIBRARIES} stdc++ ${CRYPTO_LINK_LIBRARIES}
    ${CODING_LINK_LIBRARIES})

# gcc makes `rep stos` of the zeroing of a structure, which takes longer to begin than to do.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(garm_flags INTERFACE
        -mmemset-strategy=vector_loop:512:noalign,libcall:-1:noalign)
endif()

# Lazy binding would add 3 KB of stack to a coroutine's first call of a function.
target_link_options(garm_flags INTERFACE -Wl,-z,now -Wl,-z,relro)

if(GARM_SANITIZE)
    target_compile_options(garm_flags INTERFACE -fsanitize=${GARM_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(garm_flags INTERFACE -fsanitize=${GARM_SANITIZE})
endif()
if(GARM_HARDENING)
    target_compile_options(garm_flags INTERFACE
        -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
