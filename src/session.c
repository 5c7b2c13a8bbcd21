/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "timersnoop/probe_group.h"

#define INSTANCE_PREFIX "timersnoop-"
#define GROUP_PREFIX "timersnoop_"
#define NAME_TRIES 8

struct session {
	struct tracefs_instance *instance;
	int lock; /* the instance's directory, locked as long as we live */
	char group[64];
	struct probe_plan plan;
};

/* "timersnoop-4242-1a2b3c4d" has the group "timersnoop_4242_1a2b3c4d". */
static void group_of(char *group, size_t size, const char *instance)
{
	snprintf(group, size, "%s", instance);
	for (char *c = group; *c; c++)
		if (*c == '-')
			*c = '_';
}

/* Opens an instance's directory and locks it. -EWOULDBLOCK: its run lives. */
static int lock_instance(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat held, there;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int code = errno;

		close(fd);
		return -code;
	}
	/* A sweep may have removed it between mkdir and lock. */
	if (fstat(fd, &held) < 0 || stat(dir, &there) < 0 || held.st_ino != there.st_ino) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static int make_instance(struct session *session, struct error *err)
{
	int status = -EEXIST;

	for (int i = 0; i < NAME_TRIES; i++) {
		char name[48];
		char *dir;
		uint32_t random = 0;

		if (getrandom(&random, sizeof(random), 0) < 0)
			random = (uint32_t)i;
		snprintf(name, sizeof(name), INSTANCE_PREFIX "%d-%08x", (int)getpid(), random);
		session->instance = tracefs_instance_create(name);
		if (!session->instance)
			return error_errno(err, errno, "cannot make the tracefs instance %s", name);
		group_of(session->group, sizeof(session->group), name);
		dir = tracefs_instance_get_dir(session->instance);
		status = dir ? lock_instance(dir) : -ENOMEM;
		tracefs_put_tracing_file(dir);
		if (status >= 0) {
			session->lock = status;
			return 0;
		}
		/* A sweep may have come between; anything else is no race. */
		if (status != -EWOULDBLOCK && status != -ENOENT)
			break;
		tracefs_instance_free(session->instance);
		session->instance = NULL;
	}
	return error_errno(err, -status, "cannot lock a tracefs instance");
}

static int write_file(struct session *session, const char *file, const char *text,
		      struct error *err)
{
	if (tracefs_instance_file_write(session->instance, file, text) >= 0)
		return 0;
	return error_errno(err, errno, "cannot write '%s' to %s of the tracefs instance", text,
			   file);
}

static int set_up_instance(struct session *session, const struct session_request *request,
			   struct error *err)
{
	char kib[32];
	int status;

	/* CLOCK_MONOTONIC: the clock that programs and wall time compare with. */
	status = write_file(session, "trace_clock", "mono", err);
	if (status < 0)
		return status;
	/* Wake the reader for the first record, not for half a buffer. */
	if (tracefs_file_exists(session->instance, "buffer_percent")) {
		status = write_file(session, "buffer_percent", "0", err);
		if (status < 0)
			return status;
	}
	if (!request->buffer_bytes)
		return 0;
	snprintf(kib, sizeof(kib), "%llu", (unsigned long long)(request->buffer_bytes / 1024));
	if (tracefs_instance_file_write(session->instance, "buffer_size_kb", kib) >= 0)
		return 0;
	error_errno(err, errno, "no ring buffer of %s KiB for each CPU", kib);
	error_hint(err, "take a smaller --buffer-size");
	return -errno;
}

/* Defines the plan's probes in order. The one that the kernel refused, or NULL. */
static const struct probe *make_plan(struct session *session, struct error *refused)
{
	for (size_t i = 0; i < session->plan.probe_count; i++)
		if (probe_group_add(session->group, &session->plan.probes[i], refused) < 0)
			return &session->plan.probes[i];
	return NULL;
}

/* Plans and defines until the kernel has taken every probe of a plan. */
static int make_probes(struct session *session, const struct session_request *request,
		       struct kernel_features *features, struct error *err)
{
	int status = 0;

	while (status == 0) {
		const struct probe *probe;
		struct error refused;

		status = probe_plan_make(&session->plan, features, &request->wishes, err);
		if (status < 0)
			break;
		probe = make_plan(session, &refused);
		if (!probe)
			break;
		if (refused.code == ENOMEM || refused.code == EPERM || refused.code == EACCES ||
		    kernel_features_refuse(features, probe->symbol, probe->args, refused.text) < 0)
			return error_set(err, refused.code, "cannot make a probe on %s: %s",
					 probe->symbol, refused.text);
		status = probe_group_remove(session->group, err);
		if (status > 0)
			status = 0;
	}
	return status;
}

int session_open(struct session **out, const struct session_request *request,
		 struct kernel_features *features, struct error *err)
{
	struct session *session = calloc(1, sizeof(*session));
	int status;

	*out = NULL;
	if (!session)
		return error_errno(err, ENOMEM, "session");
	session->lock = -1;
	status = make_instance(session, err);
	if (status == 0)
		status = set_up_instance(session, request, err);
	if (status == 0)
		status = make_probes(session, request, features, err);
	if (status < 0) {
		session_close(session, NULL);
		return status;
	}
	*out = session;
	return 0;
}

/* There is no such file when no probe of the group was made; a failure shows
 * at once as probes that are still in use. */
static void disable_group(struct tracefs_instance *instance, const char *group)
{
	char file[96];

	snprintf(file, sizeof(file), "events/%s/enable", group);
	tracefs_instance_file_write(instance, file, "0");
}

/*
 * Once its events are disabled. The probes go before the instance, whose lock says
 * that they are owned:
 * there is never a group of ours without its instance.
 */
static int remove_all(struct tracefs_instance *instance, const char *group, struct error *err)
{
	int status = probe_group_remove(group, err);

	if (tracefs_instance_destroy(instance) < 0 && status >= 0)
		status = error_errno(err, errno, "cannot remove the tracefs instance %s",
				     tracefs_instance_get_name(instance));
	return status < 0 ? status : 0;
}

int session_close(struct session *session, struct error *err)
{
	int status = 0;

	if (!session)
		return 0;
	if (session->instance) {
		disable_group(session->instance, session->group);
		/* By name, which no listing can miss. */
		for (size_t i = 0; i < session->plan.probe_count; i++)
			probe_group_remove_probe(session->group, &session->plan.probes[i], NULL);
		status = remove_all(session->instance, session->group, err);
		tracefs_instance_free(session->instance);
	}
	if (session->lock >= 0)
		close(session->lock);
	free(session);
	return status;
}

const struct probe_plan *session_plan(const struct session *session)
{
	return &session->plan;
}

struct tracefs_instance *session_instance(const struct session *session)
{
	return session->instance;
}

const char *session_group(const struct session *session)
{
	return session->group;
}

int session_follow(struct session *session, const int32_t *tids, size_t count, struct error *err)
{
	char text[4096];
	size_t done = 0;
	int status = write_file(session, "options/event-fork", "1", err);

	while (done < count && status == 0) {
		size_t used = 0;

		for (; done < count && used < sizeof(text) - 16; done++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%d ",
						 tids[done]);
		if (tracefs_instance_file_append(session->instance, "set_event_pid", text) < 0)
			status = error_errno(err, errno, "cannot follow tasks (set_event_pid)");
	}
	return status;
}

static bool tells_of_calls(enum probe_use use)
{
	return use == USE_ENTRY || use == USE_RETURN || use == USE_COPY || use == USE_USER ||
	       use == USE_OLD;
}

int session_filter(struct session *session, const char *filter, struct error *err)
{
	for (size_t i = 0; i < session->plan.probe_count; i++) {
		const struct probe *probe = &session->plan.probes[i];

		if (tells_of_calls(probe->use) &&
		    tracefs_event_file_write(session->instance, session->group, probe->event,
					     "filter", filter) < 0)
			return error_errno(err, errno, "the kernel does not take the filter %s",
					   filter);
	}
	return 0;
}

static int enable(struct session *session, const char *system, const char *event, struct error *err)
{
	if (tracefs_event_file_write(session->instance, system, event, "enable", "1") < 0)
		return error_errno(err, errno, "cannot enable the event %s:%s", system, event);
	return 0;
}

int session_watch_tasks(struct session *session, struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < session->plan.event_count && status == 0; i++)
		status = enable(session, session->plan.events[i].system,
				session->plan.events[i].event, err);
	for (size_t i = 0; i < session->plan.probe_count && status == 0; i++)
		if (!tells_of_calls(session->plan.probes[i].use))
			status =
				enable(session, session->group, session->plan.probes[i].event, err);
	return status;
}

/* Switches on the entries, or all the others that tell of calls. */
static int enable_calls(struct session *session, bool entries, struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < session->plan.probe_count && status == 0; i++) {
		const struct probe *probe = &session->plan.probes[i];

		if (tells_of_calls(probe->use) && (probe->use == USE_ENTRY) == entries)
			status = enable(session, session->group, probe->event, err);
	}
	return status;
}

int session_enable(struct session *session, struct error *err)
{
	return enable_calls(session, false, err);
}

int session_enable_entries(struct session *session, struct error *err)
{
	return enable_calls(session, true, err);
}

int session_stop(struct session *session, struct error *err)
{
	if (tracefs_trace_off(session->instance) < 0)
		return error_errno(err, errno, "cannot switch tracing off");
	return 0;
}

char *session_format(const struct session *session, const char *system, const char *event)
{
	return tracefs_event_file_read(session->instance, system, event, "format", NULL);
}

int session_missed(const struct session *session, uint64_t *missed, struct error *err)
{
	return probe_group_missed(session->group, USER_PROBES, missed, err);
}

static int sweep_instance(const char *name, unsigned *removed, struct error *err)
{
	struct tracefs_instance *instance = tracefs_instance_alloc(NULL, name);
	char *dir = instance ? tracefs_instance_get_dir(instance) : NULL;
	int status = dir ? lock_instance(dir) : -ENOMEM;
	char group[64];
	int lock = status;

	if (lock >= 0) {
		group_of(group, sizeof(group), name);
		disable_group(instance, group);
		status = remove_all(instance, group, err);
		close(lock);
		if (status == 0)
			++*removed;
	} else if (status == -EWOULDBLOCK || status == -ENOENT) {
		status = 0; /* alive, or gone meanwhile */
	} else {
		error_errno(err, -status, "cannot look at the tracefs instance %s", name);
	}
	tracefs_put_tracing_file(dir);
	tracefs_instance_free(instance);
	return status;
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
		if (tracefs_instance_exists(instance))
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

int session_sweep(unsigned *removed, struct error *err)
{
	struct orphans orphans = { .count = 0 };
	char **names;
	int status, swept;

	*removed = 0;
	/* Groups are listed before instances are looked for: a run that starts
	 * meanwhile is not taken for an orphan. */
	status = probe_group_walk(GROUP_PREFIX, note_group, &orphans, err);
	if (status < 0)
		return status;
	names = tracefs_instances("^" INSTANCE_PREFIX);
	/* One that cannot be removed does not keep the others. */
	for (char **name = names; name && *name; name++) {
		swept = is_ours(*name, INSTANCE_PREFIX, '-')
				? sweep_instance(*name, removed, status ? NULL : err)
				: 0;

		status = status ? status : swept;
	}
	tracefs_list_free(names);
	swept = sweep_orphans(&orphans, removed, status ? NULL : err);
	return status ? status : swept;
}
