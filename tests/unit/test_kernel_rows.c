/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be asked of figures of the kernel's timers and of idle CPUs, and when it is known. */
#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel_fed.h"
#include "records.h"
#include "suites.h"

#define ALL_BY 0xff

static const struct field *field_of(const struct field_table *table, const char *name)
{
	const struct field *field = fields_find(table, name, strlen(name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(field);
	CU_ASSERT_STRING_EQUAL(field->name, name);
	return field;
}

/* As it is said: "-" for what is not known. */
static const char *say_of(const struct field_table *table, const void *row, const char *name)
{
	static char text[64];
	const struct field *field = field_of(table, name);
	struct field_value value;

	field_get(field, row, &value);
	if (!value.known)
		return "-";
	switch (field->kind) {
	case FIELD_TEXT:
		snprintf(text, sizeof(text), "%s", value.text);
		break;
	case FIELD_RATE:
		snprintf(text, sizeof(text), "%.2f", value.rate);
		break;
	case FIELD_COUNT:
		snprintf(text, sizeof(text), "%" PRIu64, value.count);
		break;
	case FIELD_ADDRESS:
		snprintf(text, sizeof(text), "0x%" PRIx64, value.count);
		break;
	default:
		snprintf(text, sizeof(text), "%" PRId64, value.number);
	}
	return text;
}

struct said {
	const char *name, *text;
};

static void expect_said(const struct field_table *table, const void *row, const struct said *said,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = say_of(table, row, said[i].name);

		CU_ASSERT_STRING_EQUAL(text, said[i].text);
		if (strcmp(text, said[i].text) != 0)
			fprintf(stderr, "\n%s: %s, not %s\n", said[i].name, text, said[i].text);
	}
}
#define EXPECT_SAID(table, row, said)                                                              \
	expect_said(table, row, said, sizeof(said) / sizeof((said)[0]))

static void fill(struct distribution *distribution, int64_t least)
{
	for (int64_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(distribution_add(distribution, least + i), 0);
}

/* Everything in it, and nothing twice. */
static struct kernel_row full_row(void)
{
	struct kernel_row row = {
		.by = ALL_BY,
		.has_mechanism = true,
		.mechanism = KERNEL_HRTIMER,
		.function = FN_POLL,
		.callback = { .name = "posix_timer_fn", .module = "drv", .address = FN_POLL },
		.armer = ARMER_TASK,
		.pid = 42,
		.comm = "app",
		.cpu = 3,
		.caller = FN_SEND,
		.caller_symbol = { .name = "tcp_send", .address = FN_SEND },
		.address = 0xffff888000001000,
		.timers = 101,
		.started = 102,
		.older = 103,
		.replaced = 104,
		.cancelled = 105,
		.fired = 106,
		.unknown = 107,
		.pending = 108,
		.rearmed = 109,
		.past = 110,
		.immediate = 111,
		.from_interrupt = 112,
		.deferrable = 113,
		.pinned = 114,
		.irqsafe = 115,
		.absolute = 116,
		.soft = 117,
		.migrations = 118,
		.cpus = { 7, [KERNEL_CPUS_MAX / 64 - 1] = 1ULL << 63 },
		.wakeups = 119,
		.alongside = 120,
		.wakes = true,
		.seconds = 2,
		.end_ns = 5000000007,
	};

	fill(&row.timeout, 1);
	fill(&row.late, 11);
	fill(&row.beyond, 21);
	fill(&row.run, 31);
	fill(&row.timeout_jiffies, 41);
	fill(&row.late_jiffies, 51);
	return row;
}

static void free_row(struct kernel_row *row)
{
	distribution_free(&row->timeout);
	distribution_free(&row->late);
	distribution_free(&row->beyond);
	distribution_free(&row->run);
	distribution_free(&row->timeout_jiffies);
	distribution_free(&row->late_jiffies);
}

static const struct said of_full[] = {
	{ "event", "kernel" },
	{ "callback", "posix_timer_fn" },
	{ "module", "drv" },
	{ "mechanism", "hrtimer" },
	{ "kind", "posix" },
	{ "pid", "42" },
	{ "comm", "app" },
	{ "cpu", "3" },
	{ "caller", "tcp_send" },
	{ "timer", "0xffff888000001000" },
	{ "timers", "101" },
	{ "started", "102" },
	{ "older", "103" },
	{ "replaced", "104" },
	{ "cancelled", "105" },
	{ "fired", "106" },
	{ "pending", "108" },
	{ "unknown", "107" },
	{ "fired_percent", "25" },
	{ "rearmed", "109" },
	{ "past", "110" },
	{ "immediate", "111" },
	{ "from_interrupt", "112" },
	{ "deferrable", "113" },
	{ "pinned", "114" },
	{ "irqsafe", "115" },
	{ "absolute", "116" },
	{ "soft", "117" },
	{ "cpus", "4" },
	{ "migrations", "118" },
	{ "rate", "51.00" },
	{ "fired_rate", "53.00" },
	{ "timeout_ns_min", "1" },
	{ "timeout_ns_median", "2" },
	{ "timeout_ns_p99", "4" },
	{ "timeout_ns_max", "4" },
	{ "timeout_jiffies_min", "41" },
	{ "timeout_jiffies_median", "42" },
	{ "timeout_jiffies_p99", "44" },
	{ "timeout_jiffies_max", "44" },
	{ "late_ns_min", "11" },
	{ "late_ns_median", "12" },
	{ "late_ns_p99", "14" },
	{ "late_ns_max", "14" },
	{ "late_jiffies_min", "51" },
	{ "late_jiffies_median", "52" },
	{ "late_jiffies_p99", "54" },
	{ "late_jiffies_max", "54" },
	{ "beyond_ns_min", "21" },
	{ "beyond_ns_median", "22" },
	{ "beyond_ns_p99", "24" },
	{ "beyond_ns_max", "24" },
	{ "run_ns_min", "31" },
	{ "run_ns_median", "32" },
	{ "run_ns_p99", "34" },
	{ "run_ns_max", "34" },
	{ "wakeups", "119" },
	{ "wakeup_rate", "59.50" },
	{ "alongside", "120" },
	{ "span_ns", "2000000000" },
	{ "mono_ns", "5000000007" },
	{ "incomplete", "0" },
};

static void everything(void)
{
	struct kernel_row row = full_row();

	EXPECT_SAID(&kernel_fields, &row, of_full);
	CU_ASSERT_EQUAL(kernel_fields.count, sizeof(of_full) / sizeof(of_full[0]));
	for (size_t i = 0; i < kernel_fields.count; i++)
		CU_ASSERT_STRING_EQUAL(kernel_fields.fields[i].name, of_full[i].name);
	CU_ASSERT_EQUAL(kernel_fields.seconds(&row), 2);
	row.incomplete = true;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "incomplete"), "1");
	free_row(&row);
}

/* Of a row of which nothing is known. */
static void nothing(void)
{
	static const char *const known[] = {
		"started",    "older",   "replaced",   "cancelled", "fired", "pending",
		"unknown",    "rearmed", "past",       "immediate", "soft",  "from_interrupt",
		"deferrable", "pinned",  "irqsafe",    "absolute",  "cpus",  "migrations",
		"timers",     "span_ns", "incomplete",
	};
	struct kernel_row row = { .cpu = -1 };

	for (size_t i = 1; i < kernel_fields.count; i++) {
		const char *name = kernel_fields.fields[i].name, *expected = "-";

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			if (strcmp(known[j], name) == 0)
				expected = "0";
		CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, name), expected);
		if (strcmp(say_of(&kernel_fields, &row, name), expected) != 0)
			fprintf(stderr, "\n%s: not %s\n", name, expected);
	}
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "event"), "kernel");
	row.wakes = true;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "wakeups"), "0");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "alongside"), "0");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "wakeup_rate"), "-");
	row.sum = true;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "event"), "total");
	/* timers of several rows may be the same */
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "timers"), "-");
	row.sum = false;
	row.timers_unknown = true;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "timers"), "-");
}

/* What the kernel's hist triggers cannot tell. */
static void counted(void)
{
	struct kernel_row row = full_row();
	size_t known = 0;

	row.counted = true;
	row.wakes = false;
	row.cpu = -1;
	row.caller = row.address = 0;
	row.caller_symbol.name = NULL;
	free_row(&row);
	memset(&row.timeout, 0, sizeof(row.timeout));
	row.late = row.beyond = row.run = row.timeout_jiffies = row.late_jiffies = row.timeout;
	for (size_t i = 0; i < kernel_fields.count; i++) {
		const struct field *field = &kernel_fields.fields[i];
		bool is_known = strcmp(say_of(&kernel_fields, &row, field->name), "-") != 0;

		known += is_known;
		CU_ASSERT_EQUAL(is_known, kernel_field_counted(field));
		if (is_known != kernel_field_counted(field))
			fprintf(stderr, "\n%s\n", field->name);
	}
	CU_ASSERT_TRUE(known >= 13);
}

/* --- what a row is of ------------------------------------------------------------------------- */

static void functions(void)
{
	struct kernel_row row = { .cpu = -1, .by = KERNEL_BY_CALLBACK };

	/* of no name */
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "callback"), "-");
	row.function = FN_NOWHERE;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "callback"), "0xffffffff90000000");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "module"), "-");
	row.callback.name = "tcp_write_timer";
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "callback"), "tcp_write_timer");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "module"), "kernel");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "kind"), "-");
	row.callback.module = "drv";
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "module"), "drv");
	/* not asked for */
	row.by = KERNEL_BY_PROCESS;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "callback"), "-");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "module"), "-");
	/* modules alone: 1 is the kernel itself */
	row = (struct kernel_row){ .cpu = -1, .by = KERNEL_BY_MODULE };
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "module"), "-");
	row.function = 1;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "module"), "kernel");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "callback"), "-");
	row.function = 0;
	row.callback.module = "drv";
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "module"), "drv");
	/* callers */
	row = (struct kernel_row){ .cpu = -1, .by = KERNEL_BY_CALLER, .caller = FN_NOWHERE + 7 };
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "caller"), "0xffffffff90000007");
	row.caller_symbol.name = "tcp_send";
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "caller"), "tcp_send");
	row.by = 0;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "caller"), "-");
}

static void armers(void)
{
	static const struct {
		enum kernel_armer armer;
		uint32_t by;
		const char *pid, *comm;
	} cases[] = {
		{ ARMER_TASK, KERNEL_BY_PROCESS, "42", "app" },
		{ ARMER_TASK, KERNEL_BY_COMM, "-", "app" },
		{ ARMER_TASK, KERNEL_BY_COMM | KERNEL_BY_PROCESS, "42", "app" },
		{ ARMER_TASK, KERNEL_BY_CALLBACK, "-", "-" },
		{ ARMER_INTERRUPT, KERNEL_BY_PROCESS, "-", "irq/softirq" },
		{ ARMER_INTERRUPT, KERNEL_BY_COMM, "-", "irq/softirq" },
		{ ARMER_INTERRUPT, KERNEL_BY_CPU, "-", "-" },
		{ ARMER_UNKNOWN, KERNEL_BY_PROCESS, "-", "-" },
		{ ARMER_UNKNOWN, KERNEL_BY_COMM, "-", "-" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kernel_row row = {
			.by = cases[i].by, .armer = cases[i].armer, .pid = 42, .comm = "app"
		};

		CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "pid"), cases[i].pid);
		CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "comm"), cases[i].comm);
	}
}

/* Of those that have ended, in whole percent, rounded down. */
static void shares(void)
{
	static const struct {
		uint64_t fired, cancelled, replaced, unknown;
		const char *percent;
	} cases[] = {
		{ 0, 0, 0, 0, "-" },
		{ 0, 1, 0, 0, "0" },
		{ 0, 0, 1, 0, "0" },
		{ 0, 0, 0, 1, "0" },
		{ 1, 0, 0, 0, "100" },
		{ 1, 1, 1, 1, "25" },
		{ 199, 1, 0, 0, "99" },
		{ 1, 100, 0, 0, "0" },
		{ 1, 99, 0, 0, "1" },
		{ 1000, 0, 0, 0, "100" },
		{ UINT64_MAX / 4, 0, 0, 0, "100" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kernel_row row = { .fired = cases[i].fired,
						.cancelled = cases[i].cancelled,
						.replaced = cases[i].replaced,
						.unknown = cases[i].unknown,
						.pending = 77,
						.started = 99 };

		CU_ASSERT_STRING_EQUAL(say_of(&kernel_fields, &row, "fired_percent"),
				       cases[i].percent);
	}
}

static void anything(void)
{
	struct kernel_row row = { .pending = 1, .older = 1, .timers = 1 };
	uint64_t *const some[] = { &row.started, &row.fired,   &row.cancelled, &row.replaced,
				   &row.unknown, &row.wakeups, &row.alongside };

	CU_ASSERT_FALSE(kernel_row_any(&row));
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		*some[i] = 1;
		CU_ASSERT_TRUE(kernel_row_any(&row));
		*some[i] = 0;
	}
}

/* --- idle CPUs --------------------------------------------------------------------------------- */

static void idle_cpus(void)
{
	static const struct said said[] = {
		{ "event", "cpu" },
		{ "cpu", "5" },
		{ "idle_periods", "10" },
		{ "by_timer", "1" },
		{ "by_tick", "2" },
		{ "by_other", "3" },
		{ "by_none", "4" },
		{ "rate", "2.50" },
		{ "idle_ns", "77" },
		{ "tick_stopped", "8" },
		{ "tick_kept", "9" },
		{ "tick_kept_by", "POSIX_TIMER:1|PERF_EVENTS:2|SCHED:3|CLOCK_UNSTABLE:4|RCU:5|"
				  "RCU_EXP:6|OTHER:7|OTHER:8" },
	};
	struct kernel_cpu_row row = { .cpu = 5,
				      .periods = 10,
				      .by = { 1, 2, 3, 4 },
				      .idle_ns = 77,
				      .tick_stopped = 8,
				      .tick_kept = 9,
				      .kept_by = { 1, 2, 3, 4, 5, 6, 7, 8 },
				      .seconds = 4 };

	struct field_value value;

	CU_ASSERT_EQUAL(kernel_cpu_fields.count, sizeof(said) / sizeof(said[0]));
	expect_said(&kernel_cpu_fields, &row, said, sizeof(said) / sizeof(said[0]) - 1);
	field_get(field_of(&kernel_cpu_fields, "tick_kept_by"), &row, &value);
	CU_ASSERT_TRUE(value.known);
	/* as much as there is room for */
	CU_ASSERT_EQUAL(strncmp(value.text, said[11].text, sizeof(value.buffer) - 1), 0);
	memset(row.kept_by, 0, sizeof(row.kept_by));
	row.seconds = 0;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_cpu_fields, &row, "tick_kept_by"), "-");
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_cpu_fields, &row, "rate"), "-");
	row.kept_by[4] = 3;
	row.kept_by[2] = 1;
	CU_ASSERT_STRING_EQUAL(say_of(&kernel_cpu_fields, &row, "tick_kept_by"), "SCHED:1|RCU:3");
}

int suite_kernel_rows(void)
{
	CU_pSuite suite = CU_add_suite("kernel_rows", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, everything) || !CU_ADD_TEST(suite, nothing) ||
	    !CU_ADD_TEST(suite, counted) || !CU_ADD_TEST(suite, functions) ||
	    !CU_ADD_TEST(suite, armers) || !CU_ADD_TEST(suite, shares) ||
	    !CU_ADD_TEST(suite, anything) || !CU_ADD_TEST(suite, idle_cpus))
		return (int)CU_get_error();
	return 0;
}
