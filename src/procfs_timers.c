/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/procfs_timers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timersnoop/procfs.h"

/* What /proc/PID/fd/N of a timerfd points at (fs/timerfd.c). */
#define TIMERFD_LINK "anon_inode:[timerfd]"

/* linux/sched.h, as field 9 of /proc/PID/stat */
#define PF_KTHREAD 0x00200000

/* Which lines of a timer were there. */
enum { HAS_ID = 1, HAS_SIGNAL = 2, HAS_NOTIFY = 4, HAS_CLOCK = 8, HAS_POSIX = 15 };
enum { HAS_TICKS = 1, HAS_FLAGS = 2, HAS_VALUE = 4, HAS_INTERVAL = 16, HAS_TIMERFD = 31 };

/* All of these move the cursor behind what they took. */

static bool take(const char **at, const char *literal)
{
	size_t length = strlen(literal);

	if (strncmp(*at, literal, length) != 0)
		return false;
	*at += length;
	return true;
}

/* Neither a sign nor white space, which strtoull(3) would take. */
static bool take_u64(const char **at, int base, uint64_t *number)
{
	char *end;

	if (!isxdigit((unsigned char)**at))
		return false;
	errno = 0;
	*number = strtoull(*at, &end, base);
	if (errno || end == *at)
		return false;
	*at = end;
	return true;
}

static bool take_s32(const char **at, int32_t *number)
{
	bool negative = take(at, "-");
	uint64_t size;

	if (!take_u64(at, 10, &size) || size > (uint64_t)INT32_MAX + negative)
		return false;
	*number = (int32_t)(negative ? -(int64_t)size : (int64_t)size);
	return true;
}

/* Kernels before 4.15 write a NULL pointer in words, set to the right. */
static bool take_pointer(const char **at, uint64_t *pointer)
{
	*pointer = 0;
	while (take(at, " "))
		;
	return take(at, "(null)") || take_u64(at, 16, pointer);
}

static bool take_notify(const char **at, struct procfs_timer *timer)
{
	if (take(at, "signal/"))
		timer->posix.notify = SIGEV_SIGNAL;
	else if (take(at, "none/"))
		timer->posix.notify = SIGEV_NONE;
	else if (take(at, "thread/"))
		timer->posix.notify = SIGEV_THREAD;
	else
		return false;
	if (take(at, "tid."))
		timer->posix.notify |= SIGEV_THREAD_ID;
	else if (!take(at, "pid."))
		return false;
	return take_s32(at, &timer->posix.target);
}

/* (SEC, NSEC) */
static bool take_timerspec(const char **at, struct timerspec *ts)
{
	uint64_t sec, nsec;

	if (!take(at, "(") || !take_u64(at, 10, &sec) || !take(at, ", ") ||
	    !take_u64(at, 10, &nsec) || !take(at, ")") || sec > INT64_MAX || nsec >= NSEC_PER_SEC)
		return false;
	*ts = (struct timerspec){ (int64_t)sec, (int64_t)nsec };
	return true;
}

/* Both return the HAS_ bit of a line, 0 for one that has another key, or -EBADMSG. */

static int take_posix_line(const char **at, struct procfs_timer *timer)
{
	if (take(at, "ID: "))
		return take_s32(at, &timer->id) ? HAS_ID : -EBADMSG;
	if (take(at, "signal: "))
		return take_s32(at, &timer->posix.signo) && take(at, "/") &&
				       take_pointer(at, &timer->posix.sigev_value)
			       ? HAS_SIGNAL
			       : -EBADMSG;
	if (take(at, "notify: "))
		return take_notify(at, timer) ? HAS_NOTIFY : -EBADMSG;
	if (take(at, "ClockID: "))
		return take_s32(at, &timer->clock) ? HAS_CLOCK : -EBADMSG;
	return 0;
}

static int take_timerfd_line(const char **at, struct procfs_timer *timer)
{
	uint64_t flags;

	if (take(at, "flags:\t")) {
		timer->timerfd.cloexec = take_u64(at, 8, &flags) && flags & O_CLOEXEC;
		return 0;
	}
	if (take(at, "clockid: "))
		return take_s32(at, &timer->clock) ? HAS_CLOCK : -EBADMSG;
	if (take(at, "ticks: "))
		return take_u64(at, 10, &timer->timerfd.ticks) ? HAS_TICKS : -EBADMSG;
	if (take(at, "settime flags: ")) {
		if (!take_u64(at, 8, &flags) || flags > UINT32_MAX)
			return -EBADMSG;
		timer->timerfd.flags = (uint32_t)flags;
		return HAS_FLAGS;
	}
	if (take(at, "it_value: "))
		return take_timerspec(at, &timer->timerfd.value) ? HAS_VALUE : -EBADMSG;
	if (take(at, "it_interval: "))
		return take_timerspec(at, &timer->timerfd.interval) ? HAS_INTERVAL : -EBADMSG;
	return 0;
}

/* Lines up to the next one that begins with `next`, or to the end: each wanted one once. */
static int take_lines(const char **text, const char *next, int wanted,
		      int (*take_line)(const char **at, struct procfs_timer *timer),
		      struct procfs_timer *timer)
{
	int seen = 0, line;
	const char *at = *text, *end;

	do {
		end = strchr(at, '\n');
		if (!end)
			return -EBADMSG;
		line = take_line(&at, timer);
		if (line < 0 || line & seen || (line && at != end))
			return -EBADMSG;
		seen |= line;
		at = end + 1;
	} while (*at && (!next || strncmp(at, next, strlen(next)) != 0));
	*text = at;
	return seen == wanted ? 0 : -EBADMSG;
}

int procfs_timers_parse(const char **text, struct procfs_timer *timer)
{
	*timer = (struct procfs_timer){ .family = TIMER_POSIX };
	if (!**text)
		return 0;
	return take_lines(text, "ID: ", HAS_POSIX, take_posix_line, timer) ? -EBADMSG : 1;
}

int procfs_timerfd_parse(const char *text, struct procfs_timer *timer)
{
	*timer = (struct procfs_timer){ .family = TIMER_FD };
	return take_lines(&text, NULL, HAS_TIMERFD, take_timerfd_line, timer);
}

bool procfs_timers_possible(const char *stat)
{
	const char *behind = strrchr(stat, ')'); /* a name may hold one too */
	unsigned long flags;
	long threads;
	char state;

	if (!behind ||
	    sscanf(behind + 1,
		   " %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
		   &state, &flags, &threads) != 3)
		return true;
	return !(flags & PF_KTHREAD) && ((state != 'Z' && state != 'X') || threads > 1);
}

/* A whole file, with a NUL; the caller frees it. 0 or -errno, and *text is NULL. */
static int read_text(const char *path, char **text)
{
	size_t length = 0, room = 8192;
	char *grown;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*text = NULL;
	if (fd < 0)
		return -errno;
	*text = malloc(room);
	for (got = *text ? 1 : -ENOMEM; got > 0; length += got > 0 ? (size_t)got : 0) {
		if (length == room - 1) {
			grown = realloc(*text, room * 2);
			if (!grown) {
				got = -ENOMEM;
				break;
			}
			*text = grown;
			room *= 2;
		}
		got = TEMP_FAILURE_RETRY(read(fd, *text + length, room - 1 - length));
		if (got < 0)
			got = -errno;
	}
	close(fd);
	if (got < 0) {
		free(*text);
		*text = NULL;
		return (int)got;
	}
	(*text)[length] = '\0';
	return 0;
}

/* The timers of one process. */
struct collection {
	int32_t pid;
	struct procfs_timer *timers;
	size_t count, room;
	bool denied; /* some could not be read */
};

static int add(struct collection *all, const struct procfs_timer *timer)
{
	size_t room = all->room ? all->room * 2 : 16;
	struct procfs_timer *grown;

	if (all->count == all->room) {
		grown = realloc(all->timers, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		all->timers = grown;
		all->room = room;
	}
	all->timers[all->count++] = *timer;
	return 0;
}

/* What may not be read is noted, and is no reason to end. */
static int note_denied(struct collection *all, int error)
{
	if (error != -EACCES && error != -EPERM)
		return error;
	all->denied = true;
	return 0;
}

static int add_posix_timers(struct collection *all)
{
	struct procfs_timer timer;
	const char *at;
	char path[64], *text;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/timers", all->pid);
	ret = read_text(path, &text);
	/* Either this kernel has no such file or the process is gone: its files tell. */
	if (ret == -ENOENT)
		return 0;
	if (!text)
		return note_denied(all, ret);
	at = text;
	while ((ret = procfs_timers_parse(&at, &timer)) > 0) {
		ret = add(all, &timer);
		if (ret)
			break;
	}
	free(text);
	return ret;
}

static int add_timerfd(struct collection *all, const char *task, const char *name)
{
	struct procfs_timer timer;
	char path[320], *text;
	int ret;

	snprintf(path, sizeof(path), "%s/fdinfo/%s", task, name);
	ret = read_text(path, &text);
	if (ret == -ENOENT || ret == -ESRCH)
		return 0; /* closed meanwhile */
	if (!text)
		return note_denied(all, ret);
	ret = procfs_timerfd_parse(text, &timer);
	free(text);
	if (ret)
		return 0; /* another file by now */
	timer.id = (int32_t)strtol(name, NULL, 10);
	return add(all, &timer);
}

/* `task` is /proc/PID or /proc/PID/task/TID. The number of its files, or -errno. */
static int add_timerfds_of(struct collection *all, const char *task)
{
	char path[64], link[sizeof(TIMERFD_LINK) + 1];
	struct dirent *entry;
	int files = 0, ret = 0;
	ssize_t length;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/fd", task);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			ret = -errno;
			break;
		}
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		files++;
		length = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link));
		if (length < 0 && errno != ENOENT)
			ret = note_denied(all, -errno);
		else if (length == sizeof(TIMERFD_LINK) - 1 &&
			 !memcmp(link, TIMERFD_LINK, (size_t)length))
			ret = add_timerfd(all, task, entry->d_name);
	}
	closedir(dir);
	return ret ? ret : files;
}

static int add_timerfds_of_thread(void *context, const struct procfs_task *task)
{
	struct collection *all = context;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/task/%d", all->pid, task->tid);
	ret = add_timerfds_of(all, path);
	return ret == -ESRCH ? 0 : ret;
}

static int add_timerfds(struct collection *all)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d", all->pid);
	ret = add_timerfds_of(all, path);
	/* A main thread that has ended has no files, but other threads may live on. */
	if (!ret)
		ret = procfs_threads(all->pid, add_timerfds_of_thread, all);
	return ret > 0 ? 0 : note_denied(all, ret);
}

static int by_family_and_id(const void *left, const void *right)
{
	const struct procfs_timer *a = left, *b = right;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/*
 * The kernel numbers the timers anew for every few kilobytes that are read,
 * newest first: one that was made meanwhile shows an older one twice.
 */
static void sort(struct collection *all)
{
	size_t kept = 0;

	if (all->count)
		qsort(all->timers, all->count, sizeof(*all->timers), by_family_and_id);
	for (size_t i = 0; i < all->count; i++)
		if (!kept || by_family_and_id(&all->timers[kept - 1], &all->timers[i]))
			all->timers[kept++] = all->timers[i];
	all->count = kept;
}

/* Nothing is hidden in kernel threads and dead processes, which are many. */
static bool hides_something(const struct collection *all)
{
	char path[64], *stat;
	bool possible;
	int ret;

	if (!all->denied)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", all->pid);
	ret = read_text(path, &stat);
	if (!stat)
		return ret != -ENOENT && ret != -ESRCH;
	possible = procfs_timers_possible(stat);
	free(stat);
	return possible;
}

int procfs_timers(int32_t pid, int (*each)(void *context, const struct procfs_timer *timer),
		  void *context)
{
	struct collection all = { .pid = pid };
	int ret = add_posix_timers(&all);

	if (!ret)
		ret = add_timerfds(&all);
	if (!ret) {
		sort(&all);
		for (size_t i = 0; i < all.count && !ret; i++)
			ret = each(context, &all.timers[i]);
	}
	free(all.timers);
	if (ret)
		return ret;
	return hides_something(&all) ? -EACCES : 0;
}

bool procfs_timers_supported(void)
{
	return access("/proc/self/timers", F_OK) == 0;
}
