/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "suites.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/probe_plan.h"

static const char *const names[] = { "do_timer_settime", "commit_creds", "put_itimerspec64", NULL };

static struct kernel_features features;

static void clear(void)
{
	memset(&features, 0, sizeof(features));
}

static void kallsyms(const char *text)
{
	kernel_features_kallsyms(&features, text, strlen(text), names);
}

static unsigned count(const char *name)
{
	for (size_t i = 0; i < features.symbol_count; i++)
		if (strcmp(features.symbols[i].name, name) == 0)
			return features.symbols[i].count;
	return 1000;
}

static void readme_of_kernels(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		fixture_features(fixture_series[i], &features);
		CU_ASSERT_TRUE(features.arg_n);
		CU_ASSERT_TRUE(features.user_memory);
		CU_ASSERT_TRUE(features.ustring);
		CU_ASSERT_TRUE(features.arrays);
		/* from 6.9 on */
		CU_ASSERT_EQUAL(features.return_args, i >= 2);
		/* Debian's 5.10 is made without */
		CU_ASSERT_EQUAL(features.hist, i >= 1);
	}
}

/* Linux 4.17, 4.18 and 5.1 before each of them came. */
static void readme_of_older_kernels(void)
{
	static const char before[] =
		"\t     args: <name>=fetcharg[:type]\n"
		"\t fetcharg: %<register>, @<address>, @<symbol>[+|-<offset>],\n"
		"\t           $stack<index>, $stack, $retval, $comm\n"
		"\t     type: s8/16/32/64, u8/16/32/64, x8/16/32/64, string,\n";
	static const char with_args[] = "\t           $stack<index>, $retval, $comm, $arg<N>\n"
					"\t     type: s8/16/32/64, string, symbol,\n"
					"\t           <type>\\[<array-size>\\]\n";

	/* Linux 5.14: sums and differences, and no products */
	static const char sums[] =
		"\t    Format: hist:keys=<field1[,field2,...]>\n"
		"\t    hist trigger arithmetic expressions support addition(+) and\n"
		"\t    subtraction(-) operators.\n";

	clear();
	features.hist = true;
	kernel_features_readme(&features, sums);
	CU_ASSERT_FALSE(features.hist);
	features.arg_n = features.user_memory = features.ustring = features.arrays = true;
	kernel_features_readme(&features, before);
	CU_ASSERT_FALSE(features.arg_n || features.user_memory || features.ustring ||
			features.arrays);
	kernel_features_readme(&features, with_args);
	CU_ASSERT_TRUE(features.arg_n && features.arrays);
	CU_ASSERT_FALSE(features.user_memory || features.ustring);
}

static void symbols_of_kernels(void)
{
	static const char *const always[] = {
		"__x64_sys_timer_settime",    "__ia32_sys_timer_settime",
		"__ia32_sys_timer_settime32", "common_timer_set",
		"posix_cpu_timer_set",        "get_itimerspec64",
		"get_old_itimerspec32",       "put_itimerspec64",
		"put_old_itimerspec32",       "commit_creds",
	};
	bool part;

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		fixture_features(fixture_series[i], &features);
		CU_ASSERT_TRUE(features.symbol_count > 0);
		for (size_t j = 0; j < sizeof(always) / sizeof(always[0]); j++)
			CU_ASSERT_EQUAL(count(always[j]), 1);
		part = i == 0; /* 5.10: gcc has split it */
		CU_ASSERT_EQUAL(count("do_timer_settime"), !part);
		CU_ASSERT_EQUAL(count("do_timer_settime.part.0"), part);
		CU_ASSERT_EQUAL(kernel_features_absent(&features, "do_timer_settime"), part);
		CU_ASSERT_TRUE(kernel_features_absent(&features, "do_timer_settime.isra.0"));
	}
}

/* Any cut at a line's end gives the same counts as the whole text. */
static void symbols_in_blocks(void)
{
	struct kernel_features whole;
	size_t size;
	char *text = fixture_read("5.10", "kallsyms", &size);

	fixture_features("5.10", &whole);
	for (const char *cut = text; (cut = strchr(cut, '\n')); cut++) {
		size_t first = (size_t)(cut + 1 - text);

		clear();
		kernel_features_kallsyms(&features, text, first, probe_plan_symbols("x86_64"));
		kernel_features_kallsyms(&features, text + first, size - first,
					 probe_plan_symbols("x86_64"));
		CU_ASSERT_EQUAL_FATAL(features.symbol_count, whole.symbol_count);
		for (size_t i = 0; i < whole.symbol_count; i++)
			CU_ASSERT_EQUAL(features.symbols[i].count, whole.symbols[i].count);
	}
	free(text);
}

static void only_functions_count(void)
{
	clear();
	kallsyms("ffffffff81000000 T commit_creds\n"
		 "ffffffff81000010 t do_timer_settime\n"
		 "ffffffff81000020 W put_itimerspec64\n");
	CU_ASSERT_EQUAL(count("commit_creds"), 1);
	CU_ASSERT_EQUAL(count("do_timer_settime"), 1);
	CU_ASSERT_EQUAL(count("put_itimerspec64"), 1);
	kallsyms("ffffffff81000000 D commit_creds\n"
		 "ffffffff81000000 d commit_creds\n"
		 "ffffffff81000000 B commit_creds\n"
		 "ffffffff81000000 r commit_creds\n"
		 "ffffffff81000000 A commit_creds\n");
	CU_ASSERT_EQUAL(count("commit_creds"), 1);
	kallsyms("0000000000000000 w commit_creds\n");
	CU_ASSERT_EQUAL(count("commit_creds"), 2);
}

static void whole_names_count(void)
{
	clear();
	kallsyms("ffffffff81000000 T __pfx_commit_creds\n"
		 "ffffffff81000000 T commit_creds_\n"
		 "ffffffff81000000 T commit_cred\n"
		 "ffffffff81000000 t do_timer_settime.part.0\n"
		 "ffffffff81000000 t do_timer_settime.cold\n"
		 "ffffffff81000000 T \n"
		 "ffffffff81000000 T\n"
		 "ffffffff81000000\n"
		 " \n  \n\n"
		 "commit_creds T ffffffff81000000\n");
	for (size_t i = 0; names[i]; i++)
		CU_ASSERT_EQUAL(count(names[i]), 0);
	/* the last line may lack its end; a module's name stands behind a tab */
	kallsyms("ffffffffc0000000 t put_itimerspec64\t[timers]\n"
		 "ffffffff81000000 T commit_creds");
	CU_ASSERT_EQUAL(count("put_itimerspec64"), 1);
	CU_ASSERT_EQUAL(count("commit_creds"), 1);
}

static void absent_is_known_only_with_kallsyms(void)
{
	clear();
	CU_ASSERT_FALSE(kernel_features_absent(&features, "commit_creds"));
	CU_ASSERT_TRUE(kernel_features_usable(&features, "commit_creds", "uid=$arg1"));
	kernel_features_kallsyms(&features, "", 0, names);
	CU_ASSERT_TRUE(features.symbol_count > 0);
	CU_ASSERT_TRUE(kernel_features_absent(&features, "commit_creds"));
	CU_ASSERT_FALSE(kernel_features_usable(&features, "commit_creds", "uid=$arg1"));
	/* nobody has asked for this one */
	CU_ASSERT_FALSE(kernel_features_absent(&features, "schedule"));
	CU_ASSERT_TRUE(kernel_features_usable(&features, "schedule", ""));
}

/* Where a function is: of a hidden one, and of one of two, nobody can say. */
static void addresses(void)
{
	clear();
	CU_ASSERT_EQUAL(kernel_features_address(&features, "commit_creds"), 0);
	kallsyms("ffffffff81000010 t do_timer_settime\n"
		 "ffffffff81000020 T put_itimerspec64\n"
		 "ffffffffc1000030 t put_itimerspec64\t[timers]\n"
		 "0000000000000000 T commit_creds\n");
	CU_ASSERT_EQUAL(kernel_features_address(&features, "do_timer_settime"), 0xffffffff81000010);
	CU_ASSERT_EQUAL(kernel_features_address(&features, "put_itimerspec64"), 0);
	CU_ASSERT_EQUAL(kernel_features_address(&features, "commit_creds"), 0);
	CU_ASSERT_EQUAL(kernel_features_address(&features, "schedule"), 0);
	CU_ASSERT_FALSE(kernel_features_absent(&features, "commit_creds"));
}

/* Of names that were asked for one by one. */
static void addresses_alone(void)
{
	static const char *const wanted[] = { "posix_timer_fn", "it_real_fn", "other", NULL };
	static const char first[] = "ffffffff81000010 t posix_timer_fn\n"
				    "ffffffff81000020 t do_timer_settime\n";
	static const char second[] = "ffffffff81000030 T it_real_fn\n"
				     "ffffffff81000040 t timerfd_tmrproc\n";

	clear();
	features.symbols[0] = (struct feature_symbol){ .name = "posix_timer_fn", .count = 1 };
	features.symbols[1] = (struct feature_symbol){ .name = "it_real_fn", .count = 1 };
	features.symbols[2] = (struct feature_symbol){ .name = "timerfd_tmrproc", .count = 2 };
	features.symbols[3] = (struct feature_symbol){ .name = "alarmtimer_fired" };
	features.symbol_count = 4;
	CU_ASSERT_FALSE(kernel_features_addresses(&features, first, strlen(first), wanted));
	CU_ASSERT_TRUE(kernel_features_addresses(&features, second, strlen(second), wanted));
	CU_ASSERT_EQUAL(kernel_features_address(&features, "posix_timer_fn"), 0xffffffff81000010);
	CU_ASSERT_EQUAL(kernel_features_address(&features, "it_real_fn"), 0xffffffff81000030);
	/* It is of one of several. */
	CU_ASSERT_EQUAL(kernel_features_address(&features, "timerfd_tmrproc"), 0);
	CU_ASSERT_EQUAL(features.symbol_count, 4);
	CU_ASSERT_EQUAL(features.symbols[1].count, 1);
	/* Neither what is absent nor what is ambiguous is waited for. */
	CU_ASSERT_TRUE(kernel_features_addresses(
		&features, "", 0,
		(const char *const[]){ "alarmtimer_fired", "timerfd_tmrproc", NULL }));
}

/* The functions of hrtimers are listed with their addresses, which filters need. */
static void addresses_of_kernels(void)
{
	static const char *const functions[] = { "posix_timer_fn", "timerfd_tmrproc",
						 "it_real_fn" };

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		fixture_features(fixture_series[i], &features);
		for (size_t j = 0; j < 3; j++)
			CU_ASSERT_TRUE(kernel_features_address(&features, functions[j]) >
				       0xffffffff80000000);
	}
}

static void offsets(void)
{
	struct kernel_features empty;

	kernel_features_init(&features);
	memset(&empty, 0, sizeof(empty));
	for (int i = 0; i < OFFSET_COUNT; i++) {
		CU_ASSERT_EQUAL(features.offset[i], -1);
		CU_ASSERT_PTR_NOT_NULL(feature_members[i].structure);
		CU_ASSERT_PTR_NOT_NULL(feature_members[i].member);
		for (int j = 0; j < i; j++)
			CU_ASSERT_FALSE(
				strcmp(feature_members[i].structure,
				       feature_members[j].structure) == 0 &&
				strcmp(feature_members[i].member, feature_members[j].member) == 0);
		features.offset[i] = i;
	}
	/* what is no type data changes nothing */
	kernel_features_types(&features, &empty, sizeof(empty));
	for (int i = 0; i < OFFSET_COUNT; i++)
		CU_ASSERT_EQUAL(features.offset[i], i);
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		fixture_features(fixture_series[i], &features);
		for (int j = 0; j < OFFSET_COUNT; j++)
			CU_ASSERT_TRUE(features.offset[j] >= 0);
	}
}

/* One of two functions of a name would be probed, nobody knows which. */
static void ambiguous(void)
{
	clear();
	kallsyms("ffffffff81000000 t do_timer_settime\n"
		 "ffffffff81000010 t do_timer_settime\n"
		 "ffffffff81000020 T commit_creds\n");
	CU_ASSERT_EQUAL(count("do_timer_settime"), 2);
	CU_ASSERT_FALSE(kernel_features_absent(&features, "do_timer_settime"));
	CU_ASSERT_FALSE(kernel_features_usable(&features, "do_timer_settime", "id=$arg1"));
	CU_ASSERT_TRUE(kernel_features_usable(&features, "commit_creds", "uid=$arg1"));
}

static void refusals(void)
{
	char args[1000];

	clear();
	CU_ASSERT_EQUAL(kernel_features_refuse(&features, "commit_creds", "uid=$arg1", "no"), 0);
	CU_ASSERT_FALSE(kernel_features_usable(&features, "commit_creds", "uid=$arg1"));
	CU_ASSERT_TRUE(kernel_features_usable(&features, "commit_creds", "uid=$arg2"));
	CU_ASSERT_TRUE(kernel_features_usable(&features, "commit_creds", ""));
	CU_ASSERT_TRUE(kernel_features_usable(&features, "put_itimerspec64", "uid=$arg1"));
	CU_ASSERT_EQUAL(features.refused_count, 1);
	CU_ASSERT_STRING_EQUAL(features.refused[0].reason, "no");

	memset(args, 'x', sizeof(args));
	args[sizeof(args) - 1] = '\0';
	CU_ASSERT_EQUAL(kernel_features_refuse(&features, args, args, args), 0);
	CU_ASSERT_EQUAL(strlen(features.refused[1].symbol), sizeof(features.refused[1].symbol) - 1);
	CU_ASSERT_EQUAL(strlen(features.refused[1].args), sizeof(features.refused[1].args) - 1);
	CU_ASSERT_EQUAL(strlen(features.refused[1].reason), sizeof(features.refused[1].reason) - 1);
	while (features.refused_count < FEATURE_REFUSED_MAX)
		CU_ASSERT_EQUAL_FATAL(kernel_features_refuse(&features, "a", "", ""), 0);
	CU_ASSERT_EQUAL(kernel_features_refuse(&features, "a", "", ""), -ENOSPC);
	CU_ASSERT_EQUAL(features.refused_count, FEATURE_REFUSED_MAX);
}

/* Every name that a plan may ask for has its place. */
static void room_for_all_names(void)
{
	size_t wanted = 0;

	while (probe_plan_symbols("x86_64")[wanted])
		wanted++;
	CU_ASSERT_TRUE(wanted <= FEATURE_SYMBOLS_MAX);
	clear();
	kernel_features_kallsyms(&features, "\n", 1, probe_plan_symbols("x86_64"));
	CU_ASSERT_EQUAL(features.symbol_count, wanted);
}

int suite_kernel_features(void)
{
	CU_pSuite suite = CU_add_suite("kernel_features", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, readme_of_kernels) ||
	    !CU_ADD_TEST(suite, readme_of_older_kernels) ||
	    !CU_ADD_TEST(suite, symbols_of_kernels) || !CU_ADD_TEST(suite, symbols_in_blocks) ||
	    !CU_ADD_TEST(suite, only_functions_count) || !CU_ADD_TEST(suite, whole_names_count) ||
	    !CU_ADD_TEST(suite, absent_is_known_only_with_kallsyms) ||
	    !CU_ADD_TEST(suite, addresses) || !CU_ADD_TEST(suite, addresses_alone) ||
	    !CU_ADD_TEST(suite, addresses_of_kernels) || !CU_ADD_TEST(suite, offsets) ||
	    !CU_ADD_TEST(suite, ambiguous) || !CU_ADD_TEST(suite, refusals) ||
	    !CU_ADD_TEST(suite, room_for_all_names))
		return (int)CU_get_error();
	return 0;
}
