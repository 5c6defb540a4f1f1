#include <garm/garm.h>
GARM_APP(app)
{
    (void)app;
}
