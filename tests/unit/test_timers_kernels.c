/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers that expired in real kernels: what is made of their records, compared
 * with what the program knows that did it (tests/fixtures/timers.c).
 */
#include <CUnit/Basic.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixtures.h"
#include "pages.h"
#include "suites.h"
#include "timersnoop/calls.h"
#include "timersnoop/page.h"
#include "timersnoop/tasks.h"
#include "timersnoop/timers.h"
#include "timersnoop/view.h"

#define SEEN_MAX 128

/* What was seen, whole, and as lines like the program's. */
struct run {
	struct calls *calls;
	struct tasks *tasks;
	struct timers *timers;
	char lines[16384];
	size_t used;
	struct call call[SEEN_MAX];
	size_t call_count;
	struct occurrence happened[SEEN_MAX];
	size_t happened_count;
};

static void add(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	run->used += (size_t)vsnprintf(run->lines + run->used, sizeof(run->lines) - run->used,
				       format, args);
	va_end(args);
	CU_ASSERT_FATAL(run->used < sizeof(run->lines));
}

/* Of itimers the program gets microseconds. */
static void add_spec(struct run *run, const char *name, const struct itimerspec_seen *spec,
		     int64_t unit)
{
	if (spec->from == FROM_NONE)
		add(run, " %s=-", name);
	else
		add(run, " %s=%ld.%09ld/%ld.%09ld", name, (long)spec->interval.sec,
		    (long)(spec->interval.nsec / unit * unit), (long)spec->value.sec,
		    (long)(spec->value.nsec / unit * unit));
}

static void add_create(struct run *run, const struct call *call)
{
	if (call->has_id)
		add(run, " id=%d", call->timer_id);
	else
		add(run, " id=-");
	add(run, " clock=%d", call->clock);
	if (call->sigevent.from == FROM_NONE)
		add(run, " sigev=-");
	else
		add(run, " sigev=%d/%d/%" PRIx64, call->sigevent.notify, call->sigevent.signo,
		    call->sigevent.value);
	CU_ASSERT_EQUAL(call->sigevent.from != FROM_NONE, call->new_ptr != 0);
}

static void add_call(struct run *run, const struct call *call)
{
	add(run, "%s", event_name(call->event));
	switch (call->event) {
	case EVENT_TIMER_CREATE:
		add_create(run, call);
		break;
	case EVENT_TIMERFD_CREATE:
		add(run, " id=%d clock=%d flags=%x", call->timer_id, call->clock, call->flags);
		break;
	case EVENT_TIMER_SETTIME:
	case EVENT_TIMERFD_SETTIME:
		add(run, " id=%d flags=%x", call->timer_id, call->flags);
		add_spec(run, "new", &call->new_value, 1);
		add_spec(run, "old", &call->old_value, 1);
		break;
	case EVENT_SETITIMER:
		add(run, " id=%d", call->timer_id);
		add_spec(run, "new", &call->new_value, 1);
		add_spec(run, "old", &call->old_value, 1000);
		break;
	case EVENT_ALARM:
		add(run, " seconds=%u", call->seconds);
		break;
	default:
		add(run, " id=%d", call->timer_id);
		break;
	}
	if (call->event == EVENT_TIMER_GETTIME || call->event == EVENT_TIMERFD_GETTIME)
		add_spec(run, "old", &call->old_value, 1);
	if (call->event == EVENT_GETITIMER)
		add_spec(run, "old", &call->old_value, 1000);
	add(run, " ret=%ld\n", (long)call->ret);
}

static void take_call(void *context, const struct call *call)
{
	struct run *run = context;
	const struct task *task = tasks_find(run->tasks, call->tid);

	CU_ASSERT_FATAL(run->call_count < SEEN_MAX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	CU_ASSERT_STRING_EQUAL(task->comm, "timers");
	CU_ASSERT_EQUAL(call->missing, 0);
	CU_ASSERT_EQUAL(call->abi, ABI_64);
	CU_ASSERT_TRUE(call->end_ns > call->start_ns);
	run->call[run->call_count++] = *call;
	add_call(run, call);
	CU_ASSERT_EQUAL(timers_call(run->timers, task->tgid, call), 0);
}

static void take_occurrence(void *context, const struct occurrence *occurrence)
{
	struct run *run = context;

	CU_ASSERT_FATAL(run->happened_count < SEEN_MAX);
	run->happened[run->happened_count++] = *occurrence;
	if (occurrence->event != EVENT_SIGNAL_DELIVER)
		return;
	add(run, "signal %s signo=%d id=%d", signal_result_name(occurrence->result),
	    occurrence->signo, occurrence->id);
	if (occurrence->has_overrun)
		add(run, " overrun=%d value=%" PRIx64, occurrence->overrun,
		    occurrence->sigev_value);
	add(run, "\n");
}

/* Each record of all pages. */
static void each_record(const char *series, void (*take)(void *context, struct raw_event *event),
			void *context)
{
	struct page *page = page_new(8);
	size_t size;
	char *bytes = fixture_read(series, "timers.raw", &size);
	struct raw_event event = { .cpu = 0 };
	uint64_t lost, last = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	CU_ASSERT_TRUE(size > 0 && size % IMAGE_SIZE == 0);
	for (size_t at = 0; at < size; at += IMAGE_SIZE) {
		CU_ASSERT_EQUAL_FATAL(page_load(page, bytes + at, IMAGE_SIZE), 0);
		CU_ASSERT_EQUAL(page_loss(page, &lost), PAGE_LOSS_NONE);
		while ((event.data = page_next(page, &event.ts, &event.size))) {
			CU_ASSERT_TRUE(event.ts > last);
			last = event.ts;
			take(context, &event);
		}
	}
	page_free(page);
	free(bytes);
}

struct replay {
	struct run *run;
	struct decoder *decoder;
};

static void take_record(void *context, struct raw_event *event)
{
	const struct replay *replay = context;
	struct record record;

	CU_ASSERT_EQUAL_FATAL(decoder_read(replay->decoder, event, &record), 1);
	CU_ASSERT_EQUAL(calls_record(replay->run->calls, &record), 0);
	CU_ASSERT_EQUAL(timers_record(replay->run->timers, &record), 0);
	CU_ASSERT_EQUAL(tasks_record(replay->run->tasks, &record), 0);
}

static struct run *replay(const char *series)
{
	struct run *run = calloc(1, sizeof(*run));
	struct replay replay = { run, fixture_decoder(series) };

	CU_ASSERT_PTR_NOT_NULL_FATAL(run);
	run->tasks = tasks_new();
	run->calls = calls_new(0, take_call, run);
	run->timers = timers_new(run->calls, run->tasks, take_occurrence, run);
	each_record(series, take_record, &replay);
	calls_finish(run->calls, UINT64_MAX);
	CU_ASSERT_EQUAL(timers_finish(run->timers), 0);
	CU_ASSERT_EQUAL(timers_missed(run->timers), 0);
	CU_ASSERT_EQUAL(calls_in_flight(run->calls), 0);
	timers_free(run->timers);
	calls_free(run->calls);
	tasks_free(run->tasks);
	decoder_free(replay.decoder);
	return run;
}

/* The program's account, without what no record tells of: reads and closes. */
static char *read_account(const char *series)
{
	size_t size;
	char *text = fixture_read(series, "timers.txt", &size), *to = text;

	for (const char *line = text, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (strncmp(line, "read ", 5) == 0 || strncmp(line, "close ", 6) == 0)
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
	return text;
}

/* The accepted call that armed a timer last, before this instant. */
static const struct call *last_arm(const struct run *run, const struct occurrence *expiry)
{
	const struct call *found = NULL;

	for (size_t i = 0; i < run->call_count; i++) {
		const struct call *call = &run->call[i];

		if (call->new_value.from != FROM_NONE && call->ret >= 0 &&
		    event_family(call->event) == expiry->family && call->timer_id == expiry->id &&
		    call->start_ns < expiry->ts)
			found = call;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return found;
}

static int64_t to_ns(struct timerspec ts)
{
	return ts.sec * NSEC_PER_SEC + ts.nsec;
}

/* `before` is the one before it of the same arm, or NULL. */
static void expect_instant(const struct occurrence *expiry, const struct call *arm,
			   const struct occurrence *before)
{
	int64_t value = to_ns(arm->new_value.value), periods;

	CU_ASSERT_TRUE(expiry->late_ns >= 0 &&
		       expiry->late_ns < 100000000 + (arm->flags & 1) * (int64_t)expiry->ts);
	if (expiry->asked_clock == CLOCK_MONOTONIC)
		CU_ASSERT_EQUAL(expiry->late_ns, (int64_t)expiry->ts - expiry->asked_ns);
	if (before) {
		periods = (expiry->asked_ns - before->asked_ns) / expiry->interval_ns;
		CU_ASSERT_TRUE(periods >= 1);
		CU_ASSERT_EQUAL(before->asked_ns + periods * expiry->interval_ns, expiry->asked_ns);
	} else if (arm->flags & 1) {
		CU_ASSERT_EQUAL(expiry->asked_ns, value);
	} else {
		CU_ASSERT_TRUE(expiry->asked_ns >= (int64_t)arm->start_ns + value);
		CU_ASSERT_TRUE(expiry->asked_ns <= (int64_t)arm->end_ns + value);
	}
}

static bool on_cpu_time(const struct occurrence *expiry)
{
	return (expiry->family == TIMER_ITIMER && expiry->id != 0) ||
	       (expiry->family == TIMER_POSIX && expiry->id == 6);
}

static void expect_expiry(const struct run *run, const struct occurrence *expiry)
{
	const struct occurrence *before = NULL;
	const struct call *arm = last_arm(run, expiry);

	for (const struct occurrence *other = run->happened; other < expiry; other++)
		if (other->event == expiry->event && other->id == expiry->id &&
		    other->ts > arm->start_ns)
			before = other;
	CU_ASSERT_TRUE(expiry->has_id && expiry->traced && expiry->has_interval);
	CU_ASSERT_EQUAL(expiry->pid, run->call[0].tid);
	CU_ASSERT_EQUAL(expiry->tid, run->call[0].tid);
	CU_ASSERT_NOT_EQUAL(to_ns(arm->new_value.value), 0);
	CU_ASSERT_EQUAL(expiry->interval_ns, to_ns(arm->new_value.interval));
	CU_ASSERT_EQUAL(expiry->armed_by, before ? ARMED_BY_KERNEL : ARMED_BY_USER);
	CU_ASSERT_EQUAL(expiry->has_asked, !on_cpu_time(expiry));
	if (expiry->has_asked)
		expect_instant(expiry, arm, before);
}

/* So many times the account tells of a signal or a read of this timer. */
static size_t count_lines(const char *account, enum timer_family family, int32_t id)
{
	static const char *const kinds[] = { "signal", "read", "signal" };
	size_t count = 0;

	for (const char *line = account; *line; line = strchr(line, '\n') + 1) {
		char kind[32], how[32];
		int signo = 0, seen = -1;
		bool timer;

		if (sscanf(line, "%31s %31s signo=%d id=%d overrun", kind, how, &signo, &seen) <
			    4 &&
		    sscanf(line, "%31s id=%d", kind, &seen) < 2)
			continue;
		timer = strcmp(kind, kinds[family]) == 0;
		if (timer && family != TIMER_FD)
			timer = (strcspn(line, "\n") > 0 &&
				 memmem(line, strcspn(line, "\n"), "overrun", 7) != NULL) ==
				(family == TIMER_POSIX);
		count += timer && seen == id;
	}
	return count;
}

/* As many expiries as were got, and the one whose signal was ignored. */
static void expect_counts(const struct run *run, const char *series)
{
	size_t size, expiries = 0, ignored = 0;
	char *account = fixture_read(series, "timers.txt", &size);

	for (size_t i = 0; i < run->happened_count; i++) {
		const struct occurrence *one = &run->happened[i];
		size_t of_timer = 0, lines;

		ignored += one->event == EVENT_SIGNAL_GENERATE && one->result == SIGNAL_IGNORED;
		if (one->event >= EVENT_SIGNAL_GENERATE)
			continue;
		expiries++;
		for (size_t j = 0; j < run->happened_count; j++)
			of_timer += run->happened[j].event == one->event &&
				    run->happened[j].id == one->id;
		lines = count_lines(account, one->family, one->id);
		CU_ASSERT_EQUAL(of_timer, lines + (one->family == TIMER_POSIX && one->id == 3));
	}
	CU_ASSERT_EQUAL(expiries, 16);
	CU_ASSERT_EQUAL(ignored, 1);
	free(account);
}

/* A signal is sent for its expiry, and taken after that. */
static void expect_signals(const struct run *run)
{
	size_t sent = 0, taken = 0;

	for (size_t i = 0; i < run->happened_count; i++) {
		const struct occurrence *one = &run->happened[i];

		if (one->event < EVENT_SIGNAL_GENERATE)
			continue;
		CU_ASSERT_TRUE(one->traced && one->has_id && one->has_after);
		CU_ASSERT_TRUE(one->after_ns > 0);
		CU_ASSERT_EQUAL(one->pid, run->call[0].tid);
		if (one->event == EVENT_SIGNAL_DELIVER) {
			taken++;
			CU_ASSERT_EQUAL(one->target_tid, run->call[0].tid);
			continue;
		}
		sent += one->result == SIGNAL_DELIVERED;
		/* only of the timer with SIGEV_THREAD_ID */
		CU_ASSERT_EQUAL(one->target_tid, one->signo == SIGRTMIN + 1 ? run->call[0].tid : 0);
	}
	CU_ASSERT_EQUAL(sent, taken);
	CU_ASSERT_EQUAL(taken, 11);
}

static void expect_run(const char *series)
{
	char *account = read_account(series);
	struct run *run = replay(series);

	CU_ASSERT_STRING_EQUAL(run->lines, account);
	if (strcmp(run->lines, account) != 0)
		fprintf(stderr, "\n%s was:\n%s\nand is said to be:\n%s", series, account,
			run->lines);
	for (size_t i = 0; i < run->happened_count; i++)
		if (run->happened[i].event < EVENT_SIGNAL_GENERATE)
			expect_expiry(run, &run->happened[i]);
	expect_counts(run, series);
	expect_signals(run);
	free(run);
	free(account);
}

static void timers_of_5_10(void)
{
	expect_run("5.10");
}

static void timers_of_6_1(void)
{
	expect_run("6.1");
}

static void timers_of_6_12(void)
{
	expect_run("6.12");
}

static void timers_of_7_2(void)
{
	expect_run("7.2");
}

static void take_view(void *context, struct raw_event *event)
{
	const struct merged merged = { .kind = MERGE_EVENT, .event = *event };

	CU_ASSERT_EQUAL(view_take(context, &merged), 0);
}

/* The same through view, up to the figures of each timer. */
static void lives_of_timers(void)
{
	static const struct selection all = { .count = 0 };
	static const struct out_style style = { .format = OUT_TEXT };

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		struct run *run = replay(fixture_series[i]);
		struct view_request request = { .selection = &all,
						.decoder = fixture_decoder(fixture_series[i]),
						.tasks = tasks_new(),
						.style = &style,
						.events = EVENTS_ALL,
						.lives = true };
		struct view *view = view_new(&request);
		struct view_totals totals;

		CU_ASSERT_PTR_NOT_NULL_FATAL(view);
		each_record(fixture_series[i], take_view, view);
		view_finish(view, UINT64_MAX);
		view_totals(view, &totals);
		CU_ASSERT_EQUAL(totals.matched, run->call_count + run->happened_count);
		CU_ASSERT_EQUAL(totals.lives, 8 + 2 + 2); /* POSIX, timerfds, itimers */
		CU_ASSERT_EQUAL(totals.incomplete + totals.in_flight + totals.unattributed +
					totals.malformed + totals.lost + totals.lost_unknown,
				0);
		view_free(view);
		tasks_free(request.tasks);
		decoder_free((struct decoder *)request.decoder);
		free(run);
	}
}

int suite_timers_kernels(void)
{
	CU_pSuite suite = CU_add_suite("timers_kernels", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, timers_of_5_10) || !CU_ADD_TEST(suite, timers_of_6_1) ||
	    !CU_ADD_TEST(suite, timers_of_6_12) || !CU_ADD_TEST(suite, timers_of_7_2) ||
	    !CU_ADD_TEST(suite, lives_of_timers))
		return (int)CU_get_error();
	return 0;
}
