/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs that are no longer alive left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "timersnoop/probe_group.h"
#include "timersnoop/session_parts.h"

static int lock_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat held, there;
	int code = 0;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &held) < 0 || stat(dir, &there) < 0)
		code = errno;
	/* A sweep may have removed it between mkdir and lock. */
	else if (held.st_ino != there.st_ino)
		code = ENOENT;
	if (!code)
		return fd;
	close(fd);
	return -code;
}

int session_lock_instance(struct tracefs_instance *instance)
{
	char *dir = tracefs_instance_get_dir(instance);
	int fd = dir ? lock_dir(dir) : -ENOMEM;

	tracefs_put_tracing_file(dir);
	return fd;
}

/* Surely: what cannot be looked at may be a live run's. */
static bool is_gone(const char *name)
{
	char file[96];
	char *path;
	struct stat info;
	bool gone;

	snprintf(file, sizeof(file), "instances/%s", name);
	path = tracefs_instance_get_file(NULL, file);
	gone = path && stat(path, &info) < 0 && errno == ENOENT;
	tracefs_put_tracing_file(path);
	return gone;
}

/* Its companion, if there is one. */
static struct tracefs_instance *companion_of(const char *name)
{
	char companion[80];

	snprintf(companion, sizeof(companion), "%s" COMPANION_SUFFIX, name);
	return tracefs_instance_exists(companion) ? tracefs_instance_alloc(NULL, companion) : NULL;
}

/* Of one that is there: -ENOENT when it went meanwhile. */
static int find_instance(const char *name, struct tracefs_instance **instance)
{
	*instance = tracefs_instance_alloc(NULL, name); /* which looks for its directory, too */
	if (*instance)
		return 0;
	return is_gone(name) ? -ENOENT : -ENOMEM;
}

static int sweep_instance(const char *name, unsigned *removed, struct error *err)
{
	struct tracefs_instance *companion, *instance;
	int lock = find_instance(name, &instance), status = 0;
	char group[64];

	if (instance)
		lock = session_lock_instance(instance);
	if (lock >= 0) {
		session_group_of(group, sizeof(group), name);
		companion = companion_of(name);
		if (companion)
			session_disable_group(companion, group);
		session_disable_group(instance, group);
		status = session_remove_all(instance, companion, group, NULL, err);
		tracefs_instance_free(companion);
		close(lock);
		if (status == 0)
			++*removed;
	} else if (lock != -EWOULDBLOCK && lock != -ENOENT) { /* alive, or gone meanwhile */
		status = error_errno(err, -lock, "cannot look at the tracefs instance %s", name);
	}
	tracefs_instance_free(instance);
	return status;
}

/* Exactly timersnoop_PID_RANDOM, as make_instance names them. */
static bool is_ours(const char *name, const char *prefix, char separator)
{
	size_t digits, hex;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	name += strlen(prefix);
	digits = strspn(name, "0123456789");
	if (!digits || name[digits] != separator)
		return false;
	name += digits + 1;
	hex = strspn(name, "0123456789abcdef");
	return hex == 8 && name[hex] == '\0';
}

/* A companion whose first instance is gone belongs to nobody. */
static int sweep_companion(const char *name, unsigned *removed, struct error *err)
{
	struct tracefs_instance *instance;
	int status = find_instance(name, &instance);

	if (status < 0)
		return status == -ENOENT ? 0 : error_errno(err, -status, "instances");
	if (tracefs_instance_destroy(instance) == 0)
		++*removed;
	else if (errno != ENOENT)
		status = error_errno(err, errno, "cannot remove the tracefs instance %s", name);
	tracefs_instance_free(instance);
	return status;
}

/* "timersnoop-4242-1a2b3c4d-irq" without "timersnoop-4242-1a2b3c4d" */
static bool is_lone_companion(const char *name)
{
	size_t length = strlen(name), suffix = strlen(COMPANION_SUFFIX);
	char first[80];

	if (length <= suffix || length - suffix >= sizeof(first) ||
	    strcmp(name + length - suffix, COMPANION_SUFFIX) != 0)
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)(length - suffix), name);
	return is_ours(first, INSTANCE_PREFIX, '-') && is_gone(first);
}

struct orphans {
	char groups[16][80];
	size_t count;
};

static void note_group(void *context, const char *group)
{
	struct orphans *orphans = context;

	for (size_t i = 0; i < orphans->count; i++)
		if (strcmp(orphans->groups[i], group) == 0)
			return;
	if (orphans->count < sizeof(orphans->groups) / sizeof(orphans->groups[0]))
		snprintf(orphans->groups[orphans->count++], sizeof(orphans->groups[0]), "%s",
			 group);
}

static int sweep_orphans(const struct orphans *orphans, unsigned *removed, struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < orphans->count; i++) {
		char instance[80];
		int swept;

		if (!is_ours(orphans->groups[i], GROUP_PREFIX, '_'))
			continue;
		snprintf(instance, sizeof(instance), "%s", orphans->groups[i]);
		for (char *c = instance; *c; c++)
			if (*c == '_')
				*c = '-';
		if (!is_gone(instance))
			continue;
		/* What sweep_instance has removed just now is not there any more. */
		swept = probe_group_remove(orphans->groups[i], status ? NULL : err);
		if (swept > 0)
			++*removed;
		else if (status == 0)
			status = swept;
	}
	return status;
}

struct instances {
	char (*names)[80];
	size_t count;
};

/* libtracefs does not tell none from some that could not be listed. */
static int list_instances(struct instances *instances, struct error *err)
{
	char *path = tracefs_instance_get_file(NULL, "instances");
	DIR *dir = path ? opendir(path) : NULL;
	int status = dir ? 0 : -errno;
	struct dirent *entry;

	while (dir && status == 0 && (errno = 0, (entry = readdir(dir)))) {
		char(*larger)[80];

		/* Longer names are not ours. */
		if (strncmp(entry->d_name, INSTANCE_PREFIX, strlen(INSTANCE_PREFIX)) != 0 ||
		    strlen(entry->d_name) >= sizeof(*larger))
			continue;
		larger = realloc(instances->names, (instances->count + 1) * sizeof(*larger));
		if (!larger) {
			status = -ENOMEM;
			break;
		}
		instances->names = larger;
		strcpy(larger[instances->count++], entry->d_name);
	}
	if (status == 0 && errno)
		status = -errno;
	if (dir)
		closedir(dir);
	tracefs_put_tracing_file(path);
	return status < 0 ? error_errno(err, -status, "cannot list tracefs's instances") : 0;
}

int session_sweep(unsigned *removed, struct error *err)
{
	struct orphans orphans = { .count = 0 };
	struct instances instances = { .count = 0 };
	int status, swept;

	*removed = 0;
	/* Groups are listed before instances are looked for: a run that starts
	 * meanwhile is not taken for an orphan. */
	status = probe_group_walk(GROUP_PREFIX, note_group, &orphans, err);
	if (status < 0)
		return status;
	status = list_instances(&instances, err);
	/* One that cannot be removed does not keep the others. */
	for (size_t i = 0; i < instances.count; i++) {
		const char *name = instances.names[i];

		swept = 0;
		if (is_ours(name, INSTANCE_PREFIX, '-'))
			swept = sweep_instance(name, removed, status ? NULL : err);
		else if (is_lone_companion(name))
			swept = sweep_companion(name, removed, status ? NULL : err);
		status = status ? status : swept;
	}
	free(instances.names);
	swept = sweep_orphans(&orphans, removed, status ? NULL : err);
	return status ? status : swept;
}
