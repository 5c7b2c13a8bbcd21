/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/session.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "timersnoop/calibrate.h"
#include "timersnoop/probe_group.h"
#include "timersnoop/session_guard.h"
#include "timersnoop/session_parts.h"

#define NAME_TRIES 8

struct session {
	struct tracefs_instance *instance;
	/* Without a pid filter, for what comes in interrupts; NULL: there is no
	 * filter, the first serves for all. It comes after the first and goes
	 * before it, whose lock says that it is owned. */
	struct tracefs_instance *companion;
	int lock; /* the instance's directory, locked as long as we live */
	char group[64];
	char *filter; /* what the user asked for, for triggers; or NULL */
	struct probe_plan plan;
	struct session_guard *guard; /* since it records */
};

/* "timersnoop-4242-1a2b3c4d" has the group "timersnoop_4242_1a2b3c4d". */
void session_group_of(char *group, size_t size, const char *instance)
{
	snprintf(group, size, "%s", instance);
	for (char *c = group; *c; c++)
		if (*c == '-')
			*c = '_';
}

static int refuse_instance(struct error *err, int code, const char *name)
{
	/* libtracefs hands on a path that it had no memory for. */
	if (code == EFAULT)
		code = ENOMEM;
	error_errno(err, code, "cannot make the tracefs instance %s", name);
	if (code == ENOMEM)
		error_hint(err, "there is no memory for another ring buffer: see instances/ in "
				"tracefs for those of others");
	return -code;
}

static int make_instance(struct session *session, struct error *err)
{
	int status = -EEXIST;

	for (int i = 0; i < NAME_TRIES; i++) {
		char name[48];
		uint32_t random = 0;

		if (getrandom(&random, sizeof(random), 0) < 0)
			random = (uint32_t)i;
		snprintf(name, sizeof(name), INSTANCE_PREFIX "%d-%08x", (int)getpid(), random);
		session->instance = tracefs_instance_create(name);
		if (!session->instance)
			return refuse_instance(err, errno, name);
		session_group_of(session->group, sizeof(session->group), name);
		status = session_lock_instance(session->instance);
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

static int write_file(struct tracefs_instance *instance, const char *file, const char *text,
		      struct error *err)
{
	if (tracefs_instance_file_write(instance, file, text) >= 0)
		return 0;
	return error_errno(err, errno, "cannot write '%s' to %s of the tracefs instance", text,
			   file);
}

/*
 * tracing_cpumask: groups of 32 CPUs as hexadecimal, the highest first. The kernel
 * takes no group that it has no CPUs for.
 */
static int set_cpus(struct tracefs_instance *instance, const struct session_request *request,
		    struct error *err)
{
	char text[512] = "";
	size_t used = 0;

	for (size_t group = 2 * request->cpu_words; group-- > 0;) {
		uint32_t bits = (uint32_t)(request->cpus[group / 2] >> (group % 2 ? 32 : 0));

		if ((used || bits) && used + 10 < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 used ? ",%08x" : "%x", bits);
	}
	if (tracefs_instance_file_write(instance, "tracing_cpumask", text) >= 0)
		return 0;
	return error_errno(err, errno, "--cpu: this machine has no such CPUs");
}

static int set_up_instance(struct tracefs_instance *instance, const struct session_request *request,
			   struct error *err)
{
	char kib[32];
	int status;

	/* CLOCK_MONOTONIC: the clock that programs and wall time compare with. */
	status = write_file(instance, "trace_clock", "mono", err);
	if (status < 0)
		return status;
	if (tracefs_file_exists(instance, "buffer_percent")) {
		status = write_file(instance, "buffer_percent", request->in_bulk ? "50" : "0", err);
		if (status < 0)
			return status;
	}
	if (!request->buffer_bytes)
		return 0;
	snprintf(kib, sizeof(kib), "%llu", (unsigned long long)(request->buffer_bytes / 1024));
	if (tracefs_instance_file_write(instance, "buffer_size_kb", kib) >= 0)
		return 0;
	error_errno(err, errno, "no ring buffer of %s KiB for each CPU", kib);
	error_hint(err, "take a smaller --buffer-size");
	return -errno;
}

static bool plan_goes_anywhere(const struct probe_plan *plan)
{
	for (size_t i = 0; i < plan->probe_count; i++)
		if (plan->probes[i].anywhere)
			return true;
	for (size_t i = 0; i < plan->event_count; i++)
		if (plan->events[i].anywhere)
			return true;
	return false;
}

static int make_companion(struct session *session, const struct session_request *request,
			  struct error *err)
{
	char name[64];

	snprintf(name, sizeof(name), "%s" COMPANION_SUFFIX,
		 tracefs_instance_get_name(session->instance));
	session->companion = tracefs_instance_create(name);
	if (!session->companion)
		return refuse_instance(err, errno, name);
	/* Tasks are followed on whatever CPU. */
	if (request->cpus && set_cpus(session->companion, request, err) < 0)
		return -err->code;
	return set_up_instance(session->companion, request, err);
}

/*
 * Where the plan at hand has values at second hand because a place is not known, it is looked
 * for, once; true: a better plan can be made.
 */
static bool find_copy(const struct session *session, struct kernel_features *features, bool *tried)
{
	if (*tried || session->plan.refused_new_from != FROM_USER)
		return false;
	*tried = true;
	return calibrate_copy(session->instance, session->group, features, NULL) == 0;
}

/* Plans and defines until the kernel has taken every probe of a plan. */
static int make_probes(struct session *session, const struct session_request *request,
		       struct kernel_features *features, struct error *err)
{
	bool tried = false;
	int status = 0;

	while (status == 0) {
		const struct probe *probe;
		struct error refused;

		status = probe_plan_make(&session->plan, features, &request->wishes, err);
		if (status < 0)
			break;
		if (find_copy(session, features, &tried))
			continue;
		if (probe_group_add(session->group, &session->plan, &probe, &refused) == 0)
			break;
		if (!probe || refused.code == ENOMEM || refused.code == EPERM ||
		    refused.code == EACCES ||
		    kernel_features_refuse(features, probe->symbol, probe->args, refused.text) < 0)
			return error_set(err, refused.code, "cannot make a probe on %s: %s",
					 probe ? probe->symbol : "anything", refused.text);
		status = probe_group_remove(session->group, err);
		if (status > 0)
			status = 0;
	}
	return status;
}

static struct tracefs_instance *instance_for(const struct session *session, bool anywhere)
{
	return anywhere && session->companion ? session->companion : session->instance;
}

static int set_filter(struct tracefs_instance *instance, const char *system, const char *event,
		      const char *filter, struct error *err)
{
	if (!*filter || tracefs_event_file_write(instance, system, event, "filter", filter) >= 0)
		return 0;
	return error_errno(err, errno, "the kernel does not take the filter %s of %s:%s", filter,
			   system, event);
}

/* What the plan's own events filter, whatever the user asked for. */
static int set_filters(struct session *session, struct error *err)
{
	const struct probe_plan *plan = &session->plan;
	int status = 0;

	for (size_t i = 0; i < plan->probe_count && status == 0; i++)
		status = set_filter(instance_for(session, plan->probes[i].anywhere), session->group,
				    plan->probes[i].event, plan->probes[i].filter, err);
	for (size_t i = 0; i < plan->event_count && status == 0; i++)
		if (!plan->events[i].trigger[0])
			status = set_filter(instance_for(session, plan->events[i].anywhere),
					    plan->events[i].system, plan->events[i].event,
					    plan->events[i].filter, err);
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
		status = set_up_instance(session->instance, request, err);
	if (status == 0 && request->has_instance)
		*request->has_instance = true;
	/* Without it, the plan says what is not compared. */
	if (status == 0 && request->wishes.toctou && !features->return_args)
		calibrate_registers(session->instance, session->group, features, NULL);
	if (status == 0)
		status = make_probes(session, request, features, err);
	if (status == 0 && (request->follows || request->cpus) &&
	    plan_goes_anywhere(&session->plan))
		status = make_companion(session, request, err);
	if (status == 0)
		status = set_filters(session, err);
	if (status < 0) {
		struct error left;

		if (session_close(session, &left) < 0)
			error_besides(err, &left);
		return status;
	}
	*out = session;
	return 0;
}

/* There is no such file when no probe of the group was made; a failure shows
 * at once as probes that are still in use. */
void session_disable_group(struct tracefs_instance *instance, const char *group)
{
	char file[96];

	snprintf(file, sizeof(file), "events/%s/enable", group);
	tracefs_instance_file_write(instance, file, "0");
}

/* The companion first: without the other instance nobody would know whose it is. */
static bool remove_instances(struct tracefs_instance *instance, struct tracefs_instance *companion)
{
	/* Somebody else may have been faster. */
	if (companion && tracefs_instance_destroy(companion) < 0 && errno != ENOENT)
		return false;
	return tracefs_instance_destroy(instance) == 0 || errno == ENOENT;
}

/*
 * Once its events are disabled. The instances go before the probes: to delete an
 * event that was ever enabled in an instance clears that instance's buffers, which
 * takes three times as long as the deletion itself. `plan` may be NULL.
 */
int session_remove_all(struct tracefs_instance *instance, struct tracefs_instance *companion,
		       const char *group, const struct probe_plan *plan, struct error *err)
{
	bool gone = remove_instances(instance, companion);
	int status;

	/* By name, which no listing can miss. */
	if (plan)
		probe_group_remove_plan(group, plan);
	status = probe_group_remove(group, err);
	/* What was in use may be so no more: the instance by its probes, or they by it. */
	if (!gone && !remove_instances(instance, companion))
		status = error_errno(err, errno, "cannot remove the tracefs instance %s",
				     tracefs_instance_get_name(instance));
	else if (!gone && status < 0)
		status = probe_group_remove(group, err);
	return status < 0 ? status : 0;
}

int session_close(struct session *session, struct error *err)
{
	int status = 0;

	if (!session)
		return 0;
	if (session->companion)
		session_disable_group(session->companion, session->group);
	if (session->instance) {
		session_disable_group(session->instance, session->group);
		status = session_remove_all(session->instance, session->companion, session->group,
					    &session->plan, err);
		if (status < 0 && err && !err->hint[0])
			error_hint(err,
				   "timersnoop --cleanup removes what is left, or the next run");
		tracefs_instance_free(session->companion);
		tracefs_instance_free(session->instance);
	}
	if (session->lock >= 0)
		close(session->lock);
	session_guard_free(session->guard);
	free(session->filter);
	free(session);
	return status;
}

const struct probe_plan *session_plan(const struct session *session)
{
	return &session->plan;
}

size_t session_instances(const struct session *session,
			 struct tracefs_instance *instances[SESSION_INSTANCES])
{
	instances[0] = session->instance;
	instances[1] = session->companion;
	return session->companion ? 2 : 1;
}

const char *session_group(const struct session *session)
{
	return session->group;
}

int session_follow(struct session *session, const int32_t *tids, size_t count, struct error *err)
{
	char text[4096];
	size_t done = 0;
	int status = write_file(session->instance, "options/event-fork", "1", err);

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

int session_filter(struct session *session, const char *filter, struct error *err)
{
	for (size_t i = 0; i < session->plan.probe_count; i++) {
		const struct probe *probe = &session->plan.probes[i];

		if (probe->means.use < USE_EXPIRY &&
		    tracefs_event_file_write(session->instance, session->group, probe->event,
					     "filter", filter) < 0)
			return error_errno(err, errno, "the kernel does not take the filter %s",
					   filter);
	}
	/* An event's filter is not one of its triggers, but now it is known to be taken. */
	if (!session->plan.trigger_count)
		return 0;
	if (strlen(filter) > TRIGGER_TEXT_MAX - 2 * sizeof(session->plan.triggers[0]))
		return error_set(err, E2BIG, "the filter is too long for a trigger");
	free(session->filter);
	session->filter = strdup(filter);
	return session->filter ? 0 : error_errno(err, ENOMEM, "filter");
}

/* Appends: what opens the file to write it anew removes all triggers. */
static int write_trigger(struct session *session, const struct plan_trigger *trigger,
			 enum trigger_state state, struct error *err)
{
	const struct probe *probe = &session->plan.probes[trigger->probe];
	char text[TRIGGER_TEXT_MAX];

	trigger_text(text, trigger, session->filter, state);
	if (tracefs_event_file_append(instance_for(session, probe->anywhere), session->group,
				      probe->event, "trigger", text) >= 0)
		return 0;
	return error_errno(err, errno, "the kernel does not take the trigger '%s' of %s", text,
			   probe->event);
}

/* The same of a tracepoint's own. */
static int write_event_trigger(struct session *session, const struct plan_event *event,
			       enum trigger_state state, struct error *err)
{
	char text[TRIGGER_TEXT_MAX];

	plan_event_trigger(text, event, state);
	if (tracefs_event_file_append(instance_for(session, event->anywhere), event->system,
				      event->event, "trigger", text) >= 0)
		return 0;
	return error_errno(err, errno, "the kernel does not take the trigger '%s' of %s", text,
			   event->event);
}

/* Triggers take the place of records: they work as long as the event is not enabled. */
static int switch_on_triggers(struct session *session, size_t probe, struct error *err)
{
	const struct probe_plan *plan = &session->plan;
	int status = 0;

	for (size_t i = 0; i < plan->trigger_count && status == 0; i++)
		if (plan->triggers[i].probe == probe)
			status = write_trigger(session, &plan->triggers[i], TRIGGER_COUNTS, err);
	return status;
}

static int enable(struct session *session, bool anywhere, const char *system, const char *event,
		  struct error *err)
{
	if (tracefs_event_file_write(instance_for(session, anywhere), system, event, "enable",
				     "1") < 0)
		return error_errno(err, errno, "cannot enable the event %s:%s", system, event);
	return 0;
}

/* What is switched on together. */
enum stage { STAGE_TASKS, STAGE_CALLERS, STAGE_TIMERS, STAGE_ENTRIES };

static enum stage stage_of(const struct meaning *means)
{
	if (!probe_use_tells_of_timers(means->use))
		return STAGE_TASKS;
	/* They come before what they tell the caller of. */
	if (means->use == USE_CALLER)
		return STAGE_CALLERS;
	return means->use == USE_ENTRY || means->use == USE_WHOLE ? STAGE_ENTRIES : STAGE_TIMERS;
}

static int enable_stage(struct session *session, enum stage stage, struct error *err)
{
	const struct probe_plan *plan = &session->plan;
	int status = 0;

	for (size_t i = 0; i < plan->event_count && status == 0; i++)
		if (stage_of(&plan->events[i].means) != stage)
			continue;
		else if (plan->events[i].trigger[0])
			status =
				write_event_trigger(session, &plan->events[i], TRIGGER_COUNTS, err);
		else
			status = enable(session, plan->events[i].anywhere, plan->events[i].system,
					plan->events[i].event, err);
	for (size_t i = 0; i < plan->probe_count && status == 0; i++) {
		if (stage_of(&plan->probes[i].means) != stage)
			continue;
		if (probe_has_triggers(plan, i))
			status = switch_on_triggers(session, i, err);
		else
			status = enable(session, plan->probes[i].anywhere, session->group,
					plan->probes[i].event, err);
	}
	return status;
}

int session_watch_tasks(struct session *session, struct error *err)
{
	return enable_stage(session, STAGE_TASKS, err);
}

int session_enable(struct session *session, struct error *err)
{
	int status = enable_stage(session, STAGE_CALLERS, err);

	return status < 0 ? status : enable_stage(session, STAGE_TIMERS, err);
}

int session_enable_entries(struct session *session, struct error *err)
{
	return enable_stage(session, STAGE_ENTRIES, err);
}

int session_guard(struct session *session, struct error *err)
{
	session->guard = session_guard_new(session->instance, session->companion, session->group,
					   &session->plan);
	return session->guard ? 0 : error_errno(err, ENOMEM, "settings");
}

void session_disturbed(const struct session *session, char *text, size_t size)
{
	text[0] = '\0';
	if (session->guard)
		session_guard_tell(session->guard, text, size);
}

int session_stop(struct session *session, struct error *err)
{
	int status;

	/* Those that were switched on last: nothing is counted that they rest on. */
	for (size_t i = session->plan.trigger_count; i > 0; i--) {
		status =
			write_trigger(session, &session->plan.triggers[i - 1], TRIGGER_PAUSES, err);
		if (status < 0)
			return status;
	}
	for (size_t i = 0; i < session->plan.event_count; i++) {
		const struct plan_event *event = &session->plan.events[i];

		status = event->trigger[0]
				 ? write_event_trigger(session, event, TRIGGER_PAUSES, err)
				 : 0;
		if (status < 0)
			return status;
	}
	if (tracefs_trace_off(session->instance) < 0 ||
	    (session->companion && tracefs_trace_off(session->companion) < 0))
		return error_errno(err, errno, "cannot switch tracing off");
	return 0;
}

char *session_format(const struct session *session, const char *system, const char *event)
{
	return tracefs_event_file_read(session->instance, system, event, "format", NULL);
}

char *session_hist(const struct session *session, size_t probe)
{
	const struct probe *which = &session->plan.probes[probe];

	return tracefs_event_file_read(instance_for(session, which->anywhere), session->group,
				       which->event, "hist", NULL);
}

char *session_event_hist(const struct session *session, size_t event)
{
	const struct plan_event *which = &session->plan.events[event];

	return tracefs_event_file_read(instance_for(session, which->anywhere), which->system,
				       which->event, "hist", NULL);
}

int session_missed(const struct session *session, uint64_t *missed, struct error *err)
{
	return probe_group_missed(session->group, TRY_PREFIX, missed, err);
}
