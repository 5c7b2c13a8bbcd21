/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What view makes of expiries, signals and the ends of timers. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fixtures.h"
#include "raws.h"
#include "records.h"
#include "suites.h"
#include "timersnoop/existing.h"
#include "timersnoop/view.h"

#define START (100 * (uint64_t)NSEC_PER_SEC)
#define ADDRESS 0xffff888000001000ULL

static const char *series;
static struct decoder *decoder;
static struct selection selection;
static struct out_style style;
static struct view_request request;
static struct view *view;
static struct view_totals totals;
static char summary[8192];
static int fd;
static uint64_t now;

static void learn(int32_t tid, int32_t tgid, uint32_t uid, const char *comm)
{
	struct task task = { .tid = tid, .tgid = tgid, .uid = uid };

	snprintf(task.comm, sizeof(task.comm), "%s", comm);
	tasks_learn(request.tasks, &task);
}

/* 7.2 says which exit is a process's last, 6.1 does not. */
static void prepare(const char *of)
{
	series = of;
	decoder = fixture_decoder(series);
	selection = (struct selection){ .count = 0 };
	style = (struct out_style){ .format = OUT_JSON, .time = TIME_RELATIVE, .start_ns = START };
	fd = memfd_create("view", 0);
	now = START;
	request = (struct view_request){ .selection = &selection,
					 .decoder = decoder,
					 .tasks = tasks_new(),
					 .sink = sink_new(fd, -1),
					 .style = &style,
					 .events = EVENTS_EXPIRE | EVENTS_SIGNAL };
	learn(10, 10, 0, "app");
	learn(11, 10, 0, "worker");
	learn(20, 20, 1000, "cron");
}

static void open_view(void)
{
	view = view_new(&request);
	CU_ASSERT_PTR_NOT_NULL_FATAL(view);
}

static void begin(void)
{
	prepare("7.2");
	open_view();
}

/* The value of a key in a line, as it is written; at most 31 bytes. */
static void find_value(const char *line, const char *key, char value[32])
{
	size_t length = strcspn(line, "\n");
	const char *found = memmem(line, length, key, strlen(key));

	value[0] = '\0';
	if (found)
		snprintf(value, 32, "%.*s", (int)strcspn(found + strlen(key), ",}\""),
			 found + strlen(key));
}

/* "EVENT PID COMM ID; ..." of all that was written; of lives, how they began and ended. */
static void sum_up(const char *written)
{
	size_t used = 0;

	summary[0] = '\0';
	for (const char *line = written; *line; line += strcspn(line, "\n") + 1) {
		char event[32], pid[32], comm[32], id[32], ending[32];

		find_value(line, "\"event\":\"", event);
		find_value(line, "\"pid\":", pid);
		find_value(line, "\"comm\":\"", comm);
		find_value(line, "\"timer_id\":", id);
		if (!id[0])
			find_value(line, "\"fd\":", id);
		if (!id[0])
			find_value(line, "\"which\":\"", id);
		find_value(line, "\"end\":\"", ending);
		used += (size_t)snprintf(summary + used, sizeof(summary) - used,
					 "%s%s %s %s %s%s%s", used ? "; " : "", event, pid, comm,
					 id, ending[0] ? " " : "", ending);
	}
}

static void end(const char *expected)
{
	static char written[65536];
	ssize_t size;

	view_totals(view, &totals);
	view_free(view);
	tasks_free(request.tasks);
	decoder_free(decoder);
	CU_ASSERT_EQUAL(sink_flush(request.sink), 0);
	size = pread(fd, written, sizeof(written) - 1, 0);
	written[size > 0 ? size : 0] = '\0';
	sink_free(request.sink);
	close(fd);
	sum_up(written);
	CU_ASSERT_STRING_EQUAL(summary, expected);
	if (strcmp(summary, expected) != 0)
		fprintf(stderr, "\n  written:  %s\n  expected: %s\n%s", summary, expected, written);
}

static void take(struct raw *raw)
{
	const struct merged merged = {
		.kind = MERGE_EVENT,
		.event = { .ts = now, .cpu = 1, .data = raw->bytes, .size = raw->size },
	};

	now += US;
	CU_ASSERT_EQUAL(view_take(view, &merged), 0);
	raw_end(raw);
}

static void expire(int32_t pid, int32_t id)
{
	struct raw raw;

	raw_begin(&raw, series, "try_expire", 0, 0);
	raw_put(&raw, "timer", ADDRESS + (uint64_t)pid * 0x1000 + (uint64_t)id * 64);
	raw_put(&raw, "id", (uint64_t)id);
	raw_put(&raw, "clock", CLOCK_MONOTONIC);
	raw_put(&raw, "pid", (uint64_t)pid);
	raw_put(&raw, "asked", now - US);
	raw_put(&raw, "base", CLOCK_MONOTONIC);
	take(&raw);
}

static void generate(int32_t pid, int32_t signo, int32_t result)
{
	struct raw raw;

	raw_begin(&raw, series, "signal_generate", 0, 0);
	raw_put(&raw, "sig", (uint64_t)signo);
	raw_put(&raw, "code", (uint32_t)SI_TIMER);
	raw_put(&raw, "pid", (uint64_t)pid);
	raw_put(&raw, "group", 1);
	raw_put(&raw, "result", (uint64_t)result);
	take(&raw);
}

static void deliver(int32_t tid, int32_t signo, uint64_t handler)
{
	struct raw raw;

	raw_begin(&raw, series, "signal_deliver", tid, 0);
	raw_put(&raw, "sig", (uint64_t)signo);
	raw_put(&raw, "code", (uint32_t)SI_TIMER);
	raw_put(&raw, "sa_handler", handler);
	take(&raw);
}

/* Entry and return of a call without anything between them. */
static void plain_call(int32_t tid, const char *prefix, int32_t id, int64_t ret)
{
	char event[40];
	struct raw raw;

	snprintf(event, sizeof(event), "%s_enter", prefix);
	raw_begin(&raw, series, event, tid, 0);
	if (strcmp(prefix, "fd_create") != 0)
		raw_put(&raw, "id", (uint64_t)id);
	take(&raw);
	snprintf(event, sizeof(event), "%s_exit", prefix);
	raw_begin(&raw, series, event, tid, 0);
	raw_put(&raw, "ret", (uint64_t)ret);
	take(&raw);
}

static void settime(int32_t tid, int32_t id)
{
	struct raw raw;

	raw_begin(&raw, series, "settime_enter", tid, 0);
	raw_put(&raw, "id", (uint64_t)id);
	take(&raw);
	raw_begin(&raw, series, "settime_new", tid, 0);
	raw_put(&raw, "id", (uint64_t)id);
	raw_put_word(&raw, "new", 2, 1);
	take(&raw);
	raw_begin(&raw, series, "settime_exit", tid, 0);
	take(&raw);
}

static void about_task(const char *event, int32_t tid, const char *field, int32_t other)
{
	struct raw raw;

	raw_begin(&raw, series, event, tid, 0);
	raw_put(&raw, field, (uint64_t)other);
	if (strcmp(event, "task_newtask") == 0)
		raw_put_text(&raw, "comm", "child");
	if (strcmp(event, "sched_process_exit") == 0 && strcmp(series, "7.2") == 0)
		raw_put(&raw, "group_dead", tid != 11);
	take(&raw);
}

static void timers_gone(int32_t tid)
{
	struct raw raw;

	raw_begin(&raw, series, "timers_gone", tid, 0);
	take(&raw);
}

static void lose(void)
{
	const struct merged merged = { .kind = MERGE_LOSS_COUNTED,
				       .lost = 3,
				       .event = { .ts = now, .cpu = 1 } };

	CU_ASSERT_EQUAL(view_take(view, &merged), 0);
}

static void everything_of(void)
{
	settime(10, 1);
	expire(10, 1);
	generate(10, SIGUSR1, 0);
	deliver(11, SIGUSR1, 0);
}

/* Each event has its bit; what others rest on is taken whether it is shown or not. */
static void masks(void)
{
	static const struct {
		uint32_t events;
		const char *expected;
	} cases[] = {
		{ EVENTS_ALL, "timer_settime 10 app 1; timer_expire 10 app 1; "
			      "signal_generate 10 app 1; signal_deliver 10 worker 1" },
		{ EVENTS_CALLS, "timer_settime 10 app 1" },
		{ EVENT_BIT(EVENT_TIMER_EXPIRE), "timer_expire 10 app 1" },
		{ EVENT_BIT(EVENT_TIMERFD_EXPIRE), "" },
		{ EVENT_BIT(EVENT_SIGNAL_GENERATE), "signal_generate 10 app 1" },
		{ EVENT_BIT(EVENT_SIGNAL_DELIVER), "signal_deliver 10 worker 1" },
		{ 0, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		prepare("7.2");
		request.events = cases[i].events;
		open_view();
		everything_of();
		end(cases[i].expected);
		CU_ASSERT_EQUAL(
			totals.matched,
			(uint64_t)__builtin_popcount(
				cases[i].events & (EVENT_BIT(EVENT_TIMER_SETTIME) |
						   EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENTS_SIGNAL)));
		CU_ASSERT_EQUAL(totals.lives + totals.unattributed, 0);
	}
}

/* Whoever it belongs to must have been asked for: the process, as its threads. */
static void selections(void)
{
	static const int32_t pids[] = { 10 };
	static const uint32_t uids[] = { 1000 };
	static const char *const names[] = { "worker" };

	begin();
	selection.pids = pids;
	selection.pid_count = 1;
	everything_of();
	expire(20, 1);
	end("timer_expire 10 app 1; signal_generate 10 app 1; signal_deliver 10 worker 1");
	begin();
	selection.uids = uids;
	selection.uid_count = 1;
	everything_of();
	expire(20, 1);
	end("timer_expire 20 cron 1");
	begin();
	selection.names = names;
	selection.name_count = 1;
	everything_of();
	end("signal_deliver 10 worker 1");
}

/* -x is about calls: what the kernel does by itself cannot fail. */
static void failed_only(void)
{
	prepare("7.2");
	request.events = EVENTS_ALL;
	selection.failed = true;
	open_view();
	everything_of();
	plain_call(10, "delete", 4, -EINVAL);
	end("timer_delete 10 app 4");
	CU_ASSERT_EQUAL(totals.matched, 1);
}

static void counted(void)
{
	prepare("7.2");
	request.events = EVENTS_ALL;
	selection.count = 3;
	open_view();
	everything_of();
	CU_ASSERT_TRUE(view_done(view));
	everything_of();
	end("timer_settime 10 app 1; timer_expire 10 app 1; signal_generate 10 app 1");
	CU_ASSERT_EQUAL(totals.matched, 3);
}

static int lookups;

static int look_up(int32_t tid, struct task *task)
{
	lookups++;
	if (tid != 77)
		return -ESRCH;
	*task = (struct task){ .tid = 77, .tgid = 77, .uid = 7, .comm = "late" };
	return 0;
}

/* With -p or a command expiries of others come, too: only those of processes that are known. */
static void followed(void)
{
	prepare("7.2");
	request.followed = true;
	open_view();
	view_set_lookup(view, look_up);
	lookups = 0;
	expire(77, 1);
	generate(77, SIGUSR1, 0);
	expire(10, 1);
	expire(11, 2); /* for a thread */
	generate(11, SIGUSR1, 0);
	end("timer_expire 10 app 1; timer_expire 10 worker 2; signal_generate 10 worker 2");
	CU_ASSERT_EQUAL(totals.matched, 3);
	CU_ASSERT_EQUAL(lookups, 0);
}

/* The first thread has ended, others have not: the timer is still the process's. */
static void leader_gone(void)
{
	prepare("6.1");
	request.followed = true;
	request.lives = true;
	open_view();
	settime(11, 1);
	about_task("sched_process_exit", 10, "pid", 10);
	expire(10, 1);
	generate(10, SIGUSR1, 0);
	deliver(11, SIGUSR1, 0);
	timers_gone(11);
	about_task("sched_process_exit", 11, "pid", 11);
	view_finish(view, now);
	end("timer_expire 10  1; signal_generate 10  1; signal_deliver 10 worker 1; "
	    "life 10 worker 1 exit");
}

/* Without -p a process that nobody told of is asked for, once. */
static void looked_up(void)
{
	begin();
	view_set_lookup(view, look_up);
	lookups = 0;
	expire(77, 1);
	generate(77, SIGUSR1, 0);
	deliver(77, SIGUSR1, 0);
	CU_ASSERT_EQUAL(lookups, 1);
	end("timer_expire 77 late 1; signal_generate 77 late 1; signal_deliver 77 late 1");
}

static void begin_lives(const char *of)
{
	prepare(of);
	request.events = 0;
	request.lives = true;
	open_view();
}

static void create(int32_t tid, int32_t id)
{
	struct raw raw;

	raw_begin(&raw, series, "create_enter", tid, 0);
	take(&raw);
	raw_begin(&raw, series, strcmp(series, "6.1") == 0 ? "create_id_common" : "create_id", tid,
		  0);
	raw_put(&raw, "id", (uint64_t)id);
	take(&raw);
	raw_begin(&raw, series, "create_exit", tid, 0);
	take(&raw);
}

static void create_fd(int32_t tid, int32_t number)
{
	struct raw raw;

	raw_begin(&raw, series, "fd_create_enter", tid, 0);
	take(&raw);
	raw_begin(&raw, series, "anon_inode_getfile_fmode", tid, 0);
	raw_put(&raw, "timer", ADDRESS + (uint64_t)number * 64);
	take(&raw);
	raw_begin(&raw, series, "fd_create_exit", tid, 0);
	raw_put(&raw, "ret", (uint64_t)number);
	take(&raw);
}

static void release(int32_t number)
{
	struct raw raw;

	raw_begin(&raw, series, "release", 20, 0);
	raw_put(&raw, "timer", ADDRESS + (uint64_t)number * 64);
	take(&raw);
}

/* Made, deleted, closed, or open to the end. */
static void lives(void)
{
	begin_lives("7.2");
	create(10, 1);
	create(10, 2);
	create_fd(10, 5);
	create_fd(10, 6);
	plain_call(11, "delete", 1, 0);
	release(5);
	release(9);
	CU_ASSERT_FALSE(view_done(view));
	view_finish(view, now);
	end("life 10 worker 1 deleted; life 10 app 5 closed; life 10 app 2 "
	    "open; "
	    "life 10 app 6 open");
	CU_ASSERT_EQUAL(totals.lives, 4);
	CU_ASSERT_EQUAL(totals.matched, 0);
}

static void ends_of_processes(void)
{
	static const char *const kernels[] = { "7.2", "6.1" };

	for (int i = 0; i < 2; i++) {
		begin_lives(kernels[i]);
		create(10, 1);
		create(20, 1);
		about_task("sched_process_exit", 11, "pid", 11); /* not the last thread */
		timers_gone(10);
		about_task("sched_process_exit", 10, "pid", 10);
		view_finish(view, now);
		end("life 10 app 1 exit; life 20 cron 1 open");
	}
}

/* exec deletes timers, but not timerfds; and the process goes on. */
static void executed(void)
{
	begin_lives("7.2");
	create(10, 1);
	create_fd(10, 5);
	timers_gone(10);
	about_task("sched_process_exec", 10, "old_pid", 10);
	create(10, 1);
	view_finish(view, now);
	end("life 10 app 1 exec; life 10 app 1 open; life 10 app 5 open");
	/* by a thread, which becomes the first */
	begin_lives("7.2");
	create(11, 1);
	about_task("sched_process_exit", 11, "pid", 12);
	timers_gone(10);
	about_task("sched_process_exec", 10, "old_pid", 11);
	view_finish(view, now);
	end("life 10 worker 1 exec");
}

/* A child has its parent's timerfds, and no other timers; a thread is no child. */
static void forked(void)
{
	struct raw raw;

	begin_lives("7.2");
	create(10, 1);
	create_fd(10, 5);
	about_task("task_newtask", 11, "pid", 30);
	raw_begin(&raw, series, "task_newtask", 10, 0);
	raw_put(&raw, "pid", 12);
	raw_put(&raw, "clone_flags", 0x10000);
	take(&raw);
	plain_call(12, "delete", 1, 0);
	view_finish(view, now);
	end("life 10 app 1 deleted; life 10 app 5 open; life 30 child 5 open");
}

/* Of processes that were not asked for, nothing. */
static void lives_of_others(void)
{
	static const int32_t pids[] = { 20 };

	begin_lives("7.2");
	selection.pids = pids;
	selection.pid_count = 1;
	create(10, 1);
	create(20, 2);
	view_finish(view, now);
	end("life 20 cron 2 open");
	CU_ASSERT_EQUAL(totals.lives, 1);
}

static void existing_timers(void)
{
	static const int32_t pids[] = { 10 };
	const struct task app = { .tid = 10, .tgid = 10, .comm = "app" };
	const struct task cron = { .tid = 20, .tgid = 20, .comm = "cron" };
	struct existing_timer existing = {
		.timer = { .family = TIMER_POSIX, .id = 4, .clock = CLOCK_BOOTTIME },
		.earliest_ns = START,
		.latest_ns = START + US,
	};

	for (int lives_wanted = 1; lives_wanted >= 0; lives_wanted--) {
		prepare("7.2");
		request.lives = lives_wanted;
		selection.pids = pids;
		selection.pid_count = 1;
		open_view();
		CU_ASSERT_EQUAL(view_existing(view, &app, &existing), 0);
		CU_ASSERT_EQUAL(view_existing(view, &cron, &existing), 0);
		expire(10, 4);
		view_finish(view, now);
		end(lives_wanted ? "timer_expire 10 app 4; life 10 app 4 open"
				 : "timer_expire 10 app 4");
	}
	/* with calls alone there is nothing to keep it for */
	prepare("7.2");
	request.events = EVENTS_CALLS;
	open_view();
	CU_ASSERT_EQUAL(view_existing(view, &app, &existing), 0);
	expire(10, 4);
	view_finish(view, now);
	end("");
	CU_ASSERT_EQUAL(totals.matched + totals.lives, 0);
}

/* A loss between an expiry and its signal; and one that nobody knows. */
static void losses(void)
{
	begin();
	expire(10, 1);
	lose();
	generate(10, SIGUSR1, 0);
	end("timer_expire 10 app 1; lost   ; signal_generate 10 app ");
	CU_ASSERT_EQUAL(totals.unattributed, 1);
	CU_ASSERT_EQUAL(totals.lost, 3);
	CU_ASSERT_EQUAL(totals.matched, 2);
}

/* A handler whose siginfo has not come when the stream ends. */
static void finished(void)
{
	begin();
	expire(10, 1);
	deliver(11, SIGUSR1, 0x401000);
	view_finish(view, now);
	end("timer_expire 10 app 1; signal_deliver 10 worker ");
}

int suite_view_timers(void)
{
	CU_pSuite suite = CU_add_suite("view_timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, masks) || !CU_ADD_TEST(suite, selections) ||
	    !CU_ADD_TEST(suite, failed_only) || !CU_ADD_TEST(suite, counted) ||
	    !CU_ADD_TEST(suite, followed) || !CU_ADD_TEST(suite, leader_gone) ||
	    !CU_ADD_TEST(suite, looked_up) || !CU_ADD_TEST(suite, lives) ||
	    !CU_ADD_TEST(suite, ends_of_processes) || !CU_ADD_TEST(suite, executed) ||
	    !CU_ADD_TEST(suite, forked) || !CU_ADD_TEST(suite, lives_of_others) ||
	    !CU_ADD_TEST(suite, existing_timers) || !CU_ADD_TEST(suite, losses) ||
	    !CU_ADD_TEST(suite, finished))
		return (int)CU_get_error();
	return 0;
}
