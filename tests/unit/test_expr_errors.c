/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of conditions that are none, with the place that it is about. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "asked.h"
#include "suites.h"
#include "timersnoop/expr.h"

static const struct {
	const char *text;
	const char *error;
} mistakes[] = {
	{ "pid = 12", "--where: there is no '='; use ==\n"
		      "  pid = 12\n"
		      "      ^" },
	{ "value >= 10", "--where: give a unit, for example 10ms\n"
			 "  value >= 10\n"
			 "           ^~" },
	{ "value == 10parsecs",
	  "--where: '10parsecs' is no duration; the units are ns, us, ms, s, m, h and d\n"
	  "  value == 10parsecs\n"
	  "           ^~~~~~~~~" },
	{ "value == 1.0000001us", "--where: '1.0000001us' is too large, or finer than 1ns\n"
				  "  value == 1.0000001us\n"
				  "           ^~~~~~~~~~~" },
	{ "value == 10/s", "--where: 'value_ns' is a duration, and '10/s' is not\n"
			   "  value == 10/s\n"
			   "           ^~~~" },
	{ "pid == 10ms", "--where: 'pid' is a whole number, and '10ms' is not\n"
			 "  pid == 10ms\n"
			 "         ^~~~" },
	{ "pid == 1.5", "--where: 'pid' is a whole number, and '1.5' is not\n"
			"  pid == 1.5\n"
			"         ^~~" },
	{ "pid == \"x\"", "--where: 'pid' is a whole number, and this is text\n"
			  "  pid == \"x\"\n"
			  "         ^~~" },
	{ "pid == true", "--where: 'pid' is a whole number, and 'true' is not\n"
			 "  pid == true\n"
			 "         ^~~~" },
	{ "pid == 99999999999999999999", "--where: '99999999999999999999' is too large\n"
					 "  pid == 99999999999999999999\n"
					 "         ^~~~~~~~~~~~~~~~~~~~" },
	{ "vlaue < 1ms && comm == \"app\"",
	  "--where: there is no field 'vlaue'; did you mean 'value_ns'?\n"
	  "  vlaue < 1ms && comm == \"app\"\n"
	  "  ^~~~~" },
	{ "1 == 2", "--where: it compares two constants\n"
		    "  1 == 2\n"
		    "  ^~~~~~" },
	{ "\"a\" == 'b'", "--where: it compares two constants\n"
			  "  \"a\" == 'b'\n"
			  "  ^~~~~~~~~~" },
	{ "foo", "--where: there is no field 'foo'\n"
		 "  foo\n"
		 "  ^~~" },
	{ "pid", "--where: 'pid' is a whole number, no condition; compare it with something\n"
		 "  pid\n"
		 "  ^~~" },
	{ "5", "--where: a constant is no condition; compare a field with it\n"
	       "  5\n"
	       "  ^" },
	{ "\"x\"", "--where: a constant is no condition; compare a field with it\n"
		   "  \"x\"\n"
		   "  ^~~" },
	{ "comm < x", "--where: 'comm' is text, which takes ==, !=, ~ and !~\n"
		      "  comm < x\n"
		      "       ^" },
	{ "pid ~ 5", "--where: 'pid' is a whole number, which takes ==, !=, <, <=, > and >=\n"
		     "  pid ~ 5\n"
		     "      ^" },
	{ "periodic < true", "--where: 'periodic' is true or false, which takes == and !=\n"
			     "  periodic < true\n"
			     "           ^" },
	{ "comm == pid", "--where: 'comm' is text, and 'pid' is a whole number; put quotes around "
			 "what is no field\n"
			 "  comm == pid\n"
			 "  ^~~~~~~~~~~" },
	{ "pid == comm", "--where: 'pid' is a whole number, and 'comm' is text; put quotes around "
			 "what is no field\n"
			 "  pid == comm\n"
			 "  ^~~~~~~~~~~" },
	{ "\"a*\" ~ comm", "--where: the pattern stands to the right of ~, and 'comm' to the left\n"
			   "  \"a*\" ~ comm\n"
			   "  ^~~~" },
	{ "1 < arms < 2",
	  "--where: a comparison has two sides; join two with &&, as in 1 < a && a < 2\n"
	  "  1 < arms < 2\n"
	  "           ^" },
	{ "pid == 1 and comm == x", "--where: there is no 'and'; use &&\n"
				    "  pid == 1 and comm == x\n"
				    "           ^~~" },
	{ "not periodic", "--where: there is no 'not'; use !\n"
			  "  not periodic\n"
			  "  ^~~" },
	{ "pid == 1 & periodic", "--where: there is no '&'; use &&\n"
				 "  pid == 1 & periodic\n"
				 "           ^" },
	{ "pid == 1 | periodic", "--where: there is no '|'; use ||\n"
				 "  pid == 1 | periodic\n"
				 "           ^" },
	{ "pid == 1 periodic", "--where: && or || is missing before 'periodic'\n"
			       "  pid == 1 periodic\n"
			       "           ^~~~~~~~" },
	{ "pid ==", "--where: a value is missing at the end\n"
		    "  pid ==\n"
		    "        ^" },
	{ "pid == && periodic", "--where: a value is missing before '&&'\n"
				"  pid == && periodic\n"
				"         ^~" },
	{ "&& periodic", "--where: a condition is missing before '&&'\n"
			 "  && periodic\n"
			 "  ^~" },
	{ "periodic &&", "--where: a condition is missing at the end\n"
			 "  periodic &&\n"
			 "             ^" },
	{ "(periodic", "--where: there is no ')' for this '('\n"
		       "  (periodic\n"
		       "  ^" },
	{ "periodic)", "--where: there is no '(' for this ')'\n"
		       "  periodic)\n"
		       "          ^" },
	{ "()", "--where: a condition is missing before ')'\n"
		"  ()\n"
		"   ^" },
	{ "(pid) == 1",
	  "--where: 'pid' is a whole number, no condition; compare it with something\n"
	  "  (pid) == 1\n"
	  "   ^~~" },
	{ "(periodic) == 1", "--where: parentheses are for conditions, not for values\n"
			     "  (periodic) == 1\n"
			     "  ^" },
	{ "pid == (5)", "--where: parentheses are for conditions, not for values\n"
			"  pid == (5)\n"
			"         ^" },
	{ "== 5", "--where: a value is missing before '=='\n"
		  "  == 5\n"
		  "  ^~" },
	{ "pid => 5", "--where: there is no '=>'; use >=\n"
		      "  pid => 5\n"
		      "      ^~" },
	{ "comm =~ x", "--where: there is no '=~'; use ~\n"
		       "  comm =~ x\n"
		       "       ^~" },
	{ "comm == \"abc", "--where: this quote is not closed\n"
			   "  comm == \"abc\n"
			   "          ^" },
	{ "comm == \"a\\qb\"", "--where: this is none of the escapes \\\" \\' \\\\ \\n \\t \\xHH\n"
			       "  comm == \"a\\qb\"\n"
			       "            ^~" },
	{ "comm == \"a\\x00b\"", "--where: no text has a NUL in it\n"
				 "  comm == \"a\\x00b\"\n"
				 "            ^~~~" },
	{ "comm ~ \"a\\xz\"",
	  "--where: this is none of the escapes \\\" \\' \\\\ \\n \\t \\xHH \\* \\?\n"
	  "  comm ~ \"a\\xz\"\n"
	  "           ^~" },
	{ "pid == 1 && pid == 2 && pid == 3 && pid == 4 && pid == 5 && pid == 6 && pid == 7 && "
	  "pidd == 8 && pid == 9 && pid == 10",
	  "--where: there is no field 'pidd'; did you mean 'pid'?\n"
	  "  ... && pid == 5 && pid == 6 && pid == 7 && pidd == 8 && pid == 9 && pid == 10\n"
	  "                                             ^~~~" },
	{ "pidd == 1 && pid == 2 && pid == 3 && pid == 4 && pid == 5 && pid == 6 && pid == 7 && "
	  "pid == 8 && pid == 9 && pid == 10",
	  "--where: there is no field 'pidd'; did you mean 'pid'?\n"
	  "  pidd == 1 && pid == 2 && pid == 3 && pid == 4 && pid == 5 && pid == 6 && pid == 7 "
	  "&&...\n"
	  "  ^~~~" },
	{ "pid == 1 && pid == 2 && pid == 3 && pid == 4 && pid == 5 && pid == 6 && pid == 7 && pid "
	  "== 8 && pid == 9 && pid ==",
	  "--where: a value is missing at the end\n"
	  "  ...d == 7 && pid == 8 && pid == 9 && pid ==\n"
	  "                                             ^" },
	{ "comm == \"ä€😀\" && pidd == 1", "--where: there is no field 'pidd'; did you mean 'pid'?\n"
					  "  comm == \"ä€😀\" && pidd == 1\n"
					  "                   ^~~~" },
	{ "rate == 1.5.5", "--where: '1.5.5' is no rate; it is written as 100/s, 100/m or 100/h\n"
			   "  rate == 1.5.5\n"
			   "          ^~~~~" },
	{ "rate == 100/d", "--where: '100/d' is no rate; it is written as 100/s, 100/m or 100/h\n"
			   "  rate == 100/d\n"
			   "          ^~~~~" },
	{ "rate == 1234567890123456", "--where: '1234567890123456' has too many digits\n"
				      "  rate == 1234567890123456\n"
				      "          ^~~~~~~~~~~~~~~~" },
	{ "value == true", "--where: 'value_ns' is a duration, and 'true' is not\n"
			   "  value == true\n"
			   "           ^~~~" },
	{ "value == \"1ms\"", "--where: 'value_ns' is a duration, and this is text\n"
			      "  value == \"1ms\"\n"
			      "           ^~~~~" },
	{ "periodic !failed", "--where: && or || is missing before '!'\n"
			      "  periodic !failed\n"
			      "           ^" },
	{ "value == 9223372036854775808ns",
	  "--where: '9223372036854775808ns' is too large, or finer than 1ns\n"
	  "  value == 9223372036854775808ns\n"
	  "           ^~~~~~~~~~~~~~~~~~~~~" },
	{ "value < 106752d", "--where: '106752d' is too large, or finer than 1ns\n"
			     "  value < 106752d\n"
			     "          ^~~~~~~" },
	{ "comm == \"\\x00\"", "--where: no text has a NUL in it\n"
			       "  comm == \"\\x00\"\n"
			       "           ^~~~" },
	{ "commm == x", "--where: there is no field 'commm'; did you mean 'comm'?\n"
			"  commm == x\n"
			"  ^~~~~" },
	{ "peroidic", "--where: there is no field 'peroidic'; did you mean 'periodic'?\n"
		      "  peroidic\n"
		      "  ^~~~~~~~" },
	{ "1.5 == arms", "--where: 'arms' is a count, and '1.5' is not\n"
			 "  1.5 == arms\n"
			 "  ^~~" },
	{ "pid == 12 || vlaue", "--where: there is no field 'vlaue'; did you mean 'value_ns'?\n"
				"  pid == 12 || vlaue\n"
				"               ^~~~~" },
	{ "arms <> 5", "--where: there is no '<>'; use !=\n"
		       "  arms <> 5\n"
		       "       ^~" },
	{ "arms =< 5", "--where: there is no '=<'; use <=\n"
		       "  arms =< 5\n"
		       "       ^~" },
	{ "handler == 0xg", "--where: 'handler' is an address, and '0xg' is not\n"
			    "  handler == 0xg\n"
			    "             ^~~" },
	{ "handler == 1.5", "--where: 'handler' is an address, and '1.5' is not\n"
			    "  handler == 1.5\n"
			    "             ^~~" },
	{ "handler == 5ms", "--where: 'handler' is an address, and '5ms' is not\n"
			    "  handler == 5ms\n"
			    "             ^~~" },
	{ "value < 5 ms", "--where: give a unit, for example 10ms\n"
			  "  value < 5 ms\n"
			  "          ^" },
	{ "pid < 5, 6", "--where: 'pid' is a whole number, and '5,' is not\n"
			"  pid < 5, 6\n"
			"        ^~" },
	{ "periodic OR failed", "--where: there is no 'or'; use ||\n"
				"  periodic OR failed\n"
				"           ^~" },
	{ "late < 1ms", "--where: there is no field 'late'; did you mean 'late_ns_p99'?\n"
			"  late < 1ms\n"
			"  ^~~~" },
	{ "arms < 10ms", "--where: 'arms' is a count, and '10ms' is not\n"
			 "  arms < 10ms\n"
			 "         ^~~~" },
	{ "arms == 1.5", "--where: 'arms' is a count, and '1.5' is not\n"
			 "  arms == 1.5\n"
			 "          ^~~" },
	{ "arms == 5/x", "--where: '5/x' is no rate; it is written as 100/s, 100/m or 100/h\n"
			 "  arms == 5/x\n"
			 "          ^~~" },
	{ "failed == \"true\"", "--where: 'failed' is true or false, and this is text\n"
				"  failed == \"true\"\n"
				"            ^~~~~~" },
	{ "periodic == 1", "--where: 'periodic' is true or false, and '1' is not\n"
			   "  periodic == 1\n"
			   "              ^" },
	{ "rate ~ 5", "--where: 'rate' is a rate, which takes ==, !=, <, <=, > and >=\n"
		      "  rate ~ 5\n"
		      "       ^" },
	{ "rate == error",
	  "--where: 'rate' is a rate, and 'error' is text; put quotes around what is no field\n"
	  "  rate == error\n"
	  "  ^~~~~~~~~~~~~" },
	{ "value_ns == pid", "--where: 'value_ns' is a duration, and 'pid' is a whole number\n"
			     "  value_ns == pid\n"
			     "  ^~~~~~~~~~~~~~~" },
	{ "5 == foo", "--where: there is no field 'foo'\n"
		      "  5 == foo\n"
		      "       ^~~" },
	{ "pid == ped", "--where: there is no field 'ped'; did you mean 'pid'?\n"
			"  pid == ped\n"
			"         ^~~" },
	{ "pid == 0x", "--where: 'pid' is a whole number, and '0x' is not\n"
		       "  pid == 0x\n"
		       "         ^~" },
	{ "pid == 00000000000000000000000000000000000000000000000001",
	  "--where: this number is too long\n"
	  "  pid == 00000000000000000000000000000000000000000000000001\n"
	  "         ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~" },
	{ "(=", "--where: there is no '='; use ==\n"
		"  (=\n"
		"   ^" },
	{ "ret == - 5", "--where: there is no field '-'\n"
			"  ret == - 5\n"
			"         ^" },
	/* shown, but not as it is */
	{ "comm == 'a' \xe2\x82", "--where: && or || is missing before '?\?'\n"
				  "  comm == 'a' ?\?\n"
				  "              ^~" },
	{ "pid == 12\x1b[31m", "--where: there is a control character\n"
			       "  pid == 12?[31m\n"
			       "           ^" },
	{ "pid\t==\n12 13", "--where: && or || is missing before '13'\n"
			    "  pid == 12 13\n"
			    "            ^~" },
	{ "comm == 'a\nb'", "--where: there is a control character; write \\xHH for it\n"
			    "  comm == 'a b'\n"
			    "            ^" },
	{ "comm == '\xff\xc2\x9b\xe2\x82' && \xc3\xa4\xffx",
	  "--where: there is no field '\xc3\xa4?x'\n"
	  "  comm == '?\?\?\?\?' && \xc3\xa4?x\n"
	  "                     ^~~" },
	{ "comm == '\xed\xa0\x80\xf0\x80\x80\x80\xf5' && x1", "--where: there is no field 'x1'\n"
							      "  comm == '?\?\?\?\?\?\?\?' && x1\n"
							      "                        ^~" },
	{ "comm == 'a\\", "--where: this quote is not closed\n"
			  "  comm == 'a\\\n"
			  "          ^" },
	{ "", "--where: there is no condition in it" },
	{ " \t\n ", "--where: there is no condition in it" },
};

static void wrong(const char *text, const char *wanted)
{
	struct expr *expr = (struct expr *)&expr;
	struct error err = { .code = 0 };

	CU_ASSERT_EQUAL(expr_parse(&expr, text, &asked_table, "--where", &err), -EINVAL);
	CU_ASSERT_PTR_NULL(expr);
	CU_ASSERT_EQUAL(err.code, EINVAL);
	if (strcmp(err.text, wanted) != 0)
		fprintf(stderr, "%s\n got: %s\nwant: %s\n", text, err.text, wanted);
	CU_ASSERT_STRING_EQUAL(err.text, wanted);
	CU_ASSERT_EQUAL(expr_parse(&expr, text, &asked_table, "--where", NULL), -EINVAL);
}

static void all_mistakes(void)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		wrong(mistakes[i].text, mistakes[i].error);
}

static void too_deep(void)
{
	char text[160] = "";

	memset(text, '(', 65);
	wrong(text, "--where: it is nested deeper than 64 levels\n"
		    "  (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\n"
		    "                                                                  ^");
	memset(text, '!', 65);
	wrong(text, "--where: it is nested deeper than 64 levels\n"
		    "  !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\n"
		    "                                                                  ^");
	text[64] = '\0';
	wrong(text, "--where: a condition is missing at the end\n"
		    "  !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\n"
		    "                                                                  ^");
}

static void too_long(void)
{
	char text[4098];

	memset(text, 'a', 4097);
	text[4097] = '\0';
	wrong(text, "--where: it is longer than 4096 bytes");
	text[4096] = '\0';
	wrong(text,
	      "--where: there is no field 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\n"
	      "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaa...\n"
	      "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"
	      "~~~~~");
}

/* Wherever the place is in a long text, of characters of whatever length, it is shown. */
static void place_of_long_texts(void)
{
	static const char *const fillers[] = { "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
					       "\xff" };

	for (size_t i = 0; i < 5 * 300; i++) {
		char text[4096] = "comm == '";
		const char *carets, *shown;
		struct expr *expr;
		struct error err;
		size_t columns = 0;

		for (size_t n = 0; n < i / 5; n++)
			strcat(text, fillers[i % 5]);
		strcat(text, "' && 77 && comm == 'and so on, for what is behind it is cut off'");
		CU_ASSERT_EQUAL(expr_parse(&expr, text, &asked_table, "--until", &err), -EINVAL);
		CU_ASSERT_TRUE(strlen(err.text) < sizeof(err.text) - 1);
		shown = strchr(err.text, '\n') + 1;
		carets = strchr(shown, '\n') + 1;
		while (carets[columns] == ' ')
			columns++;
		CU_ASSERT_STRING_EQUAL(carets + columns, "^~");
		for (; columns; shown++)
			columns -= (shown[1] & 0xc0) != 0x80;
		CU_ASSERT_EQUAL(memcmp(shown, "77 && comm", 10), 0);
	}
}

int suite_expr_errors(void)
{
	CU_pSuite suite = CU_add_suite("expr_errors", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, all_mistakes) || !CU_ADD_TEST(suite, too_deep) ||
	    !CU_ADD_TEST(suite, too_long) || !CU_ADD_TEST(suite, place_of_long_texts))
		return (int)CU_get_error();
	return 0;
}
