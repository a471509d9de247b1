// A disk that takes a quarter of a second for a sync: loaded before the C library.
#include <sys/syscall.h>
#include <unistd.h>

enum { QUARTER_OF_A_SECOND_US = 250000 };

int fsync(int file) {
    usleep(QUARTER_OF_A_SECOND_US);
    return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    usleep(QUARTER_OF_A_SECOND_US);
    return (int)syscall(SYS_fdatasync, file);
}
