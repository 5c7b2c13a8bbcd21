/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/checkup.h"

#include <stdarg.h>
#include <string.h>

#include "timersnoop/json_stream.h"
#include "timersnoop/out_plan.h"

const char *const checkup_names[CHECKS] = {
	[CHECK_TRACEFS] = "tracefs",
	[CHECK_PERMISSION] = "permission",
	[CHECK_LOCKDOWN] = "lockdown",
	[CHECK_KPROBE_EVENTS] = "kprobe_events",
	[CHECK_KPROBES_ON] = "kprobes_on",
	[CHECK_PID_NAMESPACE] = "pid_namespace",
	[CHECK_LEFTOVERS] = "leftovers",
	[CHECK_FUNCTIONS] = "functions",
	[CHECK_ADDRESSES] = "addresses",
	[CHECK_TYPES] = "types",
	[CHECK_INSTANCE] = "instance",
	[CHECK_PROBES] = "probes",
	[CHECK_CALL] = "call",
	[CHECK_UNDONE] = "undone",
};

/* The same in text. */
static const char *const labels[CHECKS] = {
	[CHECK_TRACEFS] = "tracefs is mounted",
	[CHECK_PERMISSION] = "it may be used",
	[CHECK_LOCKDOWN] = "lockdown allows it",
	[CHECK_KPROBE_EVENTS] = "the kernel has kprobe events",
	[CHECK_KPROBES_ON] = "kprobes are switched on",
	[CHECK_PID_NAMESPACE] = "process IDs are the kernel's",
	[CHECK_LEFTOVERS] = "nothing is left of killed runs",
	[CHECK_FUNCTIONS] = "functions are known",
	[CHECK_ADDRESSES] = "addresses are known",
	[CHECK_TYPES] = "type data are there",
	[CHECK_INSTANCE] = "an instance can be made",
	[CHECK_PROBES] = "the kernel takes the probes",
	[CHECK_CALL] = "a call was traced, whole",
	[CHECK_UNDONE] = "all of it was undone",
};

static const struct {
	const char *text, *json;
} states[] = {
	[CHECK_NOT_MADE] = { "not looked at", "skipped" },
	[CHECK_OK] = { "yes", "ok" },
	[CHECK_LIMITED] = { "in part", "limited" },
	[CHECK_FAILED] = { "no", "failed" },
};

void checkup_found(struct checkup *checkup, enum check_id id, enum check_state state,
		   const char *format, ...)
{
	struct check *check = &checkup->checks[id];
	va_list args;

	*check = (struct check){ .state = state };
	if (!format)
		return;
	va_start(args, format);
	vsnprintf(check->found, sizeof(check->found), format, args);
	va_end(args);
}

void checkup_error(struct checkup *checkup, enum check_id id, enum check_state state,
		   const struct error *err)
{
	checkup_found(checkup, id, state, "%s", err->text);
	memcpy(checkup->checks[id].hint, err->hint, sizeof(err->hint));
}

static void look_at_functions(struct checkup *checkup)
{
	const struct kernel_features *features = &checkup->features;
	size_t there = 0, several = 0;

	for (size_t i = 0; i < features->symbol_count; i++) {
		there += features->symbols[i].count > 0;
		several += features->symbols[i].count > 1;
	}
	checkup_found(checkup, CHECK_FUNCTIONS, there ? CHECK_OK : CHECK_FAILED,
		      "%zu of %zu that any plan may need, %zu of them ambiguous", there,
		      features->symbol_count, several);
}

static bool is_hidden(const struct feature_symbol *symbol)
{
	const char *const *name = probe_plan_addressed();

	while (*name && strcmp(*name, symbol->name) != 0)
		name++;
	return *name && symbol->count == 1 && !symbol->address;
}

static void look_at_addresses(struct checkup *checkup, int kptr_restrict)
{
	const struct kernel_features *features = &checkup->features;
	bool hidden = false;

	for (size_t i = 0; i < features->symbol_count; i++)
		hidden |= is_hidden(&features->symbols[i]);
	if (!hidden && kptr_restrict < 2) {
		checkup_found(checkup, CHECK_ADDRESSES, CHECK_OK, NULL);
		return;
	}
	checkup_found(checkup, CHECK_ADDRESSES, CHECK_LIMITED,
		      "the kernel hides them (kernel.kptr_restrict is %d): expiries that a probe "
		      "misses cannot be made good, and callbacks have no names",
		      kptr_restrict);
	snprintf(checkup->checks[CHECK_ADDRESSES].hint, sizeof(checkup->checks[0].hint),
		 "set kernel.kptr_restrict to 0 or 1, see sysctl(8)");
}

static void look_at_types(struct checkup *checkup)
{
	unsigned known = 0;

	for (int i = 0; i < OFFSET_COUNT; i++)
		known += checkup->features.offset[i] >= 0;
	checkup_found(checkup, CHECK_TYPES, known ? CHECK_OK : CHECK_LIMITED,
		      known ? "%u of %d places in structures of the kernel"
			    : "no type data in /sys/kernel/btf/vmlinux",
		      known, OFFSET_COUNT);
	if (!known)
		snprintf(checkup->checks[CHECK_TYPES].hint, sizeof(checkup->checks[0].hint),
			 "the kernel needs CONFIG_DEBUG_INFO_BTF=y");
}

void checkup_features(struct checkup *checkup, int kptr_restrict)
{
	look_at_functions(checkup);
	look_at_addresses(checkup, kptr_restrict);
	look_at_types(checkup);
}

void checkup_text(FILE *to, const struct checkup *checkup)
{
	fprintf(to, "kernel: %s %s\n\nChecked:\n", checkup->release, checkup->machine);
	for (int i = 0; i < CHECKS; i++) {
		const struct check *check = &checkup->checks[i];

		fprintf(to, "  %-31s %s%s%s\n", labels[i], states[check->state].text,
			check->found[0] ? ": " : "", check->found);
		if (check->hint[0])
			fprintf(to, "      %s\n", check->hint);
	}
	for (int i = 0; i < CHECKUP_LIBRARIES; i++) {
		const struct checkup_library *library = &checkup->libraries[i];

		fprintf(to, "  %s: built with %s, runs with %s\n", library->name, library->built,
			library->loaded[0] ? library->loaded : "one that is not known");
	}
}

static void write_libraries(struct json_stream *json, const struct checkup *checkup)
{
	json_open(json, "libraries", '[');
	for (int i = 0; i < CHECKUP_LIBRARIES; i++) {
		json_open(json, NULL, '{');
		json_text(json, "name", checkup->libraries[i].name);
		json_text(json, "built", checkup->libraries[i].built);
		json_text(json, "loaded", checkup->libraries[i].loaded);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_checks(struct json_stream *json, const struct checkup *checkup)
{
	json_open(json, "checks", '[');
	for (int i = 0; i < CHECKS; i++) {
		json_open(json, NULL, '{');
		json_text(json, "check", checkup_names[i]);
		json_text(json, "state", states[checkup->checks[i].state].json);
		json_text(json, "found", checkup->checks[i].found);
		json_text(json, "hint", checkup->checks[i].hint);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_error(struct json_stream *json, const struct checkup *checkup)
{
	if (checkup->can_trace) {
		json_null(json, "error");
		return;
	}
	json_open(json, "error", '{');
	json_text(json, "text", checkup->error.text);
	json_text(json, "hint", checkup->error.hint);
	json_close(json, '}');
}

static void write_given_up(struct json_stream *json, const struct checkup *checkup)
{
	const struct privilege_state *state = &checkup->given_up;

	if (checkup->checks[CHECK_CALL].state == CHECK_NOT_MADE) {
		json_null(json, "given_up");
		return;
	}
	json_open(json, "given_up", '{');
	json_bool(json, "capabilities", state->capabilities);
	json_bool(json, "no_new_privs", state->no_new_privs);
	json_bool(json, "files", state->files);
	json_text(json, "files_why_not", state->files ? NULL : state->files_why_not);
	json_bool(json, "calls", state->calls);
	json_text(json, "calls_why_not", state->calls ? NULL : state->calls_why_not);
	json_close(json, '}');
}

void checkup_json(FILE *to, const struct checkup *checkup)
{
	struct json_stream json = { .to = to };

	json_open(&json, NULL, '{');
	json_text(&json, "event", "doctor");
	json_text(&json, "version", TIMERSNOOP_VERSION);
	json_text(&json, "release", checkup->release);
	json_text(&json, "machine", checkup->machine);
	write_libraries(&json, checkup);
	json_bool(&json, "can_trace", checkup->can_trace);
	json_number(&json, "status", checkup->status);
	write_error(&json, checkup);
	write_checks(&json, checkup);
	if (checkup->planned)
		out_plan_json(&json, &checkup->features, &checkup->plan);
	else
		json_null(&json, "plan");
	write_given_up(&json, checkup);
	json_close(&json, '}');
	putc('\n', to);
}
