/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_plan.h"

#include <stdio.h>

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
	for (const char *const *name = probe_plan_symbols(); *name; name++)
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
