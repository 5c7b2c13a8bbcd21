/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what the code knows by name, for tests/docs/run.sh to compare with what is
 * written about it: a line for each, of words.
 *
 *	event NAME		group NAME
 *	finding ID SEVERITY	limit NAME DEFAULT
 *	hist NAME		by NAME
 *	stat-field NAME UNIT	event-field NAME UNIT
 *
 * and of the kernel's own timers the same with "kernel-" in front.
 */
#include <stdio.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/findings.h"
#include "timersnoop/histogram.h"
#include "timersnoop/kernel_events.h"
#include "timersnoop/stats.h"
#include "timersnoop/timerspec.h"
#if __has_include("timersnoop/event_fields.h")
#include "timersnoop/event_fields.h"
#define HAS_EVENT_FIELDS
#endif
#if __has_include("timersnoop/kernel_stats.h")
#include "timersnoop/kernel_stats.h"
#define HAS_KERNEL_FIELDS
#endif
#if __has_include("timersnoop/kernel_event_fields.h")
#include "timersnoop/kernel_event_fields.h"
#define HAS_KERNEL_EVENT_FIELDS
#endif

static void print_fields(const char *what, const struct field_table *table)
{
	static const char *const units[] = {
		[FIELD_COUNT] = "count", [FIELD_NUMBER] = "number", [FIELD_DURATION] = "ns",
		[FIELD_RATE] = "1/s",    [FIELD_TEXT] = "text",     [FIELD_ADDRESS] = "address",
		[FIELD_BOOL] = "bool",
	};

	for (size_t i = 0; i < table->count; i++)
		printf("%s %s %s\n", what, table->fields[i].name, units[table->fields[i].kind]);
}

static void print_findings(const char *what, enum finding_of of)
{
	for (int id = 0; id < FINDING_COUNT; id++)
		if (finding_kinds[id].of & of)
			printf("%s %s %s\n", what, finding_kinds[id].id,
			       severity_name(finding_kinds[id].severity));
}

static void print_duration(const char *what, const char *name, int64_t ns)
{
	char text[TIMERSPEC_TEXT_MAX];

	timerspec_format_ns(text, ns);
	printf("%s %s %s\n", what, name, text);
}

static void print_count(const char *what, const char *name, uint64_t count)
{
	printf("%s %s %llu\n", what, name, (unsigned long long)count);
}

static void print_programs(const struct finding_limits *limits)
{
	for (int event = 0; event < EVENT_COUNT; event++)
		printf("event %s\n", event_name((enum event)event));
	for (const struct event_group *group = event_groups; group->name; group++)
		printf("group %s\n", group->name);
	print_findings("finding", FINDING_OF_STAT);
	print_count("limit", "storm", limits->storm);
	print_duration("limit", "short", limits->short_ns);
	print_count("limit", "overruns", limits->overruns);
	print_duration("limit", "blocked", limits->blocked_ns);
	print_count("limit", "failures", limits->failures);
	print_count("limit", "leak", limits->leak);
	print_duration("limit", "late", limits->late_ns);
	print_count("limit", "herd", limits->herd);
	print_duration("limit", "herd-time", limits->herd_ns);
	for (int of = 0; of < HISTOGRAM_COUNT; of++)
		printf("hist %s\n", histogram_name((enum histogram_of)of));
	for (int by = 0; by < BY_COUNT; by++)
		printf("by %s\n", stat_by_name((enum stat_by)by));
	print_fields("stat-field", &stat_fields);
#ifdef HAS_EVENT_FIELDS
	print_fields("event-field", &event_fields);
#endif
}

static void print_kernel(const struct finding_limits *limits)
{
	char names[KERNEL_BY_NAMES_MAX], *rest = names, *name;

	for (unsigned kind = 0; kind < KERNEL_EVENT_COUNT; kind++)
		printf("kernel-event %s\n", kernel_event_name((enum kernel_event_kind)kind));
	for (const struct kernel_event_group *group = kernel_event_groups; group->name; group++)
		printf("kernel-group %s\n", group->name);
	print_findings("kernel-finding", FINDING_OF_KERNEL);
	print_count("kernel-limit", "fires", limits->fires);
	print_duration("kernel-limit", "run", limits->run_ns);
	print_count("kernel-limit", "jiffies", limits->jiffies);
	print_count("kernel-limit", "awake", limits->awake);
	print_duration("kernel-limit", "overdue", limits->overdue_ns);
	for (unsigned of = 0; of < KERNEL_HISTOGRAM_COUNT; of++)
		printf("kernel-hist %s\n", kernel_histogram_name((enum kernel_histogram_of)of));
	kernel_by_names(names);
	while ((name = strsep(&rest, ", ")))
		if (*name)
			printf("kernel-by %s\n", name);
#ifdef HAS_KERNEL_FIELDS
	print_fields("kernel-field", &kernel_fields);
#endif
#ifdef HAS_KERNEL_EVENT_FIELDS
	print_fields("kernel-event-field", &kernel_event_fields);
#endif
}

int main(void)
{
	print_programs(&finding_limits_default);
	print_kernel(&finding_limits_default);
	return 0;
}
