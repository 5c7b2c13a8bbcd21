/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions of any bytes: what is not told to hold, and is no unknown, is explained. */
#include <stdlib.h>
#include <string.h>

#include "timersnoop/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get(const void *of, struct field_value *value)
{
	int64_t number = *(const int64_t *)of;

	value->known = number % 7 != 6;
	value->number = number;
	value->count = (uint64_t)number;
	value->rate = (double)number / 3;
	strcpy(value->buffer, "app\x1b\xc3\xa4");
	value->text = value->buffer;
}

static void get_small(const void *of, struct field_value *value)
{
	(void)of;
	value->known = true;
	value->number = -1;
	value->count = 1;
	value->rate = 0.25;
	value->text = "a";
}

static double seconds(const void *of)
{
	return (double)(*(const int64_t *)of % 5);
}

#define FIELDS(suffix, getter)                                                                     \
	{ "count" suffix, FIELD_COUNT, NULL, "count", "", getter },                                \
		{ "number" suffix, FIELD_NUMBER, NULL, "common_pid", "", getter },                 \
		{ "late_ns" suffix, FIELD_DURATION, NULL, "late", "", getter },                    \
		{ "rate" suffix, FIELD_RATE, NULL, NULL, "", getter },                             \
		{ "comm" suffix, FIELD_TEXT, NULL, "comm", "", getter },                           \
		{ "handler" suffix, FIELD_ADDRESS, NULL, "handler", "", getter },                  \
	{                                                                                          \
		"failed" suffix, FIELD_BOOL, NULL, "failed", "", getter                            \
	}

static const struct field fields[] = { FIELDS("", get), FIELDS("_2", get_small) };
static const struct field_table table = { fields, sizeof(fields) / sizeof(fields[0]), seconds };

static void ask(const struct expr *expr, int64_t number)
{
	char text[512];
	size_t length = expr_explain(expr, &number, text, sizeof(text));
	enum expr_answer answer = expr_ask(expr, &number);

	if (length != strlen(text) || (answer == EXPR_YES && length) ||
	    (answer != EXPR_YES && !length))
		abort();
	if (expr_explain(expr, &number, text, 5) > 4)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t numbers[] = { 0, 1, 6, -5, 1000000, INT64_MAX, INT64_MIN };
	char *text = malloc(size + 1), filter[256];
	struct expr *expr;
	struct error err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (expr_parse(&expr, text, &table, "--where", &err) < 0) {
		/* Nothing in it may act on a terminal. */
		for (const char *at = err.text; *at; at++)
			if ((unsigned char)*at < ' ' && *at != '\n')
				abort();
		if (expr)
			abort();
	} else {
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			ask(expr, numbers[i]);
		for (size_t i = 0; i < table.count; i++)
			expr_names(expr, &fields[i]);
		if (expr_kernel_filter(expr, filter, sizeof(filter)) && !filter[0])
			abort();
	}
	expr_free(expr);
	free(text);
	return 0;
}
