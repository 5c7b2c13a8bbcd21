/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans where something is missing: what stands in, and what is said of it. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plans.h"
#include "suites.h"

static void describe_all(void)
{
	describe();
	list_symbols();
	wishes = (struct plan_wishes){ .events = EVENTS_ALL, .lives = true, .user_ids = true };
}

/* One symbol that there is not: the one thing that is said, and the events that go with it. */
struct missing {
	const char *symbol;
	const char *note; /* NULL: nothing is lost, or it is seen otherwise */
	const char *gone[3];
};

static const struct missing missing[] = {
	{ "do_timerfd_settime",
	  "no new value of timerfd_settime: do_timerfd_settime cannot be probed",
	  { "fd_settime_new" } },
	{ "put_itimerspec64", "no old value: put_itimerspec64 cannot be probed", { "old" } },
	{ "put_old_itimerspec32",
	  "no old value of 32-bit times: put_old_itimerspec32 cannot be probed",
	  { "old_time32" } },
	{ "do_timer_create",
	  "no sigevents: do_timer_create cannot be probed",
	  { "try_create_sigevent" } },
	{ "posix_timer_add_at", NULL, { "create_id" } },
	{ "common_timer_create", NULL, { NULL } },
	{ "do_setitimer",
	  "no values of setitimer and alarm: do_setitimer cannot be probed",
	  { "setitimer_new", "setitimer_old" } },
	{ "do_getitimer",
	  "no values of getitimer: do_getitimer cannot be probed",
	  { "getitimer_at", "getitimer_value" } },
	{ "exit_itimers",
	  "the end of a process may not be seen: exit_itimers cannot be probed",
	  { "timers_gone" } },
	{ "alarm_handle_timer",
	  "no expiries on alarm clocks: alarm_handle_timer cannot be probed",
	  { "expire_alarm" } },
	{ "posixtimer_send_sigqueue", NULL, { NULL } },
	{ "send_sigqueue", NULL, { NULL } },
	{ "timerfd_alarmproc",
	  "no expiries of timerfds on alarm clocks: timerfd_alarmproc cannot be probed",
	  { "expire_fd_alarm" } },
	{ "anon_inode_getfd", NULL, { "anon_inode_getfd" } },
	{ "anon_inode_getfile", NULL, { "anon_inode_getfile" } },
	{ "anon_inode_getfile_fmode", NULL, { "anon_inode_getfile_fmode" } },
	{ "signal_setup_done",
	  "which of several timers with one signal a handler gets is guessed, its overruns are not "
	  "shown: signal_setup_done cannot be read",
	  { "signal_setup_done" } },
	{ "do_sigtimedwait", NULL, { "wait", "waited" } },
	{ "copy_siginfo_to_user", NULL, { "copy_siginfo_to_user" } },
	{ "commit_creds",
	  "a process that changes its user id while traced keeps the old one here: commit_creds "
	  "cannot be read",
	  { "task_creds" } },
};

static void one_missing(void)
{
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		for (unsigned count = 0; count <= 2; count += 2) { /* ambiguous is as bad */
			describe_all();
			set_symbol(missing[i].symbol, count);
			make_whole();
			if (missing[i].note)
				NOTES(missing[i].note);
			else
				NO_NOTES();
			for (int j = 0; missing[i].gone[j]; j++)
				expect_none(missing[i].gone[j]);
			CU_ASSERT_PTR_NULL(find(missing[i].symbol));
		}
	}
}

/* The functions of hrtimers: without their own probe, their address is not known either. */
static void no_function_of_an_hrtimer(void)
{
	static const struct {
		const char *symbol, *gone, *note;
	} cases[] = {
		{ "posix_timer_fn", "expire",
		  "no expiries of POSIX timers: posix_timer_fn cannot be probed" },
		{ "timerfd_tmrproc", "expire_fd",
		  "no expiries of timerfds: timerfd_tmrproc cannot be probed" },
		{ "it_real_fn", "expire_real",
		  "how late ITIMER_REAL expires is not known: it_real_fn cannot be read" },
	};

	for (size_t i = 0; i < 3; i++) {
		bool told = false;

		describe_all();
		set_symbol(cases[i].symbol, 0);
		make_whole();
		for (size_t j = 0; j < plan.note_count; j++)
			told = told || strcmp(plan.notes[j], cases[i].note) == 0;
		CU_ASSERT_TRUE(told);
		expect_none(cases[i].gone);
		CU_ASSERT_EQUAL(find_tracepoint("itimer_expire")->filter[0] != '\0', i != 2);
	}
	/* refused, and listed: the tracepoints still tell of its expiries */
	describe_all();
	make_whole();
	CU_ASSERT_EQUAL(refuse("it_real_fn", "no"), 0);
	NOTES(cases[2].note);
	CU_ASSERT_STRING_EQUAL(find_tracepoint("itimer_expire")->filter, "");
}

/* Linux 5.10 to 6.12 have send_sigqueue(), which is given a copy of what there is to send. */
static void senders(void)
{
	describe_all();
	set_symbol("posixtimer_send_sigqueue", 0);
	make_whole();
	expect_probe("try_queue", "send_sigqueue", USE_QUEUE, EVENT_TIMER_EXPIRE,
		     "id=+40($arg1):s32 pid=+96($arg2):s32");
	set_symbol("send_sigqueue", 0);
	make_whole();
	NOTES("no expiries on CPU clocks: send_sigqueue cannot be probed");
	expect_none("try_queue");
}

static void new_ids(void)
{
	describe_all();
	set_symbol("posix_timer_add_at", 0);
	set_symbol("posix_cpu_timer_create", 0);
	make_whole();
	NOTES("no ids of some new timers: posix_cpu_timer_create cannot be read");
	CU_ASSERT_PTR_NOT_NULL(find_event("create_id_common"));
	CU_ASSERT_PTR_NOT_NULL(find_event("create_id_alarm"));
	expect_none("create_id_cpu");
}

static void new_timerfds(void)
{
	describe_all();
	set_symbol("anon_inode_getfd", 0);
	set_symbol("anon_inode_getfile", 0);
	set_symbol("anon_inode_getfile_fmode", 0);
	make_whole();
	NOTES("which timerfd expires is known once it was armed");
	/* not listed at all, any of them may be there */
	describe();
	wishes.events = EVENT_BIT(EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_PTR_NOT_NULL(find_event("anon_inode_getfile_fmode"));
}

static void waits(void)
{
	describe_all();
	set_symbol("do_sigtimedwait", 0);
	set_symbol("copy_siginfo_to_user", 0);
	set_symbol("copy_siginfo_to_external32", 0);
	make_whole();
	NOTES("signals that are waited for are not shown as delivered: copy_siginfo_to_user "
	      "cannot be probed");
	/* the part that waits, and not the whole */
	describe_all();
	make_whole();
	CU_ASSERT_EQUAL(refuse("do_sigtimedwait", "no"), 0);
	CU_ASSERT_PTR_NOT_NULL(find_event("copy_siginfo_to_user"));
}

/* --- what else may be missing ------------------------------------------------ */

static void no_arrays(void)
{
	describe_all();
	kernel.arrays = false;
	make_whole();
	NOTES("no old values of setitimer and alarm",
	      "no values of getitimer: do_getitimer cannot be probed");
	expect_probe("setitimer_new", "do_setitimer", USE_COPY, EVENT_SETITIMER,
		     "id=$arg1:s32 at=$arg3:x64 sp=$stack:x64 new_is=+0($arg2):s64 "
		     "new_in=+8($arg2):s64 new_vs=+16($arg2):s64 new_vn=+24($arg2):s64");
	expect_none("setitimer_old");
	expect_none("getitimer_value");
	expect_none("wait");
	CU_ASSERT_PTR_NOT_NULL(find_event("copy_siginfo_to_user"));
}

#define NO_TYPES                                                                                   \
	"no expiries and no signals: this kernel has no type data of its timers "                  \
	"(/sys/kernel/btf/vmlinux)"

static void no_types(void)
{
	describe_all();
	for (int i = 0; i < OFFSET_COUNT; i++)
		kernel.offset[i] = -1;
	make_whole();
	NOTES(NO_TYPES, "a process that changes its user id while traced keeps the old one here: "
			"commit_creds cannot be read");
	expect_none("try_expire");
	CU_ASSERT_PTR_NULL(find_tracepoint("signal_generate"));
	CU_ASSERT_PTR_NOT_NULL(find_event("create_id"));
	CU_ASSERT_PTR_NOT_NULL(find_event("timers_gone"));
}

/* Nothing but these were wished for: that others rest on calls makes none of them shown. */
static void no_types_for_all(void)
{
	describe_all();
	for (int i = 0; i < OFFSET_COUNT; i++)
		kernel.offset[i] = -1;
	wishes = (struct plan_wishes){ .events = EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENTS_SIGNAL };
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "expiries and signals cannot be shown: this kernel has "
					 "no type data of its timers");
	CU_ASSERT_STRING_EQUAL(err.hint, "it needs CONFIG_DEBUG_INFO_BTF=y "
					 "(/sys/kernel/btf/vmlinux); -e calls works without");
}

/* One alone is missing: which of the plan's probes cannot do without it. */
static void one_offset(void)
{
	static const enum feature_offset alone[] = { OFFSET_CRED_UID,     OFFSET_SIGNAL_REAL,
						     OFFSET_SIGNAL_INCR,  OFFSET_SIGNAL_PIDS,
						     OFFSET_KSIGNAL_INFO, OFFSET_FILE_PRIVATE };
	static const char *const gone[] = { "task_creds",        "try_expire_real",
					    "try_expire_real",   "try_expire_real",
					    "signal_setup_done", "release" };

	/* what comes behind these is for the kernel's own timers */
	for (int i = 0; i < OFFSET_SLEEPER_TASK; i++) {
		size_t j = 0;

		describe_all();
		kernel.offset[i] = -1;
		make_whole();
		while (j < 6 && (int)alone[j] != i)
			j++;
		if (j == 6) {
			NOTES(NO_TYPES);
			expect_none("try_expire");
			continue;
		}
		expect_none(gone[j]);
		CU_ASSERT_PTR_NOT_NULL(find_event("try_expire"));
		CU_ASSERT_EQUAL(plan.note_count, 1);
		for (size_t k = 0; k < plan.probe_count; k++) /* no offset of -1 */
			CU_ASSERT_PTR_NULL(strstr(plan.probes[k].args, "-1("));
	}
}

/* No 32-bit callers, as without CONFIG_IA32_EMULATION: each call says so. */
static void no_ia32(void)
{
	static const char *const names[] = {
		"timer_create", "timer_settime",  "timer_gettime",   "timer_getoverrun",
		"timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime",
		"setitimer",    "getitimer",      "alarm",
	};

	describe_all();
	for (size_t i = 0; i < kernel.symbol_count; i++)
		if (strncmp(kernel.symbols[i].name, "__ia32", 6) == 0)
			kernel.symbols[i].count = 0;
	make_whole();
	CU_ASSERT_EQUAL(plan.note_count, 15);
	CU_ASSERT_TRUE(plan.abi_seen[ABI_64]);
	CU_ASSERT_FALSE(plan.abi_seen[ABI_32] || plan.abi_seen[ABI_32_TIME32]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char note[80];
		bool told = false;

		snprintf(note, sizeof(note), "no %s by 32-bit callers", names[i]);
		for (size_t j = 0; j < plan.note_count; j++)
			told = told || strncmp(plan.notes[j], note, strlen(note)) == 0;
		CU_ASSERT_TRUE(told);
	}
	expect_none("old_time32");
}

/* Every call's own 64-bit entry must be there. */
static void no_entry(void)
{
	describe_all();
	for (size_t i = 0; i < kernel.symbol_count; i++) {
		if (strncmp(kernel.symbols[i].name, "__x64", 5) != 0)
			continue;
		kernel.symbols[i].count = 0;
		CU_ASSERT_EQUAL(make(), -ENOTSUP);
		CU_ASSERT_EQUAL(
			strncmp(err.text, kernel.symbols[i].name, strlen(kernel.symbols[i].name)),
			0);
		kernel.symbols[i].count = 1;
	}
}

/* All that there is not is said: none of the notes falls out. */
static void nothing_is_left_unsaid(void)
{
	describe_all();
	wishes.toctou = true;
	for (size_t i = 0; i < kernel.symbol_count; i++)
		if (strncmp(kernel.symbols[i].name, "__x64", 5) != 0)
			kernel.symbols[i].count = 0;
	make_whole();
	/* as many as there is room for: there may have been more */
	CU_ASSERT_TRUE(plan.note_count < PLAN_NOTES_MAX);
}

/* --- --toctou ---------------------------------------------------------------- */

#define READS(at, bits, size1, size2, size3, last)                                                 \
	"user_is=+u0(" at "):s" bits " user_in=+u" size1 "(" at "):s" bits " user_vs=+u" size2     \
	"(" at "):s" bits " user_vn=+u" size3 "(" at "):s" bits " first=+u0(" at                   \
	"):ustring last1=+u" last "(" at "):ustring last2=+u" last "(" at                          \
	"):ustring last3=+u" last "(" at "):ustring last4=+u" last "(" at "):ustring"

/* What is read of the caller's memory is at its end. */
static void expect_reads(const char *event, enum probe_use use, enum event about, const char *reads)
{
	const struct probe *probe = find_event(event);
	size_t length, wanted = strlen(reads);

	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	length = strlen(probe->args);
	CU_ASSERT_EQUAL(probe->means.use, use);
	CU_ASSERT_EQUAL(probe->means.event, about);
	CU_ASSERT_EQUAL(probe->kretprobe, use != USE_USER_BEFORE);
	CU_ASSERT_TRUE_FATAL(length >= wanted);
	CU_ASSERT_STRING_EQUAL(probe->args + length - wanted, reads);
}

static void compared_memory(void)
{
	describe_all();
	wishes = (struct plan_wishes){ .events = EVENTS_CALLS, .toctou = true };
	make_whole();
	NO_NOTES();
	expect_reads("try_settime_before", USE_USER_BEFORE, EVENT_TIMER_SETTIME,
		     READS("+96($arg1)", "64", "8", "16", "24", "31"));
	expect_reads("try_settime_after", USE_USER_AFTER, EVENT_TIMER_SETTIME,
		     READS("+96($arg1)", "64", "8", "16", "24", "31"));
	expect_reads("try_settime_old_after", USE_USER_OLD, EVENT_TIMER_SETTIME,
		     READS("+56($arg1)", "64", "8", "16", "24", "31"));
	expect_reads("try_settime_before_ia32", USE_USER_BEFORE, EVENT_TIMER_SETTIME,
		     READS("+96($arg1)", "64", "8", "16", "24", "31"));
	expect_reads("try_fd_settime_old_after_ia32_time32", USE_USER_OLD, EVENT_TIMERFD_SETTIME,
		     READS("+104($arg1)", "32", "4", "8", "12", "15"));
	/* entries and returns at the same place are missed with a read that fails */
	CU_ASSERT_PTR_NOT_NULL(find_event("try_settime_enter"));
	CU_ASSERT_PTR_NOT_NULL(find_event("try_fd_settime_exit_ia32"));
	expect_none("settime_enter");
	CU_ASSERT_PTR_NOT_NULL(find_event("gettime_enter"));
	CU_ASSERT_PTR_NOT_NULL(find_event("setitimer_enter"));
}

/* Which probe of one place comes first: "before" behind the entry, "after" before the return. */
static void order_of_probes(void)
{
	size_t before = 0, entry = 0;

	describe_all();
	wishes = (struct plan_wishes){ .events = EVENT_BIT(EVENT_TIMER_SETTIME), .toctou = true };
	make_whole();
	for (size_t i = 0; i < plan.probe_count; i++) {
		if (strcmp(plan.probes[i].event, "try_settime_before") == 0)
			before = i;
		if (strcmp(plan.probes[i].event, "try_settime_enter") == 0)
			entry = i;
	}
	CU_ASSERT_TRUE(before < entry); /* the last that was made runs first */
}

static void not_compared(void)
{
	describe_all();
	wishes = (struct plan_wishes){ .events = EVENT_BIT(EVENT_TIMER_SETTIME), .toctou = true };
	kernel.ustring = false;
	make_whole();
	NOTES("the caller's memory is not compared: probes cannot read it");
	CU_ASSERT_PTR_NOT_NULL(find_event("settime_call"));
	/* not at return, where nothing tells where the arguments are */
	kernel.ustring = true;
	kernel.return_args = false;
	make_whole();
	CU_ASSERT_EQUAL(plan.note_count, 6);
	CU_ASSERT_PTR_NOT_NULL(find_event("try_settime_before_ia32_time32"));
	expect_none("try_settime_after");
	/* but for a register that does, of 64-bit callers */
	snprintf(kernel.registers_in, sizeof(kernel.registers_in), "%%bx");
	make_whole();
	CU_ASSERT_EQUAL(plan.note_count, 4);
	expect_reads("try_settime_after", USE_USER_AFTER, EVENT_TIMER_SETTIME,
		     READS("+96(%bx)", "64", "8", "16", "24", "31"));
	expect_none("try_settime_after_ia32");
}

int suite_plan_missing(void)
{
	CU_pSuite suite = CU_add_suite("plan_missing", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, one_missing) ||
	    !CU_ADD_TEST(suite, no_function_of_an_hrtimer) || !CU_ADD_TEST(suite, senders) ||
	    !CU_ADD_TEST(suite, new_ids) || !CU_ADD_TEST(suite, new_timerfds) ||
	    !CU_ADD_TEST(suite, waits) || !CU_ADD_TEST(suite, no_arrays) ||
	    !CU_ADD_TEST(suite, no_types) || !CU_ADD_TEST(suite, no_types_for_all) ||
	    !CU_ADD_TEST(suite, one_offset) || !CU_ADD_TEST(suite, no_ia32) ||
	    !CU_ADD_TEST(suite, no_entry) || !CU_ADD_TEST(suite, nothing_is_left_unsaid) ||
	    !CU_ADD_TEST(suite, compared_memory) || !CU_ADD_TEST(suite, order_of_probes) ||
	    !CU_ADD_TEST(suite, not_compared))
		return (int)CU_get_error();
	return 0;
}
