/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"
#include "timersnoop/out.h"
#include "timersnoop/printable.h"

static void expect_shown(const char *text, const char *expected)
{
	char shown[256];
	char *end = printable_copy(shown, text);

	CU_ASSERT_STRING_EQUAL(shown, expected);
	CU_ASSERT_PTR_EQUAL(end, shown + strlen(expected));
}

static void copies(void)
{
	expect_shown("", "");
	expect_shown("plain \\ text", "plain \\ text");
	expect_shown("\303\244 \342\202\254 \360\237\230\200",
		     "\303\244 \342\202\254 \360\237\230\200");
	/* C0, DEL, C1 */
	expect_shown("\033[31mred\r\n\t\a\177", "\\033[31mred\\015\\012\\011\\007\\177");
	expect_shown("\302\233m\302\205", "\\302\\233m\\302\\205");
	/* no UTF-8: alone, cut off, overlong, a surrogate, above U+10FFFF */
	expect_shown("\233[0m", "\\233[0m");
	expect_shown("\303", "\\303");
	expect_shown("\342\202", "\\342\\202");
	expect_shown("\300\233", "\\300\\233");
	expect_shown("\340\200\233", "\\340\\200\\233");
	expect_shown("\355\240\200", "\\355\\240\\200");
	expect_shown("\364\220\200\200", "\\364\\220\\200\\200");
	/* directions and what is not seen: U+202E, U+2066, U+200B, U+FEFF, U+E0041 */
	expect_shown("a\342\200\256b", "a\\342\\200\\256b");
	expect_shown("\342\201\246", "\\342\\201\\246");
	expect_shown("\342\200\213", "\\342\\200\\213");
	expect_shown("\357\273\277", "\\357\\273\\277");
	expect_shown("\363\240\201\201", "\\363\\240\\201\\201");
}

/* Whatever the bytes are, what is shown has none that acts. */
static void any_bytes(void)
{
	for (unsigned first = 1; first < 256; first++)
		for (unsigned second = 1; second < 256; second++) {
			const char text[] = { (char)first, (char)second, (char)0x9b, '\0' };
			char shown[16];

			printable_copy(shown, text);
			for (const char *at = shown; *at; at += printable_length(at))
				CU_ASSERT_NOT_EQUAL_FATAL(printable_length(at), 0);
		}
}

/* What tell() is given may hold anything; the newline is its own. */
static void told(void)
{
	char text[128] = "";
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t length;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	tell("cannot run '%s'", "\033]0;x\a\n");
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(ends[1]);
	length = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	CU_ASSERT_TRUE(length > 0);
	CU_ASSERT_STRING_EQUAL(text, "timersnoop: cannot run '\\033]0;x\\007\\012'\n");
}

static void expect_json(const char *text, const char *expected)
{
	char shown[128];

	*out_json_string(shown, text) = '\0';
	CU_ASSERT_STRING_EQUAL(shown, expected);
}

/* JSON has a notation of its own, in which nothing is lost. */
static void json(void)
{
	expect_json("a\"\\\033", "a\\\"\\\\\\u001b");
	expect_json("\302\233\233", "\\u009b\\u009b");
	expect_json("x\342\200\256y", "x\\u202ey");
	expect_json("\363\240\201\201", "\\udb40\\udc41");
	expect_json("\360\237\230\200", "\360\237\230\200");
}

static void expect_name(char *(*put)(char *, const struct out_style *, const char *), bool terminal,
			const char *text, const char *expected)
{
	const struct out_style style = { .terminal = terminal };
	char shown[128];

	*put(shown, &style, text) = '\0';
	CU_ASSERT_STRING_EQUAL(shown, expected);
}

/* Rows are for programs, unless a terminal is what reads them. */
static void rows(void)
{
	static const char name[] = "\033c,\"\302\233\n";

	expect_name(out_csv_name, false, name, "\"\033c,\"\"\302\233\n\"");
	expect_name(out_csv_name, true, name, "\"\\033c,\"\"\\302\\233\\012\"");
	expect_name(out_tsv_name, false, name, "\\x1bc,\"\302\233\\n");
	expect_name(out_tsv_name, true, name, "\\x1bc,\"\\xc2\\x9b\\n");
	expect_name(out_null_name, false, name, name);
	expect_name(out_null_name, true, name, "\\033c,\"\\302\\233\\012");
}

int suite_printable(void)
{
	CU_pSuite suite = CU_add_suite("printable", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, copies) || !CU_ADD_TEST(suite, any_bytes) ||
	    !CU_ADD_TEST(suite, told) || !CU_ADD_TEST(suite, json) || !CU_ADD_TEST(suite, rows))
		return (int)CU_get_error();
	return 0;
}
