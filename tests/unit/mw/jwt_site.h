/* An application that asks for tokens, for tests. Who comes in is told "USER/SCOPE/claims". */
#ifndef TESTS_UNIT_MW_JWT_SITE_H
#define TESTS_UNIT_MW_JWT_SITE_H

#include "tokens.h"

#define OTHER_SECRET "another secret of thirty-two bytes or so"
#define GOOD         "{\"sub\":\"ada\",\"scope\":\"read\",\"exp\":NOW+60}"

extern garm_test *test;

void jwt_begin(void);
void jwt_end(void);

/** The claims with each NOW replaced by the time, an offset in seconds added: NOW+60. Valid until
 *  the next call. */
const char *at_now(const char *format);
/** A token of HS256 with such claims. */
const char *hs_token(const char *claims);
/** What a request with the token gets. */
const garm_response *get(const char *path, const char *token);
/** The response must have this field. */
void expect(const char *name, const char *value);
/** The response must be 401 for an invalid token, and say why. */
void expect_refused(const garm_response *res, const char *why);

#endif
