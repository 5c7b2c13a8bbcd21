/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of an expression the kernel's event filters can decide. They are to let
 * through all that it holds for; what else they let through is asked here.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/expr_parts.h"

/* No comm is longer (TASK_COMM_LEN), and no other text is asked for by its kernel name. */
#define KERNEL_TEXT_MAX 15

struct filter {
	char *text;
	size_t size, used;
	bool full;
};

static const char *const operators[] = {
	[EXPR_EQUAL] = "==", [EXPR_NOT_EQUAL] = "!=",
	[EXPR_BELOW] = "<",  [EXPR_BELOW_OR_EQUAL] = "<=",
	[EXPR_ABOVE] = ">",  [EXPR_ABOVE_OR_EQUAL] = ">=",
	[EXPR_LIKE] = "~",   [EXPR_UNLIKE] = NULL, /* it has none */
};

static void __attribute__((format(printf, 2, 3)))
add(struct filter *filter, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(filter->text + filter->used, filter->size - filter->used, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= filter->size - filter->used)
		filter->full = true;
	else
		filter->used += (size_t)length;
}

/*
 * In quotes it has no escapes. A pattern that begins with '!' means the opposite to
 * it, and one that begins with a digit is no pattern.
 */
static bool takes_text(const char *text, bool pattern)
{
	size_t length = strlen(text);

	if (!length || length > KERNEL_TEXT_MAX || strpbrk(text, "\"\\"))
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return !pattern ||
	       (!strpbrk(text, "?[") && text[0] != '!' && !(text[0] >= '0' && text[0] <= '9'));
}

/*
 * It cuts a constant to the size of the field, which is 32 bits at least; only
 * nanoseconds and addresses are known to be longer. A constant with a sign it
 * refuses for a field that has none.
 */
static bool takes_number(const struct expr_node *node)
{
	if (node->constant.negative)
		return false;
	switch (node->left->kind) {
	case FIELD_COUNT:
	case FIELD_NUMBER:
		return node->constant.size <= INT32_MAX;
	default:
		return true;
	}
}

static bool takes_comparison(const struct expr_node *node, enum expr_operator op)
{
	if (!node->left->kernel || node->right || !operators[op])
		return false;
	if (node->as == EXPR_AS_TEXT)
		return takes_text(node->constant.text, op == EXPR_LIKE);
	return node->as == EXPR_AS_INTEGER && takes_number(node);
}

/* Can all of it be decided, when it is to hold, or when it is not to? */
static bool takes(const struct expr_node *node, bool wanted)
{
	if (node->kind == EXPR_COMPARISON)
		return takes_comparison(node, wanted ? node->op : expr_inverse(node->op));
	if (node->kind == EXPR_NOT)
		wanted = !wanted;
	for (const struct expr_node *one = node->first; one; one = one->next)
		if (!takes(one, wanted))
			return false;
	return true;
}

static void add_comparison(struct filter *filter, const struct expr_node *node,
			   enum expr_operator op)
{
	/* true is whatever is not 0 */
	bool is_true = node->constant.size == (op == EXPR_EQUAL);

	if (node->as == EXPR_AS_TEXT)
		add(filter, "%s %s \"%s\"", node->left->kernel, operators[op], node->constant.text);
	else if (node->left->kind == FIELD_BOOL)
		add(filter, "%s %s 0", node->left->kernel, is_true ? "!=" : "==");
	else if (node->left->kind == FIELD_ADDRESS)
		add(filter, "%s %s 0x%" PRIx64, node->left->kernel, operators[op],
		    node->constant.size);
	else
		add(filter, "%s %s %" PRIu64, node->left->kernel, operators[op],
		    node->constant.size);
}

/* What is not wanted is turned around all the way down: older kernels have no "!(...)". */
static void add_node(struct filter *filter, const struct expr_node *node, bool wanted)
{
	bool conjunction = (node->kind == EXPR_AND) == wanted;

	if (node->kind == EXPR_COMPARISON) {
		add_comparison(filter, node, wanted ? node->op : expr_inverse(node->op));
		return;
	}
	if (node->kind == EXPR_NOT) {
		add_node(filter, node->first, !wanted);
		return;
	}
	add(filter, "(");
	for (const struct expr_node *one = node->first; one; one = one->next) {
		add_node(filter, one, wanted);
		if (one->next)
			add(filter, conjunction ? " && " : " || ");
	}
	add(filter, ")");
}

/* Each part without which it does not hold. */
static void add_parts(struct filter *filter, const struct expr_node *node, bool wanted)
{
	if (node->kind == EXPR_NOT) {
		add_parts(filter, node->first, !wanted);
	} else if (node->kind == (wanted ? EXPR_AND : EXPR_OR)) {
		for (const struct expr_node *one = node->first; one; one = one->next)
			add_parts(filter, one, wanted);
	} else if (takes(node, wanted)) {
		if (filter->used)
			add(filter, " && ");
		add_node(filter, node, wanted);
	}
}

bool expr_kernel_filter(const struct expr *expr, char *text, size_t size)
{
	struct filter filter = { .text = text, .size = size };

	if (!size)
		return false;
	text[0] = '\0';
	add_parts(&filter, expr->root, true);
	return filter.used && !filter.full;
}
