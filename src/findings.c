/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/findings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/timerspec.h"

/* All names of limits. */
#define LIMIT_NAMES_MAX 160

const struct finding_kind finding_kinds[FINDING_COUNT] = {
	[FINDING_REARM_STORM] = { "rearm-storm", SEVERITY_WARNING, FINDING_OF_STAT,
				  "arm it once and let it run, or leave it armed and look at the "
				  "deadline when it expires" },
	[FINDING_TOO_SHORT] = { "too-short", SEVERITY_WARNING, FINDING_OF_STAT,
				"ask for longer, or poll: so short a time cannot be kept" },
	[FINDING_PAST] = { "past", SEVERITY_WARNING, FINDING_OF_STAT,
			   "compute the instant from the clock's time of now, or take a relative "
			   "value" },
	[FINDING_OVERRUN] = { "overrun", SEVERITY_WARNING, FINDING_OF_STAT,
			      "take a longer interval, or handle it faster; timer_getoverrun(2) "
			      "and read(2) of a timerfd tell how many were missed" },
	[FINDING_SIGNAL_BLOCKED] = { "signal-blocked", SEVERITY_WARNING, FINDING_OF_STAT,
				     "unblock the signal, wait for it with sigwaitinfo(2), or take "
				     "a timerfd" },
	[FINDING_SIGNAL_IGNORED] = { "signal-ignored", SEVERITY_WARNING, FINDING_OF_STAT,
				     "install a handler before the timer is armed, or take "
				     "SIGEV_NONE" },
	[FINDING_CALLS_FAIL] = { "calls-fail", SEVERITY_ERROR, FINDING_OF_STAT,
				 "look at what the program does with the result; trace -x shows "
				 "each such call" },
	[FINDING_BAD_VALUE] = { "bad-value", SEVERITY_ERROR, FINDING_OF_STAT,
				"keep tv_nsec from 0 to 999999999 and both parts from 0 up" },
	[FINDING_NEVER_ARMED] = { "never-armed", SEVERITY_INFO, FINDING_OF_STAT,
				  "arm it, or make it only when it is needed" },
	[FINDING_LEAK] = { "leak", SEVERITY_WARNING, FINDING_OF_STAT,
			   "delete timers with timer_delete(2), close timerfds: each one counts "
			   "against a limit" },
	[FINDING_ZERO_VALUE] = { "zero-value", SEVERITY_WARNING, FINDING_OF_STAT,
				 "it_value arms a timer, it_interval alone does not: set it_value, "
				 "too" },
	[FINDING_LATE] = { "late", SEVERITY_WARNING, FINDING_OF_STAT,
			   "when CPUs were idle, look at their idle states; else at what else "
			   "runs, at priorities and at interrupts that are off" },
	[FINDING_WRONG_CLOCK] = { "wrong-clock", SEVERITY_ERROR, FINDING_OF_STAT,
				  "read the time with clock_gettime(2) of the clock that the timer "
				  "was made for" },
	[FINDING_HERD] = { "herd", SEVERITY_INFO, FINDING_OF_STAT,
			   "spread their deadlines, so that not all have to run at once" },
	[FINDING_MEMORY_CHANGED] = { "memory-changed", SEVERITY_ERROR, FINDING_OF_STAT,
				     "let no other thread write to an itimerspec while a call "
				     "reads it" },
	[FINDING_ALWAYS_FIRES] = { "always-fires", SEVERITY_INFO, FINDING_OF_KERNEL,
				   "see whether what it waits for comes at all, and in time: a "
				   "timeout is there to be cancelled" },
	[FINDING_SLOW_CALLBACK] = { "slow-callback", SEVERITY_WARNING, FINDING_OF_KERNEL,
				    "leave the work to a workqueue or a thread: other timers and "
				    "interrupts of that CPU wait meanwhile" },
	[FINDING_EVERY_JIFFY] = { "every-jiffy", SEVERITY_WARNING, FINDING_OF_KERNEL,
				  "take a longer timeout, or wait for the event itself: so it only "
				  "polls" },
	[FINDING_KEEPS_AWAKE] = { "keeps-awake", SEVERITY_WARNING, FINDING_OF_KERNEL,
				  "let it run less often, give it slack or make it deferrable, and "
				  "ask for less in the process behind it" },
	[FINDING_OVERDUE] = { "overdue", SEVERITY_WARNING, FINDING_OF_KERNEL,
			      "look at what else that CPU did: long callbacks, interrupts or "
			      "softirqs that are off, deep idle states" },
	[FINDING_DATA_INCOMPLETE] = { "data-incomplete", SEVERITY_WARNING, FINDING_OF_ALL,
				      "take a larger --buffer-size, fewer processes (-p, -n), or "
				      "--aggregate user where the kernel counts: figures may be "
				      "too low" },
};

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "info", "warning", "error" };

	return names[severity];
}

uint32_t findings_named(const char *name, enum finding_of of)
{
	uint32_t found = 0;
	int least = !strcmp(name, "any")       ? SEVERITY_INFO
		    : !strcmp(name, "warning") ? SEVERITY_WARNING
		    : !strcmp(name, "error")   ? SEVERITY_ERROR
					       : -1;

	for (unsigned id = 0; id < FINDING_COUNT; id++)
		if (finding_kinds[id].of & of &&
		    (least >= 0 ? (int)finding_kinds[id].severity >= least
				: strcmp(finding_kinds[id].id, name) == 0))
			found |= FINDING_BIT(id);
	return found;
}

void findings_names(char text[FINDING_NAMES_MAX], enum finding_of of)
{
	size_t used = (size_t)snprintf(text, FINDING_NAMES_MAX, "any, warning, error");

	for (unsigned id = 0; id < FINDING_COUNT && used < FINDING_NAMES_MAX; id++)
		if (finding_kinds[id].of & of)
			used += (size_t)snprintf(text + used, FINDING_NAMES_MAX - used, ", %s",
						 finding_kinds[id].id);
}

/* --- limits -------------------------------------------------------------------------- */

const struct finding_limits finding_limits_default = {
	.storm = 100,
	.short_ns = 50000,
	.overruns = 5,
	.blocked_ns = 100000000,
	.failures = 1,
	.leak = 10,
	.late_ns = 10000000,
	.herd = 10,
	.herd_ns = 100000,
	.fires = 20,
	.run_ns = 1000000,
	.jiffies = 50,
	.awake = 50,
	.overdue_ns = 10000000,
};

struct limit {
	const char *name;
	size_t at; /* in struct finding_limits */
	bool duration;
	enum finding_of of;
};

static const struct limit limit_names[] = {
	{ "storm", offsetof(struct finding_limits, storm), false, FINDING_OF_STAT },
	{ "short", offsetof(struct finding_limits, short_ns), true, FINDING_OF_STAT },
	{ "overruns", offsetof(struct finding_limits, overruns), false, FINDING_OF_STAT },
	{ "blocked", offsetof(struct finding_limits, blocked_ns), true, FINDING_OF_STAT },
	{ "failures", offsetof(struct finding_limits, failures), false, FINDING_OF_STAT },
	{ "leak", offsetof(struct finding_limits, leak), false, FINDING_OF_STAT },
	{ "late", offsetof(struct finding_limits, late_ns), true, FINDING_OF_STAT },
	{ "herd", offsetof(struct finding_limits, herd), false, FINDING_OF_STAT },
	{ "herd-time", offsetof(struct finding_limits, herd_ns), true, FINDING_OF_STAT },
	{ "fires", offsetof(struct finding_limits, fires), false, FINDING_OF_KERNEL },
	{ "run", offsetof(struct finding_limits, run_ns), true, FINDING_OF_KERNEL },
	{ "jiffies", offsetof(struct finding_limits, jiffies), false, FINDING_OF_KERNEL },
	{ "awake", offsetof(struct finding_limits, awake), false, FINDING_OF_KERNEL },
	{ "overdue", offsetof(struct finding_limits, overdue_ns), true, FINDING_OF_KERNEL },
};
#define LIMITS (sizeof(limit_names) / sizeof(limit_names[0]))

/* Every limit is 64 bits wide. */
static int read_limit(const struct limit *limit, const char *text, void *value)
{
	uint64_t number;
	int64_t ns;
	char rest;

	if (limit->duration) {
		if (timerspec_parse(text, &ns) < 0)
			return -EINVAL;
		memcpy(value, &ns, sizeof(ns));
		return 0;
	}
	if (text[0] < '0' || text[0] > '9' || sscanf(text, "%19" SCNu64 "%c", &number, &rest) != 1)
		return -EINVAL;
	memcpy(value, &number, sizeof(number));
	return number ? 0 : -EINVAL;
}

static int no_such_limit(const char *text, size_t length, enum finding_of of, const char *what,
			 struct error *err)
{
	char names[LIMIT_NAMES_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < LIMITS && used < sizeof(names); i++)
		if (limit_names[i].of & of)
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", limit_names[i].name);
	error_set(err, EINVAL, "%s has no limit '%.*s'", what, (int)(length < 64 ? length : 64),
		  text);
	error_hint(err, "limits: %s", names);
	return -EINVAL;
}

int findings_set_limit(struct finding_limits *limits, const char *text, enum finding_of of,
		       const char *what, struct error *err)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; i < LIMITS; i++) {
		const struct limit *limit = &limit_names[i];

		if (!(limit->of & of) || strlen(limit->name) != length ||
		    strncmp(limit->name, text, length) != 0)
			continue;
		if (text[length] &&
		    read_limit(limit, text + length + 1, (char *)limits + limit->at) == 0)
			return 0;
		return error_set(err, EINVAL, "%s %s takes %s, not '%s'", what, limit->name,
				 limit->duration ? "a duration, such as 1ms"
						 : "a whole number from 1 up",
				 text[length] ? text + length + 1 : "");
	}
	return no_such_limit(text, length, of, what, err);
}

/* --- what was found --------------------------------------------------------------------- */

struct finding *findings_add(struct findings *findings)
{
	if (findings->count == findings->room) {
		size_t room = findings->room ? findings->room * 2 : 16;
		struct finding *larger = realloc(findings->list, room * sizeof(*larger));

		if (!larger)
			return NULL;
		findings->list = larger;
		findings->room = room;
	}
	memset(&findings->list[findings->count], 0, sizeof(*findings->list));
	return &findings->list[findings->count++];
}

int findings_add_loss(struct findings *findings, const struct diagnosis_loss *loss)
{
	struct finding *finding;

	if (!loss->incomplete)
		return 0;
	finding = findings_add(findings);
	if (!finding)
		return -ENOMEM;
	finding->id = FINDING_DATA_INCOMPLETE;
	finding->count = 1;
	memcpy(finding->evidence, loss->evidence, sizeof(finding->evidence));
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	enum severity of_x = finding_kinds[x->id].severity, of_y = finding_kinds[y->id].severity;
	int order;

	if (of_x != of_y)
		return of_x > of_y ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	order = strcmp(x->comm, y->comm);
	if (order == 0)
		order = strcmp(x->callback, y->callback);
	return order ? order : (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

void findings_sort(struct findings *findings)
{
	if (findings->count)
		qsort(findings->list, findings->count, sizeof(*findings->list), compare);
}

void findings_free(struct findings *findings)
{
	free(findings->list);
	*findings = (struct findings){ .count = 0 };
}
