/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event's format, as the kernel writes it (kernel/trace/trace_events.c,
 * f_show()), checked line by line before libtraceevent sees it: that one
 * trusts a kernel, and a format may come from a file. What is handed on says no more
 * than was understood here; how the kernel prints the event is left out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/decode_fields.h"
#include "timersnoop/memfile.h"

#define FIELDS_MAX 256
#define NAME_BYTES 63

/* The text that is left; `wrong` once it was not what it had to be. */
struct cursor {
	const char *at;
	bool wrong;
};

static void expect(struct cursor *cursor, const char *word)
{
	size_t length = strlen(word);

	if (cursor->wrong || strncmp(cursor->at, word, length) != 0)
		cursor->wrong = true;
	else
		cursor->at += length;
}

static unsigned number(struct cursor *cursor)
{
	unsigned value = 0, digits = 0;

	while (!cursor->wrong && isdigit((unsigned char)*cursor->at) && ++digits < 6)
		value = value * 10 + (unsigned)(*cursor->at++ - '0');
	if (!digits || value > UINT16_MAX)
		cursor->wrong = true;
	return value;
}

static size_t identifier(const char *at)
{
	size_t length = 0;

	if (isdigit((unsigned char)*at))
		return 0;
	while (islower((unsigned char)at[length]) || isdigit((unsigned char)at[length]) ||
	       at[length] == '_')
		length++;
	return length;
}

/*
 * The name in "unsigned char comm[16]": the last word, before what may stand in
 * brackets. NULL when the declaration is none that a plan's events have.
 */
static const char *name_in(const char *at, size_t length, size_t *name_length)
{
	const char *end = at + length, *name = NULL;

	while (at < end && *at != '[') {
		*name_length = identifier(at);
		name = *name_length ? at : NULL;
		at += name ? *name_length : 1;
		/* the brackets of a type's: __data_loc char[] NAME */
		if (strncmp(at, "[] ", 3) == 0 && at + 3 < end)
			at += 3;
	}
	return name;
}

/*
 * One line of a field. Of its type no more is told than whether the record has it
 * elsewhere, and how long it is: it is read by its size and its sign.
 */
static void take_field(struct cursor *cursor, FILE *to)
{
	static const char dynamic[] = "__data_loc ", relative[] = "__rel_loc ";
	const char *declaration, *name;
	unsigned offset, size, is_signed;
	size_t length, name_length = 0;

	expect(cursor, "\tfield:");
	declaration = cursor->at;
	length = cursor->wrong ? 0 : strcspn(declaration, ";\n");
	cursor->at += length;
	expect(cursor, ";\toffset:");
	offset = number(cursor);
	expect(cursor, ";\tsize:");
	size = number(cursor);
	expect(cursor, ";\tsigned:");
	is_signed = number(cursor);
	expect(cursor, ";\n");
	name = cursor->wrong ? NULL : name_in(declaration, length, &name_length);
	if (!name || name_length > NAME_BYTES ||
	    strncmp(declaration, relative, strlen(relative)) == 0)
		return;
	fprintf(to, "\tfield:%s %.*s;\toffset:%u;\tsize:%u;\tsigned:%u;\n",
		strncmp(declaration, dynamic, strlen(dynamic)) == 0 ? "__data_loc char[]" : "long",
		(int)name_length, name, offset, size, is_signed & 1);
}

static void take_fields(struct cursor *cursor, FILE *to)
{
	unsigned count = 0;

	/* A blank line ends the common fields, another one the event's own. */
	for (int blank = 0; !cursor->wrong && blank < 2;) {
		if (*cursor->at == '\n') {
			cursor->at++;
			blank++;
			fputc('\n', to);
		} else if (++count > FIELDS_MAX) {
			cursor->wrong = true;
		} else {
			take_field(cursor, to);
		}
	}
}

char *decode_format(const char *format)
{
	struct cursor cursor = { .at = format };
	struct memfile file = { .size = 0 };
	const char *name;
	size_t length;
	unsigned id;
	FILE *to = memfile_open(&file);

	if (!to) {
		errno = ENOMEM;
		return NULL;
	}
	expect(&cursor, "name: ");
	name = cursor.at;
	length = cursor.wrong ? 0 : identifier(name);
	cursor.wrong |= !length || length > NAME_BYTES;
	cursor.at += length;
	expect(&cursor, "\nID: ");
	id = number(&cursor);
	expect(&cursor, "\nformat:\n");
	fprintf(to, "name: %.*s\nID: %u\nformat:\n", (int)length, name, id);
	take_fields(&cursor, to);
	expect(&cursor, "print fmt:");
	fputs("print fmt: \"\"\n", to);
	if (memfile_close(&file, to) < 0 || cursor.wrong) {
		free(file.text);
		errno = cursor.wrong ? EINVAL : ENOMEM;
		return NULL;
	}
	return file.text;
}
