/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first and the last of a run of characters. */
struct run {
	uint32_t from, to;
};

static const struct run acting[] = {
	{ 0x00, 0x1f },       { 0x7f, 0x9f },     /* C0, DEL, C1 */
	{ 0xad, 0xad },       { 0x61c, 0x61c },   /* soft hyphen, a direction */
	{ 0x180e, 0x180e },   { 0x200b, 0x200f }, /* without width, directions */
	{ 0x2028, 0x202e },   { 0x2060, 0x206f }, /* ends of lines, directions */
	{ 0xfeff, 0xfeff },   { 0xfff9, 0xfffb }, /* without width, annotations */
	{ 0xe0000, 0xe007f }, { 0xfffe, 0xffff }, /* tags, none at all */
};

/* The lowest second byte and the highest: no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
static void second_byte(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
}

unsigned printable_character(const char *text, uint32_t *character)
{
	const unsigned char *byte = (const unsigned char *)text;
	unsigned char low, high;
	unsigned length;

	if (byte[0] < 0x80) {
		*character = byte[0];
		return 1;
	}
	if (byte[0] < 0xc2 || byte[0] > 0xf4)
		return 0;
	length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	second_byte(byte[0], &low, &high);
	if (byte[1] < low || byte[1] > high)
		return 0;
	*character = byte[0] & (0xffu >> (length + 1));
	for (unsigned i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (byte[i] & 0x3f);
	}
	return length;
}

bool printable_acts(uint32_t character)
{
	for (size_t i = 0; i < sizeof(acting) / sizeof(acting[0]); i++)
		if (character >= acting[i].from && character <= acting[i].to)
			return true;
	return false;
}

unsigned printable_length(const char *text)
{
	uint32_t character;
	unsigned length = printable_character(text, &character);

	return length && !printable_acts(character) ? length : 0;
}

char *printable_copy(char *to, const char *text)
{
	while (*text) {
		unsigned length = printable_length(text);

		if (length) {
			memcpy(to, text, length);
			to += length;
			text += length;
			continue;
		}
		*to++ = '\\';
		for (int shift = 6; shift >= 0; shift -= 3)
			*to++ = (char)('0' + ((unsigned char)*text >> shift & 7));
		text++;
	}
	*to = '\0';
	return to;
}

/* A message of several lines has the others indented, as those below an expression: a name
 * with a newline in it cannot begin what looks like a message. */
static void copy_lines(char *to, char *text)
{
	char *next;

	while ((next = strstr(text, "\n  "))) {
		*next = '\0';
		to = printable_copy(to, text);
		*to++ = '\n';
		text = next + 1;
	}
	printable_copy(to, text);
}

/* It asks for no memory: that there is none may be what it tells. */
void tell_args(const char *format, va_list args)
{
	char text[TELL_MAX], shown[4 * TELL_MAX];

	vsnprintf(text, sizeof(text), format, args);
	copy_lines(shown, text);
	fprintf(stderr, "timersnoop: %s\n", shown);
}

void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_args(format, args);
	va_end(args);
}
