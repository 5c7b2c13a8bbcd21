/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "asked.h"
#include "suites.h"
#include "timersnoop/fields.h"
#include "timersnoop/stats.h"

static const char *found(const char *name)
{
	const struct field *field = fields_find(&asked_table, name, strlen(name));

	return field ? field->name : "none";
}

static const char *nearest(const char *name)
{
	const struct field *field = fields_nearest(&asked_table, name, strlen(name));

	return field ? field->name : "none";
}

static void find(void)
{
	CU_ASSERT_STRING_EQUAL(found("pid"), "pid");
	CU_ASSERT_STRING_EQUAL(found("value_ns"), "value_ns");
	CU_ASSERT_STRING_EQUAL(found("value"), "value_ns");
	CU_ASSERT_STRING_EQUAL(found("value.ns"), "value_ns");
	CU_ASSERT_STRING_EQUAL(found("late_ns_p99"), "late_ns_p99");
	CU_ASSERT_STRING_EQUAL(found("late.p99"), "late_ns_p99");
	CU_ASSERT_STRING_EQUAL(found("late_p99"), "late_ns_p99");
	CU_ASSERT_STRING_EQUAL(found("late.ns.p99"), "late_ns_p99");
	CU_ASSERT_STRING_EQUAL(found("late.max"), "late_ns_max");
	CU_ASSERT_STRING_EQUAL(found("late"), "none");
	CU_ASSERT_STRING_EQUAL(found("PID"), "none");
	CU_ASSERT_STRING_EQUAL(found("pi"), "none");
	CU_ASSERT_STRING_EQUAL(found("pids"), "none");
	CU_ASSERT_STRING_EQUAL(found("ns"), "none");
	CU_ASSERT_STRING_EQUAL(found(""), "none");
	CU_ASSERT_STRING_EQUAL(found("a_name_that_is_longer_than_any_of_ours_is_ever_going_to_be"),
			       "none");
	/* It need not end there. */
	CU_ASSERT_STRING_EQUAL(fields_find(&asked_table, "pid == 12", 3)->name, "pid");
	CU_ASSERT_PTR_NULL(fields_find(&asked_table, "pid", 0));
}

static void near(void)
{
	CU_ASSERT_STRING_EQUAL(nearest("pidd"), "pid");
	CU_ASSERT_STRING_EQUAL(nearest("pdi"), "pid");
	CU_ASSERT_STRING_EQUAL(nearest("vlaue"), "value_ns");
	CU_ASSERT_STRING_EQUAL(nearest("late.p9"), "late_ns_p99");
	CU_ASSERT_STRING_EQUAL(nearest("expires"), "expiries");
	CU_ASSERT_STRING_EQUAL(nearest("peroidic"), "periodic");
	CU_ASSERT_STRING_EQUAL(nearest("hanlder"), "handler");
	CU_ASSERT_STRING_EQUAL(nearest("com"), "comm");
	CU_ASSERT_STRING_EQUAL(nearest("x"), "none");
	CU_ASSERT_STRING_EQUAL(nearest(""), "none");
	CU_ASSERT_STRING_EQUAL(nearest("something"), "none");
	CU_ASSERT_STRING_EQUAL(nearest("a_name_that_is_longer_than_any_of_ours_is_ever_going_to"),
			       "none");
}

static const char *nearest_figure(const char *name)
{
	const struct field *field = fields_nearest(&stat_fields, name, strlen(name));

	return field ? field->name : "none";
}

/* The beginning of a name, up to a part of it, is nearer than any other one. */
static void near_by_beginning(void)
{
	CU_ASSERT_STRING_EQUAL(nearest("late"), "late_ns_p99");
	CU_ASSERT_STRING_EQUAL(nearest_figure("late"), "late_ns_min");
	CU_ASSERT_STRING_EQUAL(nearest_figure("late_ns"), "late_ns_min");
	CU_ASSERT_STRING_EQUAL(nearest_figure("value"), "value_ns_min");
	CU_ASSERT_STRING_EQUAL(nearest_figure("observed"), "observed_interval_ns_min");
	CU_ASSERT_STRING_EQUAL(nearest_figure("signal_latency"), "signal_latency_ns_min");
	CU_ASSERT_STRING_EQUAL(nearest_figure("signals"), "signals_sent");
	/* half a part is a word of its own */
	CU_ASSERT_STRING_EQUAL(nearest_figure("lat"), "none");
	CU_ASSERT_STRING_EQUAL(nearest_figure("valu"), "none");
	CU_ASSERT_STRING_EQUAL(nearest_figure("comn"), "comm");
	CU_ASSERT_STRING_EQUAL(nearest_figure(""), "none");
}

static void get(void)
{
	struct field_value value = { .known = true, .number = 5, .count = 5, .text = "" };
	const struct field *nothing = fields_find(&asked_table, "signal", 6);

	field_get(nothing, &asked_usual, &value);
	CU_ASSERT_FALSE(value.known);
	CU_ASSERT_EQUAL(value.number, 0);
	CU_ASSERT_EQUAL(value.count, 0);
	CU_ASSERT_PTR_NULL(value.text);
	field_get(fields_find(&asked_table, "comm", 4), &asked_usual, &value);
	CU_ASSERT_TRUE(value.known);
	CU_ASSERT_STRING_EQUAL(value.text, "app");
}

static void choose(void)
{
	struct fields_chosen chosen;
	struct error err;

	CU_ASSERT_EQUAL(
		fields_choose(&chosen, &asked_table, "late.max,pid,comm,value", "--fields", &err),
		0);
	CU_ASSERT_EQUAL_FATAL(chosen.count, 4);
	CU_ASSERT_STRING_EQUAL(chosen.list[0]->name, "late_ns_max");
	CU_ASSERT_STRING_EQUAL(chosen.list[1]->name, "pid");
	CU_ASSERT_STRING_EQUAL(chosen.list[2]->name, "comm");
	CU_ASSERT_STRING_EQUAL(chosen.list[3]->name, "value_ns");
	CU_ASSERT_EQUAL(fields_choose(&chosen, &asked_table, "pid", "--fields", &err), 0);
	CU_ASSERT_EQUAL(chosen.count, 1);
}

static void not_chosen(const char *text, const char *wanted)
{
	struct fields_chosen chosen;
	struct error err;

	CU_ASSERT_EQUAL(fields_choose(&chosen, &asked_table, text, "--fields", &err), -EINVAL);
	CU_ASSERT_EQUAL(err.code, EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, wanted);
}

static void choose_wrong(void)
{
	struct fields_chosen chosen;
	struct error err;

	not_chosen("pid,com", "--fields: no field 'com'; did you mean 'comm'?");
	not_chosen("vlaue,pid", "--fields: no field 'vlaue'; did you mean 'value_ns'?");
	not_chosen("something", "--fields: no field 'something'");
	not_chosen("", "--fields: no field ''");
	not_chosen("pid,", "--fields: no field ''");
	not_chosen("pid,,comm", "--fields: no field ''");
	not_chosen("pid, comm", "--fields: no field ' comm'; did you mean 'comm'?");
	fields_choose(&chosen, &asked_table, "", "--fields", &err);
	CU_ASSERT_STRING_EQUAL(err.hint, "--fields help lists them");
	not_chosen("pid,comm,pid", "--fields has 'pid' twice");
}

int suite_fields(void)
{
	CU_pSuite suite = CU_add_suite("fields", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, find) || !CU_ADD_TEST(suite, near) ||
	    !CU_ADD_TEST(suite, near_by_beginning) || !CU_ADD_TEST(suite, get) ||
	    !CU_ADD_TEST(suite, choose) || !CU_ADD_TEST(suite, choose_wrong))
		return (int)CU_get_error();
	return 0;
}
