/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal digits are copied two at a time from a table, hexadecimal ones made eight at a
 * time, one in each byte of a 64-bit number: a division for each digit is what a line of
 * numbers would otherwise spend its time on.
 */
#include "timersnoop/line.h"

#include <endian.h>

#define LINE_ZEROS 0x3030303030303030ULL /* '0' in every byte */

/* clang-format off */
#define LINE_TEN(tens) { tens, '0' }, { tens, '1' }, { tens, '2' }, { tens, '3' }, { tens, '4' }, \
	{ tens, '5' }, { tens, '6' }, { tens, '7' }, { tens, '8' }, { tens, '9' }
static const char line_pairs[100][2] = {
	LINE_TEN('0'), LINE_TEN('1'), LINE_TEN('2'), LINE_TEN('3'), LINE_TEN('4'),
	LINE_TEN('5'), LINE_TEN('6'), LINE_TEN('7'), LINE_TEN('8'), LINE_TEN('9'),
};
/* clang-format on */

static inline char *line_pair(char *at, uint32_t value)
{
	memcpy(at, line_pairs[value], 2);
	return at + 2;
}

/* Exactly four digits; value below 10^4. */
static inline char *line_four(char *at, uint32_t value)
{
	return line_pair(line_pair(at, value / 100), value % 100);
}

static inline char *line_eight(char *at, uint32_t value)
{
	return line_four(line_four(at, value / 10000), value % 10000);
}

/* One or two digits. */
static inline char *line_upto_two(char *at, uint32_t value)
{
	return value < 10 ? line_byte(at, (char)('0' + value)) : line_pair(at, value);
}

/* As many as it has; value below 10^4. */
static inline char *line_upto_four(char *at, uint32_t value)
{
	if (value < 100)
		return line_upto_two(at, value);
	return line_pair(line_upto_two(at, value / 100), value % 100);
}

static inline char *line_upto_eight(char *at, uint32_t value)
{
	if (value < 10000)
		return line_upto_four(at, value);
	return line_four(line_upto_four(at, value / 10000), value % 10000);
}

static inline char *line_store(char *at, uint64_t digits, unsigned count)
{
	digits = htole64(digits);
	memcpy(at, &digits, sizeof(digits));
	return at + count;
}

/* value as eight bytes from 0 to 15 */
static uint64_t line_nibbles(uint32_t value)
{
	uint64_t digits = value >> 16 | (uint64_t)(value & 0xffff) << 32;

	digits = (digits >> 8 & 0x000000ff000000ffULL) | (digits & 0x000000ff000000ffULL) << 16;
	return (digits >> 4 & 0x000f000f000f000fULL) | (digits & 0x000f000f000f000fULL) << 8;
}

/* Adds what makes each of 0 to 15 a character. */
static uint64_t line_hex_digits(uint64_t digits)
{
	uint64_t letters = (digits + 0x0606060606060606ULL) >> 4 & 0x0101010101010101ULL;

	return digits + LINE_ZEROS + letters * ('a' - '0' - 10);
}

char *line_digits(char *at, uint32_t value, unsigned count)
{
	if (count > 8) {
		at = line_byte(at, (char)('0' + value / 100000000));
		return line_eight(at, value % 100000000);
	}
	if (count == 6) {
		at = line_pair(at, value / 10000);
		return line_four(at, value % 10000);
	}
	for (unsigned i = count; i > 0; i--, value /= 10)
		at[i - 1] = (char)('0' + value % 10);
	return at + count;
}

char *line_long(char *at, uint64_t value)
{
	uint64_t upper = value / 100000000;

	if (!upper)
		return line_upto_eight(at, (uint32_t)value);
	if (upper < 100000000) {
		at = line_upto_eight(at, (uint32_t)upper);
	} else {
		at = line_upto_four(at, (uint32_t)(upper / 100000000));
		at = line_eight(at, (uint32_t)(upper % 100000000));
	}
	return line_eight(at, (uint32_t)(value % 100000000));
}

char *line_hex(char *at, uint64_t value)
{
	uint64_t digits;
	unsigned zeros;

	at = line_text(at, "0x");
	if (value < 16)
		return line_byte(at, "0123456789abcdef"[value]);
	digits = line_nibbles((uint32_t)(value > UINT32_MAX ? value >> 32 : value));
	zeros = (unsigned)__builtin_ctzll(digits) / 8;
	at = line_store(at, line_hex_digits(digits) >> 8 * zeros, 8 - zeros);
	if (value > UINT32_MAX)
		at = line_store(at, line_hex_digits(line_nibbles((uint32_t)value)), 8);
	return at;
}
