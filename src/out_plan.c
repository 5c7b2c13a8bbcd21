/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_plan.h"

#include <stdio.h>

#include "timersnoop/out.h"

static void print_refusals(const struct kernel_features *features)
{
	if (!features->refused_count)
		return;
	puts("\nRefused by this kernel, so that the next best stands in:");
	for (size_t i = 0; i < features->refused_count; i++)
		printf("  %s: %s\n", features->refused[i].symbol, features->refused[i].reason);
}

/* Names the plan asked for that this kernel lacks, with what that means. */
static void print_absent(const struct kernel_features *features)
{
	for (const char *const *name = probe_plan_symbols(features->machine); *name; name++)
		if (kernel_features_absent(features, *name))
			printf("  %s is not a function of this kernel\n", *name);
}

static const char *source_name(enum value_source from)
{
	switch (from) {
	case FROM_KERNEL:
		return "kernel (its own copy)";
	case FROM_USER:
		return "user (the caller's memory at entry)";
	default:
		return "nowhere: it is not shown";
	}
}

static void print_triggers(const struct probe_plan *plan)
{
	puts("\nWhat the kernel counts, as text for the file that is named before it:");
	for (size_t i = 0; i < plan->trigger_count; i++) {
		char text[TRIGGER_TEXT_MAX];

		trigger_text(text, &plan->triggers[i], NULL, TRIGGER_COUNTS);
		printf("# events/" PLAN_GROUP "/%s/trigger\n%s\n",
		       plan->probes[plan->triggers[i].probe].event, text);
	}
}

static void print_events(const struct probe_plan *plan)
{
	puts("\nThe kernel's own events, enabled beside them:");
	for (size_t i = 0; i < plan->event_count; i++) {
		const struct plan_event *event = &plan->events[i];

		printf("  %s:%s (%s)%s%s%s%s\n", event->system, event->event, event->why,
		       event->filter[0] ? ", filter " : "", event->filter,
		       event->trigger[0] ? ", counted by " : "", event->trigger);
	}
}

static void print_sources(const struct probe_plan *plan)
{
	puts("\nWhere each value comes from:");
	printf("  new value:                 %s\n", source_name(plan->new_from));
	printf("  new value, refused for it: %s\n", source_name(plan->refused_new_from));
	printf("  old value:                 %s\n", source_name(plan->old_from));
}

static void print_plan(const struct probe_plan *plan)
{
	if (plan->probe_count)
		puts("\nProbes, as text for kprobe_events:");
	for (size_t i = 0; i < plan->probe_count; i++) {
		char text[PROBE_TEXT_MAX];

		probe_text(text, &plan->probes[i], PLAN_GROUP);
		printf("# %s%s%s\n%s\n", plan->probes[i].why,
		       plan->probes[i].filter[0] ? ", filter " : "", plan->probes[i].filter, text);
	}
	if (plan->trigger_count)
		print_triggers(plan);
	print_events(plan);
	if (plan->new_from != FROM_NONE || plan->old_from != FROM_NONE)
		print_sources(plan);
	if (!plan->note_count)
		return;
	puts("\nMissing or second best:");
	for (size_t i = 0; i < plan->note_count; i++)
		printf("  %s\n", plan->notes[i]);
}

void out_plan_text(const struct kernel_features *features, const struct probe_plan *plan,
		   bool verbose)
{
	print_plan(plan);
	if (verbose) {
		puts("\nLooked for in kallsyms:");
		print_absent(features);
	}
	print_refusals(features);
}

static void write_probe(struct json_stream *json, const struct probe *probe)
{
	char text[PROBE_TEXT_MAX];

	probe_text(text, probe, PLAN_GROUP);
	json_open(json, NULL, '{');
	json_text(json, "function", probe->symbol);
	json_text(json, "text", text);
	json_text(json, "filter", probe->filter);
	json_text(json, "why", probe->why);
	json_close(json, '}');
}

static void write_event(struct json_stream *json, const struct plan_event *event)
{
	char name[64];

	snprintf(name, sizeof(name), "%s:%s", event->system, event->event);
	json_open(json, NULL, '{');
	json_text(json, "tracepoint", name);
	json_text(json, "filter", event->filter);
	json_text(json, "why", event->why);
	json_close(json, '}');
}

static void write_functions(struct json_stream *json, const struct kernel_features *features)
{
	json_open(json, "refused", '[');
	for (size_t i = 0; i < features->refused_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "function", features->refused[i].symbol);
		json_text(json, "why", features->refused[i].reason);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "absent", '[');
	for (size_t i = 0; i < features->symbol_count; i++)
		if (features->symbols[i].count == 0)
			json_text(json, NULL, features->symbols[i].name);
	json_close(json, ']');
	json_open(json, "ambiguous", '[');
	for (size_t i = 0; i < features->symbol_count; i++)
		if (features->symbols[i].count > 1)
			json_text(json, NULL, features->symbols[i].name);
	json_close(json, ']');
}

void out_plan_json(struct json_stream *json, const struct kernel_features *features,
		   const struct probe_plan *plan)
{
	json_open(json, "plan", '{');
	json_open(json, "probes", '[');
	for (size_t i = 0; i < plan->probe_count; i++)
		write_probe(json, &plan->probes[i]);
	json_close(json, ']');
	json_open(json, "tracepoints", '[');
	for (size_t i = 0; i < plan->event_count; i++)
		write_event(json, &plan->events[i]);
	json_close(json, ']');
	json_text(json, "new_from", out_source(plan->new_from));
	json_text(json, "refused_new_from", out_source(plan->refused_new_from));
	json_text(json, "old_from", out_source(plan->old_from));
	json_open(json, "missing", '[');
	for (size_t i = 0; i < plan->note_count; i++)
		json_text(json, NULL, plan->notes[i]);
	json_close(json, ']');
	json_close(json, '}');
	write_functions(json, features);
}
