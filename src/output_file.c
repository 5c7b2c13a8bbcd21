/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A path is gone through name by name, as the kernel does it, so that each link is looked
 * at before it counts. What is decided there is what fs.protected_symlinks, _regular,
 * _fifos and _hardlinks decide, which may be off, and not only in directories with the
 * sticky bit.
 */
#include "timersnoop/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timersnoop/privilege.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define LINKS_MAX 40
#define OPEN_TRIES 8

/* What a guard is told; it removes the file also when nobody is left to tell it. */
#define GUARD_KEEP 'k'
#define GUARD_REMOVE 'r'

struct walk {
	const char *path; /* as it was given */
	int dir;
	char name[NAME_MAX + 1]; /* in that directory; the last one in the end */
	char rest[PATH_MAX];     /* what comes behind it */
	bool follow;             /* the name is a link of the kernel's own, in /proc */
	unsigned links;
};

static bool is_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static int cannot(const struct walk *walk, int code, struct error *err)
{
	return error_errno(err, code, "cannot write %s", walk->path);
}

static int refuse_link(const struct walk *walk, uid_t uid, struct error *err)
{
	error_set(err, EACCES, "cannot write %s: '%s' is a symbolic link of user %u", walk->path,
		  walk->name, (unsigned)uid);
	error_hint(err, "links of others are not followed: name what it leads to");
	return -EACCES;
}

static bool in_proc(const struct walk *walk)
{
	struct statfs info;

	return fstatfs(walk->dir, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/* Puts what the link says in front of the rest. */
static int take_link(struct walk *walk, struct error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(walk->dir, walk->name, target, sizeof(target) - 1);
	size_t rest = strlen(walk->rest);

	if (length < 0)
		return cannot(walk, errno, err);
	if (++walk->links > LINKS_MAX)
		return cannot(walk, ELOOP, err);
	if ((size_t)length + 1 + rest >= sizeof(walk->rest))
		return cannot(walk, ENAMETOOLONG, err);
	memmove(walk->rest + length + 1, walk->rest, rest + 1);
	memcpy(walk->rest, target, (size_t)length);
	walk->rest[length] = rest ? '/' : '\0';
	return 0;
}

static int enter(struct walk *walk, const char *name, int follow, struct error *err)
{
	int dir = openat(walk->dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC | follow);

	if (dir < 0)
		return cannot(walk, errno, err);
	if (walk->dir >= 0)
		close(walk->dir);
	walk->dir = dir;
	return 0;
}

/* Takes the next name from the rest, and the slashes behind it. */
static int take_name(struct walk *walk, struct error *err)
{
	const char *rest = walk->rest;
	size_t length = strcspn(rest, "/");

	if (length > NAME_MAX)
		return cannot(walk, ENAMETOOLONG, err);
	memcpy(walk->name, rest, length);
	walk->name[length] = '\0';
	rest += length;
	/* Something with a slash behind it is a directory. */
	if (*rest && !rest[strspn(rest, "/")])
		return cannot(walk, EISDIR, err);
	rest += strspn(rest, "/");
	memmove(walk->rest, rest, strlen(rest) + 1);
	return length ? 0 : cannot(walk, ENOENT, err);
}

/* One step; 1 when the name is the last one, and no link. */
static int step(struct walk *walk, struct error *err)
{
	struct stat info;
	int status = 0;

	if (walk->rest[0] == '/') {
		status = enter(walk, "/", 0, err);
		memmove(walk->rest, walk->rest + strspn(walk->rest, "/"),
			strlen(walk->rest + strspn(walk->rest, "/")) + 1);
	}
	if (status == 0)
		status = take_name(walk, err);
	if (status < 0)
		return status;
	if (fstatat(walk->dir, walk->name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && !walk->rest[0] ? 1 : cannot(walk, errno, err);
	if (!S_ISLNK(info.st_mode))
		return walk->rest[0] ? enter(walk, walk->name, O_NOFOLLOW, err) : 1;
	if (!is_trusted(info.st_uid))
		return refuse_link(walk, info.st_uid, err);
	/* Some of these say where they lead only to the kernel. */
	if (in_proc(walk) && strspn(walk->name, "0123456789") == strlen(walk->name)) {
		walk->follow = !walk->rest[0];
		return walk->follow ? 1 : enter(walk, walk->name, 0, err);
	}
	return take_link(walk, err);
}

/* What is there must be ours, where others could have put it. */
static int check_existing(const struct walk *walk, const struct stat *info, struct error *err)
{
	bool others;
	struct stat dir;

	if (fstat(walk->dir, &dir) < 0)
		return cannot(walk, errno, err);
	others = dir.st_mode & S_IWOTH || (dir.st_mode & S_IWGRP && dir.st_mode & S_ISVTX);
	if (others && info->st_uid != geteuid() && info->st_uid != dir.st_uid) {
		error_set(err, EACCES,
			  "cannot write %s: it is there already, of user %u, in a directory where "
			  "others may write",
			  walk->path, (unsigned)info->st_uid);
		error_hint(err, "remove it, or name another");
		return -EACCES;
	}
	if (S_ISREG(info->st_mode) && info->st_nlink > 1 && (others || !is_trusted(dir.st_uid))) {
		error_set(err, EACCES,
			  "cannot write %s: it has other names, in a directory where others may "
			  "write",
			  walk->path);
		error_hint(err, "remove it, or name another");
		return -EACCES;
	}
	return 0;
}

/* Opens what is there: a descriptor, -ENOENT, or another -errno with a sentence. */
static int open_existing(const struct walk *walk, struct error *err)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	struct stat info;
	int fd, status;

	if (walk->follow) {
		fd = openat(walk->dir, walk->name, flags);
		return fd < 0 ? cannot(walk, errno, err) : fd;
	}
	if (fstatat(walk->dir, walk->name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? -ENOENT : cannot(walk, errno, err);
	/* Before it is opened: to open a pipe waits for its reader. */
	status = check_existing(walk, &info, err);
	if (status < 0)
		return status;
	fd = openat(walk->dir, walk->name, flags | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : cannot(walk, errno, err);
	status = fstat(fd, &info) < 0 ? cannot(walk, errno, err) : check_existing(walk, &info, err);
	if (status == 0)
		return fd;
	close(fd);
	return status;
}

static int open_last(struct walk *walk, bool *made, struct error *err)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = open_existing(walk, err);

		if (fd != -ENOENT)
			return fd;
		fd = openat(walk->dir, walk->name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		*made = fd >= 0;
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? cannot(walk, errno, err) : fd;
	}
	return cannot(walk, EEXIST, err);
}

static int walk_open(struct walk *walk, bool *made, struct error *err)
{
	int status;

	if (strlen(walk->path) >= sizeof(walk->rest))
		return cannot(walk, ENAMETOOLONG, err);
	strcpy(walk->rest, walk->path);
	status = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	walk->dir = status;
	/* A directory that is gone has no files either. */
	if (status < 0)
		return cannot(walk, errno, err);
	do
		status = step(walk, err);
	while (status == 0);
	return status < 0 ? status : open_last(walk, made, err);
}

/* Still the one that was made? */
static void remove_made(const struct walk *walk, int fd)
{
	struct stat ours, there;

	if (fstat(fd, &ours) == 0 &&
	    fstatat(walk->dir, walk->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		unlinkat(walk->dir, walk->name, 0);
}

/* Keeps nothing open that anybody could wait for the end of. */
static void __attribute__((noreturn)) guard(struct walk *walk, int fd, int talk)
{
	char word;

	privilege_return();
	if (dup2(talk, 0) < 0 || dup2(fd, 1) < 0 || dup2(walk->dir, 2) < 0)
		_exit(1);
	walk->dir = 2;
	syscall(SYS_close_range, 3, ~0U, 0);
	if (read(0, &word, 1) != 1 || word != GUARD_KEEP)
		remove_made(walk, 1);
	_exit(0);
}

static int start_guard(struct output_file *file, struct walk *walk, struct error *err)
{
	sigset_t all, before;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, errno, "cannot make a socket pair");
	/* What ends us must not end it before it knows. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	file->guard = fork();
	if (!file->guard)
		guard(walk, file->fd, ends[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	file->talk = ends[0];
	if (file->guard > 0)
		return 0;
	file->guard = 0;
	close(file->talk);
	return error_errno(err, errno, "cannot make a process");
}

int output_file_open(struct output_file *file, const char *name, struct error *err)
{
	struct walk walk = { .path = name, .dir = -1 };
	struct privilege_lent lent;
	int status = privilege_suspend(&lent);

	*file = (struct output_file){ .fd = -1, .talk = -1 };
	if (status == 0)
		status = file->fd = walk_open(&walk, &file->made, err);
	else
		error_errno(err, -status, "cannot write %s with the caller's rights", name);
	if (file->made)
		status = start_guard(file, &walk, err);
	if (file->made && status < 0)
		remove_made(&walk, file->fd);
	if (walk.dir >= 0)
		close(walk.dir);
	if (privilege_resume(&lent) < 0 && status >= 0)
		status = error_set(err, EPERM, "cannot take up rights again");
	return status < 0 ? status : 0;
}

/* Said in a word: others may have this end of the socket, too, as COMMAND has until it runs. */
static void end_guard(struct output_file *file, char word)
{
	pid_t ended;

	if (!file->guard)
		return;
	send(file->talk, &word, 1, MSG_NOSIGNAL);
	close(file->talk);
	do
		ended = waitpid(file->guard, NULL, 0);
	while (ended < 0 && errno == EINTR);
	file->guard = 0;
}

void output_file_keep(struct output_file *file)
{
	end_guard(file, GUARD_KEEP);
}

void output_file_drop(struct output_file *file)
{
	end_guard(file, GUARD_REMOVE);
}
