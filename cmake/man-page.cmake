# scdoc reads from its standard input; SOURCE_DATE_EPOCH sets the date in the page.
cmake_minimum_required(VERSION 3.22)
file(READ ${PAGE} text)
string(REPLACE "@VERSION@" "${VERSION}" text "${text}")
file(WRITE ${OUTPUT}.scd "${text}")
execute_process(COMMAND ${SCDOC} INPUT_FILE ${OUTPUT}.scd OUTPUT_FILE ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
