/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of an expression, taken apart: tokens, and what they join.
 *
 *	any        := all { "||" all }
 *	all        := one { "&&" one }
 *	one        := "!" one | "(" any ")" | operand [ operator operand ]
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/expr_parts.h"

#define WHITE_SPACE " \t\n\v\f\r"

/* --- tokens ------------------------------------------------------------------ */

static const struct {
	const char *text;
	enum expr_token_kind kind;
	enum expr_operator op;
	const char *instead; /* of one that is not ours */
} tokens[] = {
	/* the longer ones first */
	{ "&&", EXPR_TOKEN_AND, 0, NULL },
	{ "||", EXPR_TOKEN_OR, 0, NULL },
	{ "==", EXPR_TOKEN_OPERATOR, EXPR_EQUAL, NULL },
	{ "!=", EXPR_TOKEN_OPERATOR, EXPR_NOT_EQUAL, NULL },
	{ "<=", EXPR_TOKEN_OPERATOR, EXPR_BELOW_OR_EQUAL, NULL },
	{ ">=", EXPR_TOKEN_OPERATOR, EXPR_ABOVE_OR_EQUAL, NULL },
	{ "!~", EXPR_TOKEN_OPERATOR, EXPR_UNLIKE, NULL },
	{ "<>", 0, 0, "!=" },
	{ "=<", 0, 0, "<=" },
	{ "=>", 0, 0, ">=" },
	{ "=~", 0, 0, "~" },
	{ "<", EXPR_TOKEN_OPERATOR, EXPR_BELOW, NULL },
	{ ">", EXPR_TOKEN_OPERATOR, EXPR_ABOVE, NULL },
	{ "~", EXPR_TOKEN_OPERATOR, EXPR_LIKE, NULL },
	{ "!", EXPR_TOKEN_NOT, 0, NULL },
	{ "(", EXPR_TOKEN_OPEN, 0, NULL },
	{ ")", EXPR_TOKEN_CLOSE, 0, NULL },
	{ "=", 0, 0, "==" },
	{ "&", 0, 0, "&&" },
	{ "|", 0, 0, "||" },
};

static bool is_control(char byte)
{
	return (unsigned char)byte < ' ' || byte == 0x7f;
}

/* A run of anything else: 1.5ms, 100/s, late.p99, SIGRTMIN+2, a*. */
static bool in_word(char byte)
{
	return !is_control(byte) && !strchr(" !=<>&|~()\"'", byte);
}

static int next_quoted(struct expr_parser *parser, struct expr_token *token)
{
	const char *text = parser->expr->text;
	size_t at = token->at + 1;

	for (; text[at] != text[token->at]; at++) {
		if (!text[at])
			return expr_wrong(parser, token->at, 1, "this quote is not closed");
		if (is_control(text[at]))
			return expr_wrong(parser, at, 1,
					  "there is a control character; write \\xHH for it");
		if (text[at] == '\\' && text[at + 1] && !is_control(text[at + 1]))
			at++;
	}
	token->kind = EXPR_TOKEN_QUOTED;
	token->length = at + 1 - token->at;
	return 0;
}

static int next_operator(struct expr_parser *parser, struct expr_token *token)
{
	const char *text = parser->expr->text + token->at;
	size_t i = 0;

	while (strncmp(text, tokens[i].text, strlen(tokens[i].text)) != 0)
		i++;
	token->length = strlen(tokens[i].text);
	if (tokens[i].instead)
		return expr_wrong_token(parser, token, "there is no '%s'; use %s", tokens[i].text,
					tokens[i].instead);
	token->kind = tokens[i].kind;
	token->op = tokens[i].op;
	return 0;
}

/* Moves on to the next token: 0 or -EINVAL. */
static int advance(struct expr_parser *parser)
{
	const char *text = parser->expr->text;
	struct expr_token *token = &parser->token;
	int status = 0;

	token->at = parser->at + strspn(text + parser->at, WHITE_SPACE);
	token->length = 0;
	if (!text[token->at]) {
		token->kind = EXPR_TOKEN_END;
		/* the place behind the last token, not behind spaces */
		token->at = parser->at;
	} else if (is_control(text[token->at])) {
		status = expr_wrong(parser, token->at, 1, "there is a control character");
	} else if (in_word(text[token->at])) {
		token->kind = EXPR_TOKEN_WORD;
		while (text[token->at + token->length] && in_word(text[token->at + token->length]))
			token->length++;
	} else if (text[token->at] == '"' || text[token->at] == '\'') {
		status = next_quoted(parser, token);
	} else {
		status = next_operator(parser, token);
	}
	parser->at = token->at + token->length;
	return status;
}

/* --- grammar ----------------------------------------------------------------- */

/* There is one for each operator and operand at the most, each of which has a byte. */
static struct expr_node *add_node(struct expr_parser *parser, enum expr_node_kind kind)
{
	struct expr_node *node = &parser->expr->nodes[parser->expr->count++];

	node->kind = kind;
	return node;
}

/* A token that is there instead of `what`. */
static int missing(const struct expr_parser *parser, const char *what)
{
	const struct expr_token *token = &parser->token;

	if (token->kind == EXPR_TOKEN_END)
		return expr_wrong_token(parser, token, "%s is missing at the end", what);
	return expr_wrong_token(parser, token, "%s is missing before '%.*s'", what,
				(int)token->length, parser->expr->text + token->at);
}

static bool is_operand(const struct expr_token *token)
{
	return token->kind == EXPR_TOKEN_WORD || token->kind == EXPR_TOKEN_QUOTED;
}

static int parse_comparison(struct expr_parser *parser, struct expr_node **node)
{
	struct expr_token left = parser->token, op, right;
	int status;

	if (!is_operand(&left))
		return missing(parser,
			       left.kind == EXPR_TOKEN_OPERATOR ? "a value" : "a condition");
	status = advance(parser);
	if (status < 0)
		return status;
	*node = add_node(parser, EXPR_COMPARISON);
	op = parser->token;
	if (op.kind != EXPR_TOKEN_OPERATOR)
		return expr_alone(parser, *node, &left);
	status = advance(parser);
	if (status < 0)
		return status;
	right = parser->token;
	if (right.kind == EXPR_TOKEN_OPEN)
		return expr_wrong_token(parser, &right,
					"parentheses are for conditions, not for values");
	if (!is_operand(&right))
		return missing(parser, "a value");
	status = expr_compare(parser, *node, &left, &op, &right);
	return status < 0 ? status : advance(parser);
}

static int parse_any(struct expr_parser *parser, struct expr_node **node);

static int parse_parentheses(struct expr_parser *parser, struct expr_node **node)
{
	struct expr_token open = parser->token;
	int status = advance(parser);

	if (status < 0)
		return status;
	status = parse_any(parser, node);
	if (status < 0)
		return status;
	if (parser->token.kind != EXPR_TOKEN_CLOSE)
		return expr_wrong_token(parser, &open, "there is no ')' for this '('");
	status = advance(parser);
	if (status == 0 && parser->token.kind == EXPR_TOKEN_OPERATOR)
		return expr_wrong_token(parser, &open,
					"parentheses are for conditions, not for values");
	return status;
}

static int parse_one(struct expr_parser *parser, struct expr_node **node)
{
	int status;

	if (parser->token.kind != EXPR_TOKEN_NOT && parser->token.kind != EXPR_TOKEN_OPEN)
		return parse_comparison(parser, node);
	if (parser->depth == EXPR_DEPTH_MAX)
		return expr_wrong_token(parser, &parser->token,
					"it is nested deeper than %d levels", EXPR_DEPTH_MAX);
	parser->depth++;
	if (parser->token.kind == EXPR_TOKEN_OPEN) {
		status = parse_parentheses(parser, node);
	} else {
		*node = add_node(parser, EXPR_NOT);
		status = advance(parser);
		if (status == 0)
			status = parse_one(parser, &(*node)->first);
	}
	parser->depth--;
	return status;
}

/* What may follow a condition, or why this may not. */
static int check_follower(struct expr_parser *parser)
{
	const struct expr_token *token = &parser->token;
	char shown[32];

	switch (token->kind) {
	case EXPR_TOKEN_END:
	case EXPR_TOKEN_AND:
	case EXPR_TOKEN_OR:
		return 0;
	case EXPR_TOKEN_CLOSE:
		if (parser->depth)
			return 0;
		return expr_wrong_token(parser, token, "there is no '(' for this ')'");
	case EXPR_TOKEN_OPERATOR:
		return expr_wrong_token(
			parser, token,
			"a comparison has two sides; join two with &&, as in 1 < a && a < 2");
	default:
		if (expr_word_operator(parser, token) < 0)
			return -EINVAL;
		expr_shown(shown, sizeof(shown), parser->expr->text + token->at, token->length,
			   sizeof(shown));
		return expr_wrong_token(parser, token, "&& or || is missing before '%s'", shown);
	}
}

/* One or more of what `parse` reads, with tokens `joint` between them. */
static int parse_joined(struct expr_parser *parser, struct expr_node **node,
			enum expr_token_kind joint, enum expr_node_kind kind,
			int (*parse)(struct expr_parser *parser, struct expr_node **node))
{
	int status = parse(parser, node);
	struct expr_node *last = *node;

	if (status == 0)
		status = check_follower(parser);
	if (status < 0 || parser->token.kind != joint)
		return status;
	*node = add_node(parser, kind);
	(*node)->first = last;
	while (status == 0 && parser->token.kind == joint) {
		status = advance(parser);
		if (status == 0)
			status = parse(parser, &last->next);
		last = last->next;
		if (status == 0)
			status = check_follower(parser);
	}
	return status;
}

static int parse_all(struct expr_parser *parser, struct expr_node **node)
{
	return parse_joined(parser, node, EXPR_TOKEN_AND, EXPR_AND, parse_one);
}

static int parse_any(struct expr_parser *parser, struct expr_node **node)
{
	return parse_joined(parser, node, EXPR_TOKEN_OR, EXPR_OR, parse_all);
}

/* --- the whole --------------------------------------------------------------- */

static int parse_text(struct expr_parser *parser)
{
	struct expr_node *root = NULL;
	int status = advance(parser);

	if (status == 0)
		status = parse_any(parser, &root);
	parser->expr->root = root;
	return status;
}

int expr_parse(struct expr **expr, const char *text, const struct field_table *table,
	       const char *what, struct error *err)
{
	size_t length = strlen(text);
	struct expr_parser parser = { .length = length, .what = what, .err = err };
	int status;

	*expr = NULL;
	if (!text[strspn(text, WHITE_SPACE)])
		return error_set(err, EINVAL, "%s: there is no condition in it", what);
	if (length > EXPR_LENGTH_MAX)
		return error_set(err, EINVAL, "%s: it is longer than %d bytes", what,
				 EXPR_LENGTH_MAX);
	parser.expr = calloc(1, sizeof(*parser.expr));
	if (!parser.expr)
		return error_set(err, ENOMEM, "%s: no memory", what);
	parser.expr->text = text;
	parser.expr->table = table;
	parser.expr->nodes = calloc(length, sizeof(*parser.expr->nodes));
	/* A constant is no longer than its token, and an operator beside it pays for its NUL. */
	parser.expr->texts = malloc(length + 1);
	if (!parser.expr->nodes || !parser.expr->texts)
		status = error_set(err, ENOMEM, "%s: no memory", what);
	else
		status = parse_text(&parser);
	if (status < 0)
		expr_free(parser.expr);
	else
		*expr = parser.expr;
	return status;
}

void expr_free(struct expr *expr)
{
	if (!expr)
		return;
	free(expr->nodes);
	free(expr->texts);
	free(expr);
}

const char *expr_text(const struct expr *expr)
{
	return expr->text;
}

bool expr_names(const struct expr *expr, const struct field *field)
{
	for (size_t i = 0; i < expr->count; i++) {
		const struct expr_node *node = &expr->nodes[i];

		if (node->kind == EXPR_COMPARISON && (node->left == field || node->right == field))
			return true;
	}
	return false;
}
