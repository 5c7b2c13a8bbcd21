/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asked: a table of fields of all kinds, for tests of what is asked by name. */
#ifndef TIMERSNOOP_TESTS_ASKED_H
#define TIMERSNOOP_TESTS_ASKED_H

#include "timersnoop/fields.h"

/* What the table is about. */
struct asked {
	bool unknown; /* of all of it */
	uint64_t arms, expiries;
	int64_t pid, ret;
	int64_t value_ns, late_ns_p99;
	double rate;
	const char *comm, *error;
	uint64_t handler;
	bool periodic;
	double seconds;
};

extern const struct asked asked_usual;
extern const struct field_table asked_table;
/* The same without seconds. */
extern const struct field_table asked_table_timeless;

#endif
