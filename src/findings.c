/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/findings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/timerspec.h"

const struct finding_kind finding_kinds[FINDING_COUNT] = {
	[FINDING_REARM_STORM] = { "rearm-storm", SEVERITY_WARNING,
				  "arm it once and let it run, or leave it armed and look at the "
				  "deadline when it expires" },
	[FINDING_TOO_SHORT] = { "too-short", SEVERITY_WARNING,
				"ask for longer, or poll: so short a time cannot be kept" },
	[FINDING_PAST] = { "past", SEVERITY_WARNING,
			   "compute the instant from the clock's time of now, or take a relative "
			   "value" },
	[FINDING_OVERRUN] = { "overrun", SEVERITY_WARNING,
			      "take a longer interval, or handle it faster; timer_getoverrun(2) "
			      "and read(2) of a timerfd tell how many were missed" },
	[FINDING_SIGNAL_BLOCKED] = { "signal-blocked", SEVERITY_WARNING,
				     "unblock the signal, wait for it with sigwaitinfo(2), or take "
				     "a timerfd" },
	[FINDING_SIGNAL_IGNORED] = { "signal-ignored", SEVERITY_WARNING,
				     "install a handler before the timer is armed, or take "
				     "SIGEV_NONE" },
	[FINDING_CALLS_FAIL] = { "calls-fail", SEVERITY_ERROR,
				 "look at what the program does with the result; trace -x shows "
				 "each such call" },
	[FINDING_BAD_VALUE] = { "bad-value", SEVERITY_ERROR,
				"keep tv_nsec from 0 to 999999999 and both parts from 0 up" },
	[FINDING_NEVER_ARMED] = { "never-armed", SEVERITY_INFO,
				  "arm it, or make it only when it is needed" },
	[FINDING_LEAK] = { "leak", SEVERITY_WARNING,
			   "delete timers with timer_delete(2), close timerfds: each one counts "
			   "against a limit" },
	[FINDING_ZERO_VALUE] = { "zero-value", SEVERITY_WARNING,
				 "it_value arms a timer, it_interval alone does not: set it_value, "
				 "too" },
	[FINDING_LATE] = { "late", SEVERITY_WARNING,
			   "when CPUs were idle, look at their idle states; else at what else "
			   "runs, at priorities and at interrupts that are off" },
	[FINDING_WRONG_CLOCK] = { "wrong-clock", SEVERITY_ERROR,
				  "read the time with clock_gettime(2) of the clock that the timer "
				  "was made for" },
	[FINDING_HERD] = { "herd", SEVERITY_INFO,
			   "spread their deadlines, so that not all have to run at once" },
	[FINDING_MEMORY_CHANGED] = { "memory-changed", SEVERITY_ERROR,
				     "let no other thread write to an itimerspec while a call "
				     "reads it" },
	[FINDING_DATA_INCOMPLETE] = { "data-incomplete", SEVERITY_WARNING,
				      "take a larger --buffer-size, fewer processes (-p, -n), or "
				      "--aggregate user where the kernel counts: figures may be "
				      "too low" },
};

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "info", "warning", "error" };

	return names[severity];
}

uint32_t findings_named(const char *name)
{
	uint32_t found = 0;
	int least = !strcmp(name, "any")       ? SEVERITY_INFO
		    : !strcmp(name, "warning") ? SEVERITY_WARNING
		    : !strcmp(name, "error")   ? SEVERITY_ERROR
					       : -1;

	for (unsigned id = 0; id < FINDING_COUNT; id++)
		if (least >= 0 ? (int)finding_kinds[id].severity >= least
			       : strcmp(finding_kinds[id].id, name) == 0)
			found |= FINDING_BIT(id);
	return found;
}

void findings_names(char text[FINDING_NAMES_MAX])
{
	size_t used = (size_t)snprintf(text, FINDING_NAMES_MAX, "any, warning, error");

	for (unsigned id = 0; id < FINDING_COUNT && used < FINDING_NAMES_MAX; id++)
		used += (size_t)snprintf(text + used, FINDING_NAMES_MAX - used, ", %s",
					 finding_kinds[id].id);
}

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
};

struct limit {
	const char *name;
	size_t at; /* in struct finding_limits */
	bool duration;
};

static const struct limit limit_names[] = {
	{ "storm", offsetof(struct finding_limits, storm), false },
	{ "short", offsetof(struct finding_limits, short_ns), true },
	{ "overruns", offsetof(struct finding_limits, overruns), false },
	{ "blocked", offsetof(struct finding_limits, blocked_ns), true },
	{ "failures", offsetof(struct finding_limits, failures), false },
	{ "leak", offsetof(struct finding_limits, leak), false },
	{ "late", offsetof(struct finding_limits, late_ns), true },
	{ "herd", offsetof(struct finding_limits, herd), false },
	{ "herd-time", offsetof(struct finding_limits, herd_ns), true },
};

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

int findings_set_limit(struct finding_limits *limits, const char *text, const char *what,
		       struct error *err)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; i < sizeof(limit_names) / sizeof(limit_names[0]); i++) {
		const struct limit *limit = &limit_names[i];

		if (strlen(limit->name) != length || strncmp(limit->name, text, length) != 0)
			continue;
		if (text[length] &&
		    read_limit(limit, text + length + 1, (char *)limits + limit->at) == 0)
			return 0;
		return error_set(err, EINVAL, "%s %s takes %s, not '%s'", what, limit->name,
				 limit->duration ? "a duration, such as 1ms"
						 : "a whole number from 1 up",
				 text[length] ? text + length + 1 : "");
	}
	error_set(err, EINVAL, "%s has no limit '%.*s'", what, (int)(length < 64 ? length : 64),
		  text);
	error_hint(err, "limits: storm, short, overruns, blocked, failures, leak, late, herd, "
			"herd-time");
	return -EINVAL;
}
