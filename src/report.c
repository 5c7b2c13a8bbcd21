/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "timersnoop/expr.h"
#include "timersnoop/line.h"
#include "timersnoop/out_stat.h"

#define TOP_DEFAULT 20
#define LIVE_DEFAULT_NS NSEC_PER_SEC
#define WHY_MAX 400
/* Empty ones, one after the other. */
#define TABLES_MAX 100000

struct report {
	const struct options *options;
	struct report_scene scene;
	struct stats_scene stats_scene;
	struct fields_chosen chosen; /* --fields; empty: none */
	const struct field *sort;    /* NULL: the most active first */
	bool ascending;
	struct expr *where, *until;
	struct expr *expects[OPTION_LIST_MAX];
	struct stats *whole; /* of all the time */
	struct stats *since; /* since the last table; NULL: there is only one */
	int64_t interval_ns;
	uint64_t begun_ns; /* the table at hand */
	uint64_t shown;    /* tables */
	bool until_holds;
	struct findings findings;
	char *broken[OPTION_LIST_MAX]; /* why an expectation does not hold */
	bool found;
};

static int choose_sort(struct report *report, const char *text, struct error *err)
{
	struct fields_chosen chosen;
	char sign = *text == '+' || *text == '-' ? *text++ : 0;
	int status = fields_choose(&chosen, &stat_fields, text, "--sort", err);

	if (status < 0)
		return status;
	if (chosen.count != 1)
		return error_set(err, EINVAL, "--sort takes one field, not '%s'", text);
	report->sort = chosen.list[0];
	/* Figures from the greatest on, names from A on, unless told otherwise. */
	report->ascending = sign ? sign == '+' : report->sort->kind == FIELD_TEXT;
	return 0;
}

/* Is all that is named told by an event that is looked for? */
static int check_events(const struct report *report, const struct expr *expr, const char *what,
			struct error *err)
{
	const struct stat_row some = { .sum = true, .events = report->options->events };
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

static int read_expectation(struct report *report, size_t i, struct error *err)
{
	int status = expr_parse(&report->expects[i], report->options->expects[i], &stat_fields,
				"--expect", err);

	return status < 0 ? status : check_events(report, report->expects[i], "--expect", err);
}

static int read_conditions(struct report *report, struct error *err)
{
	const struct options *options = report->options;
	int status = 0;

	if (options->where)
		status = expr_parse(&report->where, options->where, &stat_fields, "--where", err);
	if (status == 0 && options->until)
		status = expr_parse(&report->until, options->until, &stat_fields, "--until", err);
	if (status == 0 && report->until)
		status = check_events(report, report->until, "--until", err);
	for (size_t i = 0; i < options->expect_count && status == 0; i++)
		status = read_expectation(report, i, err);
	return status;
}

int report_new(struct report **out, const struct options *options, struct error *err)
{
	struct report *report = calloc(1, sizeof(*report));
	int status = 0;

	*out = NULL;
	if (!report)
		return error_errno(err, ENOMEM, "figures");
	report->options = options;
	report->interval_ns = options->interval_ns;
	if (options->live && !report->interval_ns)
		report->interval_ns = LIVE_DEFAULT_NS;
	if (options->fields)
		status = fields_choose(&report->chosen, &stat_fields, options->fields, "--fields",
				       err);
	if (status == 0 && options->sort)
		status = choose_sort(report, options->sort, err);
	if (status == 0)
		status = read_conditions(report, err);
	if (status < 0)
		report_free(report);
	else
		*out = report;
	return status;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	expr_free(report->where);
	expr_free(report->until);
	for (size_t i = 0; i < OPTION_LIST_MAX; i++) {
		expr_free(report->expects[i]);
		free(report->broken[i]);
	}
	stats_free(report->whole);
	stats_free(report->since);
	findings_free(&report->findings);
	free(report);
}

/* Is this field asked for? */
static bool names(const struct report *report, const struct field *field)
{
	bool named = report->sort == field || (report->where && expr_names(report->where, field));

	for (size_t i = 0; i < report->chosen.count; i++)
		named |= report->chosen.list[i] == field;
	for (size_t i = 0; i < report->options->expect_count; i++)
		named |= expr_names(report->expects[i], field);
	return named;
}

bool report_countable(const struct report *report, char *why_not, size_t size)
{
	const struct options *options = report->options;
	const char *why = NULL;

	if (options->until)
		why = "--until looks at each call";
	else if (options->fail_on & ~FINDING_BIT(FINDING_DATA_INCOMPLETE))
		why = "findings need more than counts";
	else if (memcmp(&options->limits, &finding_limits_default, sizeof(options->limits)) != 0)
		why = "--limit is about findings, which need more than counts";
	else if (options->aggregate == AGGREGATE_AUTO && options->format != OUT_TEXT &&
		 !report->chosen.count && !options->quiet)
		why = "rows have all fields without --fields";
	for (size_t i = 0; i < stat_fields.count && !why; i++) {
		const struct field *field = &stat_fields.fields[i];

		if (stat_field_counted(field) || !names(report, field))
			continue;
		snprintf(why_not, size, "the kernel does not count %s", field->name);
		return false;
	}
	snprintf(why_not, size, "%s", why ? why : "");
	return !why;
}

bool report_wants_kinds(const struct report *report)
{
	static const char *const kinds[] = { "one_shot", "periodic", "absolute" };
	bool wants = report->options->wide;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		wants |= names(report, fields_find(&stat_fields, kinds[i], strlen(kinds[i])));
	return wants;
}

int report_begin(struct report *report, const struct report_scene *scene)
{
	report->scene = *scene;
	report->stats_scene =
		(struct stats_scene){ .limits = &report->options->limits,
				      .tick_ns = scene->tick_ns,
				      .clock_at = scene->clock_at,
				      .context = scene->context,
				      .histograms = report->options->histograms,
				      .events = report->options->events,
				      .no_kinds = scene->counted && !report_wants_kinds(report) };
	report->begun_ns = scene->since_ns;
	report->whole = stats_new(&report->stats_scene);
	if (report->interval_ns)
		report->since = stats_new(&report->stats_scene);
	if (!report->whole || (report->interval_ns && !report->since))
		return -ENOMEM;
	if (scene->sink && scene->style->header)
		out_stat_header(scene->sink, scene->style,
				report->chosen.count ? &report->chosen : NULL);
	return 0;
}

int report_change(struct report *report, const struct life_change *change)
{
	int status = stats_change(report->whole, change);

	if (status == 0 && report->since)
		status = stats_change(report->since, change);
	return status;
}

int report_call(struct report *report, const struct caller *who, const struct call *call)
{
	int status = stats_call(report->whole, who, call);

	if (status == 0 && report->since)
		status = stats_call(report->since, who, call);
	return status;
}

int report_add(struct report *report, struct stat_row *row)
{
	int status = stats_add(report->whole, row);

	/* One that is known there may be new here. */
	row->timers = row->has_id;
	if (status == 0 && report->since)
		status = stats_add(report->since, row);
	return status;
}

/* --- tables ------------------------------------------------------------------------ */

static int compare_values(const struct field *field, const struct stat_row *a,
			  const struct stat_row *b)
{
	struct field_value x, y;

	field_get(field, a, &x);
	field_get(field, b, &y);
	if (!x.known || !y.known)
		return x.known - y.known;
	switch (field->kind) {
	case FIELD_TEXT:
		return strcmp(x.text, y.text);
	case FIELD_RATE:
		return (x.rate > y.rate) - (x.rate < y.rate);
	case FIELD_COUNT:
	case FIELD_ADDRESS:
		return (x.count > y.count) - (x.count < y.count);
	default:
		return (x.number > y.number) - (x.number < y.number);
	}
}

/* What is not known comes last; among equals, the order that they are in. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct report *report = context;
	const struct stat_row *x = *(const struct stat_row *const *)a;
	const struct stat_row *y = *(const struct stat_row *const *)b;
	uint64_t of_x = x->calls + x->expiries, of_y = y->calls + y->expiries;
	struct field_value value;
	int order;

	if (!report->sort)
		return of_x != of_y ? (of_x < of_y ? 1 : -1) : (x > y) - (x < y);
	order = compare_values(report->sort, x, y);
	field_get(report->sort, x, &value);
	if (order && report->ascending && value.known) {
		field_get(report->sort, y, &value);
		order = value.known ? -order : order;
	}
	return order ? -order : (x > y) - (x < y);
}

/* As many as fit on the terminal, or as --top says. */
static uint64_t rows_to_show(const struct report *report)
{
	const struct options *options = report->options;
	struct winsize size;

	if (options->top_given)
		return options->top ? options->top : UINT64_MAX;
	if (options->live && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row)
		return size.ws_row > 5 ? size.ws_row - 4 : 1;
	return options->format == OUT_TEXT ? TOP_DEFAULT : UINT64_MAX;
}

/* Those that are asked for, in their order; *all counts what --top leaves out, too. */
static struct stat_row *choose_rows(const struct report *report, struct stat_row *rows,
				    size_t count, size_t *shown, size_t *all)
{
	struct stat_row **order = calloc(count + 1, sizeof(*order));
	struct stat_row *chosen = calloc(count + 1, sizeof(*chosen));
	uint64_t most = rows_to_show(report);

	*all = 0;
	for (size_t i = 0; order && i < count; i++)
		if (!report->where || expr_ask(report->where, &rows[i]) == EXPR_YES)
			order[(*all)++] = &rows[i];
	*shown = *all < most ? *all : (size_t)most;
	if (order)
		qsort_r(order, *all, sizeof(*order), compare_rows, (void *)report);
	for (size_t i = 0; order && chosen && i < *shown; i++)
		chosen[i] = *order[i];
	if (!order) {
		free(chosen);
		chosen = NULL;
	}
	free(order);
	return chosen;
}

static void show_histograms(const struct report *report, const struct stat_table *table)
{
	uint32_t kinds = report->options->histograms;
	struct sink *sink = report->scene.sink;

	if (!kinds)
		return;
	if (!report->options->by_given) {
		out_stat_histograms(sink, report->scene.style, table->total, table->by, kinds);
		return;
	}
	for (size_t i = 0; i < table->count; i++)
		out_stat_histograms(sink, report->scene.style, &table->rows[i], table->by, kinds);
}

static void put_sequence(const struct report *report, const char *sequence)
{
	sink_line_end(report->scene.sink, line_text(sink_line(report->scene.sink), sequence));
}

static int show_table(struct report *report, const struct stats *stats)
{
	struct stat_table table = { .by = report->options->by,
				    .total = stats_total(stats),
				    .fields = report->chosen.count ? &report->chosen : NULL,
				    .counted = report->scene.counted,
				    .timed = report->since != NULL };
	struct stat_row *rows, *chosen;
	size_t count, all;

	if (!report->scene.sink)
		return 0;
	rows = stats_rows(stats, table.by, &count);
	chosen = rows ? choose_rows(report, rows, count, &table.count, &all) : NULL;
	if (chosen) {
		table.rows = chosen;
		table.hidden = all - table.count;
		/* Lines that are too long are cut by the terminal meanwhile. */
		if (report->options->live)
			put_sequence(report, "\033[H\033[J\033[?7l");
		out_stat_table(report->scene.sink, report->scene.style, &table);
		if (report->options->live)
			put_sequence(report, "\033[?7h");
		show_histograms(report, &table);
	}
	free(chosen); /* what they own belongs to `rows` */
	stats_rows_free(rows, count);
	return chosen ? 0 : -ENOMEM;
}

uint64_t report_due(const struct report *report)
{
	return report->since ? report->begun_ns + (uint64_t)report->interval_ns : 0;
}

static int end_table(struct report *report, uint64_t end_ns)
{
	int status;

	stats_set_span(report->since, report->begun_ns, end_ns);
	status = show_table(report, report->since);
	stats_reset(report->since);
	report->begun_ns = end_ns;
	report->shown++;
	return status;
}

static bool has_all_tables(const struct report *report)
{
	return report->options->count && report->shown >= report->options->count;
}

/* A clock that jumps would make tables without end. */
static void skip_tables(struct report *report, uint64_t now_ns)
{
	uint64_t interval_ns = (uint64_t)report->interval_ns;

	if (report->since && now_ns > report->begun_ns &&
	    (now_ns - report->begun_ns) / interval_ns > TABLES_MAX)
		report->begun_ns = now_ns - (now_ns - report->begun_ns) % interval_ns;
}

int report_pass(struct report *report, uint64_t now_ns)
{
	int status = 0;

	/* What the kernel has counted is of all the time until now. */
	if (report->since && !has_all_tables(report) && now_ns >= report_due(report))
		status = end_table(report, report->scene.counted ? now_ns : report_due(report));
	skip_tables(report, now_ns);
	while (status == 0 && report->since && !has_all_tables(report) &&
	       now_ns >= report_due(report))
		status = end_table(report, report_due(report));
	return status;
}

void report_ask(struct report *report, uint64_t now_ns)
{
	if (!report->until || report->until_holds)
		return;
	stats_set_span(report->whole, report->scene.since_ns, now_ns);
	report->until_holds = expr_ask(report->until, stats_total(report->whole)) == EXPR_YES;
}

bool report_done(const struct report *report)
{
	return report->until_holds || has_all_tables(report);
}

/* --- in the end ---------------------------------------------------------------------- */

static int ask_expectations(struct report *report)
{
	const struct stat_row *total = stats_total(report->whole);
	char why[WHY_MAX];

	for (size_t i = 0; i < report->options->expect_count; i++) {
		const struct expr *expect = report->expects[i];

		if (expr_ask(expect, total) != EXPR_YES) {
			expr_explain(expect, total, why, sizeof(why));
			report->broken[i] = strdup(why);
			if (!report->broken[i])
				return -ENOMEM;
			report->found = true;
		}
		if (report->scene.sink && !report->chosen.count)
			out_stat_expectation(report->scene.sink, report->scene.style,
					     expr_text(expect), report->broken[i]);
	}
	return 0;
}

void report_ending(struct report *report, uint64_t now_ns)
{
	stats_set_span(report->whole, report->scene.since_ns, now_ns);
	if (report->since)
		stats_set_span(report->since, report->begun_ns, now_ns);
}

int report_finish(struct report *report, uint64_t now_ns, const struct diagnosis_loss *loss)
{
	int status = 0;

	if (!report->since)
		status = show_table(report, report->whole);
	else if (!has_all_tables(report) && now_ns > report->begun_ns)
		status = end_table(report, now_ns);
	if (status == 0)
		status = diagnose(&report->findings, report->whole, &report->options->limits, loss);
	if (status < 0)
		return status;
	for (size_t i = 0; i < report->findings.count; i++)
		report->found |=
			(report->options->fail_on & FINDING_BIT(report->findings.list[i].id)) != 0;
	if (report->scene.sink && !report->chosen.count)
		out_stat_findings(report->scene.sink, report->scene.style, &report->findings);
	return ask_expectations(report);
}

bool report_any(const struct report *report)
{
	return stat_row_any(stats_total(report->whole));
}

bool report_found(const struct report *report)
{
	return report->found;
}

void report_tell(const struct report *report)
{
	const struct options *options = report->options;

	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *finding = &report->findings.list[i];
		char subject[OUT_STAT_SUBJECT_MAX];

		if (!(options->fail_on & FINDING_BIT(finding->id)))
			continue;
		out_stat_subject(subject, finding);
		fprintf(stderr, "timersnoop: found %s%s%s: %s\n", finding_kinds[finding->id].id,
			subject[0] ? ": " : "", subject, finding->evidence);
	}
	for (size_t i = 0; i < options->expect_count; i++)
		if (report->broken[i])
			fprintf(stderr, "timersnoop: expected '%s': %s\n", options->expects[i],
				report->broken[i]);
}
