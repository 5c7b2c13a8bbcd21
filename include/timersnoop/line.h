/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line: text written forward through a cursor, without stdio. Every function
 * writes at `at`, where the caller has room, adds no NUL, and returns the
 * place behind what it wrote. Eight bytes are written at a time: up to
 * LINE_SLACK bytes behind that place are overwritten too. Pure.
 */
#ifndef TIMERSNOOP_LINE_H
#define TIMERSNOOP_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LINE_SLACK 8
/* Room for one number, slack included. */
#define LINE_NUMBER_MAX (20 + LINE_SLACK)

/* Inlined so that a literal becomes a few stores. */
static inline __attribute__((always_inline)) char *line_text(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length);
	return at + length;
}

static inline char *line_byte(char *at, char byte)
{
	*at = byte;
	return at + 1;
}

/* line_u64 for more than one digit */
char *line_long(char *at, uint64_t value);

/* Decimal; most numbers in a line are one digit long. */
static inline char *line_u64(char *at, uint64_t value)
{
	return value < 10 ? line_byte(at, (char)('0' + value)) : line_long(at, value);
}

/* With a minus sign when negative. */
static inline char *line_s64(char *at, int64_t value)
{
	if (value >= 0)
		return line_u64(at, (uint64_t)value);
	return line_u64(line_byte(at, '-'), 0 - (uint64_t)value);
}

/* Exactly `count` decimal digits (1 to 9), zeros in front; value below 10^count. */
char *line_digits(char *at, uint32_t value, unsigned count);
/* Hexadecimal, small letters, 0x in front. */
char *line_hex(char *at, uint64_t value);
/* Spaces behind a field of `length` bytes, until it is `width` wide. */
static inline char *line_pad(char *at, size_t length, size_t width)
{
	char *end = length < width ? at + (width - length) : at;

	for (; at < end; at += 8)
		memcpy(at, "        ", 8);
	return end;
}

#endif
