/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/report_stat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/diagnosis.h"
#include "timersnoop/out_stat.h"

/* --- the kind of its figures ----------------------------------------------------------- */

static void *make(const void *scene)
{
	return stats_new(scene);
}

static void release(void *stats)
{
	stats_free(stats);
}

static void reset(void *stats)
{
	stats_reset(stats);
}

static void set_span(void *stats, uint64_t from_ns, uint64_t to_ns)
{
	stats_set_span(stats, from_ns, to_ns);
}

static const void *total(const void *stats)
{
	return stats_total(stats);
}

static void *rows(const void *stats, uint32_t by, size_t *count)
{
	return stats_rows(stats, (enum stat_by)by, count);
}

static void rows_free(void *list, size_t count)
{
	stats_rows_free(list, count);
}

/* The most active first. */
static int compare(const void *row, const void *other)
{
	const struct stat_row *x = row, *y = other;
	uint64_t of_x = x->calls + x->expiries, of_y = y->calls + y->expiries;

	return (of_x < of_y) - (of_x > of_y);
}

static bool any(const void *row)
{
	return stat_row_any(row);
}

/* Is all that is named told by an event that is looked for? */
static int check_events(const struct options *options, const struct expr *expr, const char *what,
			struct error *err)
{
	const struct stat_row some = { .sum = true, .events = options->events };
	const struct stat_row all = { .sum = true, .events = EVENTS_ALL };

	for (size_t i = 0; i < stat_fields.count; i++) {
		const struct field *field = &stat_fields.fields[i];
		struct field_value of_some, of_all;

		field_get(field, &some, &of_some);
		field_get(field, &all, &of_all);
		if (of_some.known || !of_all.known || !expr_names(expr, field))
			continue;
		error_set(err, EINVAL, "%s: no event of -e tells %s", what, field->name);
		error_hint(err, "leave out -e, or see 'Events that are named' in the manual");
		return -EINVAL;
	}
	return 0;
}

static int diagnose_stats(struct findings *findings, const void *stats,
			  const struct finding_limits *limits, const struct diagnosis_loss *loss)
{
	return diagnose(findings, stats, limits, loss);
}

static void put_histograms(struct sink *sink, const struct out_style *style, const void *row,
			   uint32_t by, uint32_t kinds)
{
	out_stat_histograms(sink, style, row, (enum stat_by)by, kinds);
}

const struct figures_class stat_figures = {
	.fields = &stat_fields,
	.row_size = sizeof(struct stat_row),
	.make = make,
	.free = release,
	.reset = reset,
	.set_span = set_span,
	.total = total,
	.rows = rows,
	.rows_free = rows_free,
	.compare = compare,
	.any = any,
	.check = check_events,
	.diagnose = diagnose_stats,
	.put_text = out_stat_text,
	.put_histograms = put_histograms,
};

/* --- what comes in --------------------------------------------------------------------- */

static int take_change(void *stats, void *change)
{
	return stats_change(stats, change);
}

int report_stat_change(struct report *report, const struct life_change *change)
{
	return report_each(report, take_change, (void *)change);
}

struct call_of {
	const struct caller *who;
	const struct call *call;
};

static int take_call(void *stats, void *context)
{
	const struct call_of *of = context;

	return stats_call(stats, of->who, of->call);
}

int report_stat_call(struct report *report, const struct caller *who, const struct call *call)
{
	struct call_of of = { who, call };

	return report_each(report, take_call, &of);
}

static int take_row(void *stats, void *context)
{
	struct stat_row *row = context;

	/* One that is known in some figures may be new in others. */
	row->timers = row->has_id;
	return stats_add(stats, row);
}

int report_stat_add(struct report *report, struct stat_row *row)
{
	return report_each(report, take_row, row);
}

/* --- what the kernel can count ------------------------------------------------------------ */

bool report_stat_countable(const struct report *report, const struct options *options,
			   char *why_not, size_t size)
{
	const char *why = NULL;

	if (options->until)
		why = "--until looks at each call";
	else if (options->fail_on & ~FINDING_BIT(FINDING_DATA_INCOMPLETE))
		why = "findings need more than counts";
	else if (memcmp(&options->limits, &finding_limits_default, sizeof(options->limits)) != 0)
		why = "--limit is about findings, which need more than counts";
	else if (options->aggregate == AGGREGATE_AUTO && options->format != OUT_TEXT &&
		 !options->fields && !options->quiet)
		why = "rows have all fields without --fields";
	for (size_t i = 0; i < stat_fields.count && !why; i++) {
		const struct field *field = &stat_fields.fields[i];

		if (stat_field_counted(field) || !report_names(report, field))
			continue;
		snprintf(why_not, size, "the kernel does not count %s", field->name);
		return false;
	}
	snprintf(why_not, size, "%s", why ? why : "");
	return !why;
}

bool report_stat_wants_kinds(const struct report *report, const struct options *options)
{
	static const char *const kinds[] = { "one_shot", "periodic", "absolute" };
	bool wants = options->wide;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		wants |=
			report_names(report, fields_find(&stat_fields, kinds[i], strlen(kinds[i])));
	return wants;
}
