/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of events of the kernel's timers, in each format, and names that mean harm. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_fed.h"
#include "outs.h"
#include "records.h"
#include "suites.h"
#include "timersnoop/out_kernel.h"
#include "timersnoop/out_table.h"

#define T1 0xffff888000001000ULL

static const struct caller app_thread = { .pid = 42, .tid = 43, .comm = "app" };
static const struct caller swapper = { .comm = "swapper/1" };

static struct out_style style;
static struct out_cache cache;
static struct symbols *symbols;
static struct sink *sink;
static int fd;

static void begin(void)
{
	style = plain;
	style.cache = &cache;
	memset(&cache, 0, sizeof(cache));
	symbols = fed_symbols();
	sink = open_sink(&fd);
}

static void put(const struct kernel_change *change, const struct caller *who)
{
	struct kernel_event event = {
		.style = &style, .change = change, .who = who, .symbols = symbols
	};

	CU_ASSERT_TRUE(kernel_event_kind_of(change, &event.kind));
	out_kernel_event(sink, &style, &event);
}

static void end(const char *expected)
{
	expect(sink, fd, expected);
	symbols_free(symbols);
}

static struct kernel_change change_of(enum kernel_what what, const struct kernel_arm *arm)
{
	struct kernel_change change = fed_change_of(what, arm);

	change.ts = START_NS;
	return change;
}

/* --- text --------------------------------------------------------------------------------- */

/* One of each kind. */
static void put_all(void)
{
	struct kernel_arm list = fed_list(FN_TCP, T1), hrtimer = fed_hrtimer(FN_WAKE, T1);
	struct kernel_arm older = fed_older(fed_list(0, T1)), irq = fed_by_interrupt(list);
	struct kernel_change change = change_of(KERNEL_MADE, &list);

	put(&change, &app_thread);
	list.caller = FN_SEND;
	list.flags = TIMER_FLAG_DEFERRABLE | TIMER_FLAG_PINNED | TIMER_FLAG_IRQSAFE;
	list.replaces = list.rearmed = true;
	change = change_of(KERNEL_STARTED, &list);
	put(&change, &app_thread);
	change = change_of(KERNEL_CANCELLED, &older);
	put(&change, NULL);
	change = change_of(KERNEL_CANCELLED, &irq);
	change.interrupt = true;
	put(&change, NULL);
	hrtimer.asked_ns = 5;
	hrtimer.latest_ns = 50005;
	hrtimer.mode = HRTIMER_MODE_SOFT;
	change = change_of(KERNEL_STARTED, &hrtimer);
	put(&change, &app_thread);
	change = change_of(KERNEL_RAN, &hrtimer);
	change.interrupt = change.has_late = change.has_beyond = change.has_run = true;
	change.late_ns = 70 * US;
	change.beyond_ns = 20 * US;
	change.run_ns = 3 * US;
	put(&change, NULL);
	change.migrated = change.has_jiffies = true;
	change.late_jiffies = 2;
	change.arm = &list;
	put(&change, NULL);
	hrtimer.immediate = true;
	change = change_of(KERNEL_FIRED, &hrtimer);
	put(&change, &app_thread);
	change = change_of(KERNEL_TICK_STOP, NULL);
	change.dependency = 1 << 4;
	put(&change, &swapper);
	change.what = KERNEL_BASE_IDLE;
	change.idle = true;
	put(&change, &swapper);
	change.what = KERNEL_CPU_IDLE;
	change.idle = false;
	put(&change, &swapper);
	change = change_of(KERNEL_WAKEUP, NULL);
	change.interrupt = true;
	change.waker = WAKER_OTHER;
	change.idle_ns = 7 * MS;
	put(&change, NULL);
	change.waker = WAKER_TIMER;
	change.arm = &list;
	put(&change, NULL);
}

static void text(void)
{
	begin();
	style.header = true;
	out_kernel_header(sink, &style);
	put_all();
	end("TIME        CPU     PID COMM        EVENT          CALLBACK         DETAILS\n"
	    "   1.123456   1      42 app         timer_init     tcp_write_timer  -\n"
	    "   1.123456   1      42 app         timer_start    tcp_write_timer  "
	    "timeout=1.00s,jiffies=250,replaces,rearmed,deferrable,caller=tcp_send\n"
	    "   1.123456   1       - -           timer_cancel   -                -\n"
	    "   1.123456   1       - irq/softirq timer_cancel   tcp_write_timer  "
	    "comm=irq/softirq\n"
	    "   1.123456   1      42 app         hrtimer_start  hrtimer_wakeup   "
	    "timeout=1.00s,slack=50.0us\n"
	    "   1.123456   1       - irq/softirq hrtimer_expire hrtimer_wakeup   "
	    "late=70.0us,run=3.00us,pid=42,comm=app\n"
	    "   1.123456   1       - irq/softirq timer_expire   tcp_write_timer  "
	    "late=70.0us,jiffies=2,run=3.00us,migrated,pid=42,comm=app,caller=tcp_send\n"
	    "   1.123456   1      42 app         hrtimer_expire hrtimer_wakeup   "
	    "immediate,pid=42,comm=app\n"
	    "   1.123456   1       0 swapper/1   tick_stop      -                "
	    "stopped=no,for=RCU\n"
	    "   1.123456   1       0 swapper/1   base_idle      -                idle=yes\n"
	    "   1.123456   1       0 swapper/1   cpu_idle       -                idle=no\n"
	    "   1.123456   1       - irq/softirq wakeup         -                "
	    "by=other,idle=7.00ms\n"
	    "   1.123456   1       - irq/softirq wakeup         tcp_write_timer  "
	    "by=timer,idle=7.00ms,pid=42,comm=app,caller=tcp_send\n");
}

static void wide_text(void)
{
	begin();
	style.wide = true;
	style.time = TIME_NONE;
	style.header = true;
	out_kernel_header(sink, &style);
	put_all();
	end("CPU     PID COMM        EVENT          CALLBACK         DETAILS\n"
	    "  1      42 app         timer_init     tcp_write_timer  timer=0xffff888000001000\n"
	    "  1      42 app         timer_start    tcp_write_timer  "
	    "timeout=1.00s,jiffies=250,replaces,rearmed,deferrable,pinned,irqsafe,"
	    "caller=tcp_send,timer=0xffff888000001000\n"
	    "  1       - -           timer_cancel   -                timer=0xffff888000001000\n"
	    "  1       - irq/softirq timer_cancel   tcp_write_timer  "
	    "comm=irq/softirq,timer=0xffff888000001000\n"
	    "  1      42 app         hrtimer_start  hrtimer_wakeup   "
	    "timeout=1.00s,slack=50.0us,absolute,soft,timer=0xffff888000001000\n"
	    "  1       - irq/softirq hrtimer_expire hrtimer_wakeup   "
	    "late=70.0us,run=3.00us,beyond=20.0us,pid=42,comm=app,timer=0xffff888000001000\n"
	    "  1       - irq/softirq timer_expire   tcp_write_timer  "
	    "late=70.0us,jiffies=2,run=3.00us,beyond=20.0us,migrated,pid=42,comm=app,"
	    "caller=tcp_send,timer=0xffff888000001000\n"
	    "  1      42 app         hrtimer_expire hrtimer_wakeup   "
	    "immediate,pid=42,comm=app,timer=0xffff888000001000\n"
	    "  1       0 swapper/1   tick_stop      -                stopped=no,for=RCU\n"
	    "  1       0 swapper/1   base_idle      -                idle=yes\n"
	    "  1       0 swapper/1   cpu_idle       -                idle=no\n"
	    "  1       - irq/softirq wakeup         -                by=other,idle=7.00ms\n"
	    "  1       - irq/softirq wakeup         tcp_write_timer  "
	    "by=timer,idle=7.00ms,pid=42,comm=app,caller=tcp_send,timer=0xffff888000001000\n");
}

static void times(void)
{
	static const struct {
		enum out_time time;
		const char *header, *line;
	} cases[] = {
		{ TIME_WALL, "TIME            CPU ", "12:00:00.123456   1 " },
		{ TIME_MONO, "TIME             CPU ", "100.123456789      1 " },
		{ TIME_RELATIVE, "TIME        CPU ", "   1.123456   1 " },
		{ TIME_NONE, "CPU ", "  1 " },
	};
	struct kernel_change change = change_of(KERNEL_CPU_IDLE, NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char expected[300];

		setenv("TZ", "UTC", 1);
		begin();
		style.time = cases[i].time;
		out_kernel_header(sink, &style);
		put(&change, &swapper);
		snprintf(expected, sizeof(expected),
			 "%s    PID COMM        EVENT          CALLBACK         DETAILS\n"
			 "%s      0 swapper/1   cpu_idle       -                idle=no\n",
			 cases[i].header, cases[i].line);
		end(expected);
	}
}

/* A longer one widens its column from there on, but for one that is too long. */
static void widths(void)
{
	static const struct caller longest = { .pid = 4194304,
					       .tid = 1,
					       .comm = "fifteen-bytes-x" };
	struct kernel_arm work = fed_list(FN_WORK, T1), tcp = fed_list(FN_TCP, T1);
	struct kernel_change change = change_of(KERNEL_CANCELLED, &tcp), other = change;

	work.armer = tcp.armer = ARMER_UNKNOWN;
	other.arm = &work;
	begin();
	style.time = TIME_NONE;
	put(&change, &app_thread);
	put(&other, &longest);
	put(&change, &app_thread);
	symbols_free(symbols);
	symbols = symbols_new();
	CU_ASSERT_EQUAL(
		symbols_add(symbols, "ffffffff81004000 t a_name_that_is_too_long_for_it\n", 50), 0);
	CU_ASSERT_EQUAL(symbols_end(symbols), 0);
	put(&change, &app_thread);
	work.function = 0;
	put(&other, &app_thread);
	end("  1      42 app         timer_cancel   tcp_write_timer  -\n"
	    "  1 4194304 fifteen-bytes-x timer_cancel   delayed_work_timer_fn -\n"
	    "  1      42 app             timer_cancel   tcp_write_timer       -\n"
	    "  1      42 app             timer_cancel   a_name_that_is_too_long_for_it -\n"
	    "  1      42 app             timer_cancel   -                     -\n");
	/* without a cache nothing is remembered */
	begin();
	style.time = TIME_NONE;
	style.cache = NULL;
	put(&change, &longest);
	put(&change, &app_thread);
	end("  1 4194304 fifteen-bytes-x timer_cancel   tcp_write_timer  -\n"
	    "  1      42 app         timer_cancel   tcp_write_timer  -\n");
}

static void losses(void)
{
	struct loss loss = { .cpu = 1, .counted = true, .records = 12, .ts = START_NS };
	struct kernel_event event = { .style = &style, .loss = &loss };
	struct fields_chosen chosen;
	struct error err;

	begin();
	out_kernel_event(sink, &style, &event);
	loss.counted = false;
	out_kernel_event(sink, &style, &event);
	style.format = OUT_JSON;
	CU_ASSERT_EQUAL(fields_choose(&chosen, &kernel_event_fields, "event,mono_ns,cpu,lost,pid",
				      "--fields", &err),
			0);
	style.fields = &chosen;
	loss.counted = true;
	out_kernel_event(sink, &style, &event);
	style.format = OUT_CSV;
	out_kernel_event(sink, &style, &event);
	end("# lost 12 records on CPU 1\n"
	    "# lost records on CPU 1, number unknown\n"
	    "{\"event\":\"lost\",\"mono_ns\":100123456789,\"cpu\":1,\"lost\":12,\"pid\":null}\n"
	    "lost,100123456789,1,12,\n");
}

/* --- rows ------------------------------------------------------------------------------------- */

static void rows(void)
{
	static const struct {
		enum out_format format;
		bool null;
		const char *expected;
	} cases[] = {
		{ OUT_CSV, false,
		  "event,callback,comm,late_ns,replaces\ntimer_start,"
		  "tcp_write_timer,\"a,\"\"b\"\"\",,false\n" },
		{ OUT_TSV, false,
		  "event\tcallback\tcomm\tlate_ns\treplaces\ntimer_start\t"
		  "tcp_write_timer\ta,\"b\"\t\tfalse\n" },
		{ OUT_JSON, false,
		  "{\"event\":\"timer_start\",\"callback\":\"tcp_write_timer\","
		  "\"comm\":\"a,\\\"b\\\"\",\"late_ns\":null,"
		  "\"replaces\":false}\n" },
	};
	static const struct caller quoted = { .pid = 42, .tid = 43, .comm = "a,\"b\"" };
	struct kernel_arm tcp = fed_list(FN_TCP, T1);
	struct kernel_change change = change_of(KERNEL_STARTED, &tcp);
	struct fields_chosen chosen;
	struct error err;

	CU_ASSERT_EQUAL(fields_choose(&chosen, &kernel_event_fields,
				      "event,callback,comm,late_ns,replaces", "--fields", &err),
			0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		style.header = true;
		style.format = cases[i].format;
		style.fields = &chosen;
		out_kernel_header(sink, &style);
		put(&change, &quoted);
		end(cases[i].expected);
	}
	/* each field ends with a NUL, and there is no header */
	begin();
	style.header = style.null = true;
	style.format = OUT_TSV;
	style.fields = &chosen;
	out_kernel_header(sink, &style);
	put(&change, &quoted);
	end("timer_start");
	CU_ASSERT_EQUAL(memcmp(written, "timer_start\0tcp_write_timer\0a,\"b\"\0\0false\0", 41), 0);
}

/* All fields, in their order. */
static void all_fields(void)
{
	struct kernel_change change = change_of(KERNEL_CPU_IDLE, NULL);
	char expected[4096];
	size_t used = 0;

	for (size_t i = 0; i < kernel_event_fields.count; i++)
		used += (size_t)sprintf(expected + used, "%s%s", i ? "," : "",
					kernel_event_fields.fields[i].name);
	sprintf(expected + used,
		"\ncpu_idle,2026-11-21T12:00:00.123456789Z,100123456789,1,0,0,swapper/1,,,,,,,,,,,,"
		",,,,,,,,,,,,,,,,,,,,false,,\n");
	begin();
	style.header = true;
	style.format = OUT_CSV;
	out_kernel_header(sink, &style);
	put(&change, &swapper);
	end(expected);
	begin();
	style.header = true;
	style.format = OUT_JSON;
	out_kernel_header(sink, &style);
	put(&change, &swapper);
	symbols_free(symbols);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	CU_ASSERT_TRUE(pread(fd, expected, sizeof(expected), 0) > 500);
	CU_ASSERT_EQUAL(memcmp(expected, "{\"event\":\"cpu_idle\",\"time\":\"2026", 32), 0);
	sink_free(sink);
	close(fd);
}

/* --- what means harm --------------------------------------------------------------------------- */

static const struct caller evil = { .pid = 42, .tid = 43, .comm = "\033[2J\n\t\"\\,\x7f\xff" };

/* A kernel, or a recording, whose functions have such names; the longest there may be. */
static void begin_evil(void)
{
	static char name[512], line[700];

	begin();
	symbols_free(symbols);
	memset(name, '\\', 511);
	memcpy(name, "\"<'>", 4);
	snprintf(line, sizeof(line), "%llx t %s\t[%.63s]\n", FN_TCP, name, name);
	symbols = symbols_new();
	CU_ASSERT_EQUAL(symbols_add(symbols, line, strlen(line)), 0);
	CU_ASSERT_EQUAL(symbols_end(symbols), 0);
	CU_ASSERT_EQUAL(symbols_count(symbols), 1);
}

static char *end_evil(void)
{
	static char text[65536];
	ssize_t size;

	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, text, sizeof(text) - 1, 0);
	CU_ASSERT_TRUE(size > 0);
	text[size > 0 ? size : 0] = '\0';
	CU_ASSERT_EQUAL(sink_dropped_lines(sink), 0);
	sink_free(sink);
	close(fd);
	symbols_free(symbols);
	return text;
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

static void evil_events(void)
{
	struct kernel_arm tcp = fed_by_task(fed_list(FN_TCP, T1), 42, evil.comm);
	struct kernel_change change = change_of(KERNEL_RAN, &tcp);
	char *text;

	tcp.caller = FN_TCP + 5;
	for (unsigned format = OUT_TEXT; format <= OUT_TSV; format++) {
		if (format == OUT_STRACE)
			continue;
		begin_evil();
		style.format = (enum out_format)format;
		style.wide = true;
		put(&change, &evil);
		text = end_evil();
		CU_ASSERT_TRUE(format == OUT_CSV || !strchr(text, '\033'));
		/* in CSV a name's own line ends are in quotes */
		CU_ASSERT_EQUAL(count_of(text, "\n"), format == OUT_CSV ? 3 : 1);
		if (format != OUT_TEXT)
			continue;
		CU_ASSERT_EQUAL(count_of(text, "\\134"), 2 * 507 + 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(
			text, " \\033[2J\\012\\011\"\\134,\\177\\377 timer_expire   \"<'>\\134"));
	}
}

static void evil_tables(void)
{
	struct kernel_row row = { .by = 0xff,
				  .has_mechanism = true,
				  .function = FN_TCP,
				  .armer = ARMER_TASK,
				  .pid = 42,
				  .caller = FN_TCP,
				  .address = T1 };
	const void *rows[] = { &row };
	const struct figures_table table = { .by = 0xff, .rows = rows, .count = 1, .total = &row };

	memcpy(row.comm, evil.comm, sizeof(row.comm));
	for (unsigned format = OUT_TEXT; format <= OUT_TSV; format++) {
		char *text;

		if (format == OUT_STRACE)
			continue;
		begin_evil();
		CU_ASSERT_TRUE(symbols_find(symbols, FN_TCP, &row.callback));
		row.caller_symbol = row.callback;
		style.format = (enum out_format)format;
		if (format == OUT_TEXT)
			out_kernel_text(sink, &style, &table);
		else
			out_table_rows(sink, &style, &kernel_fields, &table);
		out_kernel_histograms(sink, &style, &row, 0xff, 7);
		text = end_evil();
		CU_ASSERT_TRUE(format == OUT_CSV || !strchr(text, '\033'));
		CU_ASSERT_EQUAL(count_of(text, "\n"), format == OUT_TEXT   ? 2 + 3 * 3
						      : format == OUT_JSON ? 2 + 3
						      : format == OUT_CSV  ? 2
									   : 1);
	}
}

int suite_out_kernel_events(void)
{
	CU_pSuite suite = CU_add_suite("out_kernel_events", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, text) || !CU_ADD_TEST(suite, wide_text) ||
	    !CU_ADD_TEST(suite, times) || !CU_ADD_TEST(suite, widths) ||
	    !CU_ADD_TEST(suite, losses) || !CU_ADD_TEST(suite, rows) ||
	    !CU_ADD_TEST(suite, all_fields) || !CU_ADD_TEST(suite, evil_events) ||
	    !CU_ADD_TEST(suite, evil_tables))
		return (int)CU_get_error();
	return 0;
}
