/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/probe_plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/plan_parts.h"

/*
 * Return instances a kretprobe sets aside. A call that waits for its memory
 * to be paged in holds one, so a default of a few per CPU runs out under
 * many threads; the kernel's limit is KRETPROBE_MAXACTIVE_MAX, 4096.
 */
#define RETURN_INSTANCES 1024

static size_t add_names(const char **names, size_t count, const char *const *more)
{
	for (; *more; more++)
		names[count++] = *more;
	return count;
}

/* The entries of system calls, each once. */
static size_t add_entries(const char **names, const struct arch *arch)
{
	size_t count = 0;

	for (enum event event = 0; event < EVENT_CALLS; event++)
		for (enum call_abi abi = 0; abi < ABI_COUNT; abi++)
			if (!arch_comes_elsewhere(arch, event, abi))
				names[count++] = arch->symbols[event][abi];
	return count;
}

const char *const *probe_plan_symbols(const char *machine)
{
	/* The same each time: that more than one thread writes it does no harm. */
	static const char *symbols[ARCHES + 1][FEATURE_SYMBOLS_MAX + 1];
	const struct arch *arch = arch_find(machine);
	const char **names = symbols[arch ? arch - arches : ARCHES];
	size_t count = arch ? add_entries(names, arch) : 0;

	count = add_names(names, count, plan_calls_symbols);
	count = add_names(names, count, plan_timers_symbols);
	count = add_names(names, count, plan_aggregate_symbols);
	count = add_names(names, count, plan_kernel_symbols);
	count = add_names(names, count, plan_kernel_callbacks);
	names[count] = NULL;
	return names;
}

const char *const *probe_plan_addressed(void)
{
	return plan_timers_addressed;
}

size_t probe_text(char text[PROBE_TEXT_MAX], const struct probe *probe, const char *group)
{
	char kind[16] = "p";
	int length;

	if (probe->kretprobe)
		snprintf(kind, sizeof(kind), "r%d", RETURN_INSTANCES);
	length = snprintf(text, PROBE_TEXT_MAX, "%s:%s/%s %s %s", kind, group, probe->event,
			  probe->symbol, probe->args);
	return length < PROBE_TEXT_MAX ? (size_t)length : PROBE_TEXT_MAX - 1;
}

/* System V ABI, AMD64. The kernel takes the names before only of a function that it was
 * given by name. */
static const struct {
	const char *name, *instead;
} registers[] = { { "$arg1", "%di" }, { "$arg2", "%si" }, { "$arg3", "%dx" },  { "$arg4", "%cx" },
		  { "$arg5", "%r8" }, { "$arg6", "%r9" }, { "$retval", "%ax" } };

static void name_registers(char *args, size_t size, const char *from)
{
	size_t used = 0;

	while (*from && used + 1 < size) {
		size_t i = 0, count = sizeof(registers) / sizeof(registers[0]);

		while (i < count &&
		       strncmp(from, registers[i].name, strlen(registers[i].name)) != 0)
			i++;
		if (i == count) {
			args[used++] = *from++;
			continue;
		}
		used += (size_t)snprintf(args + used, size - used, "%s", registers[i].instead);
		from += strlen(registers[i].name);
	}
	args[used < size ? used : size - 1] = '\0';
}

size_t probe_definition(char text[PROBE_TEXT_MAX], const struct probe *probe, const char *group)
{
	struct probe there = *probe;

	if (probe->address && !(probe->kretprobe && strstr(probe->args, "$arg"))) {
		snprintf(there.symbol, sizeof(there.symbol), "0x%" PRIx64, probe->address);
		name_registers(there.args, sizeof(there.args), probe->args);
	}
	return probe_text(text, &there, group);
}

bool plan_event_repeated(const struct probe_plan *plan, size_t event)
{
	for (size_t i = 0; i < event; i++)
		if (strcmp(plan->events[i].system, plan->events[event].system) == 0 &&
		    strcmp(plan->events[i].event, plan->events[event].event) == 0)
			return true;
	return false;
}

bool probe_has_triggers(const struct probe_plan *plan, size_t probe)
{
	return plan->probes[probe].means.use == USE_TALLY;
}

size_t trigger_text(char text[TRIGGER_TEXT_MAX], const struct plan_trigger *trigger,
		    const char *filter, enum trigger_state state)
{
	const char *pause = state == TRIGGER_PAUSES ? ":pause" : "";
	bool both = trigger->filter[0] && filter;
	int length = snprintf(text, TRIGGER_TEXT_MAX, "hist:keys=%s:size=%u%s", trigger->keys,
			      trigger->size, pause);

	if (both)
		length += snprintf(text + length, TRIGGER_TEXT_MAX - (size_t)length,
				   " if (%s) && (%s)", trigger->filter, filter);
	else if (trigger->filter[0] || filter)
		length += snprintf(text + length, TRIGGER_TEXT_MAX - (size_t)length, " if %s",
				   filter ? filter : trigger->filter);
	return length < TRIGGER_TEXT_MAX ? (size_t)length : 0;
}

size_t plan_event_trigger(char text[TRIGGER_TEXT_MAX], const struct plan_event *event,
			  enum trigger_state state)
{
	return (size_t)snprintf(text, TRIGGER_TEXT_MAX, "%s%s%s%s", event->trigger,
				state == TRIGGER_PAUSES ? ":pause" : "",
				event->filter[0] ? " if " : "", event->filter);
}

bool plan_wants(const struct plan_maker *maker, uint32_t events)
{
	return maker->events & events;
}

bool plan_add(struct plan_maker *maker, const struct probe *probe)
{
	struct probe_plan *plan = maker->plan;

	if (plan->probe_count == PLAN_PROBES_MAX ||
	    !kernel_features_usable(maker->features, probe->symbol, probe->args))
		return false;
	plan->probes[plan->probe_count] = *probe;
	if (maker->features->by_address)
		plan->probes[plan->probe_count].address =
			kernel_features_address(maker->features, probe->symbol);
	plan->probe_count++;
	return true;
}

bool plan_probe(struct plan_maker *maker, struct probe *probe, const char *event,
		const char *symbol, const char *why, const char *args, ...)
{
	va_list values;

	snprintf(probe->event, sizeof(probe->event), "%s", event);
	snprintf(probe->symbol, sizeof(probe->symbol), "%s", symbol);
	snprintf(probe->why, sizeof(probe->why), "%s", why);
	va_start(values, args);
	vsnprintf(probe->args, sizeof(probe->args), args, values);
	va_end(values);
	return plan_add(maker, probe);
}

void plan_event(struct plan_maker *maker, const struct plan_event *event)
{
	struct probe_plan *plan = maker->plan;

	if (plan->event_count < PLAN_EVENTS_MAX)
		plan->events[plan->event_count++] = *event;
}

void plan_note(struct plan_maker *maker, const char *format, ...)
{
	struct probe_plan *plan = maker->plan;
	va_list args;

	if (plan->note_count == PLAN_NOTES_MAX)
		return;
	va_start(args, format);
	vsnprintf(plan->notes[plan->note_count++], sizeof(plan->notes[0]), format, args);
	va_end(args);
}

void plan_array(const struct plan_maker *maker, char text[PLAN_ARRAY_MAX], const char *name,
		int arg)
{
	if (maker->features->arrays)
		snprintf(text, PLAN_ARRAY_MAX, "%s=+0($arg%d):s64[4]", name, arg);
	else
		snprintf(text, PLAN_ARRAY_MAX,
			 "%s_is=+0($arg%d):s64 %s_in=+8($arg%d):s64 %s_vs=+16($arg%d):s64 "
			 "%s_vn=+24($arg%d):s64",
			 name, arg, name, arg, name, arg, name, arg);
}

static void plan_tasks(struct plan_maker *maker)
{
	static const struct plan_event events[] = {
		{ .means = { .use = USE_NEW_TASK },
		  .system = "task",
		  .event = "task_newtask",
		  .why = "which process a new thread belongs to" },
		{ .means = { .use = USE_RENAME },
		  .system = "task",
		  .event = "task_rename",
		  .why = "names, as they were at the time of a call" },
		{ .means = { .use = USE_EXEC },
		  .system = "sched",
		  .event = "sched_process_exec",
		  .why = "a thread that becomes its process" },
		{ .means = { .use = USE_EXIT },
		  .system = "sched",
		  .event = "sched_process_exit",
		  .why = "ids that may be used again" },
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		plan_event(maker, &events[i]);
}

static void plan_creds(struct plan_maker *maker)
{
	struct probe probe = { .means = { .use = USE_CREDS } };
	int uid = maker->features->offset[OFFSET_CRED_UID];

	if (uid < 0 || !plan_probe(maker, &probe, "task_creds", "commit_creds",
				   "who a process runs as from then on", "uid=+%d($arg1):u32", uid))
		plan_note(maker,
			  "a process that changes its user id while traced keeps the old one "
			  "here: commit_creds cannot be read");
}

bool probe_plan_needs_types(const struct plan_wishes *wishes)
{
	return wishes->user_ids || wishes->lives || wishes->wakeups || wishes->aggregate ||
	       wishes->events & (EVENTS_EXPIRE | EVENTS_SIGNAL | EVENT_BIT(EVENT_TIMER_CREATE));
}

bool probe_plan_needs_addresses(const struct plan_wishes *wishes)
{
	return !wishes->kernel &&
	       (wishes->lives || wishes->events & (EVENTS_EXPIRE | EVENTS_SIGNAL));
}

/* A timerfd's expiry is told by its descriptor, which only calls know. */
static uint32_t rest_on(const struct plan_wishes *wishes)
{
	uint32_t events = wishes->lives ? EVENTS_ALL : wishes->events;

	/* Who is deleted must be forgotten. */
	if (events & (EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENTS_SIGNAL))
		events |= EVENT_BIT(EVENT_TIMER_DELETE);
	if (events & EVENT_BIT(EVENT_TIMERFD_EXPIRE))
		events |= EVENT_BIT(EVENT_TIMERFD_CREATE) | EVENT_BIT(EVENT_TIMERFD_SETTIME);
	return events;
}

int probe_plan_make(struct probe_plan *plan, const struct kernel_features *features,
		    const struct plan_wishes *wishes, struct error *err)
{
	struct plan_maker maker;
	int status;

	memset(plan, 0, sizeof(*plan));
	maker = (struct plan_maker){
		.plan = plan,
		.features = features,
		.wishes = wishes,
		.arch = arch_find(features->machine),
		.events = rest_on(wishes),
	};
	if (!features->arg_n && (!wishes->kernel || wishes->callers)) {
		error_set(err, ENOTSUP, "this kernel's kprobe events have no $argN fetch-args");
		error_hint(err, "Linux 4.18 or later is needed");
		return -ENOTSUP;
	}
	if (!maker.arch && !wishes->kernel)
		return error_set(err, ENOTSUP, "no probe plan for the architecture %s",
				 features->machine);
	if (wishes->kernel)
		status = plan_kernel(&maker, err);
	else
		status = wishes->aggregate ? plan_aggregate(&maker, err) : plan_calls(&maker, err);
	if (status == 0 && !wishes->aggregate && !wishes->kernel)
		status = plan_timers(&maker, err);
	if (status < 0)
		return status;
	plan_tasks(&maker);
	if (wishes->user_ids)
		plan_creds(&maker);
	return 0;
}
