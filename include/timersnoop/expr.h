/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expr: conditions on fields, as --where, --expect and --until take them. Pure.
 *
 *   'value < 1ms && comm == "app"'   'late.p99 < 1ms'   'arms < 100/s'
 *
 * An operand is a field (fields.h) or a constant: a whole number, decimal or 0x...;
 * a number with a unit for durations (timerspec_parse; 0 needs none), with "/s",
 * "/m" or "/h" for rates, also for that of a count; text in double or single quotes,
 * or a bare word beside a text field; true and false. Numbers may have a sign. Of
 * both sides one is a field; two fields are of one kind, or whole numbers. A field
 * that is true or false is a condition by itself.
 *
 * Operators, the weakest first: || && ! and the comparisons == != < <= > >=,
 * and for text ~ and !~ (matches a pattern on the right, or not: * is any text, ?
 * any byte, and what follows a backslash itself). Parentheses group.
 *
 * Quoted text has the escapes \" \' \\ \n \t \xHH, a pattern also \* and \?; what is
 * escaped in a pattern is never a wildcard.
 */
#ifndef TIMERSNOOP_EXPR_H
#define TIMERSNOOP_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "timersnoop/error.h"
#include "timersnoop/fields.h"

struct expr;

/*
 * Reads `text` (borrowed until expr_free), which option `what` was given. On
 * -EINVAL the text of `err` has lines of its own that show the place:
 *
 *	--where: there is no field 'vlaue'; did you mean 'value_ns'?
 *	  vlaue < 1ms && comm == "app"
 *	  ^~~~~
 *
 * A longer text is shown in part, and what is not printable in it as '?'. 0, -EINVAL
 * or -ENOMEM, and then *expr is NULL. `table` is borrowed as well.
 */
int expr_parse(struct expr **expr, const char *text, const struct field_table *table,
	       const char *what, struct error *err);
void expr_free(struct expr *expr);

/* The text it was read from. */
const char *expr_text(const struct expr *expr);

/*
 * Does it hold of this? What is not known neither holds nor does its opposite:
 * a comparison with it is unknown, and so is what follows from that alone.
 */
enum expr_answer { EXPR_NO, EXPR_YES, EXPR_UNKNOWN };
enum expr_answer expr_ask(const struct expr *expr, const void *of);

/*
 * Why it does not hold: each comparison that is at fault with the value
 * that there is and by how much it misses: "late_ns_p99 is 1.25ms, 250us above 1ms",
 * "; " between them; "late_ns_p99 is not known". Empty when it holds. Cut to fit, with
 * a NUL. Returns the length.
 */
size_t expr_explain(const struct expr *expr, const void *of, char *text, size_t size);

/* Is there such a field in it? For what need not be gathered otherwise. */
bool expr_names(const struct expr *expr, const struct field *field);

/*
 * The part of it that the kernel's event filters can decide on any record: what
 * it must hold for (a conjunction), in their notation: 'comm == "app"'. They let
 * through more than it holds for, never less. False when there is none, or it does
 * not fit. To be joined with another filter it needs no parentheses before "&&".
 */
bool expr_kernel_filter(const struct expr *expr, char *text, size_t size);

#endif
