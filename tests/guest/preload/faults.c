/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into timersnoop, it makes one call of a kind fail:
 *
 *	FAULT_KIND	tracefs: what is done to files below tracefs
 *			memory: what asks for memory
 *			interrupt: what waits or passes bytes, but for tracefs
 *			output: what writes to other files, and closes what was written
 *	FAULT_CALL	these calls alone, by name
 *	FAULT_PATH	of these alone whose path has this in it
 *	FAULT_AT	which of them, from 1; 0: none
 *	FAULT_LAST	up to which they all fail; FAULT_AT when it is not given
 *	FAULT_MS	these all, for so long from the first on
 *	FAULT_STEP	of these each so-manieth; 1 when it is not given
 *	FAULT_ERRNO	what they fail with; by kind EIO, ENOMEM, EINTR, ENOSPC
 *	FAULT_DONE	when it is given, what writes and removes fails once it is done, as where
 *			somebody else was faster
 *	FAULT_KILL	when it is given, the process is killed instead, just before
 *	FAULT_REFUSE	a function's name and its address: writing a probe on it to
 *			kprobe_events fails, as when the kernel refuses it, with what
 *			stands before it done
 *	FAULT_FIELD	an event and a field: its format has the field by another name
 *	FAULT_SWAP	two names: the first is made the second just before a file is opened to
 *			be written that has been looked at
 *	FAULT_LOG	gets a line "failed NUMBER CALL PATH" for each that fails, "passed ..."
 *			for others where FAULT_AT is 0, and in the end "counted NUMBER"
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

static enum kind { NONE, TRACEFS, MEMORY, INTERRUPT, OUTPUT } chosen;
static unsigned long first, last, step, counted, for_ms;
static int failure;
static pid_t owner;
static bool done;
static int killer = -1; /* what is written to it ends this process */
static const char *refused, *only, *within, *renamed, *swapped;
static int log_fd = -1; /* opened before the process gives up what opens files */
/* In libtraceevent, which dies for want of memory, and is given it beforehand (decode.c). */
static bool exempt;
/* Which descriptors are of tracefs, and of which file. */
static char files[FILES_MAX][200];
static bool written[FILES_MAX];

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

/* Of memory there is no file, but who asks for it: of very many each is told once. */
static bool known_site;

static unsigned long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static bool is_turn(void)
{
	static unsigned long first_ms;

	if (!for_ms)
		return !first ||
		       (counted >= first && counted <= last && (counted - first) % step == 0);
	if (!first_ms)
		first_ms = now_ms();
	return now_ms() - first_ms < for_ms;
}

/* Is it the turn of this one to fail? Then errno says why. */
static bool fails(enum kind kind, const char *call, const char *path)
{
	char text[400];
	int length;

	if (kind != chosen || exempt || getpid() != owner || (only && strcmp(call, only) != 0) ||
	    (within && !strstr(path, within)))
		return false;
	counted++;
	if (!is_turn())
		return false;
	length = snprintf(text, sizeof(text), "%s %lu %s %s\n", first ? "failed" : "passed",
			  counted, call, path);
	if (first || !known_site)
		say(text, length);
	if (!first)
		return false;
	if (killer >= 0) {
		syscall(SYS_write, killer, "", 1);
		for (;;)
			syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	}
	errno = failure;
	return true;
}

/* libtracefs hands on a path that it had no memory for. */
static bool is_below(const char *path)
{
	return path && strncmp(path, tracefs, strlen(tracefs)) == 0;
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

/* What is said about it has to get through. */
static bool is_output(int fd)
{
	return fd >= 0 && fd < FILES_MAX && fd != STDERR_FILENO && !files[fd][0];
}

static bool output_fails(const char *call, int fd)
{
	if (!is_output(fd))
		return false;
	written[fd] = true;
	return fails(OUTPUT, call, "");
}

static int keep(int fd, const char *path)
{
	if (fd >= 0 && fd < FILES_MAX)
		written[fd] = false;
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

static const struct {
	const char *name;
	enum kind kind;
	int failure;
} kinds[] = { { "tracefs", TRACEFS, EIO },
	      { "memory", MEMORY, ENOMEM },
	      { "interrupt", INTERRUPT, EINTR },
	      { "output", OUTPUT, ENOSPC } };

static void __attribute__((constructor)) begin(void)
{
	const char *kind = getenv("FAULT_KIND"), *name = getenv("FAULT_LOG");

	first = number("FAULT_AT", 0);
	last = number("FAULT_LAST", first);
	step = number("FAULT_STEP", 1);
	for_ms = number("FAULT_MS", 0);
	if (name)
		open_log(name);
	owner = getpid();
	done = getenv("FAULT_DONE");
	if (getenv("FAULT_KILL"))
		start_killer();
	refused = getenv("FAULT_REFUSE");
	renamed = getenv("FAULT_FIELD");
	only = getenv("FAULT_CALL");
	within = getenv("FAULT_PATH");
	swapped = getenv("FAULT_SWAP");
	failure = (int)number("FAULT_ERRNO", EINVAL);
	unsetenv("LD_PRELOAD");
	for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i].name) == 0) {
			failure = (int)number("FAULT_ERRNO", (unsigned long)kinds[i].failure);
			chosen = kinds[i].kind;
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

static bool is_known(const void *site)
{
	static const void *known[1024];
	static size_t count;

	for (size_t i = 0; i < count; i++)
		if (known[i] == site)
			return true;
	if (count < sizeof(known) / sizeof(known[0]))
		known[count++] = site;
	return false;
}

static bool memory_fails(const char *call, const void *site)
{
	char text[24];
	bool fault;

	if (chosen != MEMORY)
		return false;
	snprintf(text, sizeof(text), "@%p", site);
	known_site = is_known(site);
	fault = fails(MEMORY, call, text);
	known_site = false;
	return fault;
}

void *malloc(size_t size)
{
	bool fault = memory_fails("malloc", __builtin_return_address(0));

	return fault ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	bool fault = memory_fails("calloc", __builtin_return_address(0));

	return fault ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	bool fault = memory_fails("realloc", __builtin_return_address(0));

	return fault ? NULL : __libc_realloc(old, size);
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

int openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;
	char from[200];

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (swapped && flags & O_WRONLY) {
		snprintf(from, sizeof(from), "%.*s", (int)strcspn(swapped, " "), swapped);
		rename(from, swapped + strcspn(swapped, " ") + 1);
		swapped = NULL;
	}
	return (int)syscall(SYS_openat, dir, path, flags, mode);
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
	bool fault = path_fails("rmdir", path);
	int code = errno, status = -1;

	if (!fault || done)
		status = (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
	if (fault)
		errno = code;
	return fault ? -1 : status;
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
	bool fault = is_output(fd) && written[fd] && fails(OUTPUT, "close", "");
	int code = errno;

	keep(fd, "");
	if (syscall(SYS_close, fd) < 0)
		return -1;
	errno = code;
	return fault ? -1 : 0;
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

/* In an event's format, as its file has it. */
static void rename_field(int fd, char *text, ssize_t size)
{
	char word[80];
	char *found;
	int event = renamed ? (int)strcspn(renamed, " ") : 0;

	if (!event || size <= 0 || fd < 0 || fd >= FILES_MAX)
		return;
	snprintf(word, sizeof(word), "/%.*s/format", event, renamed);
	if (!strstr(files[fd], word))
		return;
	snprintf(word, sizeof(word), "%s;", renamed + event);
	found = memmem(text, (size_t)size, word, strlen(word));
	if (found)
		memset(found + 1, 'x', strlen(word) - 2);
}

ssize_t read(int fd, void *buffer, size_t size)
{
	ssize_t length;

	if (file_fails("read", fd) || interrupts("read", fd))
		return -1;
	length = syscall(SYS_read, fd, buffer, size);
	rename_field(fd, buffer, length);
	return length;
}

/* What a hardened build calls where it knows the buffer. */
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
	return size <= room ? read(fd, buffer, size) : (abort(), -1);
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
	if (file_fails("write", fd)) {
		if (done)
			syscall(SYS_write, fd, buffer, size);
		errno = failure;
		return -1;
	}
	if (interrupts("write", fd) || output_fails("write", fd))
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

ssize_t __pread_chk(int fd, void *buffer, size_t size, off_t offset, size_t room);
ssize_t __pread_chk(int fd, void *buffer, size_t size, off_t offset, size_t room)
{
	return size <= room ? pread(fd, buffer, size, offset) : (abort(), -1);
}

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
	if (fails(INTERRUPT, "pwrite", "") || output_fails("pwrite", fd))
		return -1;
	return syscall(SYS_pwrite64, fd, buffer, size, offset);
}

ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *to_at, size_t size, unsigned flags)
{
	if (fails(INTERRUPT, "copy_file_range", "") || output_fails("copy_file_range", to))
		return -1;
	return syscall(SYS_copy_file_range, from, at, to, to_at, size, flags);
}

int ftruncate(int fd, off_t size)
{
	return output_fails("ftruncate", fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}
