/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_fed.h"

#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"

struct kernel_stats_scene fed_scene;
struct finding_limits fed_limits;
struct kernel_stats *fed_stats;
uint64_t fed_now = 1000 * MS;

static struct symbols *symbols;
static struct kernel_row *rows;
static uint64_t began;

struct symbols *fed_symbols(void)
{
	static const char text[] = "ffffffff81001000 t process_timeout\n"
				   "ffffffff81002000 t tick_nohz_handler\n"
				   "ffffffff81003000 t tick_sched_timer\n"
				   "ffffffff81004000 t tcp_write_timer\n"
				   "ffffffff81005000 t hrtimer_wakeup\n"
				   "ffffffff81006000 T delayed_work_timer_fn\n"
				   "ffffffff81007000 T mod_timer\n"
				   "ffffffff81008000 T tcp_send\n"
				   "ffffffffc0001000 t drv_poll\t[drv]\n"
				   "ffffffffc0002000 t drv_watch\t[drv]\n"
				   "ffffffffc0400000 t net_poll\t[net]\n";
	struct symbols *made = symbols_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	CU_ASSERT_EQUAL_FATAL(symbols_add(made, text, strlen(text)), 0);
	CU_ASSERT_EQUAL_FATAL(symbols_end(made), 0);
	return made;
}

static bool is_tick(void *context, uint64_t function)
{
	CU_ASSERT_PTR_EQUAL(context, &fed_scene);
	return function == FN_TICK;
}

void fed_prepare(uint32_t by)
{
	symbols = fed_symbols();
	fed_limits = finding_limits_default;
	fed_scene = (struct kernel_stats_scene){ .symbols = symbols,
						 .by = by,
						 .histograms = (1u << KERNEL_HISTOGRAM_COUNT) - 1,
						 .limits = &fed_limits,
						 .tick_ns = 4 * MS,
						 .wakes = true,
						 .is_tick = is_tick,
						 .context = &fed_scene };
}

void fed_open(void)
{
	fed_stats = kernel_stats_new(&fed_scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fed_stats);
	began = fed_now;
}

void fed_begin(uint32_t by)
{
	fed_prepare(by);
	fed_open();
}

/* --- what happens ----------------------------------------------------------------------- */

struct kernel_arm fed_list(uint64_t function, uint64_t address)
{
	return (struct kernel_arm){ .mechanism = KERNEL_TIMER_LIST,
				    .address = address,
				    .function = function,
				    .selected = true,
				    .ts = fed_now,
				    .cpu = 1,
				    .armer = ARMER_TASK,
				    .who = { .pid = 42, .tid = 43, .comm = "app" },
				    .has_timeout = true,
				    .timeout_ns = 1000 * MS,
				    .timeout_jiffies = 250 };
}

struct kernel_arm fed_hrtimer(uint64_t function, uint64_t address)
{
	struct kernel_arm arm = fed_list(function, address);

	arm.mechanism = KERNEL_HRTIMER;
	arm.timeout_jiffies = 0;
	arm.mode = HRTIMER_MODE_RELATIVE;
	return arm;
}

struct kernel_arm fed_older(struct kernel_arm arm)
{
	return (struct kernel_arm){ .mechanism = arm.mechanism,
				    .address = arm.address,
				    .function = arm.function,
				    .older = true };
}

struct kernel_arm fed_by_task(struct kernel_arm arm, int32_t pid, const char *comm)
{
	arm.who = (struct caller){ .pid = pid, .tid = pid };
	snprintf(arm.who.comm, sizeof(arm.who.comm), "%s", comm);
	return arm;
}

struct kernel_arm fed_by_interrupt(struct kernel_arm arm)
{
	arm.armer = ARMER_INTERRUPT;
	arm.interrupt = true;
	memset(&arm.who, 0, sizeof(arm.who));
	return arm;
}

struct kernel_change fed_change_of(enum kernel_what what, const struct kernel_arm *arm)
{
	return (struct kernel_change){
		.what = what, .ts = fed_now, .cpu = 1, .tid = 43, .arm = arm
	};
}

void fed_tell(const struct kernel_change *change)
{
	CU_ASSERT_EQUAL(kernel_stats_change(fed_stats, change), 0);
	fed_now += MS;
}

void fed(enum kernel_what what, const struct kernel_arm *arm)
{
	const struct kernel_change change = fed_change_of(what, arm);

	fed_tell(&change);
}

void fed_expire(const struct kernel_arm *arm, int64_t late_ns, int64_t beyond_ns, int64_t run_ns)
{
	struct kernel_change change = fed_change_of(KERNEL_FIRED, arm);

	change.has_late = change.has_beyond = true;
	change.late_ns = late_ns;
	change.beyond_ns = beyond_ns;
	fed_tell(&change);
	change.what = KERNEL_RAN;
	change.has_run = true;
	change.run_ns = run_ns;
	fed_tell(&change);
}

void fed_wake(int cpu, enum kernel_waker waker, const struct kernel_arm *arm, int64_t idle_ns)
{
	struct kernel_change change = fed_change_of(KERNEL_WAKEUP, arm);

	change.cpu = cpu;
	change.waker = waker;
	change.idle_ns = idle_ns;
	fed_tell(&change);
}

/* --- in words ------------------------------------------------------------------------------ */

static bool is_left_out(const char *name)
{
	static const char *const names[] = { "event",   "mechanism", "kind",        "rate",
					     "span_ns", "mono_ns",   "wakeup_rate", "fired_rate" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* "late_ns_min" begins "late_ns=1/2/3/4", the others go on. */
static int put_number(char *text, const char *name, int64_t number)
{
	static const char *const more[] = { "_median", "_p99", "_max" };
	size_t length = strlen(name);

	if (length > 4 && strcmp(name + length - 4, "_min") == 0)
		return sprintf(text, " %.*s=%" PRId64, (int)(length - 4), name, number);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (length > strlen(more[i]) &&
		    strcmp(name + length - strlen(more[i]), more[i]) == 0)
			return sprintf(text, "/%" PRId64, number);
	return sprintf(text, " %s=%" PRId64, name, number);
}

static int put(char *text, const struct field *field, const struct kernel_row *row)
{
	struct field_value value;

	field_get(field, row, &value);
	if (!value.known || is_left_out(field->name))
		return 0;
	switch (field->kind) {
	case FIELD_COUNT:
		return value.count ? sprintf(text, " %s=%" PRIu64, field->name, value.count) : 0;
	case FIELD_ADDRESS:
		return sprintf(text, " %s=0x%" PRIx64, field->name, value.count);
	case FIELD_TEXT:
		return sprintf(text, " %s=%s", field->name, value.text);
	case FIELD_BOOL:
		return value.number ? sprintf(text, " %s", field->name) : 0;
	default:
		return put_number(text, field->name, value.number);
	}
}

void fed_text(char text[FED_TEXT_MAX], const struct kernel_row *row)
{
	char *at = text;

	text[0] = '\0';
	for (size_t i = 0; i < kernel_fields.count; i++)
		at += put(at, &kernel_fields.fields[i], row);
	if (at > text)
		memmove(text, text + 1, strlen(text));
}

static int compare_rows(const void *a, const void *b)
{
	char one[FED_TEXT_MAX], other[FED_TEXT_MAX];

	fed_text(one, a);
	fed_text(other, b);
	return strcmp(one, other);
}

static void list_rows(size_t *count)
{
	kernel_stats_rows_free(rows);
	rows = kernel_stats_rows(fed_stats, count);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
	qsort(rows, *count, sizeof(*rows), compare_rows);
}

const struct kernel_row *fed_rows(size_t expected)
{
	size_t count;

	list_rows(&count);
	CU_ASSERT_EQUAL_FATAL(count, expected);
	return rows;
}

static void compare(const char *text, const char *expected)
{
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "\nseen:\n%s\nexpected:\n%s\n", text, expected);
}

void fed_expect(const char *expected)
{
	static char text[16 * FED_TEXT_MAX];
	size_t count, used = 0;
	char line[FED_TEXT_MAX];

	text[0] = '\0';
	list_rows(&count);
	for (size_t i = 0; i < count && used + FED_TEXT_MAX < sizeof(text); i++) {
		fed_text(line, &rows[i]);
		used += (size_t)sprintf(text + used, "%s\n", line);
	}
	compare(text, expected);
}

void fed_expect_total(const char *expected)
{
	char text[FED_TEXT_MAX];

	fed_text(text, kernel_stats_total(fed_stats));
	compare(text, expected);
}

void fed_expect_cpus(const char *expected)
{
	char text[FED_TEXT_MAX] = "";
	size_t count, used = 0;
	const struct kernel_cpu_row *cpus = kernel_stats_cpus(fed_stats, &count);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cpus);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 1; j < kernel_cpu_fields.count; j++) {
			const struct field *field = &kernel_cpu_fields.fields[j];
			struct field_value value;

			field_get(field, &cpus[i], &value);
			if (!value.known || field->kind == FIELD_RATE)
				continue;
			used += (size_t)(field->kind == FIELD_TEXT
						 ? sprintf(text + used, " %s", value.text)
					 : field->kind == FIELD_COUNT
						 ? sprintf(text + used, " %" PRIu64, value.count)
						 : sprintf(text + used, "%s%" PRId64,
							   j > 1 ? " " : "", value.number));
		}
		used += (size_t)sprintf(text + used, "\n");
	}
	compare(text, expected);
}

/* --- sums ------------------------------------------------------------------------------------ */

void fed_balance(const struct kernel_row *row)
{
	uint64_t ended = row->fired + row->cancelled + row->replaced + row->unknown;

	CU_ASSERT_EQUAL(row->started + row->older, ended + row->pending);
	if (row->started + row->older != ended + row->pending) {
		char text[FED_TEXT_MAX];

		fed_text(text, row);
		fprintf(stderr, "\nunbalanced: %s\n", text);
	}
}

static const struct distribution *distribution_at(const struct kernel_row *row, unsigned i)
{
	const struct distribution *const all[] = { &row->timeout, &row->timeout_jiffies,
						   &row->late,    &row->late_jiffies,
						   &row->beyond,  &row->run };

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

static void compare_distributions(const struct kernel_row *list, size_t count,
				  const struct kernel_row *total)
{
	for (unsigned i = 0; distribution_at(total, i); i++) {
		const struct distribution *whole = distribution_at(total, i);
		struct distribution sum = { .count = 0 };

		for (size_t row = 0; row < count; row++)
			CU_ASSERT_EQUAL(distribution_merge(&sum, distribution_at(&list[row], i)),
					0);
		CU_ASSERT_EQUAL(sum.count, whole->count);
		CU_ASSERT_TRUE(!sum.count || (sum.min == whole->min && sum.max == whole->max));
		CU_ASSERT_EQUAL(distribution_quantile(&sum, 500),
				distribution_quantile(whole, 500));
		distribution_free(&sum);
	}
	for (unsigned i = 0; i < KERNEL_HISTOGRAM_COUNT * HISTOGRAM_ROWS; i++) {
		unsigned of = i / HISTOGRAM_ROWS, at = i % HISTOGRAM_ROWS;
		uint64_t sum = 0;

		for (size_t row = 0; row < count; row++)
			sum += list[row].histograms ? list[row].histograms[of].rows[at] : 0;
		CU_ASSERT_EQUAL(sum, total->histograms ? total->histograms[of].rows[at] : 0);
	}
}

/* What is pending in rows to which nothing has happened is in the total, as pending and as
 * older: those are not shown. */
static void compare_pending(const struct kernel_row *list, size_t count,
			    const struct kernel_row *total)
{
	uint64_t older = 0, pending = 0;

	for (size_t row = 0; row < count; row++) {
		older += list[row].older;
		pending += list[row].pending;
	}
	CU_ASSERT_EQUAL(older - pending, total->older - total->pending);
}

static bool is_no_sum(const char *name)
{
	static const char *const names[] = { "timers", "cpus", "fired_percent", "older",
					     "pending" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void compare_sums(const struct kernel_row *list, size_t count,
			 const struct kernel_row *total)
{
	for (size_t i = 0; i < kernel_fields.count; i++) {
		const struct field *field = &kernel_fields.fields[i];
		struct field_value value;
		uint64_t sum = 0;

		if (field->kind != FIELD_COUNT || is_no_sum(field->name))
			continue;
		for (size_t row = 0; row < count; row++) {
			field_get(field, &list[row], &value);
			sum += value.count;
		}
		field_get(field, total, &value);
		CU_ASSERT_EQUAL(sum, value.count);
		if (sum != value.count)
			fprintf(stderr, "\n%s: rows %" PRIu64 ", total %" PRIu64 "\n", field->name,
				sum, value.count);
	}
	compare_pending(list, count, total);
	compare_distributions(list, count, total);
	for (size_t row = 0; row < count; row++) {
		CU_ASSERT_FALSE(list[row].sum);
		CU_ASSERT_EQUAL(list[row].seconds, total->seconds);
		CU_ASSERT_EQUAL(list[row].end_ns, total->end_ns);
		CU_ASSERT_EQUAL(list[row].incomplete, total->incomplete);
	}
}

static void check(struct kernel_row *list, size_t count, const struct kernel_row *total)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	for (size_t i = 0; i < count && !fed_scene.counted; i++)
		fed_balance(&list[i]);
	compare_sums(list, count, total);
	kernel_stats_rows_free(list);
}

void fed_end(void)
{
	const struct kernel_row *total;
	struct kernel_row *list;
	size_t count;

	kernel_stats_set_span(fed_stats, began, fed_now);
	total = kernel_stats_total(fed_stats);
	CU_ASSERT_TRUE(total->sum);
	list = kernel_stats_rows(fed_stats, &count);
	check(list, count, total);
	if (!fed_scene.counted) {
		fed_balance(total);
		list = kernel_stats_callbacks(fed_stats, &count);
		check(list, count, total);
	}
	kernel_stats_rows_free(rows);
	rows = NULL;
	kernel_stats_free(fed_stats);
	symbols_free(symbols);
}
