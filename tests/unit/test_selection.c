/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a selection the kernel can filter; what is taken, test_view.c looks at. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "timersnoop/event_fields.h"
#include "timersnoop/selection.h"

static struct expr *read_where(const char *text)
{
	struct expr *where = NULL;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(expr_parse(&where, text, &event_fields, "--where", &err), 0);
	return where;
}

/* The kernel drops by names and by what it can decide of a condition. */
static void filters(void)
{
	static const char *const names[] = { "a", "b c" };
	static const char *const odd[] = { "a\"b" };
	struct expr *where = read_where("comm == \"x\" && value > 1s");
	struct expr *values = read_where("value > 1s");
	struct selection some = { .where = where };
	char text[FILTER_TEXT_MAX], alone[FILTER_TEXT_MAX], both[2 * FILTER_TEXT_MAX];

	CU_ASSERT_TRUE_FATAL(expr_kernel_filter(where, alone, sizeof(alone)));
	CU_ASSERT_EQUAL(selection_filter(&some, text, sizeof(text)), FILTER_WHERE);
	CU_ASSERT_STRING_EQUAL(text, alone);
	some.names = odd;
	some.name_count = 1;
	CU_ASSERT_EQUAL(selection_filter(&some, text, sizeof(text)), FILTER_WHERE);
	CU_ASSERT_STRING_EQUAL(text, alone);
	some.names = names;
	some.name_count = 2;
	snprintf(both, sizeof(both), "(comm == \"a\" || comm == \"b c\") && (%s)", alone);
	CU_ASSERT_EQUAL(selection_filter(&some, text, sizeof(text)), FILTER_NAMES | FILTER_WHERE);
	CU_ASSERT_STRING_EQUAL(text, both);
	/* no room for both */
	CU_ASSERT_EQUAL(selection_filter(&some, text, strlen(both)), FILTER_NAMES);
	CU_ASSERT_STRING_EQUAL(text, "comm == \"a\" || comm == \"b c\"");
	some.where = values;
	CU_ASSERT_EQUAL(selection_filter(&some, text, sizeof(text)), FILTER_NAMES);
	some.name_count = 0;
	CU_ASSERT_EQUAL(selection_filter(&some, text, sizeof(text)), 0);
	expr_free(where);
	expr_free(values);
}

int suite_selection(void)
{
	CU_pSuite suite = CU_add_suite("selection", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, filters))
		return (int)CU_get_error();
	return 0;
}
