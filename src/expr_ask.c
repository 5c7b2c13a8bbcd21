/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does an expression hold, and why not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/expr_parts.h"
#include "timersnoop/line.h"

/* A comparison's sides, as they are now. */
struct sides {
	bool left_known, right_known;
	struct field_value got_left, got_right; /* what the texts may point into */
	struct expr_value left, right;
};

/* --- values ------------------------------------------------------------------ */

static struct expr_value of_signed(int64_t number)
{
	return (struct expr_value){
		.negative = number < 0,
		.text = "",
		.size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number,
	};
}

/* False: it is not known after all. */
static bool take_value(const struct expr *expr, const struct expr_node *node,
		       const struct field *field, const void *of, const struct field_value *got,
		       struct expr_value *value)
{
	switch (field->kind) {
	case FIELD_COUNT:
		value->size = got->count;
		if (node->as == EXPR_AS_RATE) {
			double seconds = expr->table->seconds(of);

			value->rate = (double)got->count / seconds;
			return seconds > 0 && isfinite(value->rate);
		}
		return true;
	case FIELD_ADDRESS:
		value->size = got->count;
		return true;
	case FIELD_NUMBER:
	case FIELD_DURATION:
		*value = of_signed(got->number);
		return true;
	case FIELD_BOOL:
		value->size = got->number != 0;
		return true;
	case FIELD_RATE:
		value->rate = got->rate;
		return isfinite(got->rate);
	case FIELD_TEXT:
		value->text = got->text;
		return got->text;
	}
	return false;
}

static bool get_side(const struct expr *expr, const struct expr_node *node,
		     const struct field *field, const void *of, struct field_value *got,
		     struct expr_value *value)
{
	*value = node->constant;
	if (!field)
		return true;
	*value = (struct expr_value){ .text = "" };
	field_get(field, of, got);
	return got->known && take_value(expr, node, field, of, got, value);
}

static void get_sides(const struct expr *expr, const struct expr_node *node, const void *of,
		      struct sides *sides)
{
	sides->left_known = get_side(expr, node, node->left, of, &sides->got_left, &sides->left);
	sides->right_known =
		get_side(expr, node, node->right, of, &sides->got_right, &sides->right);
}

/* --- comparing --------------------------------------------------------------- */

static int order_integers(const struct expr_value *one, const struct expr_value *other)
{
	int order = (one->size > other->size) - (one->size < other->size);

	if (one->negative != other->negative)
		return one->negative ? -1 : 1;
	return one->negative ? -order : order;
}

/* Below, equal or above: negative, 0 or positive. */
static int order(enum expr_as as, const struct expr_value *one, const struct expr_value *other)
{
	if (as == EXPR_AS_TEXT)
		return strcmp(one->text, other->text);
	if (as == EXPR_AS_RATE)
		return (one->rate > other->rate) - (one->rate < other->rate);
	return order_integers(one, other);
}

/* Without recursion: what the last '*' stands for grows until the rest matches. */
static bool matches(const char *text, const char *pattern)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		const char *literal = pattern + (pattern[0] == '\\' && pattern[1]);

		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == '?' || (*pattern && *literal == *text)) {
			pattern = *pattern == '?' ? pattern + 1 : literal + 1;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool holds(const struct expr_node *node, const struct sides *sides)
{
	const struct expr_value *left = &sides->left, *right = &sides->right;

	switch (node->op) {
	case EXPR_EQUAL:
		return order(node->as, left, right) == 0;
	case EXPR_NOT_EQUAL:
		return order(node->as, left, right) != 0;
	case EXPR_BELOW:
		return order(node->as, left, right) < 0;
	case EXPR_BELOW_OR_EQUAL:
		return order(node->as, left, right) <= 0;
	case EXPR_ABOVE:
		return order(node->as, left, right) > 0;
	case EXPR_ABOVE_OR_EQUAL:
		return order(node->as, left, right) >= 0;
	case EXPR_LIKE:
		return matches(left->text, right->text);
	case EXPR_UNLIKE:
		return !matches(left->text, right->text);
	}
	return false;
}

static enum expr_answer ask_comparison(const struct expr *expr, const struct expr_node *node,
				       const void *of)
{
	struct sides sides;

	get_sides(expr, node, of, &sides);
	if (!sides.left_known || !sides.right_known)
		return EXPR_UNKNOWN;
	return holds(node, &sides) ? EXPR_YES : EXPR_NO;
}

static enum expr_answer opposite(enum expr_answer answer)
{
	if (answer == EXPR_UNKNOWN)
		return EXPR_UNKNOWN;
	return answer == EXPR_YES ? EXPR_NO : EXPR_YES;
}

/* As deep as parentheses and '!' are nested: EXPR_DEPTH_MAX. */
static enum expr_answer ask(const struct expr *expr, const struct expr_node *node, const void *of)
{
	enum expr_answer decides = node->kind == EXPR_OR ? EXPR_YES : EXPR_NO;
	enum expr_answer answer = opposite(decides);

	if (node->kind == EXPR_COMPARISON)
		return ask_comparison(expr, node, of);
	if (node->kind == EXPR_NOT)
		return opposite(ask(expr, node->first, of));
	for (const struct expr_node *one = node->first; one; one = one->next) {
		enum expr_answer its = ask(expr, one, of);

		if (its == decides)
			return its;
		if (its == EXPR_UNKNOWN)
			answer = EXPR_UNKNOWN;
	}
	return answer;
}

enum expr_answer expr_ask(const struct expr *expr, const void *of)
{
	return ask(expr, expr->root, of);
}

/* --- explaining -------------------------------------------------------------- */

struct explanation {
	const struct expr *expr;
	const void *of;
	char *text;
	size_t size, used;
};

/* As much of a text as is worth reading. */
#define TEXT_COLUMNS 64
/* Room for a value as text, quotes and all. */
#define VALUE_MAX (4 * TEXT_COLUMNS + 8)

static void add(struct explanation *to, const char *text)
{
	size_t length = strlen(text), room = to->size - 1 - to->used;

	if (length > room)
		length = room;
	memcpy(to->text + to->used, text, length);
	to->used += length;
}

static void integer_text(char text[VALUE_MAX], enum field_kind kind, const struct expr_value *value)
{
	char *at = text;

	if (kind == FIELD_BOOL) {
		at = line_text(at, value->size ? "true" : "false");
	} else {
		if (value->negative)
			*at++ = '-';
		at = kind == FIELD_ADDRESS ? line_hex(at, value->size) : line_u64(at, value->size);
	}
	*at = '\0';
}

/* Three decimals, or as many as show three digits of what is below one. */
static void rate_text(char text[VALUE_MAX], double rate)
{
	double size = fabs(rate);
	int decimals = 3;
	size_t length;

	for (; size && size < 0.1 && decimals < 12; decimals++)
		size *= 10;
	/* no more digits than a double has */
	length = (size_t)(fabs(rate) < 1e15 ? snprintf(text, VALUE_MAX, "%.*f", decimals, rate)
					    : snprintf(text, VALUE_MAX, "%.15g", rate));
	if (strchr(text, '.') && !strchr(text, 'e')) {
		while (text[length - 1] == '0')
			length--;
		length -= text[length - 1] == '.';
	}
	memcpy(text + length, "/s", sizeof("/s"));
}

/* False: it is too large to be written in its unit. */
static bool value_text(char text[VALUE_MAX], const struct expr_node *node, enum field_kind kind,
		       const struct expr_value *value)
{
	if (node->as == EXPR_AS_RATE) {
		rate_text(text, value->rate);
	} else if (node->as == EXPR_AS_TEXT) {
		text[0] = '\'';
		expr_shown(text + 1, VALUE_MAX - 2, value->text, strlen(value->text), TEXT_COLUMNS);
		strcat(text, "'");
	} else if (kind != FIELD_DURATION) {
		integer_text(text, kind, value);
	} else if (value->size > INT64_MAX && !(value->negative && value->size == 1ULL << 63)) {
		return false;
	} else {
		timerspec_format_ns(text,
				    (int64_t)(value->negative ? 0 - value->size : value->size));
	}
	return true;
}

/* How far one is from the other; false: further than can be told. */
static bool distance_text(char text[VALUE_MAX], const struct expr_node *node,
			  const struct expr_value *one, const struct expr_value *other)
{
	struct expr_value distance = { .rate = fabs(one->rate - other->rate) };

	if (one->negative != other->negative &&
	    __builtin_add_overflow(one->size, other->size, &distance.size))
		return false;
	if (one->negative == other->negative)
		distance.size =
			one->size > other->size ? one->size - other->size : other->size - one->size;
	return value_text(text, node, node->left->kind, &distance);
}

/* ", 250us above 1ms" */
static void add_distance(struct explanation *to, const struct expr_node *node,
			 enum expr_operator op, const struct sides *sides, const char *limit)
{
	int side = order(node->as, &sides->left, &sides->right);
	char distance[VALUE_MAX];

	add(to, ", ");
	if (side == 0) {
		add(to, op == EXPR_BELOW ? "not below " : "not above ");
	} else {
		if (distance_text(distance, node, &sides->left, &sides->right)) {
			add(to, distance);
			add(to, " ");
		}
		add(to, side < 0 ? "below " : "above ");
	}
	add(to, limit);
}

/* Of some there is only to say what they are. */
static bool has_distance(const struct expr_node *node, enum expr_operator op)
{
	if (node->as == EXPR_AS_TEXT || node->left->kind == FIELD_BOOL)
		return false;
	return op != EXPR_NOT_EQUAL && !(op == EXPR_EQUAL && node->left->kind == FIELD_ADDRESS);
}

static void add_value(struct explanation *to, const struct expr_node *node,
		      const struct field *field, const struct expr_value *value)
{
	char text[VALUE_MAX];

	value_text(text, node, field->kind, value);
	add(to, field->name);
	add(to, " is ");
	add(to, text);
}

/* "late_ns_p99 is 1.25ms, 250us above 1ms", or what there is to say without a limit. */
static void add_known(struct explanation *to, const struct expr_node *node, enum expr_operator op,
		      const struct sides *sides)
{
	const struct field *right = node->right;
	char value[VALUE_MAX], limit[VALUE_MAX + 64];

	add_value(to, node, node->left, &sides->left);
	if (has_distance(node, op)) {
		value_text(value, node, right ? right->kind : node->left->kind, &sides->right);
		if (right)
			snprintf(limit, sizeof(limit), "%s (%s)", right->name, value);
		add_distance(to, node, op, sides, right ? limit : value);
	} else if (right) {
		add(to, " and ");
		add_value(to, node, right, &sides->right);
	}
}

/* A comparison that should hold with `op`, and does not. */
static void explain_comparison(struct explanation *to, const struct expr_node *node,
			       enum expr_operator op)
{
	struct sides sides;

	get_sides(to->expr, node, to->of, &sides);
	if (to->used)
		add(to, "; ");
	if (sides.left_known && sides.right_known) {
		add_known(to, node, op, &sides);
	} else {
		add(to, sides.left_known ? node->right->name : node->left->name);
		add(to, " is not known");
	}
}

/* What is at fault for this being something else than `wanted`. */
static void explain(struct explanation *to, const struct expr_node *node, enum expr_answer wanted)
{
	if (node->kind == EXPR_COMPARISON) {
		explain_comparison(to, node,
				   wanted == EXPR_YES ? node->op : expr_inverse(node->op));
		return;
	}
	if (node->kind == EXPR_NOT)
		wanted = opposite(wanted);
	for (const struct expr_node *one = node->first; one; one = one->next)
		if (ask(to->expr, one, to->of) != wanted)
			explain(to, one, wanted);
}

size_t expr_explain(const struct expr *expr, const void *of, char *text, size_t size)
{
	struct explanation to = { .expr = expr, .of = of, .text = text, .size = size };

	if (!size)
		return 0;
	if (expr_ask(expr, of) != EXPR_YES)
		explain(&to, expr->root, EXPR_YES);
	text[to.used] = '\0';
	return to.used;
}
