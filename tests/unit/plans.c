/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plans.h"

#include <CUnit/Basic.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define GROUP "timersnoop_4194304_0123abcd" /* the longest that a run gives itself */

struct kernel_features kernel;
struct probe_plan plan;
struct plan_wishes wishes;
struct error err;

void describe(void)
{
	memset(&err, 0, sizeof(err));
	kernel_features_init(&kernel);
	snprintf(kernel.machine, sizeof(kernel.machine), "x86_64");
	kernel.arg_n = kernel.return_args = kernel.user_memory = kernel.ustring = kernel.arrays =
		kernel.events[FEATURE_HRTIMER_START_EXPIRED] = kernel.hist = true;
	for (int i = 0; i < OFFSET_COUNT; i++)
		kernel.offset[i] = 8 * (i + 1);
	wishes = (struct plan_wishes){ .events = EVENT_BIT(EVENT_TIMER_SETTIME) };
}

void list_symbols(void)
{
	const char *const *names = probe_plan_symbols(kernel.machine);
	size_t count = 0;

	for (; names[count]; count++)
		kernel.symbols[count] =
			(struct feature_symbol){ names[count], 1, 0x1000 * (count + 1) };
	kernel.symbol_count = count;
}

void set_symbol(const char *name, unsigned count)
{
	if (!kernel.symbol_count)
		list_symbols();
	for (size_t i = 0; i < kernel.symbol_count; i++) {
		if (strcmp(kernel.symbols[i].name, name) == 0) {
			kernel.symbols[i].count = count;
			return;
		}
	}
	CU_FAIL("a plan may ask for it");
}

int make(void)
{
	memset(&plan, 0x5a, sizeof(plan));
	return probe_plan_make(&plan, &kernel, &wishes, &err);
}

void make_whole(void)
{
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	check_limits();
}

const struct probe *find(const char *symbol)
{
	for (size_t i = 0; i < plan.probe_count; i++)
		if (strcmp(plan.probes[i].symbol, symbol) == 0)
			return &plan.probes[i];
	return NULL;
}

const struct probe *find_event(const char *event)
{
	for (size_t i = 0; i < plan.probe_count; i++)
		if (strcmp(plan.probes[i].event, event) == 0)
			return &plan.probes[i];
	return NULL;
}

const struct plan_event *find_tracepoint(const char *event)
{
	for (size_t i = 0; i < plan.event_count; i++)
		if (strcmp(plan.events[i].event, event) == 0)
			return &plan.events[i];
	return NULL;
}

int refuse(const char *symbol, const char *reason)
{
	const struct probe *probe = find(symbol);
	int status;

	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	/* As session_open() does: a plan may ask for it in another way then. */
	do {
		kernel_features_refuse(&kernel, symbol, probe->args, reason);
		status = make();
		probe = status == 0 ? find(symbol) : NULL;
	} while (probe);
	return status;
}

void expect_probe(const char *event, const char *symbol, enum probe_use use, enum event about,
		  const char *args)
{
	const struct probe *probe = find_event(event);

	CU_ASSERT_PTR_NOT_NULL(probe);
	if (!probe) {
		fprintf(stderr, "\n  no %s", event);
		return;
	}
	CU_ASSERT_STRING_EQUAL(probe->symbol, symbol);
	CU_ASSERT_EQUAL(probe->means.use, use);
	CU_ASSERT_EQUAL(probe->means.event, about);
	CU_ASSERT_STRING_EQUAL(probe->args, args);
	if (strcmp(probe->args, args) != 0)
		fprintf(stderr, "\n  %s: %s\n  expected: %s", event, probe->args, args);
}

void expect_none(const char *event)
{
	CU_ASSERT_PTR_NULL(find_event(event));
}

void expect_notes(size_t count, const char *const *notes)
{
	CU_ASSERT_EQUAL(plan.note_count, count);
	for (size_t i = 0; i < count && i < plan.note_count; i++)
		CU_ASSERT_STRING_EQUAL(plan.notes[i], notes[i]);
	if (plan.note_count != count)
		for (size_t i = 0; i < plan.note_count; i++)
			fprintf(stderr, "\n  %s", plan.notes[i]);
}

/* "NAME=FETCHARG:TYPE", of a type that there is. */
static void check_arg(const char *arg, size_t length)
{
	static const char *const types[] = { "s32",     "s64",    "u32", "x32",    "x64", "s8",
					     "ustring", "s64[4]", "u8",  "x64[3]", "u64" };
	size_t name = strcspn(arg, "="), colon = length;
	bool known = false;
	char type[32];

	CU_ASSERT_TRUE_FATAL(name > 0 && name < length);
	CU_ASSERT_TRUE(name <= 31); /* MAX_ARG_NAME_LEN */
	CU_ASSERT_EQUAL(strspn(arg, "abcdefghijklmnopqrstuvwxyz_1234"), name);
	CU_ASSERT_TRUE(length - name - 1 <= 63); /* MAX_ARGSTR_LEN */
	while (colon > 0 && arg[colon - 1] != ':')
		colon--;
	CU_ASSERT_TRUE_FATAL(colon > name && colon < length && length - colon < sizeof(type));
	memcpy(type, arg + colon, length - colon);
	type[length - colon] = '\0';
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		known = known || strcmp(type, types[i]) == 0;
	known = known || strcmp(type, "s64[24]") == 0;
	CU_ASSERT_TRUE(known);
	/* every parenthesis is closed, and opened by an offset */
	for (size_t i = 0, depth = 0; i < length; i++) {
		if (arg[i] == '(')
			depth++;
		if (arg[i] == ')')
			CU_ASSERT_TRUE(depth-- > 0);
		if (i + 1 == length)
			CU_ASSERT_EQUAL(depth, 0);
	}
}

static void check_probe(const struct probe *probe)
{
	size_t length, args = strlen(probe->args), count = 0;
	char text[PROBE_TEXT_MAX], expected[2 * PROBE_TEXT_MAX];

	length = probe_text(text, probe, GROUP);
	snprintf(expected, sizeof(expected), "%s:%s/%s %s %s", probe->kretprobe ? "r1024" : "p",
		 GROUP, probe->event, probe->symbol, probe->args);
	CU_ASSERT_STRING_EQUAL(text, expected);
	CU_ASSERT_EQUAL(length, strlen(expected));
	CU_ASSERT_TRUE(length < PROBE_TEXT_MAX - 1);
	CU_ASSERT_TRUE(args > 0 && args < sizeof(probe->args) - 1);
	CU_ASSERT_NOT_EQUAL(probe->args[0], ' ');
	CU_ASSERT_NOT_EQUAL(probe->args[args - 1], ' ');
	CU_ASSERT_PTR_NULL(strstr(probe->args, "  "));
	CU_ASSERT_TRUE(strlen(probe->why) > 0 && strlen(probe->why) < sizeof(probe->why) - 1);
	CU_ASSERT_TRUE(strlen(probe->filter) < sizeof(probe->filter) - 1);
	/* MAX_EVENT_NAME_LEN is 64, and the buffer smaller */
	CU_ASSERT_TRUE(strlen(probe->event) > 0 && strlen(probe->event) < sizeof(probe->event) - 1);
	CU_ASSERT_EQUAL(strspn(probe->event, "abcdefghijklmnopqrstuvwxyz0123456789_"),
			strlen(probe->event));
	CU_ASSERT_FALSE(isdigit((unsigned char)probe->event[0]));
	CU_ASSERT_TRUE(strlen(probe->symbol) < sizeof(probe->symbol) - 1);
	for (const char *arg = probe->args; *arg; arg += strspn(arg, " "), count++) {
		length = strcspn(arg, " ");
		check_arg(arg, length);
		arg += length;
	}
	CU_ASSERT_TRUE(count <= 128); /* MAX_TRACE_ARGS */
	/* Only what is at its beginning can read arguments of any kernel. */
	if (probe->kretprobe && probe->means.use != USE_USER_AFTER &&
	    probe->means.use != USE_USER_OLD && probe->means.use != USE_TALLY &&
	    probe->means.use != USE_WHOLE)
		CU_ASSERT_PTR_NULL(strstr(probe->args, "$arg"));
	if (!probe->kretprobe)
		CU_ASSERT_PTR_NULL(strstr(probe->args, "$retval"));
}

/* Whatever it counts by is a field of its event. */
static void check_trigger(const struct plan_trigger *trigger)
{
	char text[TRIGGER_TEXT_MAX], paused[TRIGGER_TEXT_MAX], named[TRIGGER_TEXT_MAX];
	const struct probe *probe = &plan.probes[trigger->probe];

	CU_ASSERT_TRUE_FATAL(trigger->probe < plan.probe_count);
	CU_ASSERT_EQUAL(probe->means.use, USE_TALLY);
	CU_ASSERT_TRUE(trigger->size >= 128 && trigger->size <= 131072);
	CU_ASSERT_EQUAL(strncmp(trigger->keys,
				trigger->table.packed ? "common_pid+timer" : "common_pid,",
				trigger->table.packed ? 17 : 11),
			0);
	CU_ASSERT_TRUE(strlen(trigger->keys) < sizeof(trigger->keys) - 1);
	/* only what all calls are counted by has none */
	CU_ASSERT_EQUAL(trigger->filter[0] == '\0', trigger->table.what == COUNT_SET);
	CU_ASSERT_TRUE(strlen(trigger->filter) < sizeof(trigger->filter) - 1);
	for (const char *word = trigger->filter; *word;) {
		size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz");
		char field[40];

		snprintf(field, sizeof(field), "%.*s=", (int)length, word);
		if (length)
			CU_ASSERT_PTR_NOT_NULL(strstr(probe->args, field));
		word += length ? length : 1;
	}
	CU_ASSERT_TRUE(trigger_text(text, trigger, NULL, TRIGGER_COUNTS) > 0);
	trigger_text(paused, trigger, NULL, TRIGGER_PAUSES);
	CU_ASSERT_EQUAL(strlen(paused), strlen(text) + strlen(":pause"));
	trigger_text(named, trigger, "comm == \"if\"", TRIGGER_COUNTS);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(named, trigger->filter[0] ? ") && (comm == \"if\")" : " if comm == \"if\""));
}

/* By its name alone it is known for what it is. */
static void check_name(const char *system, const char *event, const struct meaning *means)
{
	struct meaning named = { USE_COUNT, EVENT_COUNT, ABI_COUNT };

	CU_ASSERT_TRUE(probe_plan_meaning(system, event, &named));
	CU_ASSERT_EQUAL(named.use, means->use);
	CU_ASSERT_EQUAL(named.event, means->event);
	CU_ASSERT_EQUAL(named.abi, means->abi);
}

void check_limits(void)
{
	for (size_t i = 0; i < plan.probe_count; i++) {
		check_probe(&plan.probes[i]);
		check_name("timersnoop_4242_1a2b3c4d", plan.probes[i].event, &plan.probes[i].means);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(plan.probes[j].event, plan.probes[i].event);
	}
	CU_ASSERT_TRUE(plan.probe_count < PLAN_PROBES_MAX);
	CU_ASSERT_TRUE(plan.trigger_count < PLAN_TRIGGERS_MAX);
	for (size_t i = 0; i < plan.trigger_count; i++)
		check_trigger(&plan.triggers[i]);
	CU_ASSERT_TRUE(plan.event_count < PLAN_EVENTS_MAX);
	CU_ASSERT_TRUE(plan.note_count <= PLAN_NOTES_MAX);
	for (size_t i = 0; i < plan.event_count; i++) {
		const struct plan_event *event = &plan.events[i];

		CU_ASSERT_TRUE(strlen(event->event) < sizeof(event->event) - 1);
		check_name(event->system, event->event, &event->means);
		CU_ASSERT_TRUE(strlen(event->filter) < sizeof(event->filter) - 1);
		CU_ASSERT_TRUE(strlen(event->why) < sizeof(event->why) - 1);
	}
	for (size_t i = 0; i < plan.note_count; i++) {
		CU_ASSERT_TRUE(strlen(plan.notes[i]) < sizeof(plan.notes[i]) - 1);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(plan.notes[j], plan.notes[i]);
	}
}

static const char *source(enum value_source from)
{
	return from == FROM_KERNEL ? "kernel" : from == FROM_USER ? "user" : "none";
}

static void write_meaning(FILE *out, const struct meaning *means, bool anywhere, const char *why)
{
	static const char *const uses[USE_COUNT] = {
		"entry",        "return",       "whole",       "copy",       "copied",
		"user",         "old",          "old at",      "stack",      "sigevent",
		"made",         "file",         "user before", "user after", "user old",
		"tally",        "expiry",       "queue",       "signal",     "deliver",
		"handled",      "fetched",      "signalfd",    "wait",       "waited",
		"itimer",       "start",        "expire",      "expired",    "release",
		"setup",        "cancel",       "expire exit", "timer init", "timer start",
		"timer cancel", "timer expire", "timer exit",  "owner",      "caller",
		"tick stop",    "base idle",    "cpu idle",    "timer irq",  "other irq",
		"new task",     "rename",       "exec",        "exit",       "creds",
		"timers gone",
	};

	fprintf(out, "# %s", uses[means->use]);
	if (means->use < USE_EXPIRY || means->use == USE_EXPIRY)
		fprintf(out, " of %s", event_name(means->event));
	if (means->use < USE_EXPIRY && means->abi < ABI_COUNT)
		fprintf(out, ", abi %d", (int)means->abi);
	fprintf(out, "%s: %s\n", anywhere ? ", anywhere" : "", why);
}

char *write_plan(void)
{
	char text[PROBE_TEXT_MAX];
	char *all = NULL;
	size_t size;
	FILE *out = open_memstream(&all, &size);

	for (size_t i = 0; i < plan.probe_count; i++) {
		const struct probe *probe = &plan.probes[i];

		probe_text(text, probe, "timersnoop");
		write_meaning(out, &probe->means, probe->anywhere, probe->why);
		fprintf(out, "%s\n", text);
		if (probe->filter[0])
			fprintf(out, "if %s\n", probe->filter);
		for (size_t j = 0; j < plan.trigger_count; j++) {
			char trigger[TRIGGER_TEXT_MAX];

			if (plan.triggers[j].probe != i)
				continue;
			trigger_text(trigger, &plan.triggers[j], NULL, TRIGGER_COUNTS);
			fprintf(out, "%s\n", trigger);
		}
	}
	for (size_t i = 0; i < plan.event_count; i++) {
		const struct plan_event *event = &plan.events[i];

		write_meaning(out, &event->means, event->anywhere, event->why);
		fprintf(out, "%s:%s\n", event->system, event->event);
		if (event->filter[0])
			fprintf(out, "if %s\n", event->filter);
	}
	fprintf(out, "new value: %s\nnew value, refused: %s\nold value: %s\n",
		source(plan.new_from), source(plan.refused_new_from), source(plan.old_from));
	for (int i = 0; i < ABI_COUNT; i++)
		fprintf(out, "abi %d: %s\n", i, plan.abi_seen[i] ? "seen" : "not seen");
	for (size_t i = 0; i < plan.note_count; i++)
		fprintf(out, "note: %s\n", plan.notes[i]);
	fclose(out);
	return all;
}
