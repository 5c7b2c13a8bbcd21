/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions --callback names, which mean something to us, and which a recording keeps. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_fed.h"
#include "short_memory.h"
#include "suites.h"
#include "timersnoop/kernel_recorded.h"
#include "timersnoop/kernel_view.h"
#include "timersnoop/plan_parts.h"

static struct symbols *symbols;
static struct kernel_functions functions;
static struct error err;

static struct symbols *symbols_of(const char *text)
{
	struct symbols *made = symbols_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	CU_ASSERT_EQUAL_FATAL(symbols_add(made, text, strlen(text)), 0);
	CU_ASSERT_EQUAL_FATAL(symbols_end(made), 0);
	return made;
}

/* Names with ',' between, and where the functions begin that they name, in hexadecimal from
 * ffffffff on. */
static void expect_chosen(const char *names, bool some, const char *expected)
{
	char *copy = strdup(names), text[4096] = "";
	const char *list[8];
	size_t count = 0, used = 0;

	for (char *name = strtok(copy, ","); name; name = strtok(NULL, ","))
		list[count++] = name;
	CU_ASSERT_EQUAL(kernel_functions_find(&functions, symbols, list, count, some, &err), 0);
	CU_ASSERT_EQUAL(functions.chooses, count > 0);
	CU_ASSERT_PTR_EQUAL(functions.symbols, symbols);
	for (size_t i = 0; i < functions.chosen_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%08x", i ? " " : "",
					 (unsigned)functions.chosen[i]);
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "\n%s: %s\n", names, text);
	kernel_functions_free(&functions);
	CU_ASSERT_PTR_NULL(functions.chosen);
	free(copy);
}

static void expect_refused(const char *name, bool some, const char *text)
{
	const char *const names[] = { "tcp_write_timer", name };

	CU_ASSERT_EQUAL(kernel_functions_find(&functions, symbols, names, 2, some, &err),
			symbols_count(symbols) ? -EINVAL : -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, text);
	CU_ASSERT_PTR_NULL(functions.chosen);
}

static void patterns(void)
{
	symbols = fed_symbols();
	expect_chosen("", false, "");
	expect_chosen("tcp_write_timer", false, "81004000");
	expect_chosen("net_poll,drv_poll", false, "c0001000 c0400000");
	expect_chosen("*_poll", false, "c0001000 c0400000");
	/* each once, in order, however often it is named */
	expect_chosen("drv_*,*poll,drv_poll,tick_sched_timer", false,
		      "81003000 c0001000 c0002000 c0400000");
	expect_chosen("*timer*", false, "81003000 81004000 81005000 81006000 81007000");
	expect_chosen("t*p*d", false, "81008000");
	expect_refused("tcp_write", false, "--callback: there is no function 'tcp_write'");
	expect_refused("*nowhere*", false, "--callback: there is no function '*nowhere*'");
	expect_refused("", false, "--callback: there is no function ''");
	/* where not all are known, nobody can say that */
	expect_chosen("tcp_write", true, "");
	expect_chosen("*nowhere*,drv_poll", true, "c0001000");
	symbols_free(symbols);
}

static void all_of_many(void)
{
	static char text[100 * 40];
	size_t used = 0;

	for (unsigned i = 0; i < 100; i++)
		used += (size_t)sprintf(text + used, "%016lx t one_%02u\n",
					0xffffffff81000000 + (100 - i) * 16, i);
	symbols = symbols_of(text);
	CU_ASSERT_EQUAL(kernel_functions_find(&functions, symbols, (const char *const[]){ "*" }, 1,
					      false, &err),
			0);
	CU_ASSERT_EQUAL(functions.chosen_count, 100);
	for (size_t i = 1; i < functions.chosen_count; i++)
		CU_ASSERT_EQUAL(functions.chosen[i], functions.chosen[i - 1] + 16);
	kernel_functions_free(&functions);
	symbols_free(symbols);
}

/* By any of its names a function is one. */
static void aliases(void)
{
	symbols = symbols_of("ffffffff81000000 t one\nffffffff81000000 T other\n");
	expect_chosen("one", false, "81000000");
	expect_chosen("other", false, "81000000");
	expect_chosen("o*", false, "81000000");
	symbols_free(symbols);
}

static void hidden(void)
{
	const char *const names[] = { "*" };

	symbols = symbols_of("0000000000000000 t tcp_write_timer\n");
	expect_refused("*", false, "--callback: the kernel hides where its functions are");
	expect_refused("*", true, "--callback: the kernel hides where its functions are");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "kptr_restrict"));
	/* without --callback that is no matter */
	CU_ASSERT_EQUAL(kernel_functions_find(&functions, symbols, names, 0, false, &err), 0);
	CU_ASSERT_FALSE(functions.chooses);
	CU_ASSERT_FALSE(kernel_functions_is_tick(&functions, 0));
	CU_ASSERT_FALSE(kernel_functions_is_sleep(&functions, 0));
	CU_ASSERT_FALSE(kernel_functions_is_wrapper(&functions, FN_MOD));
	symbols_free(symbols);
}

static void meanings(void)
{
	symbols = fed_symbols();
	CU_ASSERT_EQUAL(kernel_functions_find(&functions, symbols, NULL, 0, false, &err), 0);
	CU_ASSERT_TRUE(kernel_functions_is_tick(&functions, FN_TICK));
	CU_ASSERT_TRUE(kernel_functions_is_tick(&functions, FN_OLD_TICK));
	CU_ASSERT_FALSE(kernel_functions_is_tick(&functions, FN_TICK + 1));
	CU_ASSERT_FALSE(kernel_functions_is_tick(&functions, FN_SLEEP));
	CU_ASSERT_TRUE(kernel_functions_is_sleep(&functions, FN_SLEEP));
	CU_ASSERT_FALSE(kernel_functions_is_sleep(&functions, FN_TICK));
	/* a place in one that arms for others */
	CU_ASSERT_TRUE(kernel_functions_is_wrapper(&functions, FN_MOD));
	CU_ASSERT_TRUE(kernel_functions_is_wrapper(&functions, FN_MOD + 0xff));
	CU_ASSERT_FALSE(kernel_functions_is_wrapper(&functions, FN_MOD - 1));
	CU_ASSERT_FALSE(kernel_functions_is_wrapper(&functions, FN_SEND));
	CU_ASSERT_FALSE(kernel_functions_is_wrapper(&functions, 1));
	symbols_free(symbols);
	/* by one of the two names alone */
	symbols = symbols_of("ffffffff81000000 t tick_sched_timer\n");
	CU_ASSERT_EQUAL(kernel_functions_find(&functions, symbols, NULL, 0, false, &err), 0);
	CU_ASSERT_TRUE(kernel_functions_is_tick(&functions, 0xffffffff81000000));
	CU_ASSERT_FALSE(kernel_functions_is_tick(&functions, 0));
	CU_ASSERT_FALSE(kernel_functions_is_sleep(&functions, 0));
	symbols_free(symbols);
}

static void no_memory(void)
{
	const char *const names[] = { "drv_*" };
	unsigned at = 0;
	int status;

	symbols = fed_symbols();
	do {
		short_memory_begin(at++);
		status = kernel_functions_find(&functions, symbols, names, 1, false, &err);
		CU_ASSERT_EQUAL(status, short_memory_end() ? -ENOMEM : 0);
		if (status < 0)
			CU_ASSERT_PTR_NULL(functions.chosen);
	} while (status < 0);
	CU_ASSERT_EQUAL(at, 3);
	kernel_functions_free(&functions);
	symbols_free(symbols);
}

/* --- what a recording keeps --------------------------------------------------------------- */

static void take(struct kernel_recorded *recorded, const struct record *record)
{
	CU_ASSERT_EQUAL(kernel_recorded_take(recorded, record), 0);
}

static void take_function(struct kernel_recorded *recorded, enum probe_use use, uint64_t function)
{
	struct record record = { .kind = use };

	if (use == USE_HRTIMER_START || use == USE_HRTIMER_EXPIRE)
		record.hrtimer.function = function;
	else if (use == USE_CALLER)
		record.caller.address = function;
	else
		record.timer_list.function = function;
	take(recorded, &record);
}

static void expect_kept(struct kernel_recorded *recorded, const char *expected)
{
	char *text = kernel_recorded_text(recorded, symbols);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "\nkept:\n%s", text);
	free(text);
	kernel_recorded_free(recorded);
}

#define ALWAYS                                                                                     \
	"ffffffff81001000 t process_timeout\nffffffff81002000 t tick_nohz_handler\n"               \
	"ffffffff81003000 t tick_sched_timer\n"
#define ALWAYS_TOO "ffffffff81007000 t mod_timer\n"

static void kept(void)
{
	static const enum probe_use uses[] = { USE_TIMER_START, USE_TIMER_EXPIRE, USE_HRTIMER_START,
					       USE_HRTIMER_EXPIRE };
	struct record other = { .kind = USE_TIMER_CANCEL };

	symbols = fed_symbols();
	/* what is looked for by name, and of probed functions */
	expect_kept(kernel_recorded_new(), ALWAYS ALWAYS_TOO);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		struct kernel_recorded *recorded = kernel_recorded_new();

		CU_ASSERT_PTR_NOT_NULL_FATAL(recorded);
		take_function(recorded, uses[i], FN_TCP);
		take_function(recorded, uses[i], FN_TCP);
		take_function(recorded, uses[i], FN_WATCH);
		take_function(recorded, uses[i], FN_TICK);
		take_function(recorded, uses[i], 0);
		take_function(recorded, uses[i], FN_NOWHERE);
		take_function(recorded, uses[i], 1);
		expect_kept(recorded, ALWAYS "ffffffff81004000 t tcp_write_timer\n" ALWAYS_TOO
					     "ffffffffc0002000 t drv_watch\t[drv]\n");
	}
	/* a caller is a place in a function; what is no function's address is none */
	struct kernel_recorded *recorded = kernel_recorded_new();

	take_function(recorded, USE_CALLER, FN_SEND + 0x123);
	take_function(recorded, USE_CALLER, FN_POLL + 1);
	other.timer_list.function = FN_WAKE;
	take(recorded, &other);
	other.kind = USE_NEW_TASK;
	take(recorded, &other);
	expect_kept(recorded, ALWAYS ALWAYS_TOO "ffffffff81008000 t tcp_send\n"
						"ffffffffc0001000 t drv_poll\t[drv]\n");
	symbols_free(symbols);
}

/* By the names that are kept, each address is what it was by all. */
static void same_names(void)
{
	struct kernel_recorded *recorded = kernel_recorded_new();
	struct symbols *again;
	struct symbol symbol;
	uint64_t places[2000];
	char *text;

	symbols = symbols_of("ffffffff81000000 T _stext\nffffffff81000000 t start\n"
			     "ffffffff81000400 t nameless\nffffffff81000400 t __alias\n"
			     "ffffffff81000410 t next\nffffffff81300000 t far\n"
			     "ffffffffc0000000 t one\t[drv]\n");
	for (size_t i = 0; i < 2000; i++) {
		/* before the first, in each, and behind where one can end */
		places[i] =
			i < 1000 ? 0xffffffff80fffff0 + i * 0x2000 : 0xffffffff810003f8 + i - 1000;
		take_function(recorded, USE_CALLER, places[i]);
	}
	text = kernel_recorded_text(recorded, symbols);
	again = symbols_of(text);
	for (size_t i = 0; i < 2000; i++) {
		bool found = symbols_find(symbols, places[i], &symbol);
		struct symbol same;

		CU_ASSERT_EQUAL(symbols_find(again, places[i], &same), found);
		if (found) {
			CU_ASSERT_STRING_EQUAL(same.name, symbol.name);
			CU_ASSERT_EQUAL(same.address, symbol.address);
		}
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "_stext"));
	CU_ASSERT_PTR_NULL(strstr(text, "[drv]"));
	symbols_free(again);
	symbols_free(symbols);
	kernel_recorded_free(recorded);
	free(text);
}

static void kept_without_memory(void)
{
	unsigned at = 0;
	bool failed;

	symbols = fed_symbols();
	do {
		struct kernel_recorded *recorded;
		char *text = NULL;
		int status = -ENOMEM;

		short_memory_begin(at++);
		recorded = kernel_recorded_new();
		if (recorded)
			status = kernel_recorded_take(
				recorded, &(struct record){ .kind = USE_CALLER,
							    .caller = { .address = FN_SEND } });
		if (status == 0)
			text = kernel_recorded_text(recorded, symbols);
		failed = short_memory_end();
		CU_ASSERT_EQUAL(text == NULL, failed);
		free(text);
		kernel_recorded_free(recorded);
	} while (failed);
	CU_ASSERT_TRUE(at > 5);
	symbols_free(symbols);
}

int suite_kernel_functions(void)
{
	CU_pSuite suite = CU_add_suite("kernel_functions", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, patterns) || !CU_ADD_TEST(suite, all_of_many) ||
	    !CU_ADD_TEST(suite, aliases) || !CU_ADD_TEST(suite, hidden) ||
	    !CU_ADD_TEST(suite, meanings) || !CU_ADD_TEST(suite, no_memory) ||
	    !CU_ADD_TEST(suite, kept) || !CU_ADD_TEST(suite, same_names) ||
	    !CU_ADD_TEST(suite, kept_without_memory))
		return (int)CU_get_error();
	return 0;
}
