/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constants, as the kind of the field beside them takes them. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "timersnoop/expr_parts.h"

/* No number that fits has more bytes; and as much of a word is shown within a sentence. */
#define WORD_MAX 48
/* So many digits are exact in a double. */
#define RATE_DIGITS 15

/* A token's word by itself, and a sign taken off. */
struct word {
	const struct expr_parser *parser;
	const struct expr_token *token;
	const struct field *field;
	const char *text; /* behind the sign */
	bool negative;
	char copy[WORD_MAX];
};

/* It is not what the field is. */
static int another_kind(const struct word *word)
{
	const struct field *field = word->field;

	if (word->token->kind == EXPR_TOKEN_QUOTED)
		return expr_wrong_token(word->parser, word->token, "'%s' is %s, and this is text",
					field->name, expr_kind_name(field->kind));
	return expr_wrong_token(word->parser, word->token, "'%s' is %s, and '%s' is not",
				field->name, expr_kind_name(field->kind), word->copy);
}

static int too_large(const struct word *word)
{
	return expr_wrong_token(word->parser, word->token, "'%s' is too large", word->copy);
}

/* --- numbers ----------------------------------------------------------------- */

static int digit_of(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : 16;
}

static int take_integer(const struct word *word, struct expr_node *node)
{
	const char *at = word->text;
	uint64_t size = 0, base = 10;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	}
	if (!*at)
		return another_kind(word);
	for (const char *digit = at; *digit; digit++)
		if ((uint64_t)digit_of(*digit) >= base)
			return another_kind(word);
	for (; *at; at++)
		if (__builtin_mul_overflow(size, base, &size) ||
		    __builtin_add_overflow(size, (uint64_t)digit_of(*at), &size))
			return too_large(word);
	node->constant.size = size;
	node->constant.negative = word->negative && size;
	return 0;
}

static int take_duration(const struct word *word, struct expr_node *node)
{
	size_t digits = strspn(word->text, "0123456789.");
	int64_t ns;
	int status;

	if (word->text[digits] == '/')
		return another_kind(word);
	status = timerspec_parse(word->text, &ns);
	if (status == 0 && ns && !word->text[digits])
		return expr_wrong_token(word->parser, word->token, "give a unit, for example 10ms");
	if (status == -ERANGE)
		return expr_wrong_token(word->parser, word->token,
					"'%s' is too large, or finer than 1ns", word->copy);
	if (status < 0)
		return expr_wrong_token(
			word->parser, word->token,
			"'%s' is no duration; the units are ns, us, ms, s, m, h and d", word->copy);
	node->constant.size = (uint64_t)ns;
	node->constant.negative = word->negative && ns;
	return 0;
}

/* Seconds in what follows the number: "/m"; 0: it is none of ours. */
static double per_seconds(const char *text)
{
	if (!*text || strcmp(text, "/s") == 0)
		return 1;
	if (strcmp(text, "/m") == 0)
		return 60;
	return strcmp(text, "/h") == 0 ? 3600 : 0;
}

static int take_rate(const struct word *word, struct expr_node *node)
{
	size_t whole = strspn(word->text, "0123456789"), digits = 0;
	size_t fraction =
		word->text[whole] == '.' ? strspn(word->text + whole + 1, "0123456789") : 0;
	size_t length = whole + (word->text[whole] == '.') + fraction;
	double per = per_seconds(word->text + length), number = 0;

	if (per == 0 || !(whole + fraction) || (word->text[whole] == '.' && !fraction))
		return expr_wrong_token(word->parser, word->token,
					"'%s' is no rate; it is written as 100/s, 100/m or 100/h",
					word->copy);
	for (size_t i = 0; i < length; i++) {
		if (word->text[i] == '.')
			continue;
		number = number * 10 + digit_of(word->text[i]);
		digits += number > 0;
	}
	if (digits > RATE_DIGITS || fraction > RATE_DIGITS)
		return expr_wrong_token(word->parser, word->token, "'%s' has too many digits",
					word->copy);
	/* a power of ten up to this one is exact, so the quotient is the nearest there is */
	while (fraction--)
		per *= 10;
	node->as = EXPR_AS_RATE;
	node->constant.rate = (word->negative ? -number : number) / per;
	return 0;
}

static int take_count(const struct word *word, struct expr_node *node)
{
	if (!strchr(word->text, '/'))
		return take_integer(word, node);
	if (!word->parser->expr->table->seconds)
		return expr_wrong_token(word->parser, word->token,
					"'%s' is a count that has no rate here", word->field->name);
	return take_rate(word, node);
}

static int take_bool(const struct word *word, struct expr_node *node)
{
	bool is_true = strcasecmp(word->copy, "true") == 0;

	if (!is_true && strcasecmp(word->copy, "false") != 0)
		return another_kind(word);
	node->constant.size = is_true;
	return 0;
}

static int take_number(struct expr_parser *parser, struct expr_node *node,
		       const struct expr_token *token)
{
	struct word word = { .parser = parser, .token = token, .field = node->left };
	const char *text = parser->expr->text + token->at;
	bool sign;

	expr_shown(word.copy, sizeof(word.copy), text, token->length, sizeof(word.copy));
	sign = word.copy[0] == '-' || word.copy[0] == '+';
	word.negative = word.copy[0] == '-';
	word.text = word.copy + sign;
	if (token->kind == EXPR_TOKEN_QUOTED)
		return another_kind(&word);
	if (node->left->kind == FIELD_BOOL)
		return take_bool(&word, node);
	/* true and false */
	if (digit_of(word.text[0]) > 9 && word.text[0] != '.')
		return another_kind(&word);
	if (token->length >= sizeof(word.copy))
		return expr_wrong_token(parser, token, "this number is too long");
	if (node->left->kind == FIELD_DURATION)
		return take_duration(&word, node);
	if (node->left->kind == FIELD_RATE)
		return take_rate(&word, node);
	if (node->left->kind == FIELD_COUNT)
		return take_count(&word, node);
	return take_integer(&word, node);
}

/* --- text -------------------------------------------------------------------- */

/*
 * What the escape at `at` (behind its backslash) stands for: its length behind the
 * backslash, or 0 when it is none.
 */
static size_t unescape(const char *at, char *byte)
{
	*byte = *at;
	switch (*at) {
	case '\\':
	case '"':
	case '\'':
		return 1;
	case 'n':
		*byte = '\n';
		return 1;
	case 't':
		*byte = '\t';
		return 1;
	case 'x':
		if (digit_of(at[1]) > 15 || digit_of(at[2]) > 15)
			return 0;
		*byte = (char)(digit_of(at[1]) << 4 | digit_of(at[2]));
		return 3;
	default:
		return 0;
	}
}

/* What is escaped is no wildcard: neither \x2a nor \*, which only a pattern knows. */
static int take_quoted(struct expr_parser *parser, const struct expr_token *token, char *to,
		       bool pattern)
{
	const char *text = parser->expr->text;
	size_t end = token->at + token->length - 1;

	for (size_t at = token->at + 1; at < end; at++) {
		size_t length = 1;

		if (text[at] != '\\') {
			*to++ = text[at];
			continue;
		}
		if (pattern && strchr("*?", text[at + 1]))
			*to = text[at + 1];
		else
			length = unescape(text + at + 1, to);
		if (!length)
			return expr_wrong(
				parser, at, 2,
				"this is none of the escapes \\\" \\' \\\\ \\n \\t \\xHH%s",
				pattern ? " \\* \\?" : "");
		if (!*to)
			return expr_wrong(parser, at, 1 + length, "no text has a NUL in it");
		at += length;
		if (pattern && strchr("*?\\", *to)) {
			to[1] = *to;
			*to++ = '\\';
		}
		to++;
	}
	*to = '\0';
	return 0;
}

static int take_text(struct expr_parser *parser, struct expr_node *node,
		     const struct expr_token *token)
{
	bool pattern = node->op == EXPR_LIKE || node->op == EXPR_UNLIKE;
	char *to = parser->expr->texts + parser->expr->texts_used;
	int status = 0;

	node->as = EXPR_AS_TEXT;
	node->constant.text = to;
	if (token->kind == EXPR_TOKEN_QUOTED) {
		status = take_quoted(parser, token, to, pattern);
	} else {
		memcpy(to, parser->expr->text + token->at, token->length);
		to[token->length] = '\0';
	}
	if (status == 0)
		parser->expr->texts_used += strlen(to) + 1;
	return status;
}

int expr_constant(struct expr_parser *parser, struct expr_node *node,
		  const struct expr_token *token)
{
	node->as = EXPR_AS_INTEGER;
	return node->left->kind == FIELD_TEXT ? take_text(parser, node, token)
					      : take_number(parser, node, token);
}
