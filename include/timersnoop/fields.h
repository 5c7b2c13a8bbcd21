/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields: what can be asked of one kind of thing (an event, a row of figures)
 * by name: for --fields, --where, --expect, --until and --sort, and as columns.
 * Pure.
 */
#ifndef TIMERSNOOP_FIELDS_H
#define TIMERSNOOP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/timerspec.h"

enum field_kind {
	FIELD_COUNT,    /* so many, from 0 up; `count` */
	FIELD_NUMBER,   /* any whole number, as an id or a result; `number` */
	FIELD_DURATION, /* nanoseconds, also an instant on a clock; `number` */
	FIELD_RATE,     /* so many a second; `rate` */
	FIELD_TEXT,     /* `text` */
	FIELD_ADDRESS,  /* shown as hexadecimal; `count` */
	FIELD_BOOL,     /* `number`: 0 or 1 */
};

/* One value. Only the member that its kind names means anything, and only if known. */
struct field_value {
	bool known;
	int64_t number;
	uint64_t count;
	double rate;
	const char *text; /* valid as long as what it was asked of, and this struct */
	char buffer[TIMERSPEC_TEXT_MAX];
};

struct field {
	/* As a column: small letters, digits, '_'; unique in its table. A
	 * duration's has the part "ns": "late_ns_p99". */
	const char *name;
	enum field_kind kind;
	/* JSON: fields with the same `group`, one after the other, are one object,
	 * and `name` begins with it and '_'. NULL: none. */
	const char *group;
	/* What the kernel's event filters call it in every record of the thing, in
	 * whichever probe: "comm", "common_pid". NULL: it is not in every one. */
	const char *kernel;
	const char *what; /* for the manual and for messages: a few words */
	/* *value is zeroed; `of` is what the table is about. */
	void (*get)(const void *of, struct field_value *value);
};

struct field_table {
	const struct field *fields;
	size_t count;
	/* How long `of` is about, in seconds, for "arms < 100/s"; NULL: counts have
	 * no rates. */
	double (*seconds)(const void *of);
};

/*
 * By its name, or what people write instead: '.' for '_', and without the part
 * "ns": "late.p99" is late_ns_p99, "value" is value_ns. NULL: none such.
 */
const struct field *fields_find(const struct field_table *table, const char *name, size_t length);
/* The one whose name is most like it, for "did you mean"; NULL: none is. */
const struct field *fields_nearest(const struct field_table *table, const char *name,
				   size_t length);

void field_get(const struct field *field, const void *of, struct field_value *value);

/* Fields in the order in which they were asked for, each once. No table has more. */
#define FIELDS_CHOSEN_MAX 128
struct fields_chosen {
	const struct field *list[FIELDS_CHOSEN_MAX];
	size_t count;
};

/* "pid,timer_id,value_ns", none twice; `what` is the option's name, for `err`. 0 or -EINVAL. */
int fields_choose(struct fields_chosen *chosen, const struct field_table *table, const char *text,
		  const char *what, struct error *err);

#endif
