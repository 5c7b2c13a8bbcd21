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
#include "timersnoop/out_findings.h"
#include "timersnoop/out_table.h"
#include "timersnoop/printable.h"

#define TOP_DEFAULT 20
#define LIVE_DEFAULT_NS NSEC_PER_SEC
#define WHY_MAX 400
/* Empty ones, one after the other. */
#define TABLES_MAX 100000

struct report {
	const struct options *options;
	const struct figures_class *kind;
	struct report_scene scene;
	struct fields_chosen chosen; /* --fields; empty: none */
	const struct field *sort;    /* NULL: the most active first */
	bool ascending;
	struct expr *where, *until;
	struct expr *expects[OPTION_LIST_MAX];
	void *whole; /* figures of all the time */
	void *since; /* since the last table; NULL: there is only one */
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
	char sign = (char)(*text == '+' || *text == '-' ? *text++ : 0);
	int status = fields_choose(&chosen, report->kind->fields, text, "--sort", err);

	if (status < 0)
		return status;
	if (chosen.count != 1)
		return error_set(err, EINVAL, "--sort takes one field, not '%s'", text);
	report->sort = chosen.list[0];
	/* Figures from the greatest on, names from A on, unless told otherwise. */
	report->ascending = sign ? sign == '+' : report->sort->kind == FIELD_TEXT;
	return 0;
}

static int read_condition(const struct report *report, struct expr **expr, const char *text,
			  const char *what, struct error *err)
{
	const struct figures_class *kind = report->kind;
	int status = expr_parse(expr, text, kind->fields, what, err);

	return status < 0 || !kind->check ? status : kind->check(report->options, *expr, what, err);
}

static int read_conditions(struct report *report, struct error *err)
{
	const struct options *options = report->options;
	int status = 0;

	if (options->where)
		status = expr_parse(&report->where, options->where, report->kind->fields, "--where",
				    err);
	if (status == 0 && options->until)
		status = read_condition(report, &report->until, options->until, "--until", err);
	for (size_t i = 0; i < options->expect_count && status == 0; i++)
		status = read_condition(report, &report->expects[i], options->expects[i],
					"--expect", err);
	return status;
}

int report_new(struct report **out, const struct options *options, const struct figures_class *kind,
	       struct error *err)
{
	struct report *report = calloc(1, sizeof(*report));
	int status = 0;

	*out = NULL;
	if (!report)
		return error_errno(err, ENOMEM, "figures");
	report->options = options;
	report->kind = kind;
	report->interval_ns = options->interval_ns;
	if (options->live && !report->interval_ns)
		report->interval_ns = LIVE_DEFAULT_NS;
	if (options->fields)
		status = fields_choose(&report->chosen, report->kind->fields, options->fields,
				       "--fields", err);
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
	report->kind->free(report->whole);
	report->kind->free(report->since);
	findings_free(&report->findings);
	free(report);
}

bool report_names(const struct report *report, const struct field *field)
{
	bool named = report->sort == field || (report->where && expr_names(report->where, field));

	for (size_t i = 0; i < report->chosen.count; i++)
		named |= report->chosen.list[i] == field;
	for (size_t i = 0; i < report->options->expect_count; i++)
		named |= expr_names(report->expects[i], field);
	return named;
}

static const struct fields_chosen *chosen_fields(const struct report *report)
{
	return report->chosen.count ? &report->chosen : NULL;
}

int report_begin(struct report *report, const struct report_scene *scene)
{
	const struct figures_class *kind = report->kind;

	report->scene = *scene;
	report->begun_ns = scene->since_ns;
	report->whole = kind->make(scene->figures);
	if (report->interval_ns)
		report->since = kind->make(scene->figures);
	if (!report->whole || (report->interval_ns && !report->since))
		return -ENOMEM;
	if (scene->sink && scene->style->header)
		out_table_header(scene->sink, scene->style, kind->fields, chosen_fields(report));
	return 0;
}

int report_each(struct report *report, report_taker *take, void *context)
{
	int status = take(report->whole, context);

	return status == 0 && report->since ? take(report->since, context) : status;
}

/* --- tables ------------------------------------------------------------------------ */

static int compare_values(const struct field *field, const void *a, const void *b)
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
	const void *x = *(const void *const *)a, *y = *(const void *const *)b;
	/* All are in one array. */
	int before = (x > y) - (x < y);
	struct field_value value;
	int order;

	if (!report->sort) {
		order = report->kind->compare(x, y);
		return order ? order : before;
	}
	order = compare_values(report->sort, x, y);
	field_get(report->sort, x, &value);
	if (order && report->ascending && value.known) {
		field_get(report->sort, y, &value);
		order = value.known ? -order : order;
	}
	return order ? -order : before;
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

/* Those of `rows` that are asked for, in their order; NULL when out of memory. */
static const void **choose_rows(const struct report *report, const void *rows, size_t count,
				struct figures_table *table)
{
	const void **chosen = calloc(count + 1, sizeof(*chosen));
	uint64_t most = rows_to_show(report);
	size_t all = 0;

	if (!chosen)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const void *row = (const char *)rows + i * report->kind->row_size;

		if (!report->where || expr_ask(report->where, row) == EXPR_YES)
			chosen[all++] = row;
	}
	qsort_r(chosen, all, sizeof(*chosen), compare_rows, (void *)report);
	table->rows = chosen;
	table->count = all < most ? all : (size_t)most;
	table->hidden = all - table->count;
	return chosen;
}

static void show_histograms(const struct report *report, const struct figures_table *table)
{
	const struct report_scene *scene = &report->scene;
	const struct figures_class *kind = report->kind;
	uint32_t kinds = report->options->histograms;

	if (!kinds)
		return;
	if (!report->options->by_given) {
		kind->put_histograms(scene->sink, scene->style, table->total, table->by, kinds);
		return;
	}
	for (size_t i = 0; i < table->count; i++)
		kind->put_histograms(scene->sink, scene->style, table->rows[i], table->by, kinds);
}

static void put_sequence(const struct report *report, const char *sequence)
{
	sink_line_end(report->scene.sink, line_text(sink_line(report->scene.sink), sequence));
}

static void put_table(const struct report *report, const struct figures_table *table)
{
	const struct report_scene *scene = &report->scene;

	/* Lines that are too long are cut by the terminal meanwhile. */
	if (report->options->live)
		put_sequence(report, "\033[H\033[J\033[?7l");
	if (scene->style->format == OUT_TEXT)
		report->kind->put_text(scene->sink, scene->style, table);
	else
		out_table_rows(scene->sink, scene->style, report->kind->fields, table);
	if (report->kind->put_more && !table->fields)
		report->kind->put_more(scene->sink, scene->style, table->total);
	if (report->options->live)
		put_sequence(report, "\033[?7h");
	show_histograms(report, table);
}

static int show_table(struct report *report, const void *figures)
{
	const struct figures_class *kind = report->kind;
	struct figures_table table = { .by = report->scene.by,
				       .total = kind->total(figures),
				       .fields = chosen_fields(report),
				       .counted = report->scene.counted,
				       .timed = report->since != NULL };
	const void **chosen;
	size_t count;
	void *rows;

	if (!report->scene.sink)
		return 0;
	rows = kind->rows(figures, table.by, &count);
	chosen = rows ? choose_rows(report, rows, count, &table) : NULL;
	if (chosen)
		put_table(report, &table);
	free(chosen);
	kind->rows_free(rows, count);
	return chosen ? 0 : -ENOMEM;
}

uint64_t report_due(const struct report *report)
{
	return report->since ? report->begun_ns + (uint64_t)report->interval_ns : 0;
}

static int end_table(struct report *report, uint64_t end_ns)
{
	int status;

	report->kind->set_span(report->since, report->begun_ns, end_ns);
	status = show_table(report, report->since);
	report->kind->reset(report->since);
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

bool report_asks(const struct report *report)
{
	return report->until && !report->until_holds;
}

bool report_asks_time(const struct report *report)
{
	const struct field_table *table = report->kind->fields;

	for (size_t i = 0; i < table->count && report_asks(report); i++)
		if ((table->fields[i].kind == FIELD_RATE ||
		     strcmp(table->fields[i].name, "span_ns") == 0) &&
		    expr_names(report->until, &table->fields[i]))
			return true;
	return false;
}

void report_ask(struct report *report, uint64_t now_ns)
{
	if (!report_asks(report))
		return;
	report->kind->set_span(report->whole, report->scene.since_ns, now_ns);
	report->until_holds =
		expr_ask(report->until, report->kind->total(report->whole)) == EXPR_YES;
}

bool report_done(const struct report *report)
{
	return report->until_holds || has_all_tables(report);
}

/* --- in the end ---------------------------------------------------------------------- */

static int ask_expectations(struct report *report)
{
	const void *total = report->kind->total(report->whole);
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
			out_findings_expectation(report->scene.sink, report->scene.style,
						 expr_text(expect), report->broken[i]);
	}
	return 0;
}

void report_ending(struct report *report, uint64_t now_ns)
{
	report->kind->set_span(report->whole, report->scene.since_ns, now_ns);
	if (report->since)
		report->kind->set_span(report->since, report->begun_ns, now_ns);
}

int report_finish(struct report *report, uint64_t now_ns, const struct diagnosis_loss *loss)
{
	int status = 0;

	if (!report->since)
		status = show_table(report, report->whole);
	else if (!has_all_tables(report) && now_ns > report->begun_ns)
		status = end_table(report, now_ns);
	if (status == 0)
		status = report->kind->diagnose(&report->findings, report->whole,
						&report->options->limits, loss);
	if (status < 0)
		return status;
	for (size_t i = 0; i < report->findings.count; i++)
		report->found |=
			(report->options->fail_on & FINDING_BIT(report->findings.list[i].id)) != 0;
	if (report->scene.sink && !report->chosen.count)
		out_findings(report->scene.sink, report->scene.style, &report->findings);
	return ask_expectations(report);
}

bool report_any(const struct report *report)
{
	return report->kind->any(report->kind->total(report->whole));
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
		char subject[OUT_FINDINGS_SUBJECT_MAX];

		if (!(options->fail_on & FINDING_BIT(finding->id)))
			continue;
		out_findings_subject(subject, finding);
		tell("found %s%s%s: %s", finding_kinds[finding->id].id, subject[0] ? ": " : "",
		     subject, finding->evidence);
	}
	for (size_t i = 0; i < options->expect_count; i++)
		if (report->broken[i])
			tell("expected '%s': %s", options->expects[i], report->broken[i]);
}
