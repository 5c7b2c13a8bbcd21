/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what the code knows by name, for tests/docs/run.sh to compare with what is
 * written about it: a line for each, of words.
 *
 *	event NAME		group NAME
 *	finding ID SEVERITY	limit NAME DEFAULT
 *	hist NAME		by NAME
 *	stat-field NAME UNIT	event-field NAME UNIT
 */
#include <stdio.h>

#include "timersnoop/events.h"
#include "timersnoop/findings.h"
#include "timersnoop/histogram.h"
#include "timersnoop/stats.h"
#include "timersnoop/timerspec.h"
#if __has_include("timersnoop/event_fields.h")
#include "timersnoop/event_fields.h"
#define HAS_EVENT_FIELDS
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

static void print_duration(const char *name, int64_t ns)
{
	char text[TIMERSPEC_TEXT_MAX];

	timerspec_format_ns(text, ns);
	printf("limit %s %s\n", name, text);
}

static void print_count(const char *name, uint64_t count)
{
	printf("limit %s %llu\n", name, (unsigned long long)count);
}

int main(void)
{
	const struct finding_limits *limits = &finding_limits_default;

	for (int event = 0; event < EVENT_COUNT; event++)
		printf("event %s\n", event_name((enum event)event));
	for (const struct event_group *group = event_groups; group->name; group++)
		printf("group %s\n", group->name);
	for (int id = 0; id < FINDING_COUNT; id++)
		printf("finding %s %s\n", finding_kinds[id].id,
		       severity_name(finding_kinds[id].severity));
	print_count("storm", limits->storm);
	print_duration("short", limits->short_ns);
	print_count("overruns", limits->overruns);
	print_duration("blocked", limits->blocked_ns);
	print_count("failures", limits->failures);
	print_count("leak", limits->leak);
	print_duration("late", limits->late_ns);
	print_count("herd", limits->herd);
	print_duration("herd-time", limits->herd_ns);
	for (int of = 0; of < HISTOGRAM_COUNT; of++)
		printf("hist %s\n", histogram_name((enum histogram_of)of));
	for (int by = 0; by < BY_COUNT; by++)
		printf("by %s\n", stat_by_name((enum stat_by)by));
	print_fields("stat-field", &stat_fields);
#ifdef HAS_EVENT_FIELDS
	print_fields("event-field", &event_fields);
#endif
	return 0;
}
