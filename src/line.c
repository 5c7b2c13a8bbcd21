/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Eight digits are made at once, one in each byte of a 64-bit number, the first
 * of them in the lowest byte: a division for each digit is what a line of
 * numbers would otherwise spend its time on.
 */
#include "timersnoop/line.h"

#include <endian.h>

#define LINE_ZEROS 0x3030303030303030ULL /* '0' in every byte */

static char *line_store(char *at, uint64_t digits, unsigned count)
{
	digits = htole64(digits);
	memcpy(at, &digits, sizeof(digits));
	return at + count;
}

/* value below 10^8 as eight bytes from 0 to 9 */
static inline uint64_t line_decimal(uint32_t value)
{
	/* two numbers below 10^4, 32 bits each */
	uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
	/* four below 100, 16 bits each: 10486 / 2^20 divides by 100 */
	uint64_t upper = (fours * 10486 >> 20) & 0x0000007f0000007fULL;
	uint64_t twos = upper | (fours - 100 * upper) << 16;
	/* eight below 10: 103 / 2^10 divides by 10 */
	uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000fULL;

	return tens | (twos - 10 * tens) << 8;
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
		value %= 100000000;
		count = 8;
	}
	return line_store(at, (line_decimal(value) + LINE_ZEROS) >> 8 * (8 - count), count);
}

char *line_long(char *at, uint64_t value)
{
	uint64_t digits;
	unsigned zeros;

	if (value >= 100000000) {
		at = line_u64(at, value / 100000000);
		return line_digits(at, (uint32_t)(value % 100000000), 8);
	}
	digits = line_decimal((uint32_t)value);
	zeros = (unsigned)__builtin_ctzll(digits) / 8;
	return line_store(at, (digits + LINE_ZEROS) >> 8 * zeros, 8 - zeros);
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
