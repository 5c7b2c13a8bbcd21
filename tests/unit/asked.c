/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "asked.h"

const struct asked asked_usual = {
	.arms = 500,
	.expiries = 48,
	.pid = 12,
	.ret = -22,
	.value_ns = 1000000,
	.late_ns_p99 = 1250000,
	.rate = 0.5,
	.comm = "app",
	.error = "EINVAL",
	.handler = 0x7f001000,
	.periodic = true,
	.seconds = 2,
};

#define GETTER(name, member)                                                                       \
	static void get_##name(const void *of, struct field_value *value)                          \
	{                                                                                          \
		const struct asked *asked = of;                                                    \
                                                                                                   \
		value->known = !asked->unknown;                                                    \
		value->member = asked->name;                                                       \
	}

GETTER(arms, count)
GETTER(expiries, count)
GETTER(pid, number)
GETTER(ret, number)
GETTER(value_ns, number)
GETTER(late_ns_p99, number)
GETTER(rate, rate)
GETTER(comm, text)
GETTER(error, text)
GETTER(handler, count)
GETTER(periodic, number)

static void get_failed(const void *of, struct field_value *value)
{
	const struct asked *asked = of;

	value->known = !asked->unknown;
	value->number = asked->ret < 0;
}

/* Of no kind of which anything is ever known. */
static void get_nothing(const void *of, struct field_value *value)
{
	(void)of;
	(void)value;
}

static const struct field fields[] = {
	{ "comm", FIELD_TEXT, NULL, "comm", "", get_comm },
	{ "pid", FIELD_NUMBER, NULL, "common_pid", "", get_pid },
	{ "arms", FIELD_COUNT, NULL, "arms", "", get_arms },
	{ "expiries", FIELD_COUNT, NULL, NULL, "", get_expiries },
	{ "ret", FIELD_NUMBER, NULL, NULL, "", get_ret },
	{ "value_ns", FIELD_DURATION, NULL, "value", "", get_value_ns },
	{ "late_ns_p99", FIELD_DURATION, "late_ns", NULL, "", get_late_ns_p99 },
	{ "late_ns_max", FIELD_DURATION, "late_ns", NULL, "", get_nothing },
	{ "rate", FIELD_RATE, NULL, NULL, "", get_rate },
	{ "error", FIELD_TEXT, NULL, NULL, "", get_error },
	{ "signal", FIELD_TEXT, NULL, NULL, "", get_nothing },
	{ "handler", FIELD_ADDRESS, NULL, "handler", "", get_handler },
	{ "periodic", FIELD_BOOL, NULL, "periodic", "", get_periodic },
	{ "failed", FIELD_BOOL, NULL, NULL, "", get_failed },
	{ "absolute", FIELD_BOOL, NULL, NULL, "", get_nothing },
};

static double get_seconds(const void *of)
{
	const struct asked *asked = of;

	return asked->seconds;
}

const struct field_table asked_table = { fields, sizeof(fields) / sizeof(fields[0]), get_seconds };
const struct field_table asked_table_timeless = { fields, sizeof(fields) / sizeof(fields[0]),
						  NULL };
