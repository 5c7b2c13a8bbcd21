/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "outs.h"
#include "suites.h"
#include "timersnoop/lives.h"

/* 1 s after `plain` began, see START_NS */
#define BORN_NS (START_NS - 123456789ULL)

/* A timer about which there is everything to say. The values of a distribution
 * are all the same, so that its quantiles are that very value. */
static struct life full(void)
{
	struct life life = {
		.pid = 4242,
		.comm = "app",
		.family = TIMER_POSIX,
		.origin = ORIGIN_CREATED,
		.born_ns = BORN_NS,
		.created_tid = 4243,
		.end = END_DELETED,
		.end_ns = BORN_NS + 1498000000,
		.has_clock = true,
		.clock = CLOCK_MONOTONIC,
		.has_sigevent = true,
		.sigevent = { .from = FROM_KERNEL, .value = 0x4d, .signo = SIGUSR1 },
		.arms = 3,
		.disarms = 1,
		.one_shot = 1,
		.periodic = 2,
		.failed = 4,
		.gettimes = 5,
		.getoverruns = 6,
		.replaced = 1,
		.has_value = true,
		.value_ns = 5000000,
		.interval_ns = 3000000,
		.expiries = 50,
		.rearmed = 49,
		.overruns = 2,
		.signals = { 50, 1, 2, 3, 44, 5, 6, 7, 8 },
		.last_getoverrun = 9,
	};

	for (int i = 0; i < 3; i++) {
		distribution_add(&life.late, 8500);
		distribution_add(&life.observed, 3010000);
		distribution_add(&life.signal_after, 15000);
	}
	return life;
}

/* One that was only seen to be there. */
static struct life empty(enum timer_family family, int32_t id)
{
	return (struct life){
		.pid = 4242,
		.comm = "app",
		.family = family,
		.id = id,
		.origin = ORIGIN_EXISTED,
		.last_getoverrun = -1,
	};
}

static void forget(struct life *life)
{
	distribution_free(&life->late);
	distribution_free(&life->observed);
	distribution_free(&life->signal_after);
}

static void text(void)
{
	struct life life = full();

	expect_life(&out_text, &plain, &life,
		    "timer 0 of app (4242): CLOCK_MONOTONIC, SIGUSR1\n"
		    "  created      by thread 4243 at +1.000000 s; deleted at +2.498000 s "
		    "(lived 1.498s)\n"
		    "  armed        3 times (1 one-shot, 2 periodic, 0 absolute), disarmed 1, "
		    "replaced before expiry 1, refused 4\n"
		    "  asked        last 5ms, then every 3ms\n"
		    "  read         5 times, its overruns 6 (last 9)\n"
		    "  observed     every 3.01ms (min 3.01ms, median 3.01ms, p99 3.01ms, "
		    "max 3.01ms)\n"
		    "  expired      50 times (49 re-armed by the kernel), overruns 2\n"
		    "  late         min 8.5us, median 8.5us, p99 8.5us, max 8.5us\n"
		    "  signals      50 delivered, 1 ignored, 2 pending, 3 lost; handled 44, "
		    "default action 5, dropped 6, sigwait 7, signalfd 8 "
		    "(median 15us after the expiry)\n"
		    "\n");
	forget(&life);
	life = empty(TIMER_POSIX, 12);
	expect_life(&out_text, &plain, &life,
		    "timer 12 of app (4242)\n"
		    "  existed      when tracing began; still there when tracing ended\n"
		    "  note         never deleted\n"
		    "\n");
}

/* Each its first two lines. */
static void expect_origin(const struct out_style *style, const struct life *life,
			  const char *expected)
{
	char *end;
	int fd;
	struct sink *sink = open_sink(&fd);

	out_text.life(sink, style, life);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	memset(written, 0, sizeof(written));
	CU_ASSERT_TRUE(pread(fd, written, sizeof(written) - 1, 0) > 0);
	end = strchr(strchr(written, '\n') + 1, '\n');
	*end = '\0';
	CU_ASSERT_STRING_EQUAL(written, expected);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "\n  written:  %s\n  expected: %s\n", written, expected);
	sink_free(sink);
	close(fd);
}

static void text_origins(void)
{
	struct life life = empty(TIMER_FD, 3);
	struct out_style style = plain;

	life.origin = ORIGIN_INHERITED;
	life.inherited_from = 4200;
	life.born_ns = style.start_ns - 1000;
	life.end = END_CLOSED;
	life.end_ns = BORN_NS;
	life.has_clock = true;
	life.clock = CLOCK_BOOTTIME_ALARM;
	expect_origin(&plain, &life,
		      "timerfd 3 of app (4242): CLOCK_BOOTTIME_ALARM\n"
		      "  inherited    from process 4200 at -0.000001 s; closed at +1.000000 s "
		      "(lived 1.000001s)");
	style.time = TIME_MONO;
	life.end = END_REPLACED;
	life.end_ns = 0;
	expect_origin(&style, &life,
		      "timerfd 3 of app (4242): CLOCK_BOOTTIME_ALARM\n"
		      "  inherited    from process 4200 at 98.999999000 s; "
		      "replaced by a new one");
	life = empty(TIMER_ITIMER, ITIMER_VIRTUAL);
	life.pid = 0;
	strcpy(life.comm, "a b\033[m");
	life.origin = ORIGIN_FOUND;
	life.born_ns = BORN_NS;
	life.end = END_EXIT;
	life.end_ns = BORN_NS + 5;
	style.time = TIME_NONE;
	expect_origin(&style, &life,
		      "ITIMER_VIRTUAL of a\\040b\\033[m (-)\n"
		      "  found        by its use at +1.000000 s; ended with its process at "
		      "+1.000000 s");
	life = empty(TIMER_POSIX, 1);
	life.end = END_EXEC;
	life.end_ns = START_NS;
	life.has_sigevent = true;
	life.sigevent = (struct sigevent_seen){ .notify = SIGEV_THREAD_ID, .signo = 32, .tid = 7 };
	setenv("TZ", "UTC-1", 1);
	tzset();
	style.time = TIME_WALL;
	expect_origin(&style, &life,
		      "timer 1 of app (4242): SIG32 to thread 7\n"
		      "  existed      when tracing began; ended by exec at 13:00:00.123456");
	unsetenv("TZ");
	tzset();
	life.sigevent.notify = SIGEV_NONE;
	style.color = true;
	expect_origin(&style, &life,
		      "\033[1mtimer 1 of app (4242): no signal\033[0m\n"
		      "  existed      when tracing began; ended by exec at 12:00:00.123456");
	life.sigevent.notify = SIGEV_THREAD;
	expect_origin(&plain, &life,
		      "timer 1 of app (4242): SIG32 (SIGEV_THREAD)\n"
		      "  existed      when tracing began; ended by exec at +1.123456 s");
}

static void text_asked(void)
{
	struct life life = empty(TIMER_FD, 3);
	struct out_style style = plain;

	life.has_value = true;
	life.value_ns = 7000;
	expect_life(&out_text, &plain, &life,
		    "timerfd 3 of app (4242)\n"
		    "  existed      when tracing began; still there when tracing ended\n"
		    "  asked        left 7us, once\n"
		    "  note         never deleted\n\n");
	life.arms = life.absolute = life.one_shot = 1;
	life.gettimes = 1;
	life.incomplete = true;
	style.color = true;
	expect_life(&out_text, &style, &life,
		    "\033[1mtimerfd 3 of app (4242)\033[0m\n"
		    "  existed      when tracing began; still there when tracing ended\n"
		    "  armed        1 time (1 one-shot, 0 periodic, 1 absolute), disarmed 0, "
		    "replaced before expiry 0, refused 0\n"
		    "  asked        last at 7us, once\n"
		    "  read         1 time, its overruns 0\n"
		    "  note         \033[33mnever fired; never deleted; "
		    "records were lost: figures may be too low\033[0m\n\n");
}

#define JSON_FULL                                                                                  \
	"{\"event\":\"life\",\"pid\":4242,\"comm\":\"app\",\"family\":\"posix\",\"timer_id\":0,"   \
	"\"origin\":\"created\",\"born_ns\":100000000000,\"created_tid\":4243,"                    \
	"\"end\":\"deleted\",\"end_ns\":101498000000,\"clock\":\"CLOCK_MONOTONIC\","               \
	"\"clock_id\":1,\"sigevent\":{\"notify\":\"SIGEV_SIGNAL\",\"signo\":10,"                   \
	"\"signal\":\"SIGUSR1\",\"value\":\"0x4d\",\"tid\":null},"                                 \
	"\"arms\":3,\"disarms\":1,\"one_shot\":1,\"periodic\":2,\"absolute\":0,\"failed\":4,"      \
	"\"gettimes\":5,\"getoverruns\":6,\"replaced\":1,\"value_ns\":5000000,"                    \
	"\"interval_ns\":3000000,\"expiries\":50,\"rearmed\":49,\"overruns\":2,"

static void json(void)
{
	struct life life = full();

	expect_life(&out_json, &plain, &life,
		    JSON_FULL "\"late_ns\":{\"min\":8500,\"median\":8500,\"p99\":8500,"
			      "\"max\":8500},"
			      "\"observed_interval_ns\":{\"min\":3010000,\"median\":3010000,"
			      "\"p99\":3010000,\"max\":3010000},"
			      "\"signals\":{\"generated\":{\"delivered\":50,\"ignored\":1,"
			      "\"pending\":2,\"lost\":3},\"delivered\":{\"handler\":44,"
			      "\"default\":5,\"dropped\":6,\"sigwait\":7,\"signalfd\":8}},"
			      "\"signal_after_ns\":{\"min\":15000,\"median\":15000,"
			      "\"p99\":15000,\"max\":15000},\"last_getoverrun\":9,"
			      "\"never_fired\":false,\"never_deleted\":false,"
			      "\"incomplete\":false}\n");
	forget(&life);
}

#define JSON_NOTHING                                                                               \
	"\"arms\":0,\"disarms\":0,\"one_shot\":0,\"periodic\":0,\"absolute\":0,\"failed\":0,"      \
	"\"gettimes\":0,\"getoverruns\":0,\"replaced\":0,\"value_ns\":null,"                       \
	"\"interval_ns\":null,\"expiries\":0,\"rearmed\":0,\"overruns\":0,\"late_ns\":null,"       \
	"\"observed_interval_ns\":null,\"signals\":{\"generated\":{\"delivered\":0,"               \
	"\"ignored\":0,\"pending\":0,\"lost\":0},\"delivered\":{\"handler\":0,\"default\":0,"      \
	"\"dropped\":0,\"sigwait\":0,\"signalfd\":0}},\"signal_after_ns\":null,"                   \
	"\"last_getoverrun\":null,\"never_fired\":false,"

static void json_families(void)
{
	struct life life = empty(TIMER_POSIX, 7);

	life.pid = 0;
	strcpy(life.comm, "a\"b\n");
	expect_life(&out_json, &plain, &life,
		    "{\"event\":\"life\",\"pid\":null,\"comm\":\"a\\\"b\\u000a\","
		    "\"family\":\"posix\",\"timer_id\":7,\"origin\":\"existed\","
		    "\"born_ns\":null,\"created_tid\":null,\"end\":\"open\",\"end_ns\":null,"
		    "\"clock\":null,\"clock_id\":null,\"sigevent\":null," JSON_NOTHING
		    "\"never_deleted\":true,\"incomplete\":false}\n");
	life.has_sigevent = true;
	life.sigevent = (struct sigevent_seen){ .notify = SIGEV_NONE, .signo = -1 };
	life.end = END_REPLACED;
	expect_life(&out_json, &plain, &life,
		    "{\"event\":\"life\",\"pid\":null,\"comm\":\"a\\\"b\\u000a\","
		    "\"family\":\"posix\",\"timer_id\":7,\"origin\":\"existed\","
		    "\"born_ns\":null,\"created_tid\":null,\"end\":\"replaced\",\"end_ns\":null,"
		    "\"clock\":null,\"clock_id\":null,\"sigevent\":{\"notify\":\"SIGEV_NONE\","
		    "\"signo\":-1,\"signal\":null,\"value\":\"0x0\",\"tid\":null}," JSON_NOTHING
		    "\"never_deleted\":false,\"incomplete\":false}\n");
	life = empty(TIMER_FD, 3);
	life.origin = ORIGIN_INHERITED;
	life.inherited_from = 4200;
	life.end = END_EXIT;
	life.has_clock = true;
	life.incomplete = true;
	expect_life(&out_json, &plain, &life,
		    "{\"event\":\"life\",\"pid\":4242,\"comm\":\"app\",\"family\":\"timerfd\","
		    "\"fd\":3,\"origin\":\"inherited\",\"inherited_from\":4200,"
		    "\"born_ns\":null,\"created_tid\":null,\"end\":\"exit\",\"end_ns\":null,"
		    "\"clock\":\"CLOCK_REALTIME\",\"clock_id\":0," JSON_NOTHING
		    "\"never_deleted\":true,\"incomplete\":true}\n");
	life = empty(TIMER_ITIMER, ITIMER_REAL);
	life.origin = ORIGIN_FOUND;
	life.end = END_EXIT;
	expect_life(&out_json, &plain, &life,
		    "{\"event\":\"life\",\"pid\":4242,\"comm\":\"app\",\"family\":\"itimer\","
		    "\"which\":\"ITIMER_REAL\",\"origin\":\"found\","
		    "\"born_ns\":null,\"created_tid\":null,\"end\":\"exit\",\"end_ns\":null,"
		    "\"clock\":null,\"clock_id\":null," JSON_NOTHING
		    "\"never_deleted\":false,\"incomplete\":false}\n");
}

static struct sink *open_csv(int *fd, struct out_style *style)
{
	struct sink *sink = open_sink(fd);

	*style = plain;
	style->header = style->lives = true;
	out_csv.header(sink, style);
	return sink;
}

/* As in CSV, but for what is between fields and how a name is written. */
static void tsv(void)
{
	struct out_style style = plain;
	struct life life = full();
	char row[sizeof(written)], odd[sizeof(written)];
	const char *from;
	int fd;
	struct sink *sink = open_sink(&fd);

	out_csv.life(sink, &style, &life);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	row[pread(fd, row, sizeof(row) - 1, 0)] = '\0';
	sink_free(sink);
	close(fd);
	for (char *at = row; *at; at++)
		*at = *at == ',' ? '\t' : *at;
	style.format = OUT_TSV;
	expect_life(&out_tsv, &style, &life, row);
	from = strstr(row, "\tapp\t");
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	memcpy(odd, row, (size_t)(from - row));
	stpcpy(stpcpy(odd + (from - row), "\ta\\tb\\\\"), from + 4);
	strcpy(life.comm, "a\tb\\");
	expect_life(&out_tsv, &style, &life, odd);
	forget(&life);
}

/* Each field ends with a NUL, and nothing else does. */
static void with_nul(void)
{
	static const char start[] = "life\0"
				    "4242\0a\tb\n\0posix";
	struct out_style style = plain;
	struct life life = full();
	size_t columns = 0, fields = 0;
	int fd;
	struct sink *sink = open_sink(&fd);
	ssize_t size, header;

	style.format = OUT_TSV;
	style.header = style.lives = true;
	out_tsv.header(sink, &style);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	header = pread(fd, written, sizeof(written), 0);
	for (ssize_t i = 0; i < header; i++)
		columns += written[i] == '\t' || written[i] == '\n';
	style.null = true;
	out_tsv.header(sink, &style); /* none */
	strcpy(life.comm, "a\tb\n");
	out_tsv.life(sink, &style, &life);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, written, sizeof(written), header);
	CU_ASSERT_EQUAL(memcmp(written, start, sizeof(start)), 0);
	for (ssize_t i = 0; i < size; i++)
		fields += !written[i];
	CU_ASSERT_EQUAL(fields, columns);
	CU_ASSERT_EQUAL(written[size - 1], '\0');
	forget(&life);
	sink_free(sink);
	close(fd);
}

static void csv(void)
{
	struct life life = full();
	struct out_style style;
	int fd;
	struct sink *sink = open_csv(&fd, &style);

	out_csv.life(sink, &style, &life);
	expect_csv(sink, fd,
		   "event=life pid=4242 comm=app family=posix timer_id=0 origin=created "
		   "born_ns=100000000000 created_tid=4243 end=deleted end_ns=101498000000 "
		   "clock=CLOCK_MONOTONIC clock_id=1 sigevent_notify=SIGEV_SIGNAL "
		   "sigevent_signo=10 sigevent_signal=SIGUSR1 sigevent_value=0x4d arms=3 "
		   "disarms=1 one_shot=1 periodic=2 absolute=0 failed=4 gettimes=5 "
		   "getoverruns=6 replaced=1 value_ns=5000000 interval_ns=3000000 expiries=50 "
		   "rearmed=49 overruns=2 late_ns_min=8500 late_ns_median=8500 "
		   "late_ns_p99=8500 late_ns_max=8500 observed_interval_ns_min=3010000 "
		   "observed_interval_ns_median=3010000 observed_interval_ns_p99=3010000 "
		   "observed_interval_ns_max=3010000 signals_generated_delivered=50 "
		   "signals_generated_ignored=1 signals_generated_pending=2 "
		   "signals_generated_lost=3 signals_delivered_handler=44 "
		   "signals_delivered_default=5 signals_delivered_dropped=6 "
		   "signals_delivered_sigwait=7 signals_delivered_signalfd=8 "
		   "signal_after_ns_min=15000 signal_after_ns_median=15000 "
		   "signal_after_ns_p99=15000 signal_after_ns_max=15000 last_getoverrun=9 "
		   "never_fired=false never_deleted=false incomplete=false");
	forget(&life);
	life = empty(TIMER_ITIMER, 5);
	life.pid = 0;
	life.arms = 1;
	sink = open_csv(&fd, &style);
	out_csv.life(sink, &style, &life);
	expect_csv(sink, fd,
		   "event=life comm=app family=itimer which=5 origin=existed end=open arms=1 "
		   "disarms=0 one_shot=0 periodic=0 absolute=0 failed=0 gettimes=0 "
		   "getoverruns=0 replaced=0 expiries=0 rearmed=0 overruns=0 "
		   "signals_generated_delivered=0 signals_generated_ignored=0 "
		   "signals_generated_pending=0 signals_generated_lost=0 "
		   "signals_delivered_handler=0 signals_delivered_default=0 "
		   "signals_delivered_dropped=0 signals_delivered_sigwait=0 "
		   "signals_delivered_signalfd=0 never_fired=true never_deleted=false "
		   "incomplete=false");
}

/* Lost records have a row of the same form as what is around them. */
static void csv_lost(void)
{
	const struct loss loss = { .cpu = 1, .counted = true, .records = 12, .ts = START_NS };
	const struct loss unknown = { .cpu = 1 };
	struct out_style style;
	int fd;
	struct sink *sink = open_csv(&fd, &style);

	out_csv.lost(sink, &style, &loss);
	expect_csv(sink, fd, "event=lost lost=12");
	sink = open_csv(&fd, &style);
	out_csv.lost(sink, &style, &unknown);
	expect_csv(sink, fd, "event=lost");
}

/* Where nothing but lives is shown, there are no columns to name. */
static void no_columns(void)
{
	struct out_style style = plain;

	style.header = style.lives = true;
	expect_header(&out_text, &style, "");
	CU_ASSERT_PTR_NULL(out_strace.life);
}

int suite_out_life(void)
{
	CU_pSuite suite = CU_add_suite("out_life", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, text) || !CU_ADD_TEST(suite, text_origins) ||
	    !CU_ADD_TEST(suite, text_asked) || !CU_ADD_TEST(suite, json) ||
	    !CU_ADD_TEST(suite, json_families) || !CU_ADD_TEST(suite, csv) ||
	    !CU_ADD_TEST(suite, tsv) || !CU_ADD_TEST(suite, with_nul) ||
	    !CU_ADD_TEST(suite, csv_lost) || !CU_ADD_TEST(suite, no_columns))
		return (int)CU_get_error();
	return 0;
}
