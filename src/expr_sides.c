/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared with what: fields, and how well their kinds go together. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "timersnoop/expr_parts.h"

/* As much of a word is shown within a sentence. */
#define WORD_MAX 48

enum side_kind { SIDE_FIELD, SIDE_CONSTANT, SIDE_UNKNOWN };

struct side {
	enum side_kind kind;
	const struct field *field;
	const struct expr_token *token;
};

const char *expr_kind_name(enum field_kind kind)
{
	switch (kind) {
	case FIELD_COUNT:
		return "a count";
	case FIELD_NUMBER:
		return "a whole number";
	case FIELD_DURATION:
		return "a duration";
	case FIELD_RATE:
		return "a rate";
	case FIELD_TEXT:
		return "text";
	case FIELD_ADDRESS:
		return "an address";
	case FIELD_BOOL:
		return "true or false";
	}
	return "nothing that can be compared";
}

enum expr_operator expr_inverse(enum expr_operator op)
{
	static const enum expr_operator inverse[] = {
		[EXPR_EQUAL] = EXPR_NOT_EQUAL,      [EXPR_NOT_EQUAL] = EXPR_EQUAL,
		[EXPR_BELOW] = EXPR_ABOVE_OR_EQUAL, [EXPR_BELOW_OR_EQUAL] = EXPR_ABOVE,
		[EXPR_ABOVE] = EXPR_BELOW_OR_EQUAL, [EXPR_ABOVE_OR_EQUAL] = EXPR_BELOW,
		[EXPR_LIKE] = EXPR_UNLIKE,          [EXPR_UNLIKE] = EXPR_LIKE,
	};

	return inverse[op];
}

/* The operator that says the same when the sides are exchanged. */
static enum expr_operator mirrored(enum expr_operator op)
{
	switch (op) {
	case EXPR_BELOW:
		return EXPR_ABOVE;
	case EXPR_BELOW_OR_EQUAL:
		return EXPR_ABOVE_OR_EQUAL;
	case EXPR_ABOVE:
		return EXPR_BELOW;
	case EXPR_ABOVE_OR_EQUAL:
		return EXPR_BELOW_OR_EQUAL;
	default:
		return op;
	}
}

static bool is_matching(enum expr_operator op)
{
	return op == EXPR_LIKE || op == EXPR_UNLIKE;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Is it meant as a number, whatever comes behind its first digit? */
static bool is_numeric(const char *word, size_t length)
{
	size_t at = length && (word[0] == '-' || word[0] == '+');

	if (at < length && word[at] == '.')
		at++;
	return at < length && is_digit(word[at]);
}

static bool is_word(const char *word, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(word, wanted, length) == 0;
}

static struct side find_side(const struct expr_parser *parser, const struct expr_token *token)
{
	const char *word = parser->expr->text + token->at;
	struct side side = { .kind = SIDE_CONSTANT, .token = token };

	if (token->kind == EXPR_TOKEN_QUOTED || is_numeric(word, token->length))
		return side;
	side.field = fields_find(parser->expr->table, word, token->length);
	if (side.field)
		side.kind = SIDE_FIELD;
	else if (!is_word(word, token->length, "true") && !is_word(word, token->length, "false"))
		side.kind = SIDE_UNKNOWN;
	return side;
}

int expr_word_operator(const struct expr_parser *parser, const struct expr_token *token)
{
	static const struct {
		const char *word;
		const char *instead;
	} words[] = { { "and", "&&" }, { "or", "||" }, { "not", "!" } };
	const char *text = parser->expr->text + token->at;

	if (token->kind != EXPR_TOKEN_WORD)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(text, token->length, words[i].word))
			return expr_wrong_token(parser, token, "there is no '%s'; use %s",
						words[i].word, words[i].instead);
	return 0;
}

static int unknown_field(const struct expr_parser *parser, const struct expr_token *token)
{
	const char *word = parser->expr->text + token->at;
	const struct field *nearest = fields_nearest(parser->expr->table, word, token->length);
	char shown[WORD_MAX];

	if (expr_word_operator(parser, token) < 0)
		return -EINVAL;
	expr_shown(shown, sizeof(shown), word, token->length, sizeof(shown));
	if (nearest)
		return expr_wrong_token(parser, token, "there is no field '%s'; did you mean '%s'?",
					shown, nearest->name);
	return expr_wrong_token(parser, token, "there is no field '%s'", shown);
}

/* Does the field's kind take this operator? 0, or -EINVAL with those that it does. */
static int check_operator(const struct expr_parser *parser, const struct field *field,
			  const struct expr_token *op)
{
	if (field->kind == FIELD_TEXT) {
		if (is_matching(op->op) || op->op == EXPR_EQUAL || op->op == EXPR_NOT_EQUAL)
			return 0;
		return expr_wrong_token(parser, op, "'%s' is text, which takes ==, !=, ~ and !~",
					field->name);
	}
	if (field->kind == FIELD_BOOL) {
		if (op->op == EXPR_EQUAL || op->op == EXPR_NOT_EQUAL)
			return 0;
		return expr_wrong_token(
			parser, op, "'%s' is true or false, which takes == and !=", field->name);
	}
	if (!is_matching(op->op))
		return 0;
	return expr_wrong_token(parser, op,
				"'%s' is %s, which takes ==, !=, <, <=, > and >=", field->name,
				expr_kind_name(field->kind));
}

static bool is_whole(enum field_kind kind)
{
	return kind == FIELD_COUNT || kind == FIELD_NUMBER;
}

static int compare_fields(struct expr_parser *parser, struct expr_node *node,
			  const struct side *left, const struct expr_token *op,
			  const struct side *right)
{
	enum field_kind one = left->field->kind, other = right->field->kind;

	if (one != other && !(is_whole(one) && is_whole(other)))
		return expr_wrong(parser, left->token->at,
				  right->token->at + right->token->length - left->token->at,
				  "'%s' is %s, and '%s' is %s%s", left->field->name,
				  expr_kind_name(one), right->field->name, expr_kind_name(other),
				  one == FIELD_TEXT || other == FIELD_TEXT
					  ? "; put quotes around what is no field"
					  : "");
	node->right = right->field;
	node->as = one == FIELD_TEXT   ? EXPR_AS_TEXT
		   : one == FIELD_RATE ? EXPR_AS_RATE
				       : EXPR_AS_INTEGER;
	return check_operator(parser, left->field, op);
}

/* Neither side is a field that anything could be compared with. */
static int compare_nothing(const struct expr_parser *parser, const struct side *left,
			   const struct side *right)
{
	if (left->kind == SIDE_UNKNOWN)
		return unknown_field(parser, left->token);
	if (right->kind == SIDE_UNKNOWN)
		return unknown_field(parser, right->token);
	return expr_wrong(parser, left->token->at,
			  right->token->at + right->token->length - left->token->at,
			  "it compares two constants");
}

/* A field and a constant, or a word that may be text. */
static int compare_constant(struct expr_parser *parser, struct expr_node *node,
			    const struct expr_token *op, const struct side *constant)
{
	int status = 0;

	if (node->left->kind != FIELD_TEXT && constant->kind == SIDE_UNKNOWN)
		status = unknown_field(parser, constant->token);
	if (status == 0)
		status = check_operator(parser, node->left, op);
	return status < 0 ? status : expr_constant(parser, node, constant->token);
}

int expr_compare(struct expr_parser *parser, struct expr_node *node, const struct expr_token *left,
		 const struct expr_token *op, const struct expr_token *right)
{
	struct side one = find_side(parser, left), other = find_side(parser, right);

	node->op = op->op;
	node->left = one.field;
	/* What stands there is a pattern, even if there is a field of that name. */
	if (is_matching(op->op) && one.field)
		return compare_constant(parser, node, op,
					&(struct side){ .kind = SIDE_CONSTANT, .token = right });
	if (one.field && other.field)
		return compare_fields(parser, node, &one, op, &other);
	if (one.field)
		return compare_constant(parser, node, op, &other);
	if (!other.field)
		return compare_nothing(parser, &one, &other);
	node->left = other.field;
	node->op = mirrored(op->op);
	if (is_matching(op->op) && other.field->kind == FIELD_TEXT)
		return expr_wrong_token(
			parser, left, "the pattern stands to the right of ~, and '%s' to the left",
			other.field->name);
	return compare_constant(parser, node, op, &one);
}

int expr_alone(struct expr_parser *parser, struct expr_node *node, const struct expr_token *token)
{
	struct side side = find_side(parser, token);

	if (side.kind == SIDE_UNKNOWN)
		return unknown_field(parser, token);
	if (side.kind == SIDE_CONSTANT)
		return expr_wrong_token(parser, token,
					"a constant is no condition; compare a field with it");
	if (side.field->kind != FIELD_BOOL)
		return expr_wrong_token(parser, token,
					"'%s' is %s, no condition; compare it with something",
					side.field->name, expr_kind_name(side.field->kind));
	node->left = side.field;
	node->op = EXPR_EQUAL;
	node->as = EXPR_AS_INTEGER;
	node->constant.size = 1;
	return 0;
}
