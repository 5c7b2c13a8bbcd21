/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory of a file that is or will be a regular one, behind all links. */
static bool directory_near(const char *near, char *dir, size_t size)
{
	char real[PATH_MAX], *copy;
	struct stat info;

	if (!near || (stat(near, &info) == 0 && !S_ISREG(info.st_mode)))
		return false;
	copy = strdup(realpath(near, real) ? real : near);
	if (copy)
		snprintf(dir, size, "%s", dirname(copy));
	free(copy);
	return copy != NULL;
}

int store_open(const char *near, struct error *err)
{
	const char *temporary = secure_getenv("TMPDIR");
	char dir[PATH_MAX], name[PATH_MAX + 32];
	int fd;

	if (!directory_near(near, dir, sizeof(dir)))
		snprintf(dir, sizeof(dir), "%s", temporary && *temporary ? temporary : "/tmp");
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has files without a name. */
	snprintf(name, sizeof(name), "%s/timersnoop.XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "cannot keep records in %s", dir);
	unlink(name);
	return fd;
}
