# Writes OUTPUT, a C file with the content of the FILES below ROOT: see src/cli/templates.h.
cmake_minimum_required(VERSION 3.22)
set(arrays "")
set(table "")
set(index 0)
foreach(file IN LISTS FILES)
    file(READ ${ROOT}/${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)"
        "\\1\n    " bytes "${bytes}")
    string(APPEND arrays "static const unsigned char file_${index}[] = {\n    ${bytes}};\n\n")
    # A file of another name there: in the source tree it would be heeded.
    string(REGEX REPLACE "^[^/]*/(.*)$" "\\1" path ${file})
    string(REGEX REPLACE "^gitignore$" ".gitignore" path ${path})
    string(APPEND table "    {\"${path}\", file_${index}, sizeof(file_${index})},\n")
    math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* Made by cmake/embed.cmake. */
#include \"cli/templates.h\"

${arrays}const struct template_file template_files[] = {
${table}    {NULL, NULL, 0},
};
")
