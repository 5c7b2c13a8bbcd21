/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others do to our instances while they record: whoever may write there can switch
 * tracing or an event off, change a filter, clear a buffer.
 *
 * It costs nothing meanwhile. What state shows is compared with what it was when recording
 * began; inotify keeps what was written to and left no trace of itself: a buffer that was
 * cleared, tracing that was off for a while. Events have directories that come and go with
 * whoever looks at them (eventfs), which cannot be watched: of these there is the state.
 */
#include "timersnoop/session_guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WRITTEN (IN_MODIFY | IN_CLOSE_WRITE)
/* More are counted. */
#define NAMES_MAX 4

struct setting {
	char *path;  /* to be opened; the caller's errors never name it */
	char *name;  /* what people call it */
	char *value; /* when recording began; NULL: it could not be read */
	int fd;      /* -1: opened each time */
};

struct session_guard {
	struct setting *settings;
	size_t count;
	int watch; /* inotify; -1: there is none */
};

static const char *const instance_files[] = { "tracing_on", "trace_clock", "buffer_size_kb",
					      "tracing_cpumask", "options/overwrite" };
/* What they have in common: whether probes on functions work at all. */
static const char *const machine_files[][2] = {
	{ "/sys/kernel/debug/kprobes/enabled", "kprobes/enabled" },
	{ "/proc/sys/kernel/ftrace_enabled", "kernel.ftrace_enabled" },
};

static int add(struct session_guard *guard, char *path, const char *name)
{
	struct setting *larger =
		path ? realloc(guard->settings, (guard->count + 1) * sizeof(*larger)) : NULL;
	struct setting *setting;

	if (!larger) {
		free(path);
		return -ENOMEM;
	}
	guard->settings = larger;
	setting = &guard->settings[guard->count++];
	*setting = (struct setting){ .path = path, .name = strdup(name), .fd = -1 };
	return setting->name ? 0 : -ENOMEM;
}

static int add_event(struct session_guard *guard, const char *dir, const char *system,
		     const char *event, bool triggers)
{
	static const char *const files[] = { "enable", "filter", "trigger" };
	int status = 0;

	for (int i = 0; i < (triggers ? 3 : 2) && status == 0; i++) {
		char name[160], *path = NULL;

		snprintf(name, sizeof(name), "%s/%s", event, files[i]);
		if (asprintf(&path, "%s/events/%s/%s", dir, system, name) < 0)
			return -ENOMEM;
		status = add(guard, path, name);
	}
	return status;
}

static int add_machine(struct session_guard *guard)
{
	int status = 0;

	for (size_t i = 0; i < sizeof(machine_files) / sizeof(machine_files[0]) && status == 0;
	     i++) {
		status = add(guard, strdup(machine_files[i][0]), machine_files[i][1]);
		/* By the end it is not tracefs's, and may not be opened any more. */
		if (status == 0)
			guard->settings[i].fd = open(machine_files[i][0], O_RDONLY | O_CLOEXEC);
	}
	return status;
}

static int add_instance(struct session_guard *guard, const char *dir)
{
	int status = 0;

	for (size_t i = 0; i < sizeof(instance_files) / sizeof(instance_files[0]) && status == 0;
	     i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", dir, instance_files[i]) < 0)
			return -ENOMEM;
		status = add(guard, path, instance_files[i]);
	}
	return status;
}

/* The beginning of a file, which is all of these; NULL when it cannot be read. */
static char *read_value(const struct setting *setting)
{
	char value[2048];
	int fd = setting->fd >= 0 ? setting->fd : open(setting->path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = -1;

	while (fd >= 0 && length < sizeof(value) - 1) {
		got = pread(fd, value + length, sizeof(value) - 1 - length, (off_t)length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	if (fd >= 0 && fd != setting->fd)
		close(fd);
	value[length] = '\0';
	return got < 0 ? NULL : strdup(value);
}

/* Each CPU's files can be written to as well. What cannot be watched is not. */
static void watch_cpus(struct session_guard *guard, const char *dir)
{
	char path[PATH_MAX];
	DIR *cpus;
	struct dirent *entry;

	snprintf(path, sizeof(path), "%s/per_cpu", dir);
	cpus = opendir(path);
	while (cpus && (entry = readdir(cpus)))
		if (strncmp(entry->d_name, "cpu", 3) == 0) {
			snprintf(path, sizeof(path), "%s/per_cpu/%s", dir, entry->d_name);
			inotify_add_watch(guard->watch, path, WRITTEN);
		}
	if (cpus)
		closedir(cpus);
}

static void watch_instance(struct session_guard *guard, const char *dir)
{
	char path[PATH_MAX];

	if (guard->watch < 0)
		return;
	inotify_add_watch(guard->watch, dir, WRITTEN);
	snprintf(path, sizeof(path), "%s/options", dir);
	inotify_add_watch(guard->watch, path, WRITTEN);
	watch_cpus(guard, dir);
}

static int learn_instance(struct session_guard *guard, struct tracefs_instance *instance,
			  const char *group, const struct probe_plan *plan, bool anywhere,
			  bool everything)
{
	char *dir = tracefs_instance_get_dir(instance);
	int status = dir ? add_instance(guard, dir) : -ENOMEM;

	for (size_t i = 0; i < plan->probe_count && status == 0; i++)
		if (everything || plan->probes[i].anywhere == anywhere)
			status = add_event(guard, dir, group, plan->probes[i].event,
					   probe_has_triggers(plan, i));
	for (size_t i = 0; i < plan->event_count && status == 0; i++)
		if (everything || plan->events[i].anywhere == anywhere)
			status = add_event(guard, dir, plan->events[i].system,
					   plan->events[i].event, plan->events[i].trigger[0]);
	if (status == 0)
		watch_instance(guard, dir);
	tracefs_put_tracing_file(dir);
	return status;
}

struct session_guard *session_guard_new(struct tracefs_instance *instance,
					struct tracefs_instance *companion, const char *group,
					const struct probe_plan *plan)
{
	struct session_guard *guard = calloc(1, sizeof(*guard));
	int status;

	if (!guard)
		return NULL;
	guard->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	status = add_machine(guard);
	if (status == 0)
		status = learn_instance(guard, instance, group, plan, false, !companion);
	if (status == 0 && companion)
		status = learn_instance(guard, companion, group, plan, true, false);
	if (status < 0) {
		session_guard_free(guard);
		return NULL;
	}
	for (size_t i = 0; i < guard->count; i++)
		guard->settings[i].value = read_value(&guard->settings[i]);
	return guard;
}

void session_guard_free(struct session_guard *guard)
{
	if (!guard)
		return;
	for (size_t i = 0; i < guard->count; i++) {
		free(guard->settings[i].path);
		free(guard->settings[i].name);
		free(guard->settings[i].value);
		if (guard->settings[i].fd >= 0)
			close(guard->settings[i].fd);
	}
	free(guard->settings);
	if (guard->watch >= 0)
		close(guard->watch);
	free(guard);
}

/* A list of names, none twice. */
struct names {
	char *text;
	size_t size, count, untold;
};

static bool has_name(const struct names *names, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = names->text; *at; at += strspn(at, ", ")) {
		size_t one = strcspn(at, ",");

		if (one == length && memcmp(at, name, length) == 0)
			return true;
		at += one;
	}
	return false;
}

static void add_name(struct names *names, const char *name)
{
	size_t used = strlen(names->text);

	if (has_name(names, name))
		return;
	if (names->count == NAMES_MAX || used + strlen(name) + 2 >= names->size) {
		names->untold++;
		return;
	}
	snprintf(names->text + used, names->size - used, "%s%s", names->count ? ", " : "", name);
	names->count++;
}

/* What was written to. Our own writes came before it was watched. */
static void tell_written(const struct session_guard *guard, struct names *names)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got;

	while (guard->watch >= 0 && (got = read(guard->watch, events, sizeof(events))) > 0)
		for (const char *at = events; at < events + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (event->mask & IN_Q_OVERFLOW)
				add_name(names, "much else");
			else if (event->mask & WRITTEN && event->len)
				add_name(names, event->name);
			at += sizeof(*event) + event->len;
		}
}

void session_guard_tell(const struct session_guard *guard, char *text, size_t size)
{
	struct names names = { .text = text, .size = size };
	size_t used;

	text[0] = '\0';
	/* Reading settings below is not what is watched for. */
	tell_written(guard, &names);
	for (size_t i = 0; i < guard->count; i++) {
		const struct setting *setting = &guard->settings[i];
		char *value = setting->value ? read_value(setting) : NULL;

		if (setting->value && (!value || strcmp(value, setting->value) != 0))
			add_name(&names, setting->name);
		free(value);
	}
	used = strlen(text);
	if (names.untold)
		snprintf(text + used, size - used, " and more");
}
