/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/probe_group.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tracefs.h>

#define PROBES_FILE "kprobe_events"
#define PROFILE_FILE "kprobe_profile"
/* The listing may change while it is compared with the profile. */
#define PROFILE_TRIES 40

static char *read_file(const char *file, struct error *err)
{
	char *text;

	errno = 0;
	text = tracefs_instance_file_read(NULL, file, NULL);
	/* An empty file reads as NULL without an error. */
	if (!text && (errno == 0 || errno == ENOENT))
		text = strdup("");
	if (!text)
		error_errno(err, errno, "cannot read %s", file);
	return text;
}

/*
 * The reason in tracefs's error_log, if its last entry is about this command:
 *   [  5.123] trace_kprobe: error: Invalid probed address or symbol
 *     Command: p:group/event symbol args
 */
static void last_reason(const char *command, char *reason, size_t size)
{
	char *log = tracefs_error_last(NULL);
	char *start = log ? strstr(log, "error: ") : NULL;
	char beginning[200];

	/* Older kernels keep the beginning of a command only. */
	snprintf(beginning, sizeof(beginning), "%s", command);
	reason[0] = '\0';
	if (start && strstr(log, beginning)) {
		start += strlen("error: ");
		snprintf(reason, size, "%.*s", (int)strcspn(start, "\n"), start);
	}
	free(log);
}

/* "p:GROUP/EVENT ..." or "r1024:GROUP/EVENT ...": points at GROUP; lengths out. */
static const char *parse_line(const char *line, int *group, int *name)
{
	const char *start = line + strcspn(line, ":\n");
	size_t length;

	if (*start != ':')
		return NULL;
	start++;
	length = strcspn(start, "/ \n");
	if (start[length] != '/')
		return NULL;
	*group = (int)length;
	*name = (int)strcspn(start + length + 1, " \n");
	return start;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool in_group(const char *start, int length, const char *group)
{
	return (size_t)length == strlen(group) && strncmp(start, group, (size_t)length) == 0;
}

static int remove_one(const char *path, int length, struct error *err)
{
	char text[160];

	snprintf(text, sizeof(text), "-:%.*s\n", length, path);
	if (tracefs_instance_file_append(NULL, PROBES_FILE, text) >= 0 || errno == ENOENT)
		return 0;
	error_errno(err, errno, "cannot delete the probe event %.*s", length, path);
	if (errno == EBUSY)
		error_hint(err, "another tracer has it enabled; once it has stopped, run "
				"timersnoop --cleanup");
	return -errno;
}

/* Is this probe in a listing? */
static bool is_listed(const char *listing, const char *group, const char *event)
{
	for (const char *line = listing; *line; line = next_line(line)) {
		int group_length, name_length;
		const char *start = parse_line(line, &group_length, &name_length);

		if (start && in_group(start, group_length, group) &&
		    (size_t)name_length == strlen(event) &&
		    strncmp(start + group_length + 1, event, (size_t)name_length) == 0)
			return true;
	}
	return false;
}

/* The kernel stops at the first that it does not take: the first that is not there. */
static const struct probe *find_refused(const char *group, const struct probe_plan *plan)
{
	char *listing = read_file(PROBES_FILE, NULL);
	const struct probe *refused = NULL;

	for (size_t i = 0; listing && !refused && i < plan->probe_count; i++)
		if (!is_listed(listing, group, plan->probes[i].event))
			refused = &plan->probes[i];
	free(listing);
	return refused;
}

int probe_group_add(const char *group, const struct probe_plan *plan, const struct probe **refused,
		    struct error *err)
{
	char *text = malloc(plan->probe_count * (PROBE_TEXT_MAX + 1) + 1), reason[160] = "";
	size_t used = 0;
	int code = 0;

	*refused = NULL;
	if (!text)
		return error_errno(err, ENOMEM, "probes");
	for (size_t i = 0; i < plan->probe_count; i++) {
		used += probe_definition(text + used, &plan->probes[i], group);
		text[used++] = '\n';
	}
	text[used] = '\0';
	/* One write for all: each opening of this file takes as long as ten probes. */
	if (used && tracefs_instance_file_append(NULL, PROBES_FILE, text) < 0) {
		code = errno;
		*refused = find_refused(group, plan);
	}
	if (*refused) {
		text[probe_definition(text, *refused, group)] = '\0';
		last_reason(text, reason, sizeof(reason));
	}
	free(text);
	return code ? error_set(err, code, "%s", reason[0] ? reason : strerror(code)) : 0;
}

/* Deletes what one listing shows: their number, or -errno. */
static int remove_listed(const char *group, struct error *err)
{
	char *text = read_file(PROBES_FILE, err);
	int count = 0, status = 0;

	if (!text)
		return -errno;
	for (const char *line = text; *line; line = next_line(line)) {
		int group_length, name_length, removed;
		const char *start = parse_line(line, &group_length, &name_length);

		if (!start || !in_group(start, group_length, group))
			continue;
		count++;
		removed = remove_one(start, group_length + 1 + name_length, status ? NULL : err);
		if (removed < 0)
			status = removed;
	}
	free(text);
	return status ? status : count;
}

int probe_group_remove(const char *group, struct error *err)
{
	int removed = 0, empty = 0;

	/* A listing takes several reads: while others delete theirs, lines
	 * move up and one of ours may be passed over. */
	while (empty < 2) {
		int count = remove_listed(group, err);

		if (count < 0)
			return count;
		removed += count;
		empty = count ? 0 : empty + 1;
	}
	return removed;
}

int probe_group_remove_probe(const char *group, const struct probe *probe, struct error *err)
{
	char path[128];
	int length = snprintf(path, sizeof(path), "%s/%s", group, probe->event);

	return remove_one(path, length, err);
}

void probe_group_remove_plan(const char *group, const struct probe_plan *plan)
{
	char *text = malloc(plan->probe_count * 128 + 1);
	size_t used = 0;

	for (size_t i = 0; text && i < plan->probe_count; i++)
		used += (size_t)snprintf(text + used, 128, "-:%s/%s\n", group,
					 plan->probes[i].event);
	/* All in one write; the kernel stops at the first that is not there. */
	if (!used || tracefs_instance_file_append(NULL, PROBES_FILE, text) < 0)
		for (size_t i = 0; i < plan->probe_count; i++)
			probe_group_remove_probe(group, &plan->probes[i], NULL);
	free(text);
}

int probe_group_walk(const char *prefix, void (*each)(void *context, const char *group),
		     void *context, struct error *err)
{
	char *text = read_file(PROBES_FILE, err);

	if (!text)
		return -errno;
	for (const char *line = text; *line; line = next_line(line)) {
		int group_length, name_length;
		const char *start = parse_line(line, &group_length, &name_length);
		char group[80];

		if (!start || strncmp(start, prefix, strlen(prefix)) != 0 ||
		    (size_t)group_length >= sizeof(group))
			continue;
		snprintf(group, sizeof(group), "%.*s", group_length, start);
		each(context, group);
	}
	free(text);
	return 0;
}

/*
 * kprobe_profile has a line for each line of kprobe_events, in its order, but
 * no group: "  EVENT   HITS   MISSES". -EAGAIN when the two do not match, since
 * somebody changed them in between.
 */
static int sum_missed(const char *events, const char *profile, const char *group,
		      const char *except, uint64_t *missed)
{
	uint64_t sum = 0;

	for (; *events; events = next_line(events), profile = next_line(profile)) {
		unsigned long long hits, misses;
		int group_length, name_length;
		const char *start = parse_line(events, &group_length, &name_length);
		char name[128];

		if (sscanf(profile, " %127s %llu %llu", name, &hits, &misses) != 3 || !start ||
		    strlen(name) != (size_t)name_length ||
		    strncmp(name, start + group_length + 1, (size_t)name_length) != 0)
			return -EAGAIN;
		if (in_group(start, group_length, group) &&
		    strncmp(name, except, strlen(except)) != 0)
			sum += misses;
	}
	if (*profile)
		return -EAGAIN;
	*missed = sum;
	return 0;
}

int probe_group_missed(const char *group, const char *except, uint64_t *missed, struct error *err)
{
	int status = -EAGAIN;

	for (int i = 0; i < PROFILE_TRIES && status == -EAGAIN; i++) {
		const struct timespec pause = { .tv_nsec = (i < 20 ? i : 20) * 10000000L };
		char *events, *profile;

		nanosleep(&pause, NULL);
		events = read_file(PROBES_FILE, err);
		profile = events ? read_file(PROFILE_FILE, err) : NULL;
		status = profile ? sum_missed(events, profile, group, except, missed) : -errno;
		free(profile);
		free(events);
	}
	if (status == -EAGAIN)
		error_set(err, EAGAIN, "the missed hits in %s cannot be told apart", PROFILE_FILE);
	return status;
}
