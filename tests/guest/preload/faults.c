/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into timersnoop, it makes one call of a kind fail:
 *
 *	FAULT_KIND	tracefs: what is done to files below tracefs
 *			memory: what asks for memory
 *			interrupt: what waits or passes bytes, but for tracefs
 *	FAULT_AT	which of them, from 1; 0: none
 *	FAULT_LAST	up to which they all fail; FAULT_AT when it is not given
 *	FAULT_STEP	of these each so-manieth; 1 when it is not given
 *	FAULT_ERRNO	what they fail with; by kind EIO, ENOMEM, EINTR
 *	FAULT_KILL	when it is given, the process is killed instead, just before
 *	FAULT_REFUSE	a function's name and its address: writing a probe on it to
 *			kprobe_events fails, as when the kernel refuses it, with what
 *			stands before it done
 *	FAULT_LOG	gets a line "failed NUMBER CALL PATH" for each that fails, and in
 *			the end "counted NUMBER"
 *
 * A process that this one makes is left alone, and so is what it executes.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 256

static const char tracefs[] = "/sys/kernel/tracing";

static enum kind { NONE, TRACEFS, MEMORY, INTERRUPT } chosen;
static unsigned long first, last, step, counted;
static int failure;
static pid_t owner;
static int killer = -1; /* what is written to it ends this process */
static const char *refused;
static int log_fd = -1; /* opened before the process gives up what opens files */
/* In libtraceevent, which dies for want of memory, and is given it beforehand (decode.c). */
static bool exempt;
/* Which descriptors are of tracefs, and of which file. */
static char files[FILES_MAX][200];

/* Asks for no memory, and does not call what is below. */
static void say(const char *text, int length)
{
	if (log_fd >= 0)
		syscall(SYS_write, log_fd, text, length);
}

/* Where no descriptor of the program's own comes. */
static void open_log(const char *name)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0666);

	if (fd < 0)
		return;
	log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 500);
	syscall(SYS_close, fd);
}

/* Is it the turn of this one to fail? Then errno says why. */
static bool fails(enum kind kind, const char *call, const char *path)
{
	char text[400];
	int length;

	if (kind != chosen || exempt || getpid() != owner)
		return false;
	counted++;
	if (!first || counted < first || counted > last || (counted - first) % step)
		return false;
	length = snprintf(text, sizeof(text), "failed %lu %s %s\n", counted, call, path);
	say(text, length);
	if (killer >= 0) {
		syscall(SYS_write, killer, "", 1);
		for (;;)
			syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	}
	errno = failure;
	return true;
}

static bool is_below(const char *path)
{
	return strncmp(path, tracefs, strlen(tracefs)) == 0;
}

static bool path_fails(const char *call, const char *path)
{
	return is_below(path) && fails(TRACEFS, call, path);
}

static bool file_fails(const char *call, int fd)
{
	return fd >= 0 && fd < FILES_MAX && files[fd][0] && fails(TRACEFS, call, files[fd]);
}

static bool interrupts(const char *call, int fd)
{
	return fd >= 0 && fd < FILES_MAX && !files[fd][0] && fails(INTERRUPT, call, "");
}

static int keep(int fd, const char *path)
{
	if (fd >= 0 && fd < FILES_MAX)
		snprintf(files[fd], sizeof(files[fd]), "%s", is_below(path) ? path : "");
	return fd;
}

/* By then this process may have given up the right to send signals. Nobody waits for who
 * does it, whose parent ends at once. */
static void start_killer(void)
{
	int ends[2];
	char byte;

	if (syscall(SYS_pipe2, ends, O_CLOEXEC) < 0)
		return;
	killer = fcntl(ends[1], F_DUPFD_CLOEXEC, 500);
	syscall(SYS_close, ends[1]);
	if (fork() == 0) {
		if (fork() == 0) {
			syscall(SYS_close, killer);
			if (syscall(SYS_read, ends[0], &byte, 1) == 1)
				kill(owner, SIGKILL);
		}
		_exit(0);
	}
	wait(NULL);
	syscall(SYS_close, ends[0]);
}

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static void __attribute__((constructor)) begin(void)
{
	const char *kind = getenv("FAULT_KIND"), *name = getenv("FAULT_LOG");

	first = number("FAULT_AT", 0);
	last = number("FAULT_LAST", first);
	step = number("FAULT_STEP", 1);
	if (name)
		open_log(name);
	owner = getpid();
	if (getenv("FAULT_KILL"))
		start_killer();
	refused = getenv("FAULT_REFUSE");
	failure = (int)number("FAULT_ERRNO", EINVAL);
	unsetenv("LD_PRELOAD");
	if (kind && strcmp(kind, "tracefs") == 0) {
		failure = (int)number("FAULT_ERRNO", EIO);
		chosen = TRACEFS;
	} else if (kind && strcmp(kind, "memory") == 0) {
		failure = (int)number("FAULT_ERRNO", ENOMEM);
		chosen = MEMORY;
	} else if (kind && strcmp(kind, "interrupt") == 0) {
		failure = (int)number("FAULT_ERRNO", EINTR);
		chosen = INTERRUPT;
	}
}

static void __attribute__((destructor)) end(void)
{
	char text[40];

	if (getpid() != owner)
		return;
	chosen = NONE;
	say(text, snprintf(text, sizeof(text), "counted %lu\n", counted));
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* --- memory ------------------------------------------------------------------ */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return fails(MEMORY, "malloc", "") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(MEMORY, "calloc", "") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(MEMORY, "realloc", "") ? NULL : __libc_realloc(old, size);
}

/* --- libtraceevent ------------------------------------------------------------- */

struct tep_handle;
struct tep_event;

int tep_parse_format(struct tep_handle *tep, struct tep_event **event, const char *text,
		     unsigned long size, const char *system);
int tep_parse_format(struct tep_handle *tep, struct tep_event **event, const char *text,
		     unsigned long size, const char *system)
{
	int status;

	exempt = true;
	status = REAL(tep_parse_format)(tep, event, text, size, system);
	exempt = false;
	return status;
}

/* --- paths ------------------------------------------------------------------- */

static int open_it(const char *path, int flags, mode_t mode)
{
	if (path_fails("open", path))
		return -1;
	return keep((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), path);
}

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...);                                                \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		mode_t mode = 0;                                                                   \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, flags);                                                             \
		if (flags & O_CREAT)                                                               \
			mode = va_arg(args, mode_t);                                               \
		va_end(args);                                                                      \
		return open_it(path, flags, mode);                                                 \
	}

OPEN(open)
OPEN(open64)

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
	return open_it(path, flags, 0);
}

#define FOPEN(name)                                                                                \
	FILE *name(const char *path, const char *mode)                                             \
	{                                                                                          \
		return path_fails("fopen", path) ? NULL : REAL(name)(path, mode);                  \
	}

FOPEN(fopen)
FOPEN(fopen64)

#define STAT(name, type)                                                                           \
	int name(const char *path, struct type *info)                                              \
	{                                                                                          \
		return path_fails("stat", path) ? -1 : REAL(name)(path, info);                     \
	}

STAT(stat, stat)
STAT(stat64, stat64)

DIR *opendir(const char *path)
{
	DIR *dir = path_fails("opendir", path) ? NULL : REAL(opendir)(path);

	if (dir)
		keep(dirfd(dir), path);
	return dir;
}

int mkdir(const char *path, mode_t mode)
{
	return path_fails("mkdir", path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int rmdir(const char *path)
{
	return path_fails("rmdir", path) ? -1
					 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

int access(const char *path, int mode)
{
	return path_fails("access", path) ? -1 : REAL(access)(path, mode);
}

int faccessat(int dir, const char *path, int mode, int flags)
{
	return path_fails("faccessat", path) ? -1 : REAL(faccessat)(dir, path, mode, flags);
}

/* --- descriptors -------------------------------------------------------------- */

int close(int fd)
{
	keep(fd, "");
	return (int)syscall(SYS_close, fd);
}

int closedir(DIR *dir)
{
	keep(dirfd(dir), "");
	return REAL(closedir)(dir);
}

#define READDIR(name, type)                                                                        \
	struct type *name(DIR *dir)                                                                \
	{                                                                                          \
		return file_fails("readdir", dirfd(dir)) ? NULL : REAL(name)(dir);                 \
	}

READDIR(readdir, dirent)
READDIR(readdir64, dirent64)

ssize_t read(int fd, void *buffer, size_t size)
{
	if (file_fails("read", fd) || interrupts("read", fd))
		return -1;
	return syscall(SYS_read, fd, buffer, size);
}

/* Writes the probes before the one that is refused, as the kernel does. */
static bool refuses(int fd, const char *text, size_t size)
{
	const char *found = NULL, *name = refused;
	char word[80];

	if (!refused || fd < 0 || fd >= FILES_MAX || !strstr(files[fd], "/kprobe_events"))
		return false;
	while (!found && *name) {
		snprintf(word, sizeof(word), " %.*s ", (int)strcspn(name, " "), name);
		found = memmem(text, size, word, strlen(word));
		name += strcspn(name, " ");
		name += strspn(name, " ");
	}
	if (!found)
		return false;
	while (found > text && found[-1] != '\n')
		found--;
	if (found > text)
		syscall(SYS_write, fd, text, found - text);
	errno = failure;
	return true;
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	if (refuses(fd, buffer, size))
		return -1;
	if (file_fails("write", fd) || interrupts("write", fd))
		return -1;
	return syscall(SYS_write, fd, buffer, size);
}

int flock(int fd, int operation)
{
	if (file_fails("flock", fd) || interrupts("flock", fd))
		return -1;
	return (int)syscall(SYS_flock, fd, operation);
}

int fstat(int fd, struct stat *info)
{
	return file_fails("fstat", fd) ? -1 : REAL(fstat)(fd, info);
}

/* --- what waits ---------------------------------------------------------------- */

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	return fails(INTERRUPT, "ppoll", "") ? -1 : REAL(ppoll)(fds, count, timeout, mask);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return fails(INTERRUPT, "poll", "") ? -1 : REAL(poll)(fds, count, timeout);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	return fails(INTERRUPT, "recv", "") ? -1 : REAL(recv)(fd, buffer, size, flags);
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
	return fails(INTERRUPT, "send", "") ? -1 : REAL(send)(fd, buffer, size, flags);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return fails(INTERRUPT, "waitpid", "") ? -1 : REAL(waitpid)(pid, status, options);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
	return fails(INTERRUPT, "nanosleep", "") ? -1 : REAL(nanosleep)(time, left);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	return fails(INTERRUPT, "pread", "") ? -1 : syscall(SYS_pread64, fd, buffer, size, offset);
}

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
	return fails(INTERRUPT, "pwrite", "") ? -1
					      : syscall(SYS_pwrite64, fd, buffer, size, offset);
}
