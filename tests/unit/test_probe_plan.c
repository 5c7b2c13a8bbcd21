/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "plans.h"
#include "suites.h"

#define NOT_SHOWN "the value of a call refused for it (EINVAL) is not shown"
#define FROM_CALLER                                                                                \
	"the value of a call refused for it (EINVAL) is read from the caller's memory as it is "   \
	"copied in"
#define NO_COPY "new values are read from the caller's memory: the kernel's copy cannot be probed"
#define NO_VALUE "new values are not shown: nothing that has them can be probed"
#define NO_CLOCKS(clocks, symbol)                                                                  \
	"no kernel's copy of the new value of " clocks " clocks: " symbol " cannot be probed"

static void texts(void)
{
	struct probe probe = { .event = "e", .symbol = "f.part.0", .args = "a=$arg1 b=$arg2" };
	char text[PROBE_TEXT_MAX];

	CU_ASSERT_EQUAL(probe_text(text, &probe, "g"), strlen("p:g/e f.part.0 a=$arg1 b=$arg2"));
	CU_ASSERT_STRING_EQUAL(text, "p:g/e f.part.0 a=$arg1 b=$arg2");
	probe.kretprobe = true;
	probe_text(text, &probe, "g");
	CU_ASSERT_STRING_EQUAL(text, "r1024:g/e f.part.0 a=$arg1 b=$arg2");
}

/* $argN and $retval are taken of functions with names only (trace_kprobe.c of 5.10). */
static void definitions(void)
{
	struct probe probe = { .event = "e",
			       .symbol = "f",
			       .args = "a=$arg1 b=+8(+u16($arg6)):x64 c=$arg3 d=$stack" };
	char text[PROBE_TEXT_MAX];

	probe_definition(text, &probe, "g");
	CU_ASSERT_STRING_EQUAL(text, "p:g/e f a=$arg1 b=+8(+u16($arg6)):x64 c=$arg3 d=$stack");
	probe.address = 0xffffffff81000010;
	CU_ASSERT_EQUAL(probe_definition(text, &probe, "g"), strlen(text));
	CU_ASSERT_STRING_EQUAL(text,
			       "p:g/e 0xffffffff81000010 a=%di b=+8(+u16(%r9)):x64 c=%dx d=$stack");
	/* Registers are other ones by then. */
	probe.kretprobe = true;
	probe_definition(text, &probe, "g");
	CU_ASSERT_EQUAL(strncmp(text, "r1024:g/e f a=$arg1 ", 20), 0);
	snprintf(probe.args, sizeof(probe.args), "ret=$retval:s64");
	probe_definition(text, &probe, "g");
	CU_ASSERT_STRING_EQUAL(text, "r1024:g/e 0xffffffff81000010 ret=%ax:s64");
}

static void by_address(void)
{
	const struct plan_wishes all = { .events = EVENTS_ALL };
	struct kernel_features slow;

	fixture_features("5.10", &slow);
	slow.by_address = true;
	CU_ASSERT_EQUAL_FATAL(probe_plan_make(&plan, &slow, &all, NULL), 0);
	CU_ASSERT_TRUE_FATAL(plan.probe_count > 0);
	for (size_t i = 0; i < plan.probe_count; i++)
		CU_ASSERT_EQUAL(plan.probes[i].address,
				kernel_features_address(&slow, plan.probes[i].symbol));
	CU_ASSERT_TRUE(plan.probes[0].address > 0xffffffff80000000);
	slow.by_address = false;
	CU_ASSERT_EQUAL_FATAL(probe_plan_make(&plan, &slow, &all, NULL), 0);
	CU_ASSERT_EQUAL(plan.probes[0].address, 0);
}

static void everything_there(void)
{
	describe();
	make_whole();
	CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_KERNEL);
	CU_ASSERT_EQUAL(plan.old_from, FROM_KERNEL);
	CU_ASSERT_TRUE(plan.abi_seen[ABI_64] && plan.abi_seen[ABI_32] &&
		       plan.abi_seen[ABI_32_TIME32]);
	CU_ASSERT_EQUAL(plan.note_count, 0);
	/* the caller's memory is left alone where the kernel's copy shows all */
	CU_ASSERT_PTR_NULL(find("get_itimerspec64"));
	CU_ASSERT_PTR_NULL(find("commit_creds"));
	CU_ASSERT_EQUAL(plan.event_count, 4);
}

static void parts_stand_in(void)
{
	static const char *const parts[] = { "do_timer_settime.part.0", "do_timer_settime.isra.0",
					     "do_timer_settime.constprop.0" };

	describe();
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_PTR_NULL(find("do_timer_settime"));
		CU_ASSERT_PTR_NOT_NULL_FATAL(find(parts[i]));
		CU_ASSERT_EQUAL(find(parts[i])->means.use, USE_COPY);
		CU_ASSERT_STRING_EQUAL(find(parts[i])->event, "settime_new");
		/* they begin behind the check of the value */
		CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
		CU_ASSERT_EQUAL(plan.refused_new_from, FROM_USER);
		CU_ASSERT_PTR_NOT_NULL(find("get_itimerspec64"));
		NOTES(FROM_CALLER);
		CU_ASSERT_EQUAL_FATAL(refuse(parts[i], "no"), 0);
		CU_ASSERT_PTR_NULL(find(parts[i]));
	}
}

static void clocks_stand_in(void)
{
	const struct probe *probe;

	describe();
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime.part.0", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime.isra.0", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime.constprop.0", "no"), 0);
	probe = find("common_timer_set");
	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	CU_ASSERT_STRING_EQUAL(probe->args, "flags=$arg2:x32 new=+0($arg3):s64[4]");
	CU_ASSERT_EQUAL(probe->means.use, USE_COPY);
	CU_ASSERT_PTR_NOT_NULL(find("posix_cpu_timer_set"));
	CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_USER);
	NOTES(FROM_CALLER);

	kernel.ustring = false;
	make_whole();
	CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_NONE);
	NOTES(NOT_SHOWN);
}

static void no_copy_at_all(void)
{
	static const char *const hooks[] = {
		"do_timer_settime",        "do_timer_settime.part.0",
		"do_timer_settime.isra.0", "do_timer_settime.constprop.0",
		"common_timer_set",        "posix_cpu_timer_set"
	};

	describe();
	for (size_t i = 0; i < 6; i++)
		kernel.symbols[kernel.symbol_count++] = (struct feature_symbol){ hooks[i], 0, 0 };
	make_whole();
	CU_ASSERT_EQUAL(plan.new_from, FROM_USER);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_USER);
	NOTES(NO_CLOCKS("other than CPU", "common_timer_set"),
	      NO_CLOCKS("CPU", "posix_cpu_timer_set"), NO_COPY, FROM_CALLER);
	kernel.user_memory = false;
	make_whole();
	CU_ASSERT_EQUAL(plan.new_from, FROM_NONE);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_NONE);
	CU_ASSERT_EQUAL(plan.old_from, FROM_KERNEL);
	/* a value that is nowhere must not be said to be read somewhere */
	NOTES(NO_CLOCKS("other than CPU", "common_timer_set"),
	      NO_CLOCKS("CPU", "posix_cpu_timer_set"), NO_VALUE, NOT_SHOWN);
}

/* Values that only one half of a pair of probes shows are missed by the other. */
static void half_a_pair(void)
{
	no_copy_at_all();
	kernel.user_memory = true;
	kernel.symbols[4].count = 1; /* common_timer_set, but not posix_cpu_timer_set */
	make_whole();
	CU_ASSERT_PTR_NOT_NULL(find("common_timer_set"));
	CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
	NOTES(NO_CLOCKS("CPU", "posix_cpu_timer_set"), FROM_CALLER);

	describe();
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("get_itimerspec64", "no"), 0);
	CU_ASSERT_PTR_NOT_NULL(find("get_old_itimerspec32"));
	/* what 32-bit times alone have is not where values come from */
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_NONE);
	NOTES("no caller's value: get_itimerspec64 cannot be probed", NOT_SHOWN);
}

/* The less there is to see, the more there is to say: nothing of it falls out. */
static void all_that_is_missing_is_told(void)
{
	static const char *const told[] = {
		"__ia32_sys_timer_settime ", "__ia32_sys_timer_settime32",
		"common_timer_set",          "posix_cpu_timer_set",
		"put_itimerspec64",          "commit_creds",
		"new values are not shown",  "refused for it",
	};
	describe();
	wishes.user_ids = true;
	list_symbols();
	for (size_t i = 0; i < kernel.symbol_count; i++)
		kernel.symbols[i].count = 0;
	set_symbol("__x64_sys_timer_settime", 1);
	make_whole();
	CU_ASSERT_EQUAL(plan.probe_count, 2);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		bool found = false;

		for (size_t j = 0; j < plan.note_count; j++)
			found = found || strstr(plan.notes[j], told[i]);
		CU_ASSERT_TRUE(found);
	}
}

static void no_ia32(void)
{
	describe();
	kernel.symbols[0] = (struct feature_symbol){ "__ia32_sys_timer_settime", 0, 0 };
	kernel.symbols[1] = (struct feature_symbol){ "__ia32_sys_timer_settime32", 0, 0 };
	kernel.symbol_count = 2;
	make_whole();
	CU_ASSERT_TRUE(plan.abi_seen[ABI_64]);
	CU_ASSERT_FALSE(plan.abi_seen[ABI_32] || plan.abi_seen[ABI_32_TIME32]);
	CU_ASSERT_PTR_NULL(find("put_old_itimerspec32"));
	NOTES("no timer_settime by 32-bit callers: __ia32_sys_timer_settime is not in this kernel",
	      "no timer_settime by 32-bit callers, 32-bit times: __ia32_sys_timer_settime32 is not "
	      "in this kernel");
}

static void refused_ia32(void)
{
	describe();
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("__ia32_sys_timer_settime", "no"), 0);
	CU_ASSERT_PTR_NULL(find("__ia32_sys_timer_settime"));
	CU_ASSERT_FALSE(plan.abi_seen[ABI_32]);
	CU_ASSERT_TRUE(plan.abi_seen[ABI_32_TIME32]);
	NOTES("no timer_settime by 32-bit callers: __ia32_sys_timer_settime cannot be probed");
	/* without its return an entry is of no use */
	kernel_features_refuse(&kernel, "__ia32_sys_timer_settime32", "ret=$retval:s64", "no");
	make_whole();
	CU_ASSERT_PTR_NULL(find("__ia32_sys_timer_settime32"));
	CU_ASSERT_FALSE(plan.abi_seen[ABI_32_TIME32]);
	CU_ASSERT_EQUAL(plan.note_count, 2);
}

static void refused_old(void)
{
	describe();
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("put_old_itimerspec32", "no"), 0);
	CU_ASSERT_EQUAL(plan.old_from, FROM_KERNEL);
	NOTES("no old value of 32-bit times: put_old_itimerspec32 cannot be probed");
	CU_ASSERT_EQUAL_FATAL(refuse("put_itimerspec64", "no"), 0);
	CU_ASSERT_EQUAL(plan.old_from, FROM_NONE);
	NOTES("no old value: put_itimerspec64 cannot be probed",
	      "no old value of 32-bit times: put_old_itimerspec32 cannot be probed");
}

static void no_arrays(void)
{
	describe();
	kernel.arrays = false;
	make_whole();
	CU_ASSERT_STRING_EQUAL(find("do_timer_settime")->args,
			       "id=$arg1:s32 flags=$arg2:x32 new_is=+0($arg3):s64 "
			       "new_in=+8($arg3):s64 new_vs=+16($arg3):s64 new_vn=+24($arg3):s64");
	CU_ASSERT_STRING_EQUAL(find("put_itimerspec64")->args,
			       "old_is=+0($arg1):s64 old_in=+8($arg1):s64 old_vs=+16($arg1):s64 "
			       "old_vn=+24($arg1):s64");
}

static void user_ids(void)
{
	const struct probe *probe;

	describe();
	wishes.user_ids = true;
	kernel.offset[OFFSET_CRED_UID] = 4;
	make_whole();
	probe = find("commit_creds");
	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	CU_ASSERT_STRING_EQUAL(probe->args, "uid=+4($arg1):u32");
	CU_ASSERT_EQUAL(probe->means.use, USE_CREDS);
	CU_ASSERT_FALSE(probe->kretprobe);
	CU_ASSERT_EQUAL(plan.note_count, 0);

	CU_ASSERT_EQUAL_FATAL(refuse("commit_creds", "no"), 0);
	CU_ASSERT_PTR_NULL(find("commit_creds"));
	CU_ASSERT_EQUAL_FATAL(plan.note_count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(plan.notes[0], "keeps the old one"));

	describe();
	wishes.user_ids = true;
	kernel.offset[OFFSET_CRED_UID] = -1;
	make_whole();
	CU_ASSERT_PTR_NULL(find("commit_creds"));
	CU_ASSERT_EQUAL(plan.note_count, 1);
}

static void impossible(void)
{
	describe();
	kernel.arg_n = false;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_EQUAL(err.code, ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "this kernel's kprobe events have no $argN fetch-args");
	CU_ASSERT_STRING_EQUAL(err.hint, "Linux 4.18 or later is needed");

	describe();
	snprintf(kernel.machine, sizeof(kernel.machine), "vax");
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "no probe plan for the architecture vax");

	describe();
	make_whole();
	CU_ASSERT_EQUAL(refuse("__x64_sys_timer_settime", "it is out of bounds"), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text,
			       "__x64_sys_timer_settime cannot be probed: it is out of bounds");

	describe();
	kernel_features_refuse(&kernel, "__x64_sys_timer_settime", "ret=$retval:s64", "no return");
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "__x64_sys_timer_settime cannot be probed: no return");

	describe();
	kernel.symbols[kernel.symbol_count++] =
		(struct feature_symbol){ "__x64_sys_timer_settime", 0, 0 };
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_EQUAL(strncmp(err.text, "__x64_sys_timer_settime ", 24), 0);
}

/* What the kernel said of another function is not the reason. */
static void reason_is_its_own(void)
{
	describe();
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "of another one"), 0);
	kernel.symbols[kernel.symbol_count++] =
		(struct feature_symbol){ "__x64_sys_timer_settime", 0, 0 };
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_PTR_NULL(strstr(err.text, "of another one"));
}

int suite_probe_plan(void)
{
	CU_pSuite suite = CU_add_suite("probe_plan", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, texts) || !CU_ADD_TEST(suite, definitions) ||
	    !CU_ADD_TEST(suite, by_address) || !CU_ADD_TEST(suite, everything_there) ||
	    !CU_ADD_TEST(suite, parts_stand_in) || !CU_ADD_TEST(suite, clocks_stand_in) ||
	    !CU_ADD_TEST(suite, no_copy_at_all) || !CU_ADD_TEST(suite, half_a_pair) ||
	    !CU_ADD_TEST(suite, all_that_is_missing_is_told) || !CU_ADD_TEST(suite, no_ia32) ||
	    !CU_ADD_TEST(suite, refused_ia32) || !CU_ADD_TEST(suite, refused_old) ||
	    !CU_ADD_TEST(suite, no_arrays) || !CU_ADD_TEST(suite, user_ids) ||
	    !CU_ADD_TEST(suite, impossible) || !CU_ADD_TEST(suite, reason_is_its_own))
		return (int)CU_get_error();
	return 0;
}
