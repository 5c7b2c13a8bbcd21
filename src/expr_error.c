/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an expression and the place in it that is wrong are shown. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/expr_parts.h"

/* Sentence, excerpt and carets together fit into an error's text. */
#define SENTENCE_MAX 220
#define EXCERPT_BYTES 190
#define EXCERPT_COLUMNS 90
/* Of a longer text: so much before the place. */
#define BEFORE_COLUMNS 40
#define DOTS "..."
#define DOTS_LENGTH (sizeof(DOTS) - 1)

_Static_assert(SENTENCE_MAX + EXCERPT_BYTES + EXCERPT_COLUMNS + 8 <=
		       sizeof(((struct error *)0)->text),
	       "an error's text holds all of it");

/* How many bytes its first byte announces; 0: it is none of the first bytes of UTF-8. */
static size_t announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Bytes of the character at `at`; 0: it is not one to show, and one byte is to be skipped. */
static size_t character(const unsigned char *at, size_t left)
{
	size_t length = announced(at[0]);

	if (length == 1)
		return at[0] >= ' ' && at[0] != 0x7f;
	if (length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* C1 controls, what could have been written shorter, surrogates, and no character at all */
	if ((at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xed && at[1] >= 0xa0) ||
	    (at[0] == 0xf4 && at[1] >= 0x90))
		return 0;
	return length;
}

size_t expr_shown(char *to, size_t size, const char *text, size_t length, size_t columns)
{
	size_t at = 0, used = 0;

	while (at < length && columns--) {
		size_t bytes = character((const unsigned char *)text + at, length - at);

		if (used + (bytes ? bytes : 1) >= size)
			break;
		if (bytes)
			memcpy(to + used, text + at, bytes);
		else
			to[used] = strchr("\t\n\v\f\r", text[at]) ? ' ' : '?';
		used += bytes ? bytes : 1;
		at += bytes ? bytes : 1;
	}
	to[used] = '\0';
	return at;
}

/* Characters, as they are shown. */
static size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t at = 0; at < length; columns++) {
		size_t bytes = character((const unsigned char *)text + at, length - at);

		at += bytes ? bytes : 1;
	}
	return columns;
}

/* Where the `columns`th character from here is. */
static size_t bytes_of(const char *text, size_t length, size_t columns)
{
	size_t at = 0;

	while (at < length && columns--) {
		size_t bytes = character((const unsigned char *)text + at, length - at);

		at += bytes ? bytes : 1;
	}
	return at;
}

/*
 * The text, or what there is of it around `at`, which gets there by *before columns.
 * Returns how many columns of the text there are from `at` on.
 */
static size_t excerpt(char shown[EXCERPT_BYTES], const char *text, size_t length, size_t at,
		      size_t *before)
{
	size_t columns = columns_of(text, length), from = 0, skipped = 0, used = 0, end;

	*before = columns_of(text, at);
	end = expr_shown(shown, EXCERPT_BYTES, text, length, EXCERPT_COLUMNS);
	if (end == length)
		return columns - *before;
	if (*before > BEFORE_COLUMNS) {
		skipped = *before - BEFORE_COLUMNS;
		from = bytes_of(text, length, skipped);
		memcpy(shown, DOTS, DOTS_LENGTH);
		used = DOTS_LENGTH;
	}
	end = from + expr_shown(shown + used, EXCERPT_BYTES - DOTS_LENGTH - used, text + from,
				length - from, EXCERPT_COLUMNS - 2 * DOTS_LENGTH);
	if (end < length)
		strcat(shown, DOTS);
	*before += used - skipped;
	return end > at ? columns_of(text + at, end - at) : 0;
}

static int wrong(const struct expr_parser *parser, size_t at, size_t length, const char *sentence)
{
	const char *text = parser->expr->text;
	char shown[EXCERPT_BYTES], carets[EXCERPT_COLUMNS + 1];
	size_t before, there, wide = columns_of(text + at, length);

	there = excerpt(shown, text, parser->length, at, &before);
	if (wide > there)
		wide = there;
	memset(carets, '~', sizeof(carets));
	carets[0] = '^';
	carets[wide ? wide : 1] = '\0';
	return error_set(parser->err, EINVAL, "%s: %.*s\n  %s\n  %*s%s", parser->what,
			 SENTENCE_MAX - (int)strnlen(parser->what, SENTENCE_MAX), sentence, shown,
			 (int)before, "", carets);
}

int expr_wrong(const struct expr_parser *parser, size_t at, size_t length, const char *format, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return wrong(parser, at, length, sentence);
}

int expr_wrong_token(const struct expr_parser *parser, const struct expr_token *token,
		     const char *format, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return wrong(parser, token->at, token->length, sentence);
}
