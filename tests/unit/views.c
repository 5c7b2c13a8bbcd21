/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views.h"

#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fixtures.h"

#define HARDIRQ 8 /* TRACE_FLAG_HARDIRQ */

const char *view_series;
static struct decoder *decoder;
struct selection selection;
struct out_style view_style;
struct view_request request;
struct view *view;
struct view_totals totals;
static char summary[8192];
static int fd;
uint64_t view_now;
char view_written[65536];

void learn_task(int32_t tid, int32_t tgid, uint32_t uid, const char *comm)
{
	struct task task = { .tid = tid, .tgid = tgid, .uid = uid };

	snprintf(task.comm, sizeof(task.comm), "%s", comm);
	tasks_learn(request.tasks, &task);
}

/* 7.2 says which exit is a process's last, 6.1 does not. */
void prepare_view(const char *of)
{
	view_series = of;
	decoder = fixture_decoder(view_series);
	selection = (struct selection){ .count = 0 };
	view_style =
		(struct out_style){ .format = OUT_JSON, .time = TIME_RELATIVE, .start_ns = START };
	fd = memfd_create("view", 0);
	view_now = START;
	request = (struct view_request){ .selection = &selection,
					 .decoder = decoder,
					 .tasks = tasks_new(),
					 .sink = sink_new(fd, -1),
					 .style = &view_style,
					 .events = EVENTS_EXPIRE | EVENTS_SIGNAL };
	learn_task(10, 10, 0, "app");
	learn_task(11, 10, 0, "worker");
	learn_task(20, 20, 1000, "cron");
}

void open_view(void)
{
	view = view_new(&request);
	CU_ASSERT_PTR_NOT_NULL_FATAL(view);
}

void begin_view(void)
{
	prepare_view("7.2");
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

void end_view(const char *expected)
{
	ssize_t size;

	view_totals(view, &totals);
	view_free(view);
	tasks_free(request.tasks);
	decoder_free(decoder);
	CU_ASSERT_EQUAL(sink_flush(request.sink), 0);
	size = pread(fd, view_written, sizeof(view_written) - 1, 0);
	view_written[size > 0 ? size : 0] = '\0';
	sink_free(request.sink);
	close(fd);
	if (!expected)
		return;
	sum_up(view_written);
	CU_ASSERT_STRING_EQUAL(summary, expected);
	if (strcmp(summary, expected) != 0)
		fprintf(stderr, "\n  written:  %s\n  expected: %s\n%s", summary, expected,
			view_written);
}

void take_raw(struct raw *raw)
{
	const struct merged merged = {
		.kind = MERGE_EVENT,
		.event = { .ts = view_now, .cpu = 1, .data = raw->bytes, .size = raw->size },
	};

	view_now += US;
	CU_ASSERT_EQUAL(view_take(view, &merged), 0);
	raw_end(raw);
}

void expire_posix(int32_t pid, int32_t id)
{
	struct raw raw;

	raw_begin(&raw, view_series, "try_expire", 0, 0);
	raw_put(&raw, "timer", ADDRESS + (uint64_t)pid * 0x1000 + (uint64_t)id * 64);
	raw_put(&raw, "id", (uint64_t)id);
	raw_put(&raw, "clock", CLOCK_MONOTONIC);
	raw_put(&raw, "pid", (uint64_t)pid);
	raw_put(&raw, "asked", view_now - US);
	raw_put(&raw, "base", CLOCK_MONOTONIC);
	take_raw(&raw);
}

void generate_signal(int32_t pid, int32_t signo, int32_t result)
{
	struct raw raw;

	raw_begin(&raw, view_series, "signal_generate", 0, 0);
	raw_put(&raw, "common_flags", HARDIRQ);
	raw_put(&raw, "sig", (uint64_t)signo);
	raw_put(&raw, "code", (uint32_t)SI_TIMER);
	raw_put(&raw, "pid", (uint64_t)pid);
	raw_put(&raw, "group", 1);
	raw_put(&raw, "result", (uint64_t)result);
	take_raw(&raw);
}

void deliver_signal(int32_t tid, int32_t signo, uint64_t handler)
{
	struct raw raw;

	raw_begin(&raw, view_series, "signal_deliver", tid, 0);
	raw_put(&raw, "sig", (uint64_t)signo);
	raw_put(&raw, "code", (uint32_t)SI_TIMER);
	raw_put(&raw, "sa_handler", handler);
	take_raw(&raw);
}

/* Entry and return of a call without anything between them. */
void plain_call(int32_t tid, const char *prefix, int32_t id, int64_t ret)
{
	char event[40];
	struct raw raw;

	snprintf(event, sizeof(event), "%s_enter", prefix);
	raw_begin(&raw, view_series, event, tid, 0);
	if (strcmp(prefix, "fd_create") != 0)
		raw_put(&raw, "id", (uint64_t)id);
	take_raw(&raw);
	snprintf(event, sizeof(event), "%s_exit", prefix);
	raw_begin(&raw, view_series, event, tid, 0);
	raw_put(&raw, "ret", (uint64_t)ret);
	take_raw(&raw);
}

void call_view_settime(int32_t tid, int32_t id)
{
	struct raw raw;

	raw_begin(&raw, view_series, "settime_enter", tid, 0);
	raw_put(&raw, "id", (uint64_t)id);
	take_raw(&raw);
	raw_begin(&raw, view_series, "settime_new", tid, 0);
	raw_put(&raw, "id", (uint64_t)id);
	raw_put_word(&raw, "new", 2, 1);
	take_raw(&raw);
	raw_begin(&raw, view_series, "settime_exit", tid, 0);
	take_raw(&raw);
}

void about_task(const char *event, int32_t tid, const char *field, int32_t other)
{
	struct raw raw;

	raw_begin(&raw, view_series, event, tid, 0);
	raw_put(&raw, field, (uint64_t)other);
	if (strcmp(event, "task_newtask") == 0)
		raw_put_text(&raw, "comm", "child");
	if (strcmp(event, "sched_process_exit") == 0 && strcmp(view_series, "7.2") == 0)
		raw_put(&raw, "group_dead", tid != 11);
	take_raw(&raw);
}

void timers_gone(int32_t tid)
{
	struct raw raw;

	raw_begin(&raw, view_series, "timers_gone", tid, 0);
	take_raw(&raw);
}

void lose_records(void)
{
	const struct merged merged = { .kind = MERGE_LOSS_COUNTED,
				       .lost = 3,
				       .event = { .ts = view_now, .cpu = 1 } };

	CU_ASSERT_EQUAL(view_take(view, &merged), 0);
}

void create_view_timer(int32_t tid, int32_t id)
{
	struct raw raw;

	raw_begin(&raw, view_series, "create_enter", tid, 0);
	take_raw(&raw);
	raw_begin(&raw, view_series,
		  strcmp(view_series, "6.1") == 0 ? "create_id_common" : "create_id", tid, 0);
	raw_put(&raw, "id", (uint64_t)id);
	take_raw(&raw);
	raw_begin(&raw, view_series, "create_exit", tid, 0);
	take_raw(&raw);
}

void create_view_fd(int32_t tid, int32_t number, int32_t clock)
{
	struct raw raw;

	raw_begin(&raw, view_series, "fd_create_enter", tid, 0);
	raw_put(&raw, "clock", (uint64_t)clock);
	take_raw(&raw);
	raw_begin(&raw, view_series, "anon_inode_getfile_fmode", tid, 0);
	raw_put(&raw, "timer", ADDRESS + (uint64_t)number * 64);
	take_raw(&raw);
	raw_begin(&raw, view_series, "fd_create_exit", tid, 0);
	raw_put(&raw, "ret", (uint64_t)number);
	take_raw(&raw);
}
