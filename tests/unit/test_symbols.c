/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "suites.h"
#include "timersnoop/symbols.h"

/* Of two texts, as of two blocks; the second may be NULL. */
static struct symbols *symbols_of(const char *text, const char *more)
{
	struct symbols *symbols = symbols_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(symbols);
	CU_ASSERT_EQUAL(symbols_add(symbols, text, strlen(text)), 0);
	if (more)
		CU_ASSERT_EQUAL(symbols_add(symbols, more, strlen(more)), 0);
	CU_ASSERT_EQUAL(symbols_end(symbols), 0);
	return symbols;
}

/* "name+offset [module]", or "" for none. */
static const char *found_at(const struct symbols *symbols, uint64_t address)
{
	static char text[700];
	struct symbol found;

	text[0] = '\0';
	if (symbols_find(symbols, address, &found))
		snprintf(text, sizeof(text), "%s+%llu%s%s", found.name,
			 (unsigned long long)(address - found.address), found.module ? " " : "",
			 found.module ? found.module : "");
	return text;
}

static int append_name(void *context, const struct symbol *symbol)
{
	strcat(strcat(context, symbol->name), " ");
	return strcmp(symbol->name, "stop") == 0 ? 7 : 0;
}

static const char *matched(const struct symbols *symbols, const char *pattern)
{
	static char text[1000];

	text[0] = '\0';
	CU_ASSERT_EQUAL(symbols_match(symbols, pattern, append_name, text), 0);
	return text;
}

static int count_one(void *context, const struct symbol *symbol)
{
	CU_ASSERT_TRUE(symbol->address > 0);
	++*(size_t *)context;
	return 0;
}

static void finds(void)
{
	struct symbols *symbols = symbols_of("ffffffffc0400000 t mod_fn\t[mod]\n"
					     "ffffffffc0400040 T mod_other\t[mod]\n"
					     "ffffffffc0500000 t mod_fn\t[another]\n",
					     "ffffffff81000100 T first\n"
					     "ffffffff81000200 W second\n"
					     "ffffffff81000300 w third\n");
	struct symbol found = { .name = "as it was" };

	CU_ASSERT_EQUAL(symbols_count(symbols), 6);
	CU_ASSERT_FALSE(symbols_find(symbols, 0xffffffff810000ff, &found));
	CU_ASSERT_STRING_EQUAL(found.name, "as it was");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0), "");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000100), "first+0");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff810001ff), "first+255");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000200), "second+0");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000301), "third+1");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffffc0400004), "mod_fn+4 mod");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffffc0400044), "mod_other+4 mod");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffffc0500004), "mod_fn+4 another");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, UINT64_MAX), "");
	/* what is far behind a function is in none */
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81100300), "third+1048576");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81100301), "");
	symbols_free(symbols);
	symbols_free(NULL);
}

static void nothing(void)
{
	struct symbols *symbols = symbols_of("", "\n");

	CU_ASSERT_EQUAL(symbols_count(symbols), 0);
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000000), "");
	CU_ASSERT_STRING_EQUAL(matched(symbols, "*"), "");
	symbols_free(symbols);
	/* kptr_restrict */
	symbols = symbols_of("0000000000000000 T schedule\n0000000000000000 t fn\t[mod]\n", NULL);
	CU_ASSERT_EQUAL(symbols_count(symbols), 0);
	symbols_free(symbols);
}

/* Which of several names is told does not depend on their order. */
static void aliases(void)
{
	static const char *const lines[] = {
		"ffffffff81000000 T _stext\n",     "ffffffff81000000 T __sched_text_start\n",
		"ffffffff81000000 T __schedule\n", "ffffffff81000000 t schedule_from_interrupt\n",
		"ffffffff81000000 t schedule_b\n", "ffffffff81000000 t schedule_a\n",
		"ffffffff81000000 t __cfi_s\n",
	};
	enum { LINES = sizeof(lines) / sizeof(lines[0]) };
	struct symbols *symbols;

	for (int first = 0; first < LINES; first++) {
		char text[400] = "";

		for (int i = 0; i < LINES; i++)
			strcat(text, lines[(first + i) % LINES]);
		symbols = symbols_of(text, text);
		CU_ASSERT_EQUAL(symbols_count(symbols), 6);
		CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000001), "schedule_a+1");
		/* each is there, the best one last */
		CU_ASSERT_STRING_EQUAL(matched(symbols, "*"),
				       "__sched_text_start __schedule _stext "
				       "schedule_from_interrupt schedule_b schedule_a ");
		symbols_free(symbols);
	}
	/* All have underscores: the shortest. */
	symbols = symbols_of("1000 T __softirqentry_text_start\n1000 T __do_softirq\n"
			     "2000 T __SCT__tp_func_initcall_level\n"
			     "2000 T __static_call_text_start\n2000 T __kprobes_text_end\n"
			     "3000 T __noinstr_text_end\n",
			     NULL);
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x1000), "__do_softirq+0");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x2000), "__SCT__tp_func_initcall_level+0");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x3000), "__noinstr_text_end+0");
	symbols_free(symbols);
}

/* What stands before a function is not told as if it were one. */
static void padding(void)
{
	struct symbols *symbols = symbols_of("ffffffff81000000 t before\n"
					     "ffffffff810000f0 t __pfx_process_timeout\n"
					     "ffffffff81000100 t process_timeout\n"
					     "ffffffff810001f0 t __cfi_behind\n"
					     "ffffffff810001f4 t __pfx_behind\n"
					     "ffffffff81000200 t behind\n"
					     "ffffffff81000300 t __pfx\n",
					     NULL);

	CU_ASSERT_EQUAL(symbols_count(symbols), 4);
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff810000f0), "before+240");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000100), "process_timeout+0");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff810001f4), "process_timeout+244");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000200), "behind+0");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xffffffff81000300), "__pfx+0");
	symbols_free(symbols);
}

static void patterns(void)
{
	static const struct {
		const char *pattern, *names;
	} cases[] = {
		{ "tcp_write_timer", "tcp_write_timer " },
		{ "tcp_write", "" },
		{ "tcp_write_timer_", "" },
		{ "tcp_*", "tcp_write_timer tcp_delack_timer " },
		{ "*_timer", "tcp_write_timer tcp_delack_timer writeback_timer " },
		{ "*write*", "tcp_write_timer writeback_timer " },
		{ "t*_*t*r", "tcp_write_timer tcp_delack_timer " },
		{ "*.isra.*", "idle.isra.0 " },
		{ "**i***e*", "tcp_write_timer tcp_delack_timer writeback_timer idle.isra.0 " },
		{ "", "" },
		{ "?cp_write_timer", "" },
		{ "[t]cp*", "" },
		{ "tcp_write_timer**", "tcp_write_timer " },
	};
	struct symbols *symbols = symbols_of("1000 t tcp_write_timer\n"
					     "2000 t tcp_delack_timer\t[tcp]\n"
					     "3000 t writeback_timer\n"
					     "4000 t idle.isra.0\n",
					     NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_STRING_EQUAL(matched(symbols, cases[i].pattern), cases[i].names);
	symbols_free(symbols);
}

/* Two functions of one name are two; whoever has seen enough says so. */
static void matching_ends(void)
{
	struct symbols *symbols =
		symbols_of("1000 t a\n1010 t a\t[b]\n1020 t stop\n1030 t a\n", NULL);
	char text[20] = "";

	CU_ASSERT_EQUAL(symbols_match(symbols, "*", append_name, text), 7);
	CU_ASSERT_STRING_EQUAL(text, "a a stop ");
	CU_ASSERT_STRING_EQUAL(matched(symbols, "a"), "a a a ");
	symbols_free(symbols);
}

static void only_whole_lines(void)
{
	static const char *const lines[] = {
		"ffffffff81000000 D jiffies",
		"ffffffff81000000 d data",
		"ffffffff81000000 r rodata",
		"ffffffff81000000 A absolute",
		"ffffffff81000000 a absolute",
		"ffffffff81000000 ? what",
		"ffffffff81000000 tt two",
		"ffffffff81000000  t blanks",
		"ffffffff81000000 t  blanks",
		"ffffffff81000000\tt\ttabs",
		"ffffffff81000000 t ",
		"ffffffff81000000 t",
		"ffffffff81000000 ",
		"ffffffff81000000",
		" t name",
		"t name",
		"0xffffffff81000000 t prefix",
		"-1 t negative",
		"fffffffff81000000 t seventeen_digits",
		"ffffffff8100000g t no_digit",
		"ffffffff81000000 t name [module]",
		"ffffffff81000000 t name\t",
		"ffffffff81000000 t name\t[",
		"ffffffff81000000 t name\t[]",
		"ffffffff81000000 t name\t[module",
		"ffffffff81000000 t name\tmodule]",
		"ffffffff81000000 t name\t[mod ule]",
		"ffffffff81000000 t name\t[module] ",
		"ffffffff81000000 t name\t[module]\tmore",
		"ffffffff81000000 t \t[module]",
		"ffffffff81000000 t carriage_return\r",
		"ffffffff81000000 t \033[31mred",
		"ffffffff81000000 t red\033[31m",
		"ffffffff81000000 t name\t[\033[31m]",
		"ffffffff81000000 t \303\274mlaut",
		"ffffffff81000000 t delete\177",
		"ffffffff81000000 T __pfx_",
	};
	struct symbols *symbols;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[100];

		snprintf(text, sizeof(text), "%s\n10 t x\n%s", lines[i], lines[i]);
		symbols = symbols_of(text, NULL);
		CU_ASSERT_EQUAL(symbols_count(symbols), 1);
		if (symbols_count(symbols) != 1)
			fprintf(stderr, "\nwas taken: %s\n", lines[i]);
		CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x10), "x+0");
		symbols_free(symbols);
	}
	/* as a kernel of 32 bits has them; the last line may lack its end */
	symbols = symbols_of("c0100000 T start\n", "C0100010 t a");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xc010000f), "start+15");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0xc0100010), "a+0");
	symbols_free(symbols);
}

/* NUL bytes are no blanks and no ends. */
static void bytes_of_zero(void)
{
	static const char text[] = "10 t a\0b\n20 \0 c\n30\0t d\n\0\n40 t e\t[\0]\n50 t f\n";
	struct symbols *symbols = symbols_new();

	CU_ASSERT_EQUAL(symbols_add(symbols, text, sizeof(text)), 0);
	CU_ASSERT_EQUAL(symbols_end(symbols), 0);
	CU_ASSERT_EQUAL(symbols_count(symbols), 1);
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x50), "f+0");
	symbols_free(symbols);
}

/* As long as the kernel's may be, and longer. */
static void lengths(void)
{
	char name[600], text[800], expected[700];

	memset(name, 'n', sizeof(name));
	for (int length = 510; length < 514; length++) {
		struct symbols *symbols;

		snprintf(text, sizeof(text), "1000 t %.*s\n", length, name);
		symbols = symbols_of(text, NULL);
		snprintf(expected, sizeof(expected), "%.*s+1", length, name);
		CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x1001), length <= 511 ? expected : "");
		symbols_free(symbols);
	}
	for (int length = 62; length < 66; length++) {
		struct symbols *symbols;

		snprintf(text, sizeof(text), "1000 t a\t[%.*s]\n", length, name);
		symbols = symbols_of(text, NULL);
		snprintf(expected, sizeof(expected), "a+1 %.*s", length, name);
		CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x1001), length <= 63 ? expected : "");
		symbols_free(symbols);
	}
}

/* Addresses at both ends of what there is. */
static void extremes(void)
{
	struct symbols *symbols = symbols_of("ffffffffffffffff t last\n"
					     "0000000000000001 t first\n"
					     "fffffffffffffff0 t before\n",
					     NULL);

	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0), "");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 1), "first+0");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x100001), "first+1048576");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, 0x100002), "");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, UINT64_MAX - 1), "before+14");
	CU_ASSERT_STRING_EQUAL(found_at(symbols, UINT64_MAX), "last+0");
	symbols_free(symbols);
}

/* As many as a kernel has, in the wrong order, with modules that alternate. */
static void many(void)
{
	enum { COUNT = 200000 };
	size_t size, count = 0;
	char *text = NULL;
	FILE *to = open_memstream(&text, &size);
	struct symbols *symbols;

	for (unsigned i = COUNT; i-- > 0;) {
		fprintf(to, "%016llx t function_%u", 0xffffffff81000000 + i * 64ULL, i);
		fprintf(to, i % 3 ? "\t[module_%u]\n" : "\n", i % 3);
	}
	fclose(to);
	symbols = symbols_of(text, text);
	free(text);
	CU_ASSERT_EQUAL(symbols_count(symbols), COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		char expected[64];

		snprintf(expected, sizeof(expected),
			 i % 3 ? "function_%u+63 module_%u" : "function_%u+63", i, i % 3);
		if (strcmp(found_at(symbols, 0xffffffff81000000 + i * 64ULL + 63), expected) != 0)
			CU_FAIL(expected);
	}
	symbols_match(symbols, "function_1*", count_one, &count);
	CU_ASSERT_EQUAL(count, 1 + 10 + 100 + 1000 + 10000 + 100000);
	symbols_free(symbols);
}

/* Every function of a kernel's text, by where it begins; it is written as it was read. */
static void kernels(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		size_t size, functions = 0;
		char *text = fixture_read(fixture_series[i], "kallsyms", &size), *again;
		struct symbols *symbols = symbols_of(text, NULL), *twice;

		for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
			unsigned long long address;
			char type, name[64], module[64] = "", expected[140];

			CU_ASSERT_TRUE_FATAL(sscanf(line, "%llx %c %63s\t[%63[^]\n]", &address,
						    &type, name, module) >= 3);
			if (!strchr("tTwW", type) || strncmp(name, "__pfx_", 6) == 0)
				continue;
			functions++;
			snprintf(expected, sizeof(expected), "%s+5%s%s", name, *module ? " " : "",
				 module);
			CU_ASSERT_STRING_EQUAL(found_at(symbols, address + 5), expected);
		}
		CU_ASSERT_EQUAL(symbols_count(symbols), functions);
		again = symbols_text(symbols, NULL, NULL);
		twice = symbols_of(text, again);
		CU_ASSERT_EQUAL(symbols_count(twice), functions);
		symbols_free(twice);
		free(again);
		free(text);
		symbols_free(symbols);
	}
}

static void written(void)
{
	struct symbols *symbols = symbols_of("ffffffffc0000000 t fn\t[mod]\n"
					     "ffffffff81000000 T _stext\n"
					     "ffffffff81000000 W start\n",
					     NULL);
	char *text = symbols_text(symbols, NULL, NULL);

	CU_ASSERT_STRING_EQUAL(text, "ffffffff81000000 t _stext\n"
				     "ffffffff81000000 t start\n"
				     "ffffffffc0000000 t fn\t[mod]\n");
	free(text);
	symbols_free(symbols);
}

int suite_symbols(void)
{
	CU_pSuite suite = CU_add_suite("symbols", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, finds) || !CU_ADD_TEST(suite, nothing) ||
	    !CU_ADD_TEST(suite, aliases) || !CU_ADD_TEST(suite, padding) ||
	    !CU_ADD_TEST(suite, patterns) || !CU_ADD_TEST(suite, matching_ends) ||
	    !CU_ADD_TEST(suite, only_whole_lines) || !CU_ADD_TEST(suite, bytes_of_zero) ||
	    !CU_ADD_TEST(suite, lengths) || !CU_ADD_TEST(suite, extremes) ||
	    !CU_ADD_TEST(suite, many) || !CU_ADD_TEST(suite, kernels) ||
	    !CU_ADD_TEST(suite, written))
		return (int)CU_get_error();
	return 0;
}
