/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixtures.h"
#include "suites.h"
#include "timersnoop/event_fields.h"
#include "timersnoop/view.h"

#define SERIES "6.1"
#define SINCE (1000 * (uint64_t)NSEC_PER_SEC)
#define START (SINCE + 100 * (uint64_t)NSEC_PER_SEC)

static struct decoder *decoder;
static struct selection selection;
static struct out_style style;
static struct tasks *tasks;
static struct view *view;
static struct sink *sink;
static struct view_totals totals;
static char written[65536];
static int fd;
static uint64_t now;
static uint32_t events = EVENTS_CALLS;
static bool lives, followed;

/* Made once, by the first test: the formats are those of a real kernel. */
static uint16_t id_enter, id_new, id_exit, id_old, id_task_exit, id_creds;

static void learn_formats(void)
{
	if (decoder)
		return;
	decoder = fixture_decoder(SERIES);
	id_enter = fixture_event_id(SERIES, "settime_enter");
	id_new = fixture_event_id(SERIES, "settime_new");
	id_exit = fixture_event_id(SERIES, "settime_exit");
	id_old = fixture_event_id(SERIES, "old");
	id_task_exit = fixture_event_id(SERIES, "sched_process_exit");
	id_creds = fixture_event_id(SERIES, "task_creds");
}

static int tear_down(void)
{
	decoder_free(decoder);
	return 0;
}

static void learn(int32_t tid, int32_t tgid, uint32_t uid, const char *comm)
{
	struct task task = { .tid = tid, .tgid = tgid, .uid = uid };

	snprintf(task.comm, sizeof(task.comm), "%s", comm);
	tasks_learn(tasks, &task);
}

static void open_view(struct sink *into)
{
	const struct view_request request = { .selection = &selection,
					      .decoder = decoder,
					      .tasks = tasks,
					      .sink = into,
					      .style = &style,
					      .since_ns = SINCE,
					      .events = events,
					      .lives = lives,
					      .followed = followed };

	view = view_new(&request);
	CU_ASSERT_PTR_NOT_NULL_FATAL(view);
}

/* Three processes; the first has two threads, of other names. */
static void begin(void)
{
	learn_formats();
	memset(&selection, 0, sizeof(selection));
	memset(&style, 0, sizeof(style));
	style.format = OUT_STRACE;
	style.time = TIME_NONE;
	tasks = tasks_new();
	learn(10, 10, 0, "app");
	learn(11, 10, 0, "worker");
	learn(20, 20, 1000, "app");
	learn(30, 30, 1000, "cron");
	fd = memfd_create("view", 0);
	sink = sink_new(fd, -1);
	now = START;
	open_view(sink);
}

/* Ends it; `expected` is all that was written. */
static void end(const char *expected)
{
	ssize_t size;

	view_totals(view, &totals);
	view_free(view);
	tasks_free(tasks);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, written, sizeof(written) - 1, 0);
	written[size > 0 ? size : 0] = '\0';
	CU_ASSERT_STRING_EQUAL(written, expected);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "\nwritten:\n%sexpected:\n%s", written, expected);
	sink_free(sink);
	close(fd);
}

static void take_bytes(const uint8_t *bytes, unsigned size)
{
	struct merged merged = {
		.kind = MERGE_EVENT,
		.event = { .ts = now, .cpu = 1, .data = bytes, .size = size },
	};

	now += 1000;
	CU_ASSERT_EQUAL(view_take(view, &merged), 0);
}

static void put(uint8_t *bytes, unsigned offset, unsigned size, uint64_t value)
{
	memcpy(bytes + offset, &value, size);
}

static void enter(int32_t tid, int32_t timer_id)
{
	uint8_t bytes[40] = { 0 };

	put(bytes, 0, 2, id_enter);
	put(bytes, 4, 4, (uint32_t)tid);
	put(bytes, 16, 4, (uint32_t)timer_id);
	take_bytes(bytes, sizeof(bytes));
}

static void leave(int32_t tid, int64_t ret)
{
	uint8_t bytes[32] = { 0 };

	put(bytes, 0, 2, id_exit);
	put(bytes, 4, 4, (uint32_t)tid);
	put(bytes, 24, 8, (uint64_t)ret);
	take_bytes(bytes, sizeof(bytes));
}

static void call(int32_t tid, int32_t timer_id, int64_t ret)
{
	enter(tid, timer_id);
	leave(tid, ret);
}

/* A call of each thread: the timer's id is the thread's. */
static void call_all(void)
{
	call(10, 10, 0);
	call(11, 11, -EINVAL);
	call(20, 20, 0);
	call(30, 30, -EFAULT);
}

static void lose(int cpu, enum merge_kind kind, uint64_t records)
{
	struct merged merged = { .kind = kind,
				 .lost = records,
				 .event = { .ts = now, .cpu = cpu } };

	CU_ASSERT_EQUAL(view_take(view, &merged), 0);
}

/* for ids of two digits */
#define LINE(tid, id, rest) tid "    timer_settime(" id ", 0, NULL, NULL)  = " rest "\n"
#define UNFINISHED(tid, id) tid "    timer_settime(" id ", 0, NULL,  <unfinished ...>) = ?\n"
#define LINE_10 LINE("10", "10", "0")
#define LINE_11 LINE("11", "11", "-1 EINVAL (Invalid argument)")
#define LINE_20 LINE("20", "20", "0")
#define LINE_30 LINE("30", "30", "-1 EFAULT (Bad address)")

static void everything(void)
{
	begin();
	call_all();
	end(LINE_10 LINE_11 LINE_20 LINE_30);
	CU_ASSERT_EQUAL(totals.matched, 4);
	CU_ASSERT_EQUAL(totals.lost + totals.lost_unknown + totals.incomplete + totals.in_flight +
				totals.malformed,
			0);
}

static void by_process(void)
{
	static const int32_t pids[] = { 30, 10 };

	begin();
	selection.pids = pids;
	selection.pid_count = 2;
	call_all();
	end(LINE_10 LINE_11 LINE_30); /* a thread is of its process */
	begin();
	selection.pids = (const int32_t[]){ 11 }; /* which is no process */
	selection.pid_count = 1;
	call_all();
	end("");
	CU_ASSERT_EQUAL(totals.matched, 0);
}

static void by_name(void)
{
	static const char *const names[] = { "cron", "app" };

	begin();
	selection.names = names;
	selection.name_count = 2;
	call_all();
	end(LINE_10 LINE_20 LINE_30);
	begin();
	selection.names = (const char *const[]){ "ap" };
	selection.name_count = 1;
	call_all();
	end("");
}

static void by_user(void)
{
	static const uint32_t uids[] = { 5, 1000 };

	begin();
	selection.uids = uids;
	selection.uid_count = 2;
	call_all();
	end(LINE_20 LINE_30);
}

static void by_failure(void)
{
	begin();
	selection.failed = true;
	call_all();
	call(10, 10, 5); /* above zero is no error */
	end(LINE_11 LINE_30);
	CU_ASSERT_EQUAL(totals.matched, 2);
}

/* Every list that is there must hold the caller. */
static void by_all_of_them(void)
{
	static const int32_t pids[] = { 10, 20 };
	static const uint32_t root[] = { 0 };
	static const char *const names[] = { "app" };

	begin();
	selection.pids = pids;
	selection.pid_count = 2;
	selection.uids = root;
	selection.uid_count = 1;
	call_all();
	end(LINE_10 LINE_11);
	begin();
	selection.pids = pids;
	selection.pid_count = 2;
	selection.names = names;
	selection.name_count = 1;
	call_all();
	end(LINE_10 LINE_20);
	begin();
	selection.pids = pids;
	selection.pid_count = 2;
	selection.uids = root;
	selection.uid_count = 1;
	selection.failed = true;
	call_all();
	end(LINE_11);
}

/* A result that was not seen may be an error. */
static void failures_not_seen(void)
{
	begin();
	selection.failed = true;
	enter(10, 1);
	call(10, 2, 0);
	enter(20, 3);
	view_finish(view, now + 2 * (uint64_t)NSEC_PER_SEC);
	end(UNFINISHED("10", "1") UNFINISHED("20", "3"));
	CU_ASSERT_EQUAL(totals.matched, 2);
	CU_ASSERT_EQUAL(totals.incomplete, 2);
}

static struct expr *read_where(const char *text)
{
	struct expr *where = NULL;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(expr_parse(&where, text, &event_fields, "--where", &err), 0);
	return where;
}

/* What is shown counts, and nothing else; what is not known to be so is not shown. */
static void by_condition(void)
{
	static const struct {
		const char *text, *expected;
		uint64_t matched;
	} cases[] = {
		{ "comm == \"app\"", LINE_10 LINE_20, 2 },
		{ "failed && pid != 30", LINE_11, 1 },
		{ "error == \"EFAULT\" || timer_id == 20", LINE_20 LINE_30, 2 },
		{ "value > 1s", "", 0 },
		{ "value <= 1s", "", 0 },
		{ "tid >= 10", LINE_10 LINE_11 LINE_20 LINE_30, 4 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expr *where = read_where(cases[i].text);

		begin();
		selection.where = where;
		call_all();
		end(cases[i].expected);
		CU_ASSERT_EQUAL(totals.matched, cases[i].matched);
		expr_free(where);
	}
}

static void condition_and_count(void)
{
	struct expr *where = read_where("failed");

	begin();
	selection.where = where;
	selection.count = 1;
	call(10, 10, 0);
	CU_ASSERT_FALSE(view_done(view));
	call_all();
	CU_ASSERT_TRUE(view_done(view));
	end(LINE_11);
	CU_ASSERT_EQUAL(totals.matched, 1);
	expr_free(where);
}

static void count_stops(void)
{
	begin();
	selection.count = 2;
	selection.failed = true;
	CU_ASSERT_FALSE(view_done(view));
	call_all();
	CU_ASSERT_TRUE(view_done(view));
	call_all();
	enter(10, 10);
	view_finish(view, now + 2 * (uint64_t)NSEC_PER_SEC);
	end(LINE_11 LINE_30);
	CU_ASSERT_EQUAL(totals.matched, 2);
	begin();
	call_all();
	CU_ASSERT_FALSE(view_done(view)); /* 0: no limit */
	end(LINE_10 LINE_11 LINE_20 LINE_30);
}

/* Names and users as they were when the call was made. */
static void changes_of_tasks(void)
{
	static const uint32_t uids[] = { 1000 };
	uint8_t bytes[20] = { 0 };

	begin();
	selection.uids = uids;
	selection.uid_count = 1;
	call(10, 10, 0);
	put(bytes, 0, 2, id_creds);
	put(bytes, 4, 4, 10);
	put(bytes, 16, 4, 1000);
	take_bytes(bytes, sizeof(bytes));
	call(10, 10, 0);
	end(LINE_10);
}

/* A call that its task's end cuts off is still told with its name. */
static void exit_in_a_call(void)
{
	static const char *const names[] = { "cron" };
	uint8_t bytes[36] = { 0 };

	begin();
	selection.names = names;
	selection.name_count = 1;
	enter(30, 30);
	put(bytes, 0, 2, id_task_exit);
	put(bytes, 4, 4, 30);
	put(bytes, 24, 4, 30);
	take_bytes(bytes, sizeof(bytes));
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 30));
	end(UNFINISHED("30", "30"));
	CU_ASSERT_EQUAL(totals.incomplete, 1);
}

static int lookups;

static int look_up(void *context, int32_t tid, struct task *task)
{
	(void)context;
	lookups++;
	if (tid != 55)
		return -ESRCH;
	*task = (struct task){ .tid = 55, .tgid = 50, .uid = 7, .comm = "late" };
	return 0;
}

static void unknown_threads(void)
{
	static const int32_t pids[] = { 50 };

	begin();
	selection.pids = pids;
	selection.pid_count = 1;
	view_set_lookup(view, look_up, NULL, NULL);
	lookups = 0;
	call(10, 10, 0); /* known */
	CU_ASSERT_EQUAL(lookups, 0);
	call(55, 21, 0);
	call(55, 22, 0);
	CU_ASSERT_EQUAL(lookups, 1);
	call(56, 3, 0); /* gone */
	CU_ASSERT_EQUAL(lookups, 2);
	end(LINE("55", "21", "0") LINE("55", "22", "0"));
}

/* A rename may have been among lost records: what is known is asked for anew. */
static void asked_again_after_a_loss(void)
{
	begin();
	learn(55, 50, 7, "before");
	style.format = OUT_CSV;
	view_free(view);
	open_view(sink);
	view_set_lookup(view, look_up, NULL, NULL);
	lookups = 0;
	call(55, 1, 0);
	CU_ASSERT_EQUAL(lookups, 0);
	CU_ASSERT_STRING_EQUAL(tasks_find(tasks, 55)->comm, "before");
	lose(0, MERGE_LOSS_COUNTED, 1);
	call(55, 2, 0);
	call(55, 3, 0);
	CU_ASSERT_EQUAL(lookups, 1);
	CU_ASSERT_STRING_EQUAL(tasks_find(tasks, 55)->comm, "late");
	call(10, 4, 0); /* gone: what was known is kept, and not asked for again */
	call(10, 5, 0);
	CU_ASSERT_EQUAL(lookups, 2);
	CU_ASSERT_STRING_EQUAL(tasks_find(tasks, 10)->comm, "app");
	sink_free(sink);
	sink = sink_new(fd, -1);
	end("");
}

/* Their process is not known: they are shown where none is asked for. */
static void threads_nobody_knows(void)
{
	begin();
	style.format = OUT_TEXT;
	view_free(view);
	open_view(sink);
	view_set_lookup(view, look_up, NULL, NULL);
	call(56, 3, 0);
	learn(57, 0, 5, "orphan"); /* a thread of a process that is not known */
	call(57, 4, 0);
	learn(55, 0, 5, "found");
	call(55, 5, 0);
	end("-/56    -        settime  3 relative -      -        0   1us      -\n"
	    "-/57    orphan   settime  4 relative -      -        0   1us      -\n"
	    "50/55   late     settime  5 relative -      -        0   1us      -\n");
}

static void losses(void)
{
	struct loss at_the_end = { .cpu = 3, .counted = true, .records = 40 };

	begin();
	enter(10, 1); /* on CPU 1 */
	lose(0, MERGE_LOSS_COUNTED, 12);
	lose(1, MERGE_LOSS_UNKNOWN, 0);
	call(20, 20, 0);
	view_lost(view, &at_the_end);
	end("# lost 12 records on CPU 0\n" UNFINISHED(
		"10", "1") "# lost records on CPU 1, number unknown\n" LINE_20
			   "# lost 40 records on CPU 3\n");
	CU_ASSERT_EQUAL(totals.lost, 52);
	CU_ASSERT_EQUAL(totals.lost_unknown, 1);
	CU_ASSERT_EQUAL(totals.incomplete, 1);
	CU_ASSERT_EQUAL(totals.matched, 2);
}

/* It is none of the ring buffer's: its count tells nothing. */
static void loss_by_others(void)
{
	struct loss anywhere = { .cpu = LOSS_ANYWHERE };

	begin();
	call(20, 20, 0);
	view_lost(view, &anywhere);
	end(LINE_20 "# lost records, number unknown\n");
	CU_ASSERT_EQUAL(totals.lost, 0);
	CU_ASSERT_EQUAL(totals.lost_unknown, 0);
}

static void malformed(void)
{
	uint8_t bytes[40] = { 0 };

	begin();
	put(bytes, 0, 2, id_enter);
	take_bytes(bytes, 39);
	take_bytes(bytes, 1);
	put(bytes, 0, 2, 65000); /* of somebody else */
	take_bytes(bytes, 40);
	call(10, 10, 0);
	end(LINE_10);
	CU_ASSERT_EQUAL(totals.malformed, 2);
	CU_ASSERT_EQUAL(totals.matched, 1);
}

static void under_way(void)
{
	begin();
	now = SINCE + 5;
	leave(10, 0); /* entered before tracing began */
	now = START;
	enter(20, 20);
	view_finish(view, now);
	end("");
	CU_ASSERT_EQUAL(totals.in_flight, 2);
	CU_ASSERT_EQUAL(totals.incomplete + totals.matched, 0);
}

/* What a call is made of, from the records of all its probes. */
static void values(void)
{
	uint8_t copy[56] = { 0 }, old[48] = { 0 }, head[40] = { 0 };

	begin();
	put(head, 0, 2, id_enter);
	put(head, 4, 4, 10);
	put(head, 20, 4, 1);
	put(head, 24, 8, 0x1000);
	put(head, 32, 8, 0x2000);
	take_bytes(head, sizeof(head));
	put(copy, 0, 2, id_new);
	put(copy, 4, 4, 10);
	put(copy, 20, 4, 1);
	put(copy, 24, 8, 1);
	put(copy, 32, 8, 2);
	put(copy, 40, 8, 3);
	put(copy, 48, 8, 4);
	take_bytes(copy, sizeof(copy));
	put(old, 0, 2, id_old);
	put(old, 4, 4, 10);
	put(old, 32, 8, 9);
	take_bytes(old, sizeof(old));
	leave(10, 0);
	end("10    timer_settime(0, TIMER_ABSTIME, "
	    "{it_interval={tv_sec=1, tv_nsec=2}, it_value={tv_sec=3, tv_nsec=4}}, "
	    "{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=9, tv_nsec=0}}) = 0\n");
}

static void only_counts(void)
{
	begin();
	view_free(view);
	open_view(NULL);
	call_all();
	lose(0, MERGE_LOSS_COUNTED, 3);
	end("");
	CU_ASSERT_EQUAL(totals.matched, 4);
	CU_ASSERT_EQUAL(totals.lost, 3);
	view_free(NULL);
}

int suite_view(void)
{
	CU_pSuite suite = CU_add_suite("view", NULL, tear_down);

	if (!suite || !CU_ADD_TEST(suite, everything) || !CU_ADD_TEST(suite, by_process) ||
	    !CU_ADD_TEST(suite, by_name) || !CU_ADD_TEST(suite, by_user) ||
	    !CU_ADD_TEST(suite, by_failure) || !CU_ADD_TEST(suite, by_all_of_them) ||
	    !CU_ADD_TEST(suite, by_condition) || !CU_ADD_TEST(suite, condition_and_count) ||
	    !CU_ADD_TEST(suite, failures_not_seen) || !CU_ADD_TEST(suite, count_stops) ||
	    !CU_ADD_TEST(suite, changes_of_tasks) || !CU_ADD_TEST(suite, exit_in_a_call) ||
	    !CU_ADD_TEST(suite, unknown_threads) || !CU_ADD_TEST(suite, asked_again_after_a_loss) ||
	    !CU_ADD_TEST(suite, threads_nobody_knows) || !CU_ADD_TEST(suite, losses) ||
	    !CU_ADD_TEST(suite, loss_by_others) || !CU_ADD_TEST(suite, malformed) ||
	    !CU_ADD_TEST(suite, under_way) || !CU_ADD_TEST(suite, values) ||
	    !CU_ADD_TEST(suite, only_counts))
		return (int)CU_get_error();
	return 0;
}
