/* A disk that keeps a diary and can fail: preloaded before the C library, for files below one
 * folder. Every system call that reads, writes, flushes or names such a file passes here, whether
 * Python or SQLite made it. Knows nothing of what is in the files.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { READ, WRITE, SYNC, NAME, KINDS };
#define MAX_FD 1024

static char folder[PATH_MAX];
static size_t folder_length;
static char *path_of[MAX_FD];
static int diary = -1;
static long seen[KINDS];            /* calls of each kind since the last disk_fail */
static int failing = -1, failing_errno, for_good;
static long failing_at;
static long long room = -1;         /* bytes by which files may still grow; -1: no limit */
static int read_only;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define KEEP(name)                             \
    static __typeof__(&name) real;             \
    if (!real) real = REAL(name)

static int below(const char *path) {
    if (!folder_length || !path || strncmp(path, folder, folder_length)) return 0;
    return path[folder_length] == '/' || !path[folder_length];
}
static const char *name_of(int fd) { return fd >= 0 && fd < MAX_FD ? path_of[fd] : NULL; }

static void raw(const void *bytes, size_t count) {
    KEEP(write);
    const char *next = bytes;
    while (count) {
        ssize_t done = real(diary, next, count);
        if (done <= 0) _exit(99);   /* the diary itself must not fail */
        next += done;
        count -= (size_t)done;
    }
}
/* One entry: what, length of the path, offset, length of the data; the path; the data. */
static void note(char what, const char *path, long long offset, const void *data, size_t count) {
    if (diary < 0) return;
    char head[21];
    uint32_t length = (uint32_t)strlen(path);
    int64_t at = offset, size = (int64_t)count;
    head[0] = what;
    memcpy(head + 1, &length, 4);
    memcpy(head + 5, &at, 8);
    memcpy(head + 13, &size, 8);
    raw(head, sizeof head);
    raw(path, length);
    raw(data, count);
}

static int refuse(int kind) {
    long turn = ++seen[kind];
    if (failing != kind || failing_at <= 0) return 0;
    if (turn == failing_at || (for_good && turn > failing_at)) {
        errno = failing_errno;
        return 1;
    }
    return 0;
}
static int refuse_change(void) {
    if (read_only) errno = EROFS;
    return read_only;
}

void disk_watch(const char *path) {
    strncpy(folder, path, sizeof folder - 1);
    folder_length = strlen(folder);
}
int disk_diary(const char *path) {
    KEEP(open64);
    diary = path ? real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    return diary;
}
void disk_mark(const char *text) { note('m', "", 0, text, strlen(text)); }
void disk_fail(int kind, long nth, int number, int good) {
    memset(seen, 0, sizeof seen);
    failing = kind, failing_at = nth, failing_errno = number, for_good = good;
}
void disk_room(long long bytes) { room = bytes; }
void disk_read_only(int on) { read_only = on; }
long disk_seen(int kind) { return seen[kind]; }

static int opened(const char *path, int flags, mode_t mode, int at) {
    KEEP(openat64);
    int watched = below(path), changing = flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC), made = 0;
    if (watched) {
        struct stat there;
        if (changing && refuse_change()) return -1;
        made = (flags & O_CREAT) && stat(path, &there) != 0;
        if (made && refuse(NAME)) return -1;
    }
    int fd = real(at, path, flags, mode);
    if (fd >= 0 && fd < MAX_FD) {
        free(path_of[fd]);
        path_of[fd] = watched ? strdup(path) : NULL;
        if (watched && made) note('c', path, 0, "", 0);
        else if (watched && (flags & O_TRUNC)) note('t', path, 0, "", 0);
    }
    return fd;
}
#define MODE                                   \
    mode_t mode = 0;                           \
    if (flags & (O_CREAT | O_TMPFILE)) {       \
        va_list more;                          \
        va_start(more, flags);                 \
        mode = va_arg(more, mode_t);           \
        va_end(more);                          \
    }
int open(const char *path, int flags, ...) { MODE return opened(path, flags, mode, AT_FDCWD); }
int open64(const char *path, int flags, ...) { MODE return opened(path, flags, mode, AT_FDCWD); }
int openat64(int at, const char *path, int flags, ...) { MODE return opened(path, flags, mode, at); }

int close(int fd) {
    KEEP(close);
    if (fd >= 0 && fd < MAX_FD) {
        free(path_of[fd]);
        path_of[fd] = NULL;
    }
    return real(fd);
}

/* How many of count bytes may be written at offset: a full disk refuses growth, not overwriting. */
static ssize_t allowed(int fd, size_t count, long long offset) {
    struct stat now;
    if (refuse_change() || refuse(WRITE)) return -1;
    if (room < 0 || fstat(fd, &now)) return (ssize_t)count;
    long long growth = offset + (long long)count - now.st_size;
    if (growth <= room) {
        if (growth > 0) room -= growth;
        return (ssize_t)count;
    }
    long long fits = (long long)count - (growth - room);
    room = 0;
    if (fits <= 0) {
        errno = ENOSPC;
        return -1;
    }
    return (ssize_t)fits;
}
ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    KEEP(pwrite64);
    const char *path = name_of(fd);
    if (!path) return real(fd, data, count, offset);
    ssize_t fits = allowed(fd, count, offset);
    if (fits < 0) return -1;
    ssize_t done = real(fd, data, (size_t)fits, offset);
    if (done > 0) note('w', path, offset, data, (size_t)done);
    return done;
}
ssize_t write(int fd, const void *data, size_t count) {
    KEEP(write);
    const char *path = name_of(fd);
    if (!path) return real(fd, data, count);
    struct stat now;
    int appending = fcntl(fd, F_GETFL) & O_APPEND;
    long long offset = appending && !fstat(fd, &now) ? now.st_size : lseek64(fd, 0, SEEK_CUR);
    ssize_t fits = allowed(fd, count, offset);
    if (fits < 0) return -1;
    ssize_t done = real(fd, data, (size_t)fits);
    if (done > 0) note('w', path, offset, data, (size_t)done);
    return done;
}
int ftruncate64(int fd, off64_t size) {
    KEEP(ftruncate64);
    const char *path = name_of(fd);
    if (path && (refuse_change() || refuse(WRITE))) return -1;
    int done = real(fd, size);
    if (path && !done) note('t', path, size, "", 0);
    return done;
}
ssize_t read(int fd, void *into, size_t count) {
    KEEP(read);
    return name_of(fd) && refuse(READ) ? -1 : real(fd, into, count);
}
ssize_t pread64(int fd, void *into, size_t count, off64_t offset) {
    KEEP(pread64);
    return name_of(fd) && refuse(READ) ? -1 : real(fd, into, count, offset);
}
int fsync(int fd) {
    KEEP(fsync);
    const char *path = name_of(fd);
    if (path && refuse(SYNC)) return -1;
    int done = real(fd);
    if (path && !done) note('s', path, 0, "", 0);
    return done;
}
int fdatasync(int fd) {
    KEEP(fdatasync);
    const char *path = name_of(fd);
    if (path && refuse(SYNC)) return -1;
    int done = real(fd);
    if (path && !done) note('s', path, 0, "", 0);
    return done;
}
int rename(const char *from, const char *to) {
    KEEP(rename);
    if (below(to) && (refuse_change() || refuse(NAME))) return -1;
    int done = real(from, to);
    if (!done && below(to)) note('r', from, 0, to, strlen(to));
    return done;
}
int link(const char *from, const char *to) {
    KEEP(link);
    if (below(to) && (refuse_change() || refuse(NAME))) return -1;
    int done = real(from, to);
    if (!done && below(to)) note('l', from, 0, to, strlen(to));
    return done;
}
int unlink(const char *path) {
    KEEP(unlink);
    if (below(path) && (refuse_change() || refuse(NAME))) return -1;
    int done = real(path);
    if (!done && below(path)) note('d', path, 0, "", 0);
    return done;
}
int mkdir(const char *path, mode_t mode) {
    KEEP(mkdir);
    if (below(path) && (refuse_change() || refuse(NAME))) return -1;
    int done = real(path, mode);
    if (!done && below(path)) note('k', path, 0, "", 0);
    return done;
}
