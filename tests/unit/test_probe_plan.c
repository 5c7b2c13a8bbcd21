/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "suites.h"
#include "timersnoop/probe_plan.h"

#define GROUP "timersnoop_4194304_0123abcd" /* the longest that a run gives itself */

static struct kernel_features features;
static struct probe_plan plan;
static struct plan_wishes wishes;
static struct error err;

/* A kernel that has everything there is to have; kallsyms was not read. */
static void describe(void)
{
	memset(&features, 0, sizeof(features));
	memset(&err, 0, sizeof(err));
	snprintf(features.machine, sizeof(features.machine), "x86_64");
	features.arg_n = features.user_memory = features.ustring = features.arrays = true;
	features.cred_uid_offset = 8;
	wishes.user_ids = false;
}

static int make(void)
{
	memset(&plan, 0x5a, sizeof(plan));
	return probe_plan_make(&plan, &features, &wishes, &err);
}

/* The first probe of the plan on a symbol; NULL if there is none. */
static const struct probe *find(const char *symbol)
{
	for (size_t i = 0; i < plan.probe_count; i++)
		if (strcmp(plan.probes[i].symbol, symbol) == 0)
			return &plan.probes[i];
	return NULL;
}

/* The kernel says no to what is now planned for a symbol, and it is planned anew. */
static int refuse(const char *symbol, const char *reason)
{
	const struct probe *probe = find(symbol);

	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	kernel_features_refuse(&features, symbol, probe->args, reason);
	return make();
}

static void expect_notes(size_t count, const char *const *notes)
{
	CU_ASSERT_EQUAL_FATAL(plan.note_count, count);
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_STRING_EQUAL(plan.notes[i], notes[i]);
}

#define NOTES(...)                                                                                 \
	expect_notes(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *),                     \
		     (const char *[]){ __VA_ARGS__ })

#define NOT_SHOWN "the value of a call refused for it (EINVAL) is not shown"
#define FROM_CALLER                                                                                \
	"the value of a call refused for it (EINVAL) is read from the caller's memory as it is "   \
	"copied in"
#define NO_COPY "new values are read from the caller's memory: the kernel's copy cannot be probed"
#define NO_VALUE "new values are not shown: nothing that has them can be probed"
#define NO_CLOCKS(clocks, symbol)                                                                  \
	"no kernel's copy of the new value of " clocks " clocks: " symbol " cannot be probed"

static const char *source(enum value_source from)
{
	return from == FROM_KERNEL ? "kernel" : from == FROM_USER ? "user" : "none";
}

/* All that a plan says. Allocated. */
static char *write_plan(void)
{
	static const char *const uses[USE_COUNT] = {
		"entry",    "return", "copy", "user", "old",
		"new task", "rename", "exec", "exit", "creds",
	};
	char text[PROBE_TEXT_MAX];
	char *all = NULL;
	size_t size;
	FILE *out = open_memstream(&all, &size);

	for (size_t i = 0; i < plan.probe_count; i++) {
		const struct probe *probe = &plan.probes[i];

		CU_ASSERT_EQUAL(probe_text(text, probe, "timersnoop"), strlen(text));
		fprintf(out, "# %s", uses[probe->use]);
		if (probe->use == USE_ENTRY || probe->use == USE_RETURN)
			fprintf(out, ", abi %d", (int)probe->abi);
		fprintf(out, ": %s\n%s\n", probe->why, text);
	}
	for (size_t i = 0; i < plan.event_count; i++)
		fprintf(out, "# %s: %s\n%s:%s\n", uses[plan.events[i].use], plan.events[i].why,
			plan.events[i].system, plan.events[i].event);
	fprintf(out, "new value: %s\nnew value, refused: %s\nold value: %s\n",
		source(plan.new_from), source(plan.refused_new_from), source(plan.old_from));
	for (int i = 0; i < ABI_COUNT; i++)
		fprintf(out, "abi %d: %s\n", i, plan.abi_seen[i] ? "seen" : "not seen");
	for (size_t i = 0; i < plan.note_count; i++)
		fprintf(out, "note: %s\n", plan.notes[i]);
	fclose(out);
	return all;
}

/* UPDATE=1 in the environment writes the expected plans anew. */
static void plans_of_kernels(void)
{
	const char *update = getenv("UPDATE");

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		char *text, *expected;
		size_t size;

		describe();
		fixture_features(fixture_series[i], &features);
		wishes.user_ids = true;
		CU_ASSERT_EQUAL_FATAL(make(), 0);
		text = write_plan();
		if (update && *update)
			fixture_write(fixture_series[i], "plan.txt", text);
		expected = fixture_read(fixture_series[i], "plan.txt", &size);
		CU_ASSERT_STRING_EQUAL(text, expected);
		if (strcmp(text, expected) != 0)
			fprintf(stderr, "\n%s: the plan is now:\n%s", fixture_series[i], text);
		free(expected);
		free(text);
	}
}

/* What limits the kernel sets: trace_probe.h, MAX_ARGSTR_LEN and the names of events. */
static void check_limits(void)
{
	for (size_t i = 0; i < plan.probe_count; i++) {
		const struct probe *probe = &plan.probes[i];
		char text[PROBE_TEXT_MAX];
		size_t length;

		length = probe_text(text, probe, GROUP);
		CU_ASSERT_TRUE(length < PROBE_TEXT_MAX - 1);
		CU_ASSERT_EQUAL(length, strlen(text));
		CU_ASSERT_EQUAL(strncmp(text + length - strlen(probe->args), probe->args,
					strlen(probe->args)),
				0);
		CU_ASSERT_TRUE(strlen(probe->args) < sizeof(probe->args) - 1);
		CU_ASSERT_TRUE(strlen(probe->why) > 0 &&
			       strlen(probe->why) < sizeof(probe->why) - 1);
		CU_ASSERT_TRUE(strlen(probe->event) > 0 && strlen(probe->event) <= 31);
		CU_ASSERT_EQUAL(strspn(probe->event, "abcdefghijklmnopqrstuvwxyz0123456789_"),
				strlen(probe->event));
		for (const char *arg = probe->args; *arg; arg += strspn(arg, " ")) {
			length = strcspn(arg, " ");
			CU_ASSERT_TRUE(length <= 63);
			arg += length;
		}
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(plan.probes[j].event, probe->event);
	}
	for (size_t i = 0; i < plan.note_count; i++)
		CU_ASSERT_TRUE(strlen(plan.notes[i]) < sizeof(plan.notes[i]) - 1);
}

/* With any one, two or all of a plan's probes refused and any syntax missing. */
static void limits_hold_in_any_plan(void)
{
	const char *const *names = probe_plan_symbols();

	for (unsigned lack = 0; lack < 16; lack++) {
		for (size_t i = 0; names[i]; i++) {
			for (size_t j = i; names[j]; j++) {
				describe();
				wishes.user_ids = true;
				features.arrays = !(lack & 1);
				features.user_memory = !(lack & 2);
				features.ustring = !(lack & 4);
				features.cred_uid_offset = lack & 8 ? -1 : INT32_MAX;
				features.symbols[0] = (struct feature_symbol){ names[i], 0 };
				features.symbols[1] = (struct feature_symbol){ names[j], 0 };
				features.symbol_count = 2;
				if (make() == 0)
					check_limits();
			}
		}
	}
}

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

static void everything_there(void)
{
	describe();
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	check_limits();
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
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_PTR_NULL(find("do_timer_settime"));
		CU_ASSERT_PTR_NOT_NULL_FATAL(find(parts[i]));
		CU_ASSERT_EQUAL(find(parts[i])->use, USE_COPY);
		CU_ASSERT_STRING_EQUAL(find(parts[i])->event, "settime_new");
		/* they begin behind the check of the value */
		CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
		CU_ASSERT_EQUAL(plan.refused_new_from, FROM_USER);
		CU_ASSERT_PTR_NOT_NULL(find("get_itimerspec64"));
		NOTES(FROM_CALLER);
		check_limits();
		CU_ASSERT_EQUAL_FATAL(refuse(parts[i], "no"), 0);
		CU_ASSERT_PTR_NULL(find(parts[i]));
	}
}

static void clocks_stand_in(void)
{
	const struct probe *probe;

	describe();
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime.part.0", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime.isra.0", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime.constprop.0", "no"), 0);
	probe = find("common_timer_set");
	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	CU_ASSERT_STRING_EQUAL(probe->args, "flags=$arg2:x32 new=+0($arg3):s64[4]");
	CU_ASSERT_EQUAL(probe->use, USE_COPY);
	CU_ASSERT_PTR_NOT_NULL(find("posix_cpu_timer_set"));
	CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_USER);
	NOTES(FROM_CALLER);

	features.ustring = false;
	CU_ASSERT_EQUAL_FATAL(make(), 0);
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
		features.symbols[features.symbol_count++] = (struct feature_symbol){ hooks[i], 0 };
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_EQUAL(plan.new_from, FROM_USER);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_USER);
	NOTES(NO_CLOCKS("other than CPU", "common_timer_set"),
	      NO_CLOCKS("CPU", "posix_cpu_timer_set"), NO_COPY, FROM_CALLER);
	check_limits();
	features.user_memory = false;
	CU_ASSERT_EQUAL_FATAL(make(), 0);
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
	features.user_memory = true;
	features.symbols[4].count = 1; /* common_timer_set, but not posix_cpu_timer_set */
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_PTR_NOT_NULL(find("common_timer_set"));
	CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
	NOTES(NO_CLOCKS("CPU", "posix_cpu_timer_set"), FROM_CALLER);

	describe();
	CU_ASSERT_EQUAL_FATAL(make(), 0);
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
	const char *const *names = probe_plan_symbols();

	describe();
	wishes.user_ids = true;
	while (names[features.symbol_count]) {
		features.symbols[features.symbol_count].name = names[features.symbol_count];
		features.symbol_count++;
	}
	features.symbols[0].count = 1;
	CU_ASSERT_EQUAL_FATAL(make(), 0);
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
	features.symbols[0] = (struct feature_symbol){ "__ia32_sys_timer_settime", 0 };
	features.symbols[1] = (struct feature_symbol){ "__ia32_sys_timer_settime32", 0 };
	features.symbol_count = 2;
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_TRUE(plan.abi_seen[ABI_64]);
	CU_ASSERT_FALSE(plan.abi_seen[ABI_32] || plan.abi_seen[ABI_32_TIME32]);
	CU_ASSERT_PTR_NULL(find("put_old_itimerspec32"));
	NOTES("no 32-bit callers, 64-bit times: __ia32_sys_timer_settime is not in this kernel",
	      "no 32-bit callers, 32-bit times: __ia32_sys_timer_settime32 is not in this kernel");
}

static void refused_ia32(void)
{
	describe();
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("__ia32_sys_timer_settime", "no"), 0);
	CU_ASSERT_PTR_NULL(find("__ia32_sys_timer_settime"));
	CU_ASSERT_FALSE(plan.abi_seen[ABI_32]);
	CU_ASSERT_TRUE(plan.abi_seen[ABI_32_TIME32]);
	NOTES("no 32-bit callers, 64-bit times: __ia32_sys_timer_settime cannot be probed");
	/* without its return an entry is of no use */
	kernel_features_refuse(&features, "__ia32_sys_timer_settime32", "ret=$retval:s64", "no");
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_PTR_NULL(find("__ia32_sys_timer_settime32"));
	CU_ASSERT_FALSE(plan.abi_seen[ABI_32_TIME32]);
	CU_ASSERT_EQUAL(plan.note_count, 2);
}

static void refused_old(void)
{
	describe();
	CU_ASSERT_EQUAL_FATAL(make(), 0);
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
	features.arrays = false;
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_STRING_EQUAL(find("do_timer_settime")->args,
			       "id=$arg1:s32 flags=$arg2:x32 new_is=+0($arg3):s64 "
			       "new_in=+8($arg3):s64 new_vs=+16($arg3):s64 new_vn=+24($arg3):s64");
	CU_ASSERT_STRING_EQUAL(find("put_itimerspec64")->args,
			       "old_is=+0($arg1):s64 old_in=+8($arg1):s64 old_vs=+16($arg1):s64 "
			       "old_vn=+24($arg1):s64");
	check_limits();
}

static void user_ids(void)
{
	const struct probe *probe;

	describe();
	wishes.user_ids = true;
	features.cred_uid_offset = 4;
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	probe = find("commit_creds");
	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	CU_ASSERT_STRING_EQUAL(probe->args, "uid=+4($arg1):u32");
	CU_ASSERT_EQUAL(probe->use, USE_CREDS);
	CU_ASSERT_FALSE(probe->kretprobe);
	CU_ASSERT_EQUAL(plan.note_count, 0);

	CU_ASSERT_EQUAL_FATAL(refuse("commit_creds", "no"), 0);
	CU_ASSERT_PTR_NULL(find("commit_creds"));
	CU_ASSERT_EQUAL_FATAL(plan.note_count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(plan.notes[0], "keeps the old one"));

	describe();
	wishes.user_ids = true;
	features.cred_uid_offset = -1;
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_PTR_NULL(find("commit_creds"));
	CU_ASSERT_EQUAL(plan.note_count, 1);
}

static void impossible(void)
{
	describe();
	features.arg_n = false;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_EQUAL(err.code, ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "this kernel's kprobe events have no $argN fetch-args");
	CU_ASSERT_STRING_EQUAL(err.hint, "Linux 4.18 or later is needed");

	describe();
	snprintf(features.machine, sizeof(features.machine), "vax");
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "no probe plan for the architecture vax");

	describe();
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_EQUAL(refuse("__x64_sys_timer_settime", "it is out of bounds"), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text,
			       "__x64_sys_timer_settime cannot be probed: it is out of bounds");

	describe();
	kernel_features_refuse(&features, "__x64_sys_timer_settime", "ret=$retval:s64",
			       "no return");
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "__x64_sys_timer_settime cannot be probed: no return");

	describe();
	features.symbols[features.symbol_count++] =
		(struct feature_symbol){ "__x64_sys_timer_settime", 0 };
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_EQUAL(strncmp(err.text, "__x64_sys_timer_settime ", 24), 0);
}

/* What the kernel said of another function is not the reason. */
static void reason_is_its_own(void)
{
	describe();
	CU_ASSERT_EQUAL_FATAL(make(), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "of another one"), 0);
	features.symbols[features.symbol_count++] =
		(struct feature_symbol){ "__x64_sys_timer_settime", 0 };
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_PTR_NULL(strstr(err.text, "of another one"));
}

int suite_probe_plan(void)
{
	CU_pSuite suite = CU_add_suite("probe_plan", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, plans_of_kernels) ||
	    !CU_ADD_TEST(suite, limits_hold_in_any_plan) || !CU_ADD_TEST(suite, texts) ||
	    !CU_ADD_TEST(suite, everything_there) || !CU_ADD_TEST(suite, parts_stand_in) ||
	    !CU_ADD_TEST(suite, clocks_stand_in) || !CU_ADD_TEST(suite, no_copy_at_all) ||
	    !CU_ADD_TEST(suite, half_a_pair) || !CU_ADD_TEST(suite, all_that_is_missing_is_told) ||
	    !CU_ADD_TEST(suite, no_ia32) || !CU_ADD_TEST(suite, refused_ia32) ||
	    !CU_ADD_TEST(suite, refused_old) || !CU_ADD_TEST(suite, no_arrays) ||
	    !CU_ADD_TEST(suite, user_ids) || !CU_ADD_TEST(suite, impossible) ||
	    !CU_ADD_TEST(suite, reason_is_its_own))
		return (int)CU_get_error();
	return 0;
}
