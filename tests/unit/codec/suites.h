/* The suites of this floor's unit tests: one per subject, one file each. */
#ifndef GARM_TESTS_CODEC_SUITES_H
#define GARM_TESTS_CODEC_SUITES_H

#include <check.h>

Suite *authority_suite(void);
Suite *chars_suite(void);
Suite *chunked_suite(void);
Suite *coding_suite(void);
Suite *conditional_suite(void);
Suite *field_suite(void);
Suite *head_suite(void);
Suite *json_number_suite(void);
Suite *json_text_suite(void);
Suite *json_tree_suite(void);
Suite *limits_suite(void);
Suite *method_suite(void);
Suite *multipart_suite(void);
Suite *path_suite(void);
Suite *percent_suite(void);
Suite *range_suite(void);
Suite *response_suite(void);
Suite *scan_suite(void);
Suite *semantics_suite(void);
Suite *status_suite(void);
Suite *target_suite(void);
Suite *trailers_suite(void);
Suite *urlencoded_suite(void);

#endif
