/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and histograms of the kernel's timers, in each format. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_fed.h"
#include "outs.h"
#include "records.h"
#include "suites.h"
#include "timersnoop/out_kernel.h"
#include "timersnoop/out_table.h"

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL

static struct out_style style;

/* Some of everything; 2 s. */
static void happen(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), wake = fed_hrtimer(FN_WAKE, T2);
	struct kernel_arm drv = fed_by_interrupt(fed_list(FN_POLL, T2));

	tcp.caller = FN_SEND + 1;
	for (int i = 0; i < 12; i++) {
		fed(KERNEL_STARTED, &tcp);
		fed(i % 3 ? KERNEL_CANCELLED : KERNEL_REPLACED, &tcp);
	}
	wake.timeout_ns = 3 * MS;
	fed(KERNEL_STARTED, &wake);
	fed_expire(&wake, 60 * US, 10 * US, 7 * US);
	drv.flags = TIMER_FLAG_DEFERRABLE;
	fed(KERNEL_STARTED, &drv);
	fed_wake(1, WAKER_TIMER, &wake, 5 * MS);
	fed_wake(0, WAKER_OTHER, NULL, 500 * MS);
	kernel_stats_set_span(fed_stats, 98 * (uint64_t)NSEC_PER_SEC, START_NS - 123456789);
}

static void begin(uint32_t by, bool wakes)
{
	style = plain;
	style.header = true;
	fed_prepare(by);
	fed_scene.wakes = wakes;
	fed_open();
	happen();
}

/* All rows there are, by their texts. */
static void expect_table(size_t count, size_t hidden, const char *expected)
{
	const struct kernel_row *list = fed_rows(count);
	const void *rows[16];
	const struct figures_table table = { .by = fed_scene.by,
					     .rows = rows,
					     .count = count - hidden,
					     .hidden = hidden,
					     .total = kernel_stats_total(fed_stats),
					     .counted = fed_scene.counted };
	int fd;
	struct sink *sink = open_sink(&fd);

	for (size_t i = 0; i < count; i++)
		rows[i] = &list[i];
	if (style.format == OUT_TEXT) {
		out_kernel_text(sink, &style, &table);
	} else {
		out_table_header(sink, &style, &kernel_fields, NULL);
		out_table_rows(sink, &style, &kernel_fields, &table);
	}
	expect(sink, fd, expected);
}

static void expect_more(const char *expected)
{
	int fd;
	struct sink *sink = open_sink(&fd);

	out_kernel_more(sink, &style, kernel_stats_total(fed_stats));
	expect(sink, fd, expected);
}

/* --- tables ------------------------------------------------------------------------------- */

static void by_callback(void)
{
	begin(KERNEL_BY_CALLBACK, false);
	expect_table(3, 0,
		     "2.00s: 14 arms, 1 expiry\n"
		     "CALLBACK        MECHANISM  STARTED REPL CANCEL FIRED PEND TIMEOUT LATE99\n"
		     "drv_poll        timer_list       1    0      0     0    1   1.00s      -\n"
		     "hrtimer_wakeup  hrtimer          1    0      0     1    0  3.00ms 60.0us\n"
		     "tcp_write_timer timer_list      12    4      8     0    0   1.00s      -\n");
	style.header = false;
	expect_table(3, 2,
		     "2.00s: 14 arms, 1 expiry\n"
		     "drv_poll timer_list       1    0      0     0    1   1.00s      -\n"
		     "and 2 more rows: --top 0 shows all\n");
	expect_more("");
	fed_end();
}

/* What a row is of comes first, each once. */
static void identities(void)
{
	begin(KERNEL_BY_CPU | KERNEL_BY_PROCESS, false);
	expect_table(2, 0,
		     "2.00s: 14 arms, 1 expiry\n"
		     "CPU PID COMM        STARTED REPL CANCEL FIRED PEND TIMEOUT LATE99\n"
		     "  1   - irq/softirq       1    0      0     0    1   1.00s      -\n"
		     "  1  42 app              13    4      8     1    0   1.00s 60.0us\n");
	fed_end();
	begin(0xff, false);
	expect_table(
		3, 0,
		"2.00s: 14 arms, 1 expiry\n"
		"CPU PID COMM        CALLBACK        MECHANISM  MODULE CALLER                TIMER "
		"STARTED REPL CANCEL FIRED PEND TIMEOUT LATE99\n"
		"  1   - irq/softirq drv_poll        timer_list drv    -        0xffff888000002000 "
		"      1    0      0     0    1   1.00s      -\n"
		"  1  42 app         hrtimer_wakeup  hrtimer    kernel -        0xffff888000002000 "
		"      1    0      0     1    0  3.00ms 60.0us\n"
		"  1  42 app         tcp_write_timer timer_list kernel tcp_send 0xffff888000001000 "
		"     12    4      8     0    0   1.00s      -\n");
	fed_end();
	begin(KERNEL_BY_COMM | KERNEL_BY_MODULE, false);
	expect_table(2, 0,
		     "2.00s: 14 arms, 1 expiry\n"
		     "COMM        MODULE STARTED REPL CANCEL FIRED PEND TIMEOUT LATE99\n"
		     "irq/softirq drv          1    0      0     0    1   1.00s      -\n"
		     "app         kernel      13    4      8     1    0   1.00s 60.0us\n");
	fed_end();
	begin(KERNEL_BY_MECHANISM, false);
	expect_table(2, 0,
		     "2.00s: 14 arms, 1 expiry\n"
		     "MECHANISM  STARTED REPL CANCEL FIRED PEND TIMEOUT LATE99\n"
		     "hrtimer          1    0      0     1    0  3.00ms 60.0us\n"
		     "timer_list      13    4      8     0    1   1.00s      -\n");
	fed_end();
}

static void wide(void)
{
	begin(KERNEL_BY_CALLBACK, false);
	style.wide = true;
	expect_table(
		3, 2,
		"2.00s: 14 arms, 1 expiry\n"
		"CALLBACK MECHANISM  MODULE KIND TIMERS STARTED OLDER REPL CANCEL FIRED FIRED% "
		"PEND "
		"REARMED FROM-IRQ TIMEOUT-MIN TIMEOUT TIMEOUT-MAX JIFFIES LATE LATE99 LATE-MAX "
		"BEYOND99 BEYOND-MAX RUN RUN99 RUN-MAX DEFER PINNED IRQSAFE SOFT CPUS MIGRATED "
		"RATE/s\n"
		"drv_poll timer_list drv    -         1       1     0    0      0     0      -    "
		"1 "
		"      0        1       1.00s   1.00s       1.00s     250    -      -        - "
		"       -          -   -     -       -     1      0       0    0    0        0 "
		"  0.50\n"
		"and 2 more rows: --top 0 shows all\n");
	fed_end();
}

static void of_wakeups(void)
{
	begin(KERNEL_BY_CALLBACK | KERNEL_BY_PROCESS, true);
	expect_table(
		3, 0,
		"2.00s: 14 arms, 1 expiry, 1 idle period ended by a timer\n"
		"PID COMM        CALLBACK        KIND  WAKEUPS WAKE/s ALONG DEFER FIRED TIMEOUT\n"
		"  - irq/softirq drv_poll        -           0   0.00     0     1     0   1.00s\n"
		" 42 app         hrtimer_wakeup  sleep       1   0.50     0     0     1  3.00ms\n"
		" 42 app         tcp_write_timer -           0   0.00     0     0     0   1.00s\n");
	expect_more(
		"\n"
		"What ended the idle periods of CPUs\n"
		"CPU IDLE-PERIODS   IDLE TIMER TICK OTHER-IRQ NO-IRQ RATE/s TICKLESS TICK-KEPT "
		"KEPT-BY\n"
		"  0            1  500ms     0    0         1      0   0.50        0         0 -\n"
		"  1            1 5.00ms     1    0         0      0   0.50        0         0 "
		"-\n");
	style.wide = true;
	expect_table(
		3, 2,
		"2.00s: 14 arms, 1 expiry, 1 idle period ended by a timer\n"
		"PID COMM        CALLBACK MECHANISM  MODULE KIND TIMERS STARTED OLDER REPL CANCEL "
		"FIRED FIRED% PEND REARMED FROM-IRQ TIMEOUT-MIN TIMEOUT TIMEOUT-MAX JIFFIES LATE "
		"LATE99 LATE-MAX BEYOND99 BEYOND-MAX RUN RUN99 RUN-MAX DEFER PINNED IRQSAFE SOFT "
		"CPUS MIGRATED RATE/s WAKEUPS WAKE/s ALONG\n"
		"  - irq/softirq drv_poll timer_list drv    -         1       1     0    0      0 "
		"    0      -    1       0        1       1.00s   1.00s       1.00s     250    - "
		"     -        -        -          -   -     -       -     1      0       0    0 "
		"   0        0   0.50       0   0.00     0\n"
		"and 2 more rows: --top 0 shows all\n");
	fed_wake(1, WAKER_TIMER, &(struct kernel_arm){ .function = FN_TCP }, MS);
	style.wide = false;
	style.header = false;
	expect_table(4, 4, "2.00s: 14 arms, 1 expiry, 2 idle periods ended by timers\n");
	fed_end();
	/* no CPU was idle */
	style = plain;
	fed_begin(KERNEL_BY_CALLBACK);
	expect_more("");
	fed_end();
}

/* What the kernel has counted has few columns. */
static void counted(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);

	style = plain;
	style.header = style.wide = true;
	fed_prepare(KERNEL_BY_CALLBACK);
	fed_scene.counted = true;
	fed_scene.wakes = false;
	fed_open();
	CU_ASSERT_EQUAL(kernel_stats_add(fed_stats, &tcp, 5, 1), 0);
	kernel_stats_set_span(fed_stats, 0, 10 * (uint64_t)NSEC_PER_SEC);
	expect_table(1, 0,
		     "10.0s: 5 arms, 1 expiry, counted by the kernel\n"
		     "CALLBACK        MECHANISM  STARTED FIRED RATE/s\n"
		     "tcp_write_timer timer_list       5     1   0.50\n");
	fed_end();
}

/* --- rows for programs ------------------------------------------------------------------- */

static void as_csv(void)
{
	begin(KERNEL_BY_CALLBACK | KERNEL_BY_PROCESS, false);
	style.format = OUT_CSV;
	expect_table(
		3, 2,
		"callback,module,mechanism,kind,pid,comm,cpu,caller,timer,timers,started,older,"
		"replaced,cancelled,fired,pending,unknown,fired_percent,rearmed,past,immediate,"
		"from_interrupt,deferrable,pinned,irqsafe,absolute,soft,cpus,migrations,rate,"
		"fired_rate,timeout_ns_min,timeout_ns_median,timeout_ns_p99,timeout_ns_max,"
		"timeout_jiffies_min,timeout_jiffies_median,timeout_jiffies_p99,"
		"timeout_jiffies_max,late_ns_min,late_ns_median,late_ns_p99,late_ns_max,"
		"late_jiffies_min,late_jiffies_median,late_jiffies_p99,late_jiffies_max,"
		"beyond_ns_min,beyond_ns_median,beyond_ns_p99,beyond_ns_max,run_ns_min,"
		"run_ns_median,run_ns_p99,run_ns_max,wakeups,wakeup_rate,alongside,span_ns,"
		"mono_ns,incomplete\n"
		"drv_poll,drv,timer_list,,,irq/softirq,,,,1,1,0,0,0,0,1,0,,0,0,0,1,1,0,0,0,0,0,0,"
		"0.5,0,1000000000,1000000000,1000000000,1000000000,250,250,250,250,,,,,,,,,,,,,,,,,"
		",,,2000000000,100000000000,false\n");
	expect_more("");
	fed_end();
}

static void as_json(void)
{
	begin(KERNEL_BY_CALLBACK | KERNEL_BY_PROCESS, true);
	style.format = OUT_JSON;
	expect_table(
		3, 2,
		"{\"event\":\"kernel\",\"callback\":\"drv_poll\",\"module\":\"drv\","
		"\"mechanism\":\"timer_list\",\"kind\":null,\"pid\":null,"
		"\"comm\":\"irq/softirq\",\"cpu\":null,\"caller\":null,\"timer\":null,"
		"\"timers\":1,\"started\":1,\"older\":0,\"replaced\":0,\"cancelled\":0,\"fired\":0,"
		"\"pending\":1,\"unknown\":0,\"fired_percent\":null,\"rearmed\":0,\"past\":0,"
		"\"immediate\":0,\"from_interrupt\":1,\"deferrable\":1,\"pinned\":0,\"irqsafe\":0,"
		"\"absolute\":0,\"soft\":0,\"cpus\":0,\"migrations\":0,\"rate\":0.5,"
		"\"fired_rate\":0,\"timeout_ns\":{\"min\":1000000000,\"median\":1000000000,"
		"\"p99\":1000000000,\"max\":1000000000},\"timeout_jiffies\":{\"min\":250,"
		"\"median\":250,\"p99\":250,\"max\":250},\"late_ns\":null,\"late_jiffies\":null,"
		"\"beyond_ns\":null,\"run_ns\":null,\"wakeups\":0,\"wakeup_rate\":0,"
		"\"alongside\":0,\"span_ns\":2000000000,\"mono_ns\":100000000000,"
		"\"incomplete\":false}\n"
		"{\"event\":\"total\",\"callback\":null,\"module\":null,\"mechanism\":null,"
		"\"kind\":null,\"pid\":null,\"comm\":null,\"cpu\":null,\"caller\":null,"
		"\"timer\":null,\"timers\":null,\"started\":14,\"older\":0,\"replaced\":4,"
		"\"cancelled\":8,\"fired\":1,\"pending\":1,\"unknown\":0,\"fired_percent\":7,"
		"\"rearmed\":0,\"past\":0,\"immediate\":0,\"from_interrupt\":1,\"deferrable\":1,"
		"\"pinned\":0,\"irqsafe\":0,\"absolute\":0,\"soft\":0,\"cpus\":1,\"migrations\":0,"
		"\"rate\":7,\"fired_rate\":0.5,\"timeout_ns\":{\"min\":3000000,"
		"\"median\":1000000000,\"p99\":1000000000,\"max\":1000000000},"
		"\"timeout_jiffies\":{\"min\":250,\"median\":250,\"p99\":250,\"max\":250},"
		"\"late_ns\":{\"min\":60000,\"median\":60000,\"p99\":60000,\"max\":60000},"
		"\"late_jiffies\":null,\"beyond_ns\":{\"min\":10000,\"median\":10000,"
		"\"p99\":10000,\"max\":10000},\"run_ns\":{\"min\":7000,\"median\":7000,"
		"\"p99\":7000,\"max\":7000},\"wakeups\":1,\"wakeup_rate\":0.5,\"alongside\":0,"
		"\"span_ns\":2000000000,\"mono_ns\":100000000000,\"incomplete\":false}\n");
	expect_more("{\"event\":\"cpu\",\"cpu\":0,\"idle_periods\":1,\"by_timer\":0,\"by_tick\":0,"
		    "\"by_other\":1,\"by_none\":0,\"rate\":0.5,\"idle_ns\":500000000,"
		    "\"tick_stopped\":0,\"tick_kept\":0,\"tick_kept_by\":null}\n"
		    "{\"event\":\"cpu\",\"cpu\":1,\"idle_periods\":1,\"by_timer\":1,\"by_tick\":0,"
		    "\"by_other\":0,\"by_none\":0,\"rate\":0.5,\"idle_ns\":5000000,"
		    "\"tick_stopped\":0,\"tick_kept\":0,\"tick_kept_by\":null}\n");
	style.format = OUT_CSV;
	expect_more("");
	fed_end();
}

/* --- histograms ---------------------------------------------------------------------------- */

static void expect_histograms(const struct kernel_row *row, uint32_t kinds, const char *expected)
{
	int fd;
	struct sink *sink = open_sink(&fd);

	out_kernel_histograms(sink, &style, row, fed_scene.by, kinds);
	expect(sink, fd, expected);
}

static void histograms(void)
{
	begin(0xff, true);
	expect_histograms(&fed_rows(3)[1], 1u << KERNEL_HISTOGRAM_RUN,
			  "\n"
			  "run time of callbacks: hrtimer_wakeup hrtimer kernel 42 app 1 "
			  "0xffff888000002000\n"
			  "               nsecs                       : count    distribution\n"
			  "                4097 -> 8192                 : 1        "
			  "|****************************************|\n");
	expect_histograms(&fed_rows(3)[0],
			  1u << KERNEL_HISTOGRAM_TIMEOUT | 1u << KERNEL_HISTOGRAM_LATE,
			  "\n"
			  "from arming to the instant asked for: drv_poll timer_list drv "
			  "irq/softirq 1 0xffff888000002000\n"
			  "               nsecs                       : count    distribution\n"
			  "           536870913 -> 1073741824           : 1        "
			  "|****************************************|\n"
			  "\n"
			  "lateness of expiries: drv_poll timer_list drv irq/softirq 1 "
			  "0xffff888000002000\n"
			  "    none\n");
	expect_histograms(kernel_stats_total(fed_stats), 1u << KERNEL_HISTOGRAM_LATE,
			  "\n"
			  "lateness of expiries\n"
			  "               nsecs                       : count    distribution\n"
			  "               32769 -> 65536                : 1        "
			  "|****************************************|\n");
	style.format = OUT_JSON;
	expect_histograms(
		&fed_rows(3)[2], 1u << KERNEL_HISTOGRAM_TIMEOUT,
		"{\"event\":\"hist\",\"hist\":\"timeout\",\"callback\":\"tcp_write_timer\","
		"\"mechanism\":\"timer_list\",\"module\":\"kernel\",\"pid\":42,\"comm\":\"app\","
		"\"cpu\":1,\"caller\":\"tcp_send\",\"timer\":\"0xffff888000001000\",\"unit\":"
		"\"ns\","
		"\"total\":12,\"buckets\":[{\"from\":536870913,\"to\":1073741824,\"count\":12}]}"
		"\n");
	expect_histograms(
		kernel_stats_total(fed_stats), 1u << KERNEL_HISTOGRAM_RUN,
		"{\"event\":\"hist\",\"hist\":\"run\",\"callback\":null,\"mechanism\":null,"
		"\"module\":null,\"pid\":null,\"comm\":null,\"cpu\":null,\"caller\":null,"
		"\"timer\":null,\"unit\":\"ns\",\"total\":1,"
		"\"buckets\":[{\"from\":4097,\"to\":8192,\"count\":1}]}\n");
	style.format = OUT_CSV;
	expect_histograms(kernel_stats_total(fed_stats), 7, "");
	fed_end();
}

int suite_out_kernel(void)
{
	CU_pSuite suite = CU_add_suite("out_kernel", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, by_callback) || !CU_ADD_TEST(suite, identities) ||
	    !CU_ADD_TEST(suite, wide) || !CU_ADD_TEST(suite, of_wakeups) ||
	    !CU_ADD_TEST(suite, counted) || !CU_ADD_TEST(suite, as_csv) ||
	    !CU_ADD_TEST(suite, as_json) || !CU_ADD_TEST(suite, histograms))
		return (int)CU_get_error();
	return 0;
}
