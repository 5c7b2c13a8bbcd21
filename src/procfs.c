/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Tgid and Uid stand in the first 300 bytes; NSpid comes behind the list of groups, of which
 * there are rarely more than fit. */
#define STATUS_BYTES 4096

/* The first `size` - 1 bytes of /proc/TID/NAME as a string; its length or -errno. */
static ssize_t read_start(int32_t tid, const char *name, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		got = read(fd, text + length, size - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	if (got < 0)
		got = -errno;
	close(fd);
	text[length] = '\0';
	return got < 0 ? got : (ssize_t)length;
}

/* The first number of a line of /proc/TID/status; `key` is "\nTgid:". */
static bool status_number(const char *status, const char *key, unsigned long *number)
{
	const char *line = strstr(status, key);
	char *end;

	if (!line)
		return false;
	line += strlen(key);
	*number = strtoul(line, &end, 10);
	return end != line;
}

/* The last of several numbers in a line, one for each PID namespace; 0: there is only one. */
static int32_t status_inside(const char *status, const char *key)
{
	const char *line = strstr(status, key);
	const char *last;

	if (!line)
		return 0;
	line += strlen(key);
	line += strspn(line, "\t ");
	last = memrchr(line, '\t', strcspn(line, "\n"));
	return last ? (int32_t)strtol(last, NULL, 10) : 0;
}

static int gone(ssize_t error)
{
	return error == -ENOENT ? -ESRCH : (int)error;
}

int procfs_task(int32_t tid, struct procfs_task *task)
{
	char status[STATUS_BYTES], comm[sizeof(task->comm) + 1];
	unsigned long tgid, uid;
	ssize_t length;

	if (tid <= 0)
		return -ESRCH;
	length = read_start(tid, "status", status, sizeof(status));
	if (length < 0)
		return gone(length);
	if (!status_number(status, "\nTgid:", &tgid) || !status_number(status, "\nUid:", &uid))
		return -EBADMSG;

	/* Not the Name line: it escapes. The kernel ends comm with a newline,
	 * and a name may hold one too. */
	length = read_start(tid, "comm", comm, sizeof(comm));
	if (length < 0)
		return gone(length);
	if (length && comm[length - 1] == '\n')
		comm[--length] = '\0';

	*task = (struct procfs_task){ .tid = tid,
				      .tgid = (int32_t)tgid,
				      .ns_tid = status_inside(status, "\nNSpid:"),
				      .ns_tgid = status_inside(status, "\nNStgid:"),
				      .uid = (uid_t)uid };
	memcpy(task->comm, comm, strnlen(comm, sizeof(task->comm) - 1));
	return 0;
}

/* An all-digit name of a directory entry; 0 for any other. */
static int32_t entry_id(const char *name)
{
	char *end;
	long id;

	if (*name < '1' || *name > '9')
		return 0;
	errno = 0;
	id = strtol(name, &end, 10);
	return *end || errno || id > INT32_MAX ? 0 : (int32_t)id;
}

/* The next id in a directory; 0 at its end, or -errno. */
static int32_t next_id(DIR *dir)
{
	struct dirent *entry;
	int32_t id;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		id = entry_id(entry->d_name);
		if (id)
			return id;
	}
}

/*
 * Returns what a nonzero `each` returned, else 0 or -errno. A process that is
 * gone is no error here: *found stays as it was.
 */
static int process_threads(int32_t tgid, int (*each)(void *context, const struct procfs_task *task),
			   void *context, bool *found)
{
	struct procfs_task task;
	char path[32];
	int32_t tid;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", tgid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	while (!ret && (tid = next_id(dir)) > 0) {
		ret = procfs_task(tid, &task);
		if (ret == -ESRCH || (!ret && task.tgid != tgid)) {
			ret = 0; /* gone, and its id perhaps another's by now */
			continue;
		}
		if (ret)
			break;
		*found = true;
		ret = each(context, &task);
	}
	if (!ret && tid < 0 && tid != -ENOENT && tid != -ESRCH)
		ret = tid;
	closedir(dir);
	return ret;
}

static int all_threads(int (*each)(void *context, const struct procfs_task *task), void *context)
{
	bool found = false;
	int32_t tgid;
	int ret = 0;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while (!ret && (tgid = next_id(dir)) > 0) {
		ret = process_threads(tgid, each, context, &found);
		/* One that is hidden from us (hidepid) hides no other. */
		if (ret == -EACCES || ret == -EPERM)
			ret = 0;
	}
	if (!ret && tgid < 0)
		ret = tgid;
	closedir(dir);
	/* We are in there ourselves: a /proc without processes is no procfs. */
	return ret || found ? ret : -ENOENT;
}

int procfs_threads(int32_t pid, int (*each)(void *context, const struct procfs_task *task),
		   void *context)
{
	struct procfs_task task;
	bool found = false;
	int ret;

	if (!pid)
		return all_threads(each, context);
	ret = procfs_task(pid, &task);
	if (!ret)
		ret = process_threads(task.tgid, each, context, &found);
	return ret || found ? ret : -ESRCH;
}

int procfs_processes(int (*each)(void *context, const struct procfs_task *task), void *context)
{
	struct procfs_task task;
	int32_t pid;
	int ret = 0;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while (!ret && (pid = next_id(dir)) > 0) {
		ret = procfs_task(pid, &task);
		if (ret == -EPERM || ret == -EACCES) {
			task = (struct procfs_task){ .tid = pid, .tgid = pid, .uid = (uid_t)-1 };
			ret = 0;
		}
		if (ret == -ESRCH)
			ret = 0;
		else if (!ret)
			ret = each(context, &task);
	}
	if (!ret && pid < 0)
		ret = pid;
	closedir(dir);
	return ret;
}
