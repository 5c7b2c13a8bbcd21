/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/report_kernel.h"

#include <stdlib.h>
#include <errno.h>
#include <string.h>

#include "timersnoop/kernel_diagnosis.h"
#include "timersnoop/options.h"
#include "timersnoop/out_kernel.h"

static void *make(const void *scene)
{
	return kernel_stats_new(scene);
}

static void release(void *stats)
{
	kernel_stats_free(stats);
}

static void reset(void *stats)
{
	kernel_stats_reset(stats);
}

static void set_span(void *stats, uint64_t from_ns, uint64_t to_ns)
{
	kernel_stats_set_span(stats, from_ns, to_ns);
}

static const void *total(const void *stats)
{
	return kernel_stats_total(stats);
}

static void rows_free(void *list, size_t count)
{
	(void)count;
	kernel_stats_rows_free(list);
}

#define COMPARE(x, y) (((x) > (y)) - ((x) < (y)))

static int compare_names(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "");
}

/* For one to follow the other, whatever they are grouped by. */
static int compare_identities(const struct kernel_row *x, const struct kernel_row *y)
{
	int order = compare_names(x->callback.name, y->callback.name);

	if (!order)
		order = compare_names(x->comm, y->comm);
	if (!order)
		order = COMPARE(x->pid, y->pid);
	if (!order)
		order = COMPARE(x->cpu, y->cpu);
	if (!order)
		order = compare_names(x->caller_symbol.name, y->caller_symbol.name);
	if (!order)
		order = COMPARE(x->caller, y->caller);
	if (!order)
		order = compare_names(x->callback.module, y->callback.module);
	if (!order)
		order = COMPARE(x->function, y->function);
	if (!order)
		order = COMPARE(x->mechanism, y->mechanism);
	return order ? order : COMPARE(x->address, y->address);
}

/* What wakes idle CPUs most, if that is the question; or else what is armed and expires most;
 * of equals by name. */
static int compare(const void *row, const void *other)
{
	const struct kernel_row *x = row, *y = other;
	int order = 0;

	if (x->wakes)
		order = COMPARE(y->wakeups, x->wakeups);
	if (!order)
		order = COMPARE(y->started + y->fired, x->started + x->fired);
	return order ? order : compare_identities(x, y);
}

/* In that order: of those that are equal by --sort, too. */
static void *rows(const void *stats, uint32_t by, size_t *count)
{
	struct kernel_row *list = kernel_stats_rows(stats, count);

	(void)by; /* they were made for it */
	if (list)
		qsort(list, *count, sizeof(*list), compare);
	return list;
}

static bool any(const void *row)
{
	return kernel_row_any(row);
}

/* Is all that is named looked for? */
static int check(const struct options *options, const struct expr *expr, const char *what,
		 struct error *err)
{
	static const char *const wakes[] = { "wakeups", "wakeup_rate", "alongside" };

	for (size_t i = 0; !options->wakeups && i < sizeof(wakes) / sizeof(wakes[0]); i++)
		if (expr_names(expr, fields_find(&kernel_fields, wakes[i], strlen(wakes[i]))))
			return error_set(err, EINVAL, "%s: %s needs --wakeups", what, wakes[i]);
	return 0;
}

static int diagnose_kernel(struct findings *findings, const void *stats,
			   const struct finding_limits *limits, const struct diagnosis_loss *loss)
{
	return kernel_diagnose(findings, stats, limits, loss);
}

const struct figures_class kernel_figures = {
	.fields = &kernel_fields,
	.row_size = sizeof(struct kernel_row),
	.make = make,
	.free = release,
	.reset = reset,
	.set_span = set_span,
	.total = total,
	.rows = rows,
	.rows_free = rows_free,
	.compare = compare,
	.any = any,
	.check = check,
	.diagnose = diagnose_kernel,
	.put_text = out_kernel_text,
	.put_more = out_kernel_more,
	.put_histograms = out_kernel_histograms,
};

static int take_change(void *stats, void *change)
{
	return kernel_stats_change(stats, change);
}

int report_kernel_change(struct report *report, const struct kernel_change *change)
{
	return report_each(report, take_change, (void *)change);
}

static int take_loss(void *stats, void *unused)
{
	(void)unused;
	kernel_stats_lost(stats);
	return 0;
}

void report_kernel_lost(struct report *report)
{
	report_each(report, take_loss, NULL);
}
