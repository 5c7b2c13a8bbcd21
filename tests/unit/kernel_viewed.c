/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_viewed.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format_texts.h"
#include "records.h"
#include "timersnoop/kernel_event_fields.h"

/* All fields of our events are of 8 bytes, but names. */
#define WORD(name, at) FIELD("unsigned long long", name, at, 8, 0)

static const struct {
	enum probe_use use;
	const char *name, *format;
} events[] = {
	{ USE_TIMER_INIT, "timer_init", FORMAT("timer_init", 1, WORD("timer", 8)) },
	{ USE_TIMER_START, "timer_start",
	  FORMAT("timer_start", 2,
		 WORD("timer", 8) WORD("function", 16) WORD("expires", 24) WORD("now", 32)
			 WORD("flags", 40)) },
	{ USE_TIMER_CANCEL, "timer_cancel", FORMAT("timer_cancel", 3, WORD("timer", 8)) },
	{ USE_TIMER_EXPIRE, "timer_expire_entry",
	  FORMAT("timer_expire_entry", 4, WORD("timer", 8) WORD("function", 16) WORD("now", 24)) },
	{ USE_TIMER_EXIT, "timer_expire_exit", FORMAT("timer_expire_exit", 5, WORD("timer", 8)) },
	{ USE_HRTIMER_START, "hrtimer_start",
	  FORMAT("hrtimer_start", 6,
		 WORD("hrtimer", 8) WORD("function", 16) WORD("softexpires", 24) WORD("expires", 32)
			 WORD("mode", 40) WORD("was_armed", 48)) },
	{ USE_HRTIMER_EXPIRE, "hrtimer_expire_entry",
	  FORMAT("hrtimer_expire_entry", 7,
		 WORD("hrtimer", 8) WORD("function", 16) WORD("now", 24)) },
	{ USE_HRTIMER_EXIT, "hrtimer_expire_exit",
	  FORMAT("hrtimer_expire_exit", 8, WORD("hrtimer", 8)) },
	{ USE_CPU_IDLE, "cpu_idle", FORMAT("cpu_idle", 9, WORD("state", 8) WORD("cpu_id", 16)) },
	{ USE_TIMER_IRQ, "local_timer_entry", FORMAT("local_timer_entry", 10, WORD("vector", 8)) },
	{ USE_OWNER, "owner", FORMAT("owner", 11, WORD("timer", 8) WORD("pid", 16)) },
	{ USE_RENAME, "task_rename",
	  FORMAT("task_rename", 12, WORD("pid", 8) FIELD("char", "newcomm[16]", 16, 16, 0)) },
};

struct kernel_view_request kviewed_request;
struct kernel_functions kviewed_functions;
struct selection kviewed_selection;
struct scene kviewed_scene;
struct kernel_view *kviewed;
struct view_totals kviewed_totals;
struct symbols *kviewed_symbols;
int kviewed_cpu = 1;

static struct out_style style;
static struct fields_chosen chosen;
static struct decoder *decoder;
static int fd;

void kviewed_learn(int32_t tid, int32_t tgid, const char *comm)
{
	struct task task = { .tid = tid, .tgid = tgid };

	snprintf(task.comm, sizeof(task.comm), "%s", comm);
	CU_ASSERT_EQUAL(tasks_learn(kviewed_request.tasks, &task), 0);
}

void kviewed_prepare(void)
{
	struct error err;

	decoder = decoder_new(8);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		CU_ASSERT_EQUAL(decoder_add(decoder, &(struct meaning){ .use = events[i].use },
					    "timer", events[i].format, &err),
				0);
	kviewed_symbols = fed_symbols();
	CU_ASSERT_EQUAL(
		kernel_functions_find(&kviewed_functions, kviewed_symbols, NULL, 0, false, &err),
		0);
	kviewed_selection = (struct selection){ .self = KVIEWED_SELF };
	kviewed_scene =
		(struct scene){ .since_ns = 1000 * MS, .tick_ns = 4 * MS, .self = KVIEWED_SELF };
	CU_ASSERT_EQUAL(fields_choose(&chosen, &kernel_event_fields,
				      "event,callback,pid,tid,comm,armed_pid,armed_comm,lost",
				      "--fields", &err),
			0);
	style = (struct out_style){ .format = OUT_CSV, .no_wall = true, .fields = &chosen };
	fd = memfd_create("view", 0);
	kviewed_request = (struct kernel_view_request){ .selection = &kviewed_selection,
							.decoder = decoder,
							.tasks = tasks_new(),
							.scene = &kviewed_scene,
							.functions = &kviewed_functions,
							.events = KERNEL_EVENTS_ALL,
							.sink = sink_new(fd, -1),
							.style = &style,
							.wakeups = true };
	kviewed_learn(10, 10, "app");
	kviewed_learn(11, 10, "worker");
	kviewed_learn(20, 20, "cron");
	kviewed_learn(KVIEWED_SELF, KVIEWED_SELF, "timersnoop");
	fed_now = 1000 * MS;
}

void kviewed_open(void)
{
	kviewed = kernel_view_new(&kviewed_request);
	CU_ASSERT_PTR_NOT_NULL_FATAL(kviewed);
}

void kviewed_begin(void)
{
	kviewed_prepare();
	kviewed_open();
}

void kviewed_end(const char *expected)
{
	static char written[65536];
	ssize_t size;

	CU_ASSERT_EQUAL(kernel_view_finish(kviewed, fed_now), 0);
	kernel_view_totals(kviewed, &kviewed_totals);
	CU_ASSERT_EQUAL(sink_flush(kviewed_request.sink), 0);
	size = pread(fd, written, sizeof(written) - 1, 0);
	written[size > 0 ? size : 0] = '\0';
	CU_ASSERT_STRING_EQUAL(written, expected);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "\nwritten:\n%sexpected:\n%s", written, expected);
	kernel_view_free(kviewed);
	kernel_functions_free(&kviewed_functions);
	symbols_free(kviewed_symbols);
	tasks_free(kviewed_request.tasks);
	sink_free(kviewed_request.sink);
	decoder_free(decoder);
	close(fd);
}

/* --- records --------------------------------------------------------------------------------- */

struct merged kviewed_record(enum probe_use use, uint8_t flags, int32_t tid, uint64_t words[8])
{
	uint16_t id = 0;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i].use == use)
			id = (uint16_t)(i + 1);
	words[0] = (uint64_t)(uint32_t)tid << 32 | (uint64_t)flags << 16 | id;
	return (struct merged){
		.kind = MERGE_EVENT,
		.event = { .ts = fed_now += 10 * US, .cpu = kviewed_cpu, .data = words, .size = 64 }
	};
}

void kviewed_start(uint8_t flags, int32_t tid, uint64_t function, uint64_t timer)
{
	KVIEWED_TAKE(USE_TIMER_START, flags, tid, timer, function, 1250, 1000, 0);
}

void kviewed_cancel(uint8_t flags, int32_t tid, uint64_t timer)
{
	KVIEWED_TAKE(USE_TIMER_CANCEL, flags, tid, timer);
}

void kviewed_expire(uint64_t function, uint64_t timer)
{
	kviewed_cancel(KVIEWED_SOFT, 0, timer);
	KVIEWED_TAKE(USE_TIMER_EXPIRE, KVIEWED_SOFT, 0, timer, function, 1251);
	KVIEWED_TAKE(USE_TIMER_EXIT, KVIEWED_SOFT, 0, timer);
}

void kviewed_sleep(int32_t tid, uint64_t timer)
{
	KVIEWED_TAKE(USE_HRTIMER_START, 0, tid, timer, FN_WAKE, fed_now + 10000, fed_now + 60000, 1,
		     0);
	KVIEWED_TAKE(USE_HRTIMER_EXPIRE, KVIEWED_HARD, 0, timer, FN_WAKE, fed_now);
	KVIEWED_TAKE(USE_HRTIMER_EXIT, KVIEWED_HARD, 0, timer);
}

void kviewed_lose(uint64_t records)
{
	const struct merged merged = { .kind = records ? MERGE_LOSS_COUNTED : MERGE_LOSS_UNKNOWN,
				       .lost = records,
				       .event = { .ts = fed_now, .cpu = 1 } };

	CU_ASSERT_EQUAL(kernel_view_take(kviewed, &merged), 0);
}

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL

void kviewed_do_all(void)
{
	KVIEWED_TAKE(USE_TIMER_INIT, 0, 10, T2);
	kviewed_start(0, 11, FN_TCP, T1);
	kviewed_expire(FN_TCP, T1);
	kviewed_sleep(20, T2);
	kviewed_start(KVIEWED_SOFT, 11, FN_POLL, T1);
	kviewed_cancel(0, 10, T1);
	kviewed_start(0, 0, FN_POLL, T1);
	kviewed_cancel(0, 10, T1);
	kviewed_start(0, 30, FN_POLL, T1);
	kviewed_cancel(0, 30, T1);
	kviewed_sleep(KVIEWED_SELF, T2);
	/* armed before anybody looked */
	kviewed_expire(FN_WATCH, T2);
}
