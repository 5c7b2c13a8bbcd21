/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "suites.h"
#include "timersnoop/expr.h"

/* What is asked of asked_usual, why that does not hold, and what the kernel can decide. */
static const struct {
	const char *text;
	enum expr_answer answer;
	const char *why;
	const char *filter;
} conditions[] = {
	{ "pid == 12", EXPR_YES, "", "common_pid == 12" },
	{ "12 < pid", EXPR_NO, "pid is 12, not above 12", "common_pid > 12" },
	{ "late.p99 < 1ms", EXPR_NO, "late_ns_p99 is 1.25ms, 250us above 1ms", NULL },
	{ "late.p99 < 1250us", EXPR_NO, "late_ns_p99 is 1.25ms, not below 1.25ms", NULL },
	{ "late.p99 > 1.25ms", EXPR_NO, "late_ns_p99 is 1.25ms, not above 1.25ms", NULL },
	{ "late.p99 == 1ms", EXPR_NO, "late_ns_p99 is 1.25ms, 250us above 1ms", NULL },
	{ "late.p99 != 1250us", EXPR_NO, "late_ns_p99 is 1.25ms", NULL },
	{ "late.max < 1ms", EXPR_UNKNOWN, "late_ns_max is not known", NULL },
	{ "!(late.max < 1ms)", EXPR_UNKNOWN, "late_ns_max is not known", NULL },
	{ "expiries >= 50", EXPR_NO, "expiries is 48, 2 below 50", NULL },
	{ "arms < 100/s", EXPR_NO, "arms is 250/s, 150/s above 100/s", NULL },
	{ "arms < 6000/m", EXPR_NO, "arms is 250/s, 150/s above 100/s", NULL },
	{ "arms >= 900001/h", EXPR_NO, "arms is 250/s, 0.000278/s below 250/s", NULL },
	{ "arms == 250/s", EXPR_YES, "", NULL },
	{ "arms > 300.5/s", EXPR_NO, "arms is 250/s, 50.5/s below 300.5/s", NULL },
	{ "rate > 1", EXPR_NO, "rate is 0.5/s, 0.5/s below 1/s", NULL },
	{ "rate < 0.1/s", EXPR_NO, "rate is 0.5/s, 0.4/s above 0.1/s", NULL },
	{ "rate == 30/m", EXPR_YES, "", NULL },
	{ "comm == app", EXPR_YES, "", "comm == \"app\"" },
	{ "comm != \"app\"", EXPR_NO, "comm is 'app'", "comm != \"app\"" },
	{ "comm ~ a*", EXPR_YES, "", "comm ~ \"a*\"" },
	{ "comm ~ b*", EXPR_NO, "comm is 'app'", "comm ~ \"b*\"" },
	{ "comm !~ \"a*\"", EXPR_NO, "comm is 'app'", NULL },
	{ "comm ~ \"a\\*\"", EXPR_NO, "comm is 'app'", NULL },
	{ "comm == error", EXPR_NO, "comm is 'app' and error is 'EINVAL'", NULL },
	{ "app == comm", EXPR_YES, "", "comm == \"app\"" },
	{ "error == EINVAL && comm == \"x\"", EXPR_NO, "comm is 'app'", "comm == \"x\"" },
	{ "handler == 0x7f001000", EXPR_YES, "", "handler == 0x7f001000" },
	{ "handler == 1", EXPR_NO, "handler is 0x7f001000", "handler == 0x1" },
	{ "handler < 0x7f000000", EXPR_NO, "handler is 0x7f001000, 0x1000 above 0x7f000000",
	  "handler < 0x7f000000" },
	{ "handler != 2130710528", EXPR_NO, "handler is 0x7f001000", "handler != 0x7f001000" },
	{ "periodic && !failed", EXPR_NO, "failed is true", "periodic != 0" },
	{ "!periodic || pid == 13", EXPR_NO, "periodic is true; pid is 12, 1 below 13",
	  "(periodic == 0 || common_pid == 13)" },
	{ "periodic == failed", EXPR_YES, "", NULL },
	{ "periodic == false", EXPR_NO, "periodic is true", "periodic == 0" },
	{ "failed == periodic && absolute", EXPR_UNKNOWN, "absolute is not known", NULL },
	{ "arms > expiries", EXPR_YES, "", NULL },
	{ "arms < expiries", EXPR_NO, "arms is 500, 452 above expiries (48)", NULL },
	{ "expiries >= ret", EXPR_YES, "", NULL },
	{ "ret == expiries", EXPR_NO, "ret is -22, 70 below expiries (48)", NULL },
	{ "value < late.p99", EXPR_YES, "", NULL },
	{ "value > late.p99", EXPR_NO, "value_ns is 1ms, 250us below late_ns_p99 (1.25ms)", NULL },
	{ "absolute && pid == 13", EXPR_NO, "absolute is not known; pid is 12, 1 below 13",
	  "common_pid == 13" },
	{ "absolute || pid == 12", EXPR_YES, "", NULL },
	{ "!(pid == 12 && comm == app)", EXPR_NO, "pid is 12; comm is 'app'",
	  "(common_pid != 12 || comm != \"app\")" },
	{ "!(pid == 12 || comm == x)", EXPR_NO, "pid is 12", "common_pid != 12 && comm != \"x\"" },
	{ "value < 0", EXPR_NO, "value_ns is 1ms, 1ms above 0s", "value < 0" },
	{ "value < -5ms", EXPR_NO, "value_ns is 1ms, 6ms above -5ms", NULL },
	{ "pid > -18446744073709551615", EXPR_YES, "", NULL },
	{ "arms == 18446744073709551615", EXPR_NO,
	  "arms is 500, 18446744073709551115 below 18446744073709551615", NULL },
	{ "ret < 18446744073709551615", EXPR_YES, "", NULL },
	{ "pid == 12 && comm == \"app\" && late.p99 < 1s", EXPR_YES, "",
	  "common_pid == 12 && comm == \"app\"" },
	{ "(pid == 12 || comm ~ \"a*\") && expiries > 0", EXPR_YES, "",
	  "(common_pid == 12 || comm ~ \"a*\")" },
	{ "!(pid == 12 || comm == \"x\") && arms < 5", EXPR_NO,
	  "pid is 12; arms is 500, 495 above 5", "common_pid != 12 && comm != \"x\" && arms < 5" },
	{ "!(pid >= 12 && comm ~ \"x*\")", EXPR_YES, "", NULL },
	{ "pid == 5000000000 && comm == averyveryverylongname", EXPR_NO,
	  "pid is 12, 4999999988 below 5000000000; comm is 'app'", NULL },
	{ "comm ~ \"1*\" && comm ~ '!a*' && comm ~ a?c && handler > 0x10 && periodic && !periodic "
	  "&& periodic != false && arms == 0x10",
	  EXPR_NO,
	  "comm is 'app'; comm is 'app'; comm is 'app'; periodic is true; arms is 500, 484 above "
	  "16",
	  "handler > 0x10 && periodic != 0 && periodic == 0 && periodic != 0 && arms == 16" },
	{ "value < 5ms && value > -5ms", EXPR_YES, "", "value < 5000000" },
	{ "rate < 0.00001", EXPR_NO, "rate is 0.5/s, 0.5/s above 0.00001/s", NULL },
	{ "comm == and", EXPR_NO, "comm is 'app'", "comm == \"and\"" },
	{ "value < 106751d", EXPR_YES, "", "value < 9223286400000000000" },
	{ "late.p99 == 1ms && comm == x || pid == 13 && (arms == 3/m)", EXPR_NO,
	  "late_ns_p99 is 1.25ms, 250us above 1ms; comm is 'app'; pid is 12, 1 below 13; arms is "
	  "250/s, 249.95/s above 0.05/s",
	  NULL },
	{ "true == periodic", EXPR_YES, "", "periodic != 0" },
	{ "rate == -0.5", EXPR_NO, "rate is 0.5/s, 1/s above -0.5/s", NULL },
	{ "rate != .5", EXPR_NO, "rate is 0.5/s", NULL },
	{ "comm == 'it\\'s \\x41\\t\\\\'", EXPR_NO, "comm is 'app'", NULL },
	{ "comm == \"\\xff\\x1b[31m\"", EXPR_NO, "comm is 'app'", NULL },
	{ "ret == -22", EXPR_YES, "", NULL },
	{ "ret == -0x16", EXPR_YES, "", NULL },
	{ "ret == +5", EXPR_NO, "ret is -22, 27 below 5", NULL },
	{ "(((periodic)))", EXPR_YES, "", "periodic != 0" },
	{ "!!periodic", EXPR_YES, "", "periodic != 0" },
	{ "signal == SIGRTMIN+2", EXPR_UNKNOWN, "signal is not known", NULL },
	{ "comm ~ *", EXPR_YES, "", "comm ~ \"*\"" },
	{ "comm ~ ?p?", EXPR_YES, "", NULL },
	{ "comm ~ '*p*p'", EXPR_YES, "", "comm ~ \"*p*p\"" },
	{ "comm ~ \"a??\"", EXPR_YES, "", NULL },
	{ "comm ~ \"\"", EXPR_NO, "comm is 'app'", NULL },
	{ "comm == \"\"", EXPR_NO, "comm is 'app'", NULL },
	{ "comm ~ a\\pp", EXPR_YES, "", NULL },
	{ "comm !~ \"\\x61*\"", EXPR_NO, "comm is 'app'", NULL },
	{ "1.5ms <= value", EXPR_NO, "value_ns is 1ms, 500us below 1.5ms", "value >= 1500000" },
	{ "pid != 12", EXPR_NO, "pid is 12", "common_pid != 12" },
	{ "pid >= 13", EXPR_NO, "pid is 12, 1 below 13", "common_pid >= 13" },
	{ "pid <= 11", EXPR_NO, "pid is 12, 1 above 11", "common_pid <= 11" },
	{ "pid < 12", EXPR_NO, "pid is 12, not below 12", "common_pid < 12" },
	{ "pid > 12", EXPR_NO, "pid is 12, not above 12", "common_pid > 12" },
	{ "arms == 499", EXPR_NO, "arms is 500, 1 above 499", "arms == 499" },
	{ "ret > -22", EXPR_NO, "ret is -22, not above -22", NULL },
	{ "ret < -22", EXPR_NO, "ret is -22, not below -22", NULL },
	{ "ret == 22", EXPR_NO, "ret is -22, 44 below 22", NULL },
	{ "ret == -18446744073709551615", EXPR_NO,
	  "ret is -22, 18446744073709551593 above -18446744073709551615", NULL },
	{ "late.p99 <= 1ms", EXPR_NO, "late_ns_p99 is 1.25ms, 250us above 1ms", NULL },
	{ "late_ns_p99 >= 1250000ns", EXPR_YES, "", NULL },
	{ "late_p99 == 0.00125s", EXPR_YES, "", NULL },
	{ "value_ns > 0.0", EXPR_YES, "", "value > 0" },
	{ "value > -0", EXPR_YES, "", "value > 0" },
	{ "error == \"EINVAL\"", EXPR_YES, "", NULL },
	{ "error != 'EINVAL'", EXPR_NO, "error is 'EINVAL'", NULL },
	{ "error ~ E*", EXPR_YES, "", NULL },
	{ "comm == 'app' && pid == 12 && periodic", EXPR_YES, "",
	  "comm == \"app\" && common_pid == 12 && periodic != 0" },
	{ "comm != other && !(error == ENOENT)", EXPR_YES, "", "comm != \"other\"" },
	{ "absolute", EXPR_UNKNOWN, "absolute is not known", NULL },
	{ "!absolute", EXPR_UNKNOWN, "absolute is not known", NULL },
	{ "absolute && failed == false", EXPR_NO, "absolute is not known; failed is true", NULL },
	{ "absolute && !failed", EXPR_NO, "absolute is not known; failed is true", NULL },
	{ "!absolute || failed", EXPR_YES, "", NULL },
	{ "late.max < late.p99", EXPR_UNKNOWN, "late_ns_max is not known", NULL },
	{ "late.p99 < late.max", EXPR_UNKNOWN, "late_ns_max is not known", NULL },
	{ "!(periodic || failed)", EXPR_NO, "periodic is true; failed is true", "periodic == 0" },
	{ "!(!periodic || !failed)", EXPR_YES, "", "periodic != 0" },
	{ "!!!periodic", EXPR_NO, "periodic is true", "periodic == 0" },
	{ "periodic && (pid == 13 || comm == x) && arms < 400", EXPR_NO,
	  "pid is 12, 1 below 13; comm is 'app'; arms is 500, 100 above 400",
	  "periodic != 0 && (common_pid == 13 || comm == \"x\") && arms < 400" },
	{ "periodic != failed", EXPR_NO, "periodic is true and failed is true", NULL },
	{ "periodic != true", EXPR_NO, "periodic is true", "periodic == 0" },
	{ "comm != comm", EXPR_NO, "comm is 'app' and comm is 'app'", NULL },
	{ "handler > handler", EXPR_NO, "handler is 0x7f001000, not above handler (0x7f001000)",
	  NULL },
	{ "rate == rate", EXPR_YES, "", NULL },
	{ "arms != 250/s", EXPR_NO, "arms is 250/s", NULL },
	{ "arms > 250/s", EXPR_NO, "arms is 250/s, not above 250/s", NULL },
	{ "arms < 250/s", EXPR_NO, "arms is 250/s, not below 250/s", NULL },
	{ "arms <= 249.5/s", EXPR_NO, "arms is 250/s, 0.5/s above 249.5/s", NULL },
	{ "comm == \"a\\x70p\"", EXPR_YES, "", "comm == \"app\"" },
	{ "comm ~ 'a\\x2a'", EXPR_NO, "comm is 'app'", NULL },
	{ "comm ~ b?? || comm ~ *b*", EXPR_NO, "comm is 'app'; comm is 'app'", NULL },
	{ "comm ~ a*p*p*p", EXPR_NO, "comm is 'app'", "comm ~ \"a*p*p*p\"" },
	{ "comm ~ **", EXPR_YES, "", "comm ~ \"**\"" },
	{ "pid==12&&comm==app||!failed", EXPR_YES, "", NULL },
	{ "  pid\t==\t12  ", EXPR_YES, "", "common_pid == 12" },
	{ "pid == 2147483647", EXPR_NO, "pid is 12, 2147483635 below 2147483647",
	  "common_pid == 2147483647" },
	{ "pid == 2147483648", EXPR_NO, "pid is 12, 2147483636 below 2147483648", NULL },
	{ "arms != -1", EXPR_YES, "", NULL },
	{ "comm == \"a'b\"", EXPR_NO, "comm is 'app'", "comm == \"a'b\"" },
	{ "comm == 'a\"b'", EXPR_NO, "comm is 'app'", NULL },
	{ "comm == 'a\\\\b'", EXPR_NO, "comm is 'app'", NULL },
	{ "comm == sixteen-bytes-16", EXPR_NO, "comm is 'app'", NULL },
	{ "comm == fifteen-byte-15", EXPR_NO, "comm is 'app'", "comm == \"fifteen-byte-15\"" },
	{ "(comm == app || error == x) && pid > 1", EXPR_YES, "", "common_pid > 1" },
	{ "(comm == app || comm == x && pid < 9) && !(pid == 3)", EXPR_YES, "",
	  "(comm == \"app\" || (comm == \"x\" && common_pid < 9)) && common_pid != 3" },
	{ "!(comm ~ \"a*\") && pid >= 2", EXPR_NO, "comm is 'app'", "common_pid >= 2" },
	{ "handler == 18446744073709551615", EXPR_NO, "handler is 0x7f001000",
	  "handler == 0xffffffffffffffff" },
	{ "499 > arms", EXPR_NO, "arms is 500, 1 above 499", "arms < 499" },
	{ "500 >= arms", EXPR_YES, "", "arms <= 500" },
};

static struct expr *parsed(const char *text)
{
	struct expr *expr;
	struct error err;

	if (expr_parse(&expr, text, &asked_table, "--where", &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("it is a condition");
	}
	return expr;
}

static enum expr_answer ask(const char *text, const struct asked *asked)
{
	struct expr *expr = parsed(text);
	enum expr_answer answer = expr_ask(expr, asked);

	expr_free(expr);
	return answer;
}

/* Where it is another one, it is shown. */
static void is_text(const char *condition, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fprintf(stderr, "%s\n got: %s\nwant: %s\n", condition, got, wanted);
	CU_ASSERT_STRING_EQUAL(got, wanted);
}

static void all_conditions(void)
{
	char text[512];

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		struct expr *expr = parsed(conditions[i].text);

		CU_ASSERT_EQUAL(expr_ask(expr, &asked_usual), conditions[i].answer);
		CU_ASSERT_EQUAL(expr_explain(expr, &asked_usual, text, sizeof(text)),
				strlen(conditions[i].why));
		is_text(conditions[i].text, text, conditions[i].why);
		if (!expr_kernel_filter(expr, text, sizeof(text)))
			text[0] = '\0';
		is_text(conditions[i].text, text, conditions[i].filter ? conditions[i].filter : "");
		CU_ASSERT_PTR_EQUAL(expr_text(expr), conditions[i].text);
		expr_free(expr);
	}
}

/* Of nothing known, nothing holds, and neither does its opposite. */
static void nothing_known(void)
{
	struct asked asked = { .unknown = true };
	char opposite[512];

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		snprintf(opposite, sizeof(opposite), "!(%s)", conditions[i].text);
		CU_ASSERT_EQUAL(ask(conditions[i].text, &asked), EXPR_UNKNOWN);
		CU_ASSERT_EQUAL(ask(opposite, &asked), EXPR_UNKNOWN);
	}
}

/* Three answers each: periodic is true, failed false, absolute unknown. */
static void three_answers(void)
{
	static const char *const operands[] = { "failed", "periodic", "absolute" };
	static const enum expr_answer both[3][3] = {
		{ EXPR_NO, EXPR_NO, EXPR_NO },
		{ EXPR_NO, EXPR_YES, EXPR_UNKNOWN },
		{ EXPR_NO, EXPR_UNKNOWN, EXPR_UNKNOWN },
	};
	static const enum expr_answer either[3][3] = {
		{ EXPR_NO, EXPR_YES, EXPR_UNKNOWN },
		{ EXPR_YES, EXPR_YES, EXPR_YES },
		{ EXPR_UNKNOWN, EXPR_YES, EXPR_UNKNOWN },
	};
	struct asked asked = asked_usual;
	char text[64];

	asked.ret = 0;
	for (size_t i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "%s && %s", operands[i / 3], operands[i % 3]);
		CU_ASSERT_EQUAL(ask(text, &asked), both[i / 3][i % 3]);
		snprintf(text, sizeof(text), "%s || %s", operands[i / 3], operands[i % 3]);
		CU_ASSERT_EQUAL(ask(text, &asked), either[i / 3][i % 3]);
	}
	CU_ASSERT_EQUAL(ask("!failed", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("!periodic", &asked), EXPR_NO);
	CU_ASSERT_EQUAL(ask("!absolute", &asked), EXPR_UNKNOWN);
}

static void explains(const char *text, const struct asked *asked, const char *wanted)
{
	struct expr *expr = parsed(text);
	char why[512];

	expr_explain(expr, asked, why, sizeof(why));
	is_text(text, why, wanted);
	expr_free(expr);
}

static void large_integers(void)
{
	struct asked asked = { .arms = UINT64_MAX, .ret = INT64_MIN, .pid = INT64_MAX };

	asked.value_ns = INT64_MIN;
	asked.late_ns_p99 = INT64_MAX;
	CU_ASSERT_EQUAL(ask("arms == 18446744073709551615", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("arms > 18446744073709551614", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("arms < 18446744073709551615", &asked), EXPR_NO);
	CU_ASSERT_EQUAL(ask("arms == 0xffffffffffffffff", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("arms == -1 || arms < ret || arms <= pid", &asked), EXPR_NO);
	CU_ASSERT_EQUAL(ask("ret < arms && ret < pid && ret < 0", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("ret == -9223372036854775808", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("ret > -9223372036854775809", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("ret == 9223372036854775808", &asked), EXPR_NO);
	CU_ASSERT_EQUAL(ask("pid == 9223372036854775807", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("pid > 9223372036854775806", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("value < -9223372036854775807ns", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("late.p99 == 9223372036854775807ns", &asked), EXPR_YES);
	/* Further than can be told is only above or below. */
	explains("arms < ret", &asked,
		 "arms is 18446744073709551615, above ret (-9223372036854775808)");
	explains("value > late.p99", &asked,
		 "value_ns is -9223372036.854775808s, below late_ns_p99 (9223372036.854775807s)");
	explains("value >= -1ns", &asked,
		 "value_ns is -9223372036.854775808s, 9223372036.854775807s below -1ns");
}

static void rates(void)
{
	struct asked asked = { .arms = 1, .seconds = 0 };
	struct expr *expr;
	struct error err;

	CU_ASSERT_EQUAL(ask("arms < 1/s", &asked), EXPR_UNKNOWN);
	asked.seconds = -1;
	CU_ASSERT_EQUAL(ask("arms < 1/s", &asked), EXPR_UNKNOWN);
	asked.seconds = 3;
	explains("arms > 1/s", &asked, "arms is 0.333/s, 0.667/s below 1/s");
	asked.seconds = 10000;
	explains("arms > 2", &asked, "arms is 1, 1 below 2");
	explains("arms > 1/s", &asked, "arms is 0.0001/s, 1/s below 1/s");
	asked.rate = 1e300;
	CU_ASSERT_EQUAL(ask("rate > 999999999999999", &asked), EXPR_YES);
	explains("rate < 1", &asked, "rate is 1e+300/s, 1e+300/s above 1/s");
	asked.rate = 0.1;
	CU_ASSERT_EQUAL(ask("rate == 0.1 && rate == 6/m && rate == 360/h", &asked), EXPR_YES);
	asked.rate = __builtin_nan("");
	CU_ASSERT_EQUAL(ask("rate == 1 || rate != 1", &asked), EXPR_UNKNOWN);

	CU_ASSERT_EQUAL(expr_parse(&expr, "arms < 1/s", &asked_table_timeless, "--where", &err),
			-EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, "--where: 'arms' is a count that has no rate here\n"
					 "  arms < 1/s\n"
					 "         ^~~");
}

/* Whatever the text is, there is a way to write it, and it is shown without harm. */
static void odd_texts(void)
{
	static const char hexadecimal[] = "0123456789abcdef";
	struct asked asked = asked_usual;
	char text[64];

	for (unsigned byte = 1; byte < 256; byte++) {
		char comm[] = { 'a', (char)byte, 'b', '\0' };

		asked.comm = comm;
		snprintf(text, sizeof(text), "comm == \"a\\x%c%cb\"", hexadecimal[byte / 16],
			 hexadecimal[byte % 16]);
		CU_ASSERT_EQUAL(ask(text, &asked), EXPR_YES);
		text[5] = '!';
		CU_ASSERT_EQUAL(ask(text, &asked), EXPR_NO);
		snprintf(text, sizeof(text), "comm ~ 'a\\x%c%c*'", hexadecimal[byte / 16],
			 hexadecimal[byte % 16]);
		CU_ASSERT_EQUAL(ask(text, &asked), EXPR_YES);
		CU_ASSERT_EQUAL(ask(text, &asked_usual), byte == 'p' ? EXPR_YES : EXPR_NO);
	}
	asked.comm = "a\x1b[31m\n\xff\xc2\x9b\xc3\xa4";
	explains("comm == app", &asked, "comm is 'a?[31m ???\xc3\xa4'");
	asked.comm = "a\"'\\\t\n";
	CU_ASSERT_EQUAL(ask("comm == \"a\\\"'\\\\\\t\\n\"", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("comm == 'a\"\\'\\\\\\t\\n'", &asked), EXPR_YES);
	asked.comm = "a*?[b]";
	CU_ASSERT_EQUAL(ask("comm ~ 'a\\*\\?[b]'", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("comm ~ a\\*\\?[b]", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("comm ~ a\\?*", &asked), EXPR_NO);
	CU_ASSERT_EQUAL(ask("comm ~ [ab]*", &asked), EXPR_NO);
	asked.comm = "a\\";
	CU_ASSERT_EQUAL(ask("comm == a\\", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("comm ~ a\\", &asked), EXPR_YES);
	CU_ASSERT_EQUAL(ask("comm ~ 'a\\\\'", &asked), EXPR_YES);
	asked.comm = "";
	CU_ASSERT_EQUAL(ask("comm == '' && comm ~ * && comm ~ '' && comm !~ ?", &asked), EXPR_YES);
}

/* Every pattern, one after the other, would take for ever if it were tried in all ways. */
static void slow_pattern(void)
{
	struct asked asked = asked_usual;
	char comm[2001], text[4096] = "comm ~ ";
	struct expr *expr;

	memset(comm, 'a', sizeof(comm) - 1);
	comm[sizeof(comm) - 1] = '\0';
	asked.comm = comm;
	for (int i = 0; i < 500; i++)
		strcat(text, "a*");
	strcat(text, "b");
	expr = parsed(text);
	CU_ASSERT_EQUAL(expr_ask(expr, &asked), EXPR_NO);
	expr_free(expr);
}

static void cut(void)
{
	struct expr *expr = parsed("comm == x && pid == 13");
	const char *whole = "comm is 'app'; pid is 12, 1 below 13";
	const char *filter = "comm == \"x\" && common_pid == 13";
	char text[64];

	CU_ASSERT_EQUAL(expr_explain(expr, &asked_usual, text, 0), 0);
	for (size_t size = 1; size < sizeof(text); size++) {
		size_t length = strlen(whole) < size ? strlen(whole) : size - 1;

		memset(text, 'X', sizeof(text));
		CU_ASSERT_EQUAL(expr_explain(expr, &asked_usual, text, size), length);
		CU_ASSERT_EQUAL(strlen(text), length);
		CU_ASSERT_EQUAL(memcmp(text, whole, length), 0);
	}
	CU_ASSERT_FALSE(expr_kernel_filter(expr, text, 0));
	for (size_t size = 1; size < sizeof(text); size++)
		CU_ASSERT_EQUAL(expr_kernel_filter(expr, text, size), size > strlen(filter));
	CU_ASSERT_STRING_EQUAL(text, filter);
	expr_free(expr);
}

static void names(void)
{
	struct expr *expr = parsed("!(pid == 12 || expiries < arms) && periodic");
	static const char *const named[] = { "pid", "expiries", "arms", "periodic" };
	size_t count = 0;

	for (size_t i = 0; i < asked_table.count; i++)
		count += expr_names(expr, &asked_table.fields[i]);
	CU_ASSERT_EQUAL(count, sizeof(named) / sizeof(named[0]));
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_TRUE(
			expr_names(expr, fields_find(&asked_table, named[i], strlen(named[i]))));
	expr_free(expr);
	expr_free(NULL);
}

/* As long and as deep as it may be. */
static void limits(void)
{
	char text[4096 + 1] = "";
	struct expr *expr;

	for (size_t used = 0; used + 12 <= 4096; used += 12)
		memcpy(text + used, "periodic && ", 12);
	memcpy(text + 4080, "periodic        ", 16);
	expr = parsed(text);
	CU_ASSERT_EQUAL(strlen(text), 4096);
	CU_ASSERT_EQUAL(expr_ask(expr, &asked_usual), EXPR_YES);
	expr_free(expr);

	memset(text, '\0', sizeof(text));
	for (int i = 0; i < 32; i++)
		memcpy(text + 2 * i, "!(", 2);
	strcat(text, "pid == 12");
	memset(text + strlen(text), ')', 32);
	expr = parsed(text);
	CU_ASSERT_EQUAL(expr_ask(expr, &asked_usual), EXPR_YES);
	expr_free(expr);
}

int suite_expr(void)
{
	CU_pSuite suite = CU_add_suite("expr", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, all_conditions) || !CU_ADD_TEST(suite, nothing_known) ||
	    !CU_ADD_TEST(suite, three_answers) || !CU_ADD_TEST(suite, large_integers) ||
	    !CU_ADD_TEST(suite, rates) || !CU_ADD_TEST(suite, odd_texts) ||
	    !CU_ADD_TEST(suite, slow_pattern) || !CU_ADD_TEST(suite, cut) ||
	    !CU_ADD_TEST(suite, names) || !CU_ADD_TEST(suite, limits))
		return (int)CU_get_error();
	return 0;
}
