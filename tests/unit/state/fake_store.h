/* A store around the one in memory, which does what the test says. */
#ifndef TESTS_UNIT_STATE_FAKE_STORE_H
#define TESTS_UNIT_STATE_FAKE_STORE_H

#include <garm/garm.h>

struct fake_store {
    int load_error, save_error, remove_error;
    int meddlers; /* saves of others that come just before ours */
    bool ended;   /* by somebody else, just before our save */
    int loads, saves;
    char key[64]; /* last used */
};
extern struct fake_store store;

/** The store, forgetting what was said to it before. */
garm_session_store fake_store_new(garm_app *app);

#endif
