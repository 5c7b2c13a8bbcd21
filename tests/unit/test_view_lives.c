/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What view makes of the ends of timers. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "suites.h"
#include "timersnoop/existing.h"
#include "views.h"

static void begin_lives(const char *of)
{
	prepare_view(of);
	request.events = 0;
	request.lives = true;
	open_view();
}

static void release(int32_t number)
{
	struct raw raw;

	raw_begin(&raw, view_series, "release", 20, 0);
	raw_put(&raw, "timer", ADDRESS + (uint64_t)number * 64);
	take_raw(&raw);
}

/* Made, deleted, closed, or open to the end. */
static void lives(void)
{
	begin_lives("7.2");
	create_view_timer(10, 1);
	create_view_timer(10, 2);
	create_view_fd(10, 5, CLOCK_REALTIME);
	create_view_fd(10, 6, CLOCK_REALTIME);
	plain_call(11, "delete", 1, 0);
	release(5);
	release(9);
	CU_ASSERT_FALSE(view_done(view));
	view_finish(view, view_now);
	end_view("life 10 app 1 deleted; life 10 app 5 closed; life 10 app 2 open; "
		 "life 10 app 6 open");
	CU_ASSERT_EQUAL(totals.lives, 4);
	CU_ASSERT_EQUAL(totals.matched, 0);
}

static void ends_of_processes(void)
{
	static const char *const kernels[] = { "7.2", "6.1" };

	for (int i = 0; i < 2; i++) {
		begin_lives(kernels[i]);
		create_view_timer(10, 1);
		create_view_timer(20, 1);
		about_task("sched_process_exit", 11, "pid", 11); /* not the last thread */
		timers_gone(10);
		about_task("sched_process_exit", 10, "pid", 10);
		view_finish(view, view_now);
		end_view("life 10 app 1 exit; life 20 cron 1 open");
	}
}

/* exec deletes timers, but not timerfds; and the process goes on. */
static void executed(void)
{
	begin_lives("7.2");
	create_view_timer(10, 1);
	create_view_fd(10, 5, CLOCK_REALTIME);
	timers_gone(10);
	about_task("sched_process_exec", 10, "old_pid", 10);
	create_view_timer(10, 1);
	view_finish(view, view_now);
	end_view("life 10 app 1 exec; life 10 app 1 open; life 10 app 5 open");
	/* by a thread, which becomes the first */
	begin_lives("7.2");
	create_view_timer(11, 1);
	about_task("sched_process_exit", 11, "pid", 12);
	timers_gone(10);
	about_task("sched_process_exec", 10, "old_pid", 11);
	view_finish(view, view_now);
	end_view("life 10 app 1 exec");
}

/* A child has its parent's timerfds, and no other timers; a thread is no child. */
static void forked(void)
{
	struct raw raw;

	begin_lives("7.2");
	create_view_timer(10, 1);
	create_view_fd(10, 5, CLOCK_REALTIME);
	about_task("task_newtask", 11, "pid", 30);
	raw_begin(&raw, view_series, "task_newtask", 10, 0);
	raw_put(&raw, "pid", 12);
	raw_put(&raw, "clone_flags", 0x10000);
	take_raw(&raw);
	plain_call(12, "delete", 1, 0);
	view_finish(view, view_now);
	end_view("life 10 app 1 deleted; life 10 app 5 open; life 30 child 5 open");
}

/* Of processes that were not asked for, nothing. */
static void lives_of_others(void)
{
	static const int32_t pids[] = { 20 };

	begin_lives("7.2");
	selection.pids = pids;
	selection.pid_count = 1;
	create_view_timer(10, 1);
	create_view_timer(20, 2);
	view_finish(view, view_now);
	end_view("life 20 cron 2 open");
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
		prepare_view("7.2");
		request.lives = lives_wanted;
		selection.pids = pids;
		selection.pid_count = 1;
		open_view();
		CU_ASSERT_EQUAL(view_existing(view, &app, &existing), 0);
		CU_ASSERT_EQUAL(view_existing(view, &cron, &existing), 0);
		expire_posix(10, 4);
		view_finish(view, view_now);
		end_view(lives_wanted ? "timer_expire 10 app 4; life 10 app 4 open"
				      : "timer_expire 10 app 4");
	}
	/* with calls alone there is nothing to keep it for */
	prepare_view("7.2");
	request.events = EVENTS_CALLS;
	open_view();
	CU_ASSERT_EQUAL(view_existing(view, &app, &existing), 0);
	expire_posix(10, 4);
	view_finish(view, view_now);
	end_view("");
	CU_ASSERT_EQUAL(totals.matched + totals.lives, 0);
}

/* Whatever is lost may have been a timer's: where in the stream, or when it has ended. */
static void lossy(void)
{
	const struct loss at_the_end = { .cpu = 3, .counted = true, .records = 40 };

	for (int kind = 0; kind < 3; kind++) {
		begin_lives("7.2");
		create_view_timer(10, 1);
		if (kind == 1)
			lose_records();
		if (kind == 2)
			view_lost(view, &at_the_end);
		create_view_timer(20, 1);
		view_finish(view, view_now);
		end_view(kind ? "lost   ; life 10 app 1 open; life 20 cron 1 open"
			      : "life 10 app 1 open; life 20 cron 1 open");
		CU_ASSERT_EQUAL(strstr(view_written, "\"incomplete\":true") != NULL, kind > 0);
		CU_ASSERT_EQUAL(totals.lives, 2);
	}
}

/* By its first thread's name a process is known, whichever has made the timer or takes its
 * signal; and by any other when that one is not known. */
static void names_of_processes(void)
{
	begin_lives("7.2");
	create_view_timer(11, 1);
	expire_posix(10, 1);
	generate_signal(11, SIGUSR1, 0);
	deliver_signal(11, SIGUSR1, 0);
	learn_task(31, 30, 0, "lonely");
	create_view_timer(31, 1);
	view_finish(view, view_now);
	end_view("life 10 app 1 open; life 30 lonely 1 open");
}

int suite_view_lives(void)
{
	CU_pSuite suite = CU_add_suite("view_lives", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, lives) || !CU_ADD_TEST(suite, ends_of_processes) ||
	    !CU_ADD_TEST(suite, executed) || !CU_ADD_TEST(suite, forked) ||
	    !CU_ADD_TEST(suite, lives_of_others) || !CU_ADD_TEST(suite, existing_timers) ||
	    !CU_ADD_TEST(suite, lossy) || !CU_ADD_TEST(suite, names_of_processes))
		return (int)CU_get_error();
	return 0;
}
