/* A disk that takes its time: every sync of a file takes a millisecond, on any machine.  Loaded before the C library. */
#include <unistd.h>
#include <stdlib.h>
#include <time.h>

static void take_time(void) {
    static long nanoseconds = -1;
    if (nanoseconds < 0) {
        const char *given = getenv("SLOW_FSYNC_MICROSECONDS");
        nanoseconds = (given ? atol(given) : 1000) * 1000;
    }
    if (nanoseconds == 0)
        return;
    struct timespec wait = {nanoseconds / 1000000000L, nanoseconds % 1000000000L};
    nanosleep(&wait, NULL);
}

/* The disk's own time would come on top and differs from machine to machine; no test here takes its power away. */
#define SLOWED(name)                                                                                                   \
    int name(int descriptor) {                                                                                         \
        (void)descriptor;                                                                                              \
        take_time();                                                                                                   \
        return 0;                                                                                                      \
    }

SLOWED(fsync)
SLOWED(fdatasync)
