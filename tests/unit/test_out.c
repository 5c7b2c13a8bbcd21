/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "outs.h"
#include "suites.h"

/* The columns behind `lost`, that timer_settime does not have. */
#define CSV_REST ",,,,,,,,,,,,,,,,,,,,,,,,\n"
#define CSV_START "timer_settime,2026-11-21T12:00:00.123456789Z,100123456789,1,"

/* The lines of strace 6.1, with -f and -o, for the same calls. */
static void test_strace(void)
{
	struct caller caller = { .pid = 4161, .tid = 4161 };
	struct out_style style = plain;
	struct call call = with_old();

	style.time = TIME_NONE;
	call.old_value = (struct itimerspec_seen){ FROM_KERNEL, { 1, 500 }, { 1, 999827891 } };
	expect_call(&out_strace, &style, &caller, &call,
		    "4161  timer_settime(0, TIMER_ABSTIME, "
		    "{it_interval={tv_sec=1, tv_nsec=500}, it_value={tv_sec=2, tv_nsec=750}}, "
		    "{it_interval={tv_sec=1, tv_nsec=500}, it_value={tv_sec=1, tv_nsec=999827891}}"
		    ") = 0\n");
	call.old_ptr = 0;
	call.old_value.from = FROM_NONE;
	call.flags = 3;
	expect_call(&out_strace, &style, &caller, &call,
		    "4161  timer_settime(0, TIMER_ABSTIME|0x2, "
		    "{it_interval={tv_sec=1, tv_nsec=500}, it_value={tv_sec=2, tv_nsec=750}}, "
		    "NULL) = 0\n");
	call.flags = 0x80000006;
	expect_call(&out_strace, &style, &caller, &call,
		    "4161  timer_settime(0, 0x80000006 /* TIMER_??? */, "
		    "{it_interval={tv_sec=1, tv_nsec=500}, it_value={tv_sec=2, tv_nsec=750}}, "
		    "NULL) = 0\n");
	call.flags = 0;
	call.old_ptr = 0x7fffa2f812f0;
	call.new_value.value = (struct timerspec){ INT64_MIN, -1 };
	call.timer_id = -1;
	call.ret = -EINVAL;
	expect_call(&out_strace, &style, &caller, &call,
		    "4161  timer_settime(-1, 0, "
		    "{it_interval={tv_sec=1, tv_nsec=500}, "
		    "it_value={tv_sec=-9223372036854775808, tv_nsec=18446744073709551615}}, "
		    "0x7fffa2f812f0) = -1 EINVAL (Invalid argument)\n");
	caller.tid = 12677;
	call.timer_id = 0;
	call.new_value.from = FROM_NONE;
	call.new_ptr = call.old_ptr = 0;
	expect_call(&out_strace, &style, &caller, &call,
		    "12677 timer_settime(0, 0, NULL, NULL)   "
		    "= -1 EINVAL (Invalid argument)\n");
	call.new_ptr = call.old_ptr = 1;
	call.ret = -EFAULT;
	caller.tid = 905;
	expect_call(&out_strace, &style, &caller, &call,
		    "905   timer_settime(0, 0, 0x1, 0x1)     "
		    "= -1 EFAULT (Bad address)\n");
}

static void test_strace_parts(void)
{
	struct out_style style = plain;
	struct call call = without_return();

	style.time = TIME_NONE;
	expect_call(&out_strace, &style, &app, &call,
		    "4242  timer_settime(0, 0, "
		    "{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=10000000}}, "
		    " <unfinished ...>) = ?\n");
	call = without_entry();
	expect_call(&out_strace, &style, &app, &call,
		    "4242  timer_settime(0, 0, "
		    "{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=10000000}}, "
		    "?) = 0\n");
	call = bare(CALL_NO_ENTRY);
	call.ret = -512;
	expect_call(&out_strace, &style, &app, &call,
		    "4242  timer_settime(?, ?, ?, ?)         = ? ERESTARTSYS\n");
	call.ret = -4000;
	expect_call(&out_strace, &style, &app, &call,
		    "4242  timer_settime(?, ?, ?, ?)         = -1 (errno 4000)\n");
	call = usual;
	call.new_value.from = FROM_NONE;
	style.time = TIME_MONO;
	expect_call(&out_strace, &style, &app, &call,
		    "4242  100.123456789 timer_settime(0, 0, 0x7ffc12345678, NULL) = 0\n");
	style.time = TIME_RELATIVE;
	call.abi = ABI_32_TIME32;
	expect_call(&out_strace, &style, &app, &call,
		    "4242       1.123456 timer_settime(0, 0, "
		    "0x7ffc12345678, NULL) = 0 /* 32-bit */\n");
	call.abi = ABI_32;
	expect_call(&out_strace, &style, &app, &call,
		    "4242       1.123456 timer_settime64(0, 0, "
		    "0x7ffc12345678, NULL) = 0 /* 32-bit */\n");
}

#define JSON_START                                                                                 \
	"{\"event\":\"timer_settime\",\"time\":\"2026-11-21T12:00:00.123456789Z\","                \
	"\"mono_ns\":100123456789,\"cpu\":1,"
#define JSON_APP JSON_START "\"pid\":4242,\"tid\":4242,\"comm\":\"app\","
#define JSON_NEW                                                                                   \
	"\"new\":{\"interval\":{\"sec\":0,\"nsec\":0},\"value\":{\"sec\":0,\"nsec\":10000000},"    \
	"\"from\":\"kernel\"},"

/* Both of its ids where it has two. */
static void namespaces(void)
{
	struct caller first = { .pid = 4242, .tid = 4242, .ns_pid = 1, .ns_tid = 1, .comm = "app" };
	struct caller thread = {
		.pid = 4242, .tid = 4243, .ns_pid = 1, .ns_tid = 7, .comm = "app"
	};
	struct call call = usual;

	expect_call(&out_text, &plain, &first, &call,
		    "   1.123456 4242    app      settime  0 relative 10ms   once     0   1.234us  "
		    "ns_pid=1\n");
	expect_call(
		&out_text, &plain, &thread, &call,
		"   1.123456 4242/4243 app      settime  0 relative 10ms   once     0   1.234us  "
		"ns_pid=1,ns_tid=7\n");
	expect_call(&out_json, &plain, &thread, &call,
		    JSON_START "\"pid\":4242,\"tid\":4243,\"ns_pid\":1,\"ns_tid\":7,"
			       "\"comm\":\"app\",\"timer_id\":0,\"flags\":0,"
			       "\"flag_names\":[],\"abi\":\"64\","
			       "\"new_ptr\":\"0x7ffc12345678\",\"old_ptr\":null," JSON_NEW
			       "\"old\":null,\"ret\":0,\"error\":null,\"duration_ns\":1234}\n");
}

static void test_json(void)
{
	struct caller thread = { .pid = 4242, .tid = 4243, .comm = "app" };
	struct call call = with_old();

	expect_call(&out_json, &plain, &thread, &call,
		    JSON_START "\"pid\":4242,\"tid\":4243,\"comm\":\"app\",\"timer_id\":0,"
			       "\"flags\":1,\"flag_names\":[\"TIMER_ABSTIME\"],\"abi\":\"64\","
			       "\"new_ptr\":\"0x7ffc12345678\",\"old_ptr\":\"0x7ffc12345698\","
			       "\"new\":{\"interval\":{\"sec\":1,\"nsec\":500},"
			       "\"value\":{\"sec\":2,\"nsec\":750},\"from\":\"kernel\"},"
			       "\"old\":{\"interval\":{\"sec\":0,\"nsec\":500},"
			       "\"value\":{\"sec\":0,\"nsec\":997866370},\"from\":\"kernel\"},"
			       "\"ret\":0,\"error\":null,\"duration_ns\":1234}\n");
	call = refused();
	expect_call(&out_json, &plain, &app, &call,
		    JSON_APP
		    "\"timer_id\":-1,\"flags\":6,\"flag_names\":[\"0x6\"],\"abi\":\"64\","
		    "\"new_ptr\":\"0x7ffc12345678\",\"old_ptr\":\"0xffffffffffffffff\","
		    "\"new\":{\"interval\":{\"sec\":-9223372036854775808,"
		    "\"nsec\":9223372036854775807},\"value\":{\"sec\":-5,\"nsec\":2000000000},"
		    "\"from\":\"user\"},\"old\":null,"
		    "\"ret\":-22,\"error\":\"EINVAL\",\"duration_ns\":1234}\n");
	call = usual;
	call.abi = ABI_32;
	call.flags = 7;
	call.new_ptr = 0;
	call.new_value.from = FROM_NONE;
	call.ret = -EFAULT;
	expect_call(&out_json, &plain, &app, &call,
		    JSON_APP "\"timer_id\":0,\"flags\":7,"
			     "\"flag_names\":[\"TIMER_ABSTIME\",\"0x6\"],"
			     "\"abi\":\"32\",\"time_bits\":64,\"new_ptr\":null,\"old_ptr\":null,"
			     "\"new\":null,\"old\":null,"
			     "\"ret\":-14,\"error\":\"EFAULT\",\"duration_ns\":1234}\n");
	call = usual;
	call.abi = ABI_32_TIME32;
	expect_call(&out_json, &plain, &app, &call,
		    JSON_APP "\"timer_id\":0,\"flags\":0,\"flag_names\":[],"
			     "\"abi\":\"32\",\"time_bits\":32,\"new_ptr\":\"0x7ffc12345678\","
			     "\"old_ptr\":null," JSON_NEW "\"old\":null,"
			     "\"ret\":0,\"error\":null,\"duration_ns\":1234}\n");
}

static void test_json_parts(void)
{
	struct caller unknown = { .tid = 4242 };
	struct call call = without_return();

	expect_call(&out_json, &plain, &app, &call,
		    JSON_APP "\"timer_id\":0,\"flags\":0,\"flag_names\":[],\"abi\":\"64\","
			     "\"new_ptr\":\"0x7ffc12345678\",\"old_ptr\":null," JSON_NEW
			     "\"old\":null,"
			     "\"ret\":null,\"error\":null,\"duration_ns\":null,"
			     "\"incomplete\":[\"return\"]}\n");
	call = without_entry();
	expect_call(&out_json, &plain, &app, &call,
		    JSON_APP "\"timer_id\":0,\"flags\":0,\"flag_names\":[],\"abi\":null," JSON_NEW
			     "\"old\":null,\"ret\":0,\"error\":null,\"duration_ns\":null,"
			     "\"incomplete\":[\"entry\"]}\n");
	call = without_entry();
	call.missing = CALL_NO_COPY;
	expect_call(&out_json, &plain, &app, &call,
		    JSON_APP "\"timer_id\":0,\"flags\":0,\"flag_names\":[],\"abi\":null," JSON_NEW
			     "\"old\":null,\"ret\":0,\"error\":null,\"duration_ns\":1234,"
			     "\"incomplete\":[\"copy\"]}\n");
	call = bare(CALL_NO_ENTRY | CALL_NO_RETURN);
	expect_call(&out_json, &plain, &unknown, &call,
		    JSON_START
		    "\"pid\":null,\"tid\":4242,\"comm\":\"\",\"abi\":null,"
		    "\"new\":null,\"old\":null,\"ret\":null,\"error\":null,\"duration_ns\":null,"
		    "\"incomplete\":[\"entry\",\"return\"]}\n");
}

static void expect_json_comm(const char *comm, const char *expected)
{
	struct call call = bare(CALL_NO_ENTRY | CALL_NO_RETURN);
	struct caller caller = { .tid = 1 };
	char line[512];

	snprintf(caller.comm, sizeof(caller.comm), "%s", comm);
	snprintf(line, sizeof(line),
		 JSON_START "\"pid\":null,\"tid\":1,\"comm\":\"%s\",\"abi\":null,\"new\":null,"
			    "\"old\":null,\"ret\":null,\"error\":null,\"duration_ns\":null,"
			    "\"incomplete\":[\"entry\",\"return\"]}\n",
		 expected);
	expect_call(&out_json, &plain, &caller, &call, line);
}

static void test_json_comm(void)
{
	expect_json_comm("a\"b\\c/d", "a\\\"b\\\\c/d");
	expect_json_comm("\001\t\n\033[m\177", "\\u0001\\u0009\\u000a\\u001b[m\\u007f");
	expect_json_comm("\303\251\342\202\254", "\303\251\342\202\254");
	expect_json_comm("\360\237\230\200", "\360\237\230\200");
	expect_json_comm("\302\205", "\\u0085");
	expect_json_comm("\351t\351", "\\u00e9t\\u00e9");
	/* cut in the middle of a character, as the kernel cuts names */
	expect_json_comm("app\342\202", "app\\u00e2\\u0082");
	expect_json_comm("aaaaaaaaaaaaaa\342", "aaaaaaaaaaaaaa\\u00e2");
	/* overlong, surrogate, above U+10FFFF */
	expect_json_comm("\300\257\340\200\257", "\\u00c0\\u00af\\u00e0\\u0080\\u00af");
	expect_json_comm("\355\240\200", "\\u00ed\\u00a0\\u0080");
	expect_json_comm("\364\220\200\200", "\\u00f4\\u0090\\u0080\\u0080");
	expect_json_comm("\360\217\277\277", "\\u00f0\\u008f\\u00bf\\u00bf");
}

static void test_csv(void)
{
	struct caller hostile = { .pid = 4242, .tid = 4243, .comm = "a,\"b\"\nc" };
	struct caller unknown = { .tid = 4243 };
	struct out_style style = plain;
	struct call call = with_old();

	expect_header(&out_csv, &plain, "");
	style.header = true;
	expect_header(&out_csv, &style,
		      "event,time,mono_ns,cpu,pid,tid,comm,timer_id,flags,flag_names,abi,time_bits,"
		      "new_ptr,old_ptr,new_value_sec,new_value_nsec,new_interval_sec,"
		      "new_interval_nsec,new_from,old_value_sec,old_value_nsec,old_interval_sec,"
		      "old_interval_nsec,old_from,ret,error,duration_ns,incomplete,lost,fd,which,"
		      "clock,clock_id,seconds,sigevent_ptr,sigevent_notify,sigevent_signo,"
		      "sigevent_value,sigevent_tid,sigevent_from,asked_ns,asked_clock,late_ns,"
		      "interval_ns,armed_by,signo,signal,result,target_tid,after_ns,overrun,"
		      "sigev_value,changed\n");
	expect_call(&out_csv, &plain, &hostile, &call,
		    CSV_START "4242,4243,\"a,\"\"b\"\"\nc\",0,1,TIMER_ABSTIME,64,64,"
			      "0x7ffc12345678,0x7ffc12345698,2,750,1,500,kernel,"
			      "0,997866370,0,500,kernel,0,,1234,," CSV_REST);
	call = refused();
	call.abi = ABI_32_TIME32;
	call.flags = 7;
	expect_call(
		&out_csv, &plain, &unknown, &call,
		CSV_START
		",4243,,-1,7,TIMER_ABSTIME|0x6,32,32,"
		"0x7ffc12345678,0xffffffffffffffff,-5,2000000000,"
		"-9223372036854775808,9223372036854775807,user,,,,,,-22,EINVAL,1234,," CSV_REST);
	expect_call(&out_csv, &plain, &app, &usual,
		    CSV_START "4242,4242,app,0,0,,64,64,0x7ffc12345678,0x0,"
			      "0,10000000,0,0,kernel,,,,,,0,,1234,," CSV_REST);
	call = without_return();
	call.abi = ABI_32;
	expect_call(&out_csv, &plain, &app, &call,
		    CSV_START "4242,4242,app,0,0,,32,64,0x7ffc12345678,0x0,"
			      "0,10000000,0,0,kernel,,,,,,,,,return," CSV_REST);
	call = bare(CALL_NO_ENTRY | CALL_NO_RETURN);
	expect_call(&out_csv, &plain, &app, &call,
		    CSV_START "4242,4242,app,,,,,,,,,,,,,,,,,,,,,entry|return," CSV_REST);
}

static void test_lost(void)
{
	struct loss counted = { .cpu = 1, .counted = true, .records = 12, .ts = START_NS };
	struct loss unknown = { .cpu = 0 };
	struct loss anywhere = { .cpu = LOSS_ANYWHERE };
	struct out_style style = plain;
	struct sink *sink;
	int fd;

	expect_lost(&out_text, &counted, "# lost 12 records on CPU 1\n");
	expect_lost(&out_text, &unknown, "# lost records on CPU 0, number unknown\n");
	expect_lost(&out_text, &anywhere, "# lost records, number unknown\n");
	expect_lost(&out_strace, &counted, "# lost 12 records on CPU 1\n");
	expect_lost(&out_json, &counted,
		    "{\"event\":\"lost\",\"time\":\"2026-11-21T12:00:00.123456789Z\","
		    "\"mono_ns\":100123456789,\"cpu\":1,\"records\":12}\n");
	expect_lost(&out_json, &unknown,
		    "{\"event\":\"lost\",\"time\":null,\"mono_ns\":null,\"cpu\":0,"
		    "\"records\":null}\n");
	expect_lost(&out_json, &anywhere,
		    "{\"event\":\"lost\",\"time\":null,\"mono_ns\":null,\"cpu\":null,"
		    "\"records\":null}\n");
	expect_lost(&out_csv, &anywhere, "lost,,,,,,,,,,,,,,,,,,,,,,,,,,,," CSV_REST);
	expect_lost(&out_csv, &counted,
		    "lost,2026-11-21T12:00:00.123456789Z,100123456789,1"
		    ",,,,,,,,,,,,,,,,,,,,,,,,,12" CSV_REST);
	expect_lost(&out_csv, &unknown, "lost,,,0,,,,,,,,,,,,,,,,,,,,,,,,," CSV_REST);
	style.color = true;
	sink = open_sink(&fd);
	out_text.lost(sink, &style, &counted);
	expect(sink, fd, "\033[33m# lost 12 records on CPU 1\033[0m\n");
}

/* The same lines with and without a cache, across seconds and callers. */
static void test_cache(void)
{
	static const struct out *const outs[] = { &out_text, &out_strace, &out_json, &out_csv };
	static char expected[sizeof(written)];
	static struct out_cache cache;
	struct out_style style = plain;
	struct call call = usual;
	struct caller caller;
	struct sink *sink;
	unsigned i, format;
	int fd;

	for (format = 0; format < 4; format++) {
		memset(&cache, 0, sizeof(cache));
		for (i = 0; i < 200; i++) {
			style.time = i % 3 ? TIME_WALL : TIME_RELATIVE;
			call.start_ns = START_NS + i / 4 * 300000000ULL;
			memset(&caller, 0, sizeof(caller));
			caller.pid = 1;
			caller.tid = (int32_t)(i % 3 + (i & 16 ? OUT_CACHE_CALLERS : 0));
			snprintf(caller.comm, sizeof(caller.comm), "comm-%u", i / 90);
			style.cache = NULL;
			sink = open_sink(&fd);
			outs[format]->call(sink, &style, &caller, &call);
			sink_flush(sink);
			memset(expected, 0, sizeof(expected));
			CU_ASSERT_TRUE(pread(fd, expected, sizeof(expected) - 1, 0) > 0);
			sink_free(sink);
			close(fd);
			style.cache = &cache;
			expect_call(outs[format], &style, &caller, &call, expected);
		}
	}
}

/* Far from what a line may be, so that one which is longer would be found here. */
static void expect_short(struct sink *sink, int fd)
{
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	CU_ASSERT_TRUE(lseek(fd, 0, SEEK_END) < SINK_LINE_MAX / 4);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
}

/* The longest of everything fits into a line and into the cache. */
static void test_longest(void)
{
	static struct out_cache cache;
	struct itimerspec_seen longest = { FROM_KERNEL,
					   { INT64_MIN, INT64_MIN },
					   { INT64_MIN, INT64_MIN } };
	struct caller caller = { .pid = INT32_MIN, .tid = INT32_MIN };
	struct out_style style = { .time = TIME_MONO, .wide = true, .color = true };
	struct call call = {
		.event = EVENT_TIMER_SETTIME,
		.start_ns = UINT64_MAX,
		.end_ns = 1ULL << 63,
		.cpu = INT32_MIN,
		.abi = ABI_32_TIME32,
		.has_args = true,
		.has_pointers = true,
		.timer_id = INT32_MIN,
		.flags = UINT32_MAX,
		.new_ptr = UINT64_MAX,
		.old_ptr = UINT64_MAX,
		.has_id = true,
		.clock = INT32_MIN,
		.seconds = UINT32_MAX,
		.new_value = longest,
		.old_value = longest,
		.user_before = longest,
		.user_after = longest,
		.user_old = longest,
		.changed = CHANGED_NEW_BEFORE | CHANGED_NEW_AFTER | CHANGED_OLD_AFTER,
		.sigevent = { FROM_KERNEL, UINT64_MAX, INT32_MIN, SIGEV_THREAD_ID, INT32_MIN },
		.ret = INT64_MIN,
	};
	struct occurrence occurrence = {
		.ts = UINT64_MAX,
		.cpu = INT32_MIN,
		.tid = INT32_MIN,
		.has_id = true,
		.id = INT32_MIN,
		.has_clock = true,
		.clock = INT32_MIN,
		.has_asked = true,
		.asked_ns = INT64_MIN,
		.asked_clock = INT32_MIN,
		.late_ns = INT64_MIN,
		.has_interval = true,
		.interval_ns = INT64_MIN,
		.armed_by = ARMED_BY_KERNEL,
		.signo = INT32_MIN,
		.target_tid = INT32_MIN,
		.has_after = true,
		.after_ns = INT64_MIN,
		.has_overrun = true,
		.overrun = INT32_MIN,
		.sigev_value = UINT64_MAX,
	};
	int fd = memfd_create("out", 0);
	struct sink *sink = sink_new(fd, -1);

	memset(caller.comm, '\033', sizeof(caller.comm) - 1);
	for (enum out_format format = OUT_TEXT; format <= OUT_TSV; format++) {
		style.format = format;
		memset(&cache, 0, sizeof(cache));
		style.cache = &cache;
		for (call.event = 0; call.event < EVENT_CALLS; call.event++) {
			out_for(&style)->call(sink, &style, &caller, &call);
			expect_short(sink, fd);
		}
		for (int event = EVENT_CALLS; event < EVENT_COUNT; event++) {
			occurrence.event = (enum event)event;
			occurrence.family = event_family(occurrence.event);
			out_for(&style)->occurrence(sink, &style, &caller, &occurrence);
			expect_short(sink, fd);
		}
		CU_ASSERT_TRUE(cache.callers[0].length <= OUT_CALLER_MAX);
	}
	sink_free(sink);
	close(fd);
}

static const struct out *for_format(enum out_format format)
{
	struct out_style style = plain;

	style.format = format;
	return out_for(&style);
}

static void test_out_for(void)
{
	CU_ASSERT_PTR_EQUAL(for_format(OUT_TEXT), &out_text);
	CU_ASSERT_PTR_EQUAL(for_format(OUT_STRACE), &out_strace);
	CU_ASSERT_PTR_EQUAL(for_format(OUT_JSON), &out_json);
	CU_ASSERT_PTR_EQUAL(for_format(OUT_CSV), &out_csv);
	CU_ASSERT_PTR_EQUAL(for_format(OUT_TSV), &out_tsv);
}

int suite_out(void)
{
	CU_pSuite suite = CU_add_suite("out", NULL, NULL);

	if (!suite || !add_text_tests(suite) || !CU_ADD_TEST(suite, test_strace) ||
	    !CU_ADD_TEST(suite, test_strace_parts) || !CU_ADD_TEST(suite, namespaces) ||
	    !CU_ADD_TEST(suite, test_json) || !CU_ADD_TEST(suite, test_json_parts) ||
	    !CU_ADD_TEST(suite, test_json_comm) || !CU_ADD_TEST(suite, test_csv) ||
	    !CU_ADD_TEST(suite, test_lost) || !CU_ADD_TEST(suite, test_cache) ||
	    !CU_ADD_TEST(suite, test_longest) || !CU_ADD_TEST(suite, test_out_for))
		return (int)CU_get_error();
	return 0;
}
