/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/json_stream.h"

#include <inttypes.h>
#include <string.h>

#include "timersnoop/out.h"

/* The comma before it, and its name. Names are ours: nothing to escape. */
static void begin(struct json_stream *json, const char *name)
{
	if (json->comma)
		putc(',', json->to);
	json->comma = true;
	if (name)
		fprintf(json->to, "\"%s\":", name);
}

void json_open(struct json_stream *json, const char *name, char bracket)
{
	begin(json, name);
	putc(bracket, json->to);
	json->comma = false;
}

void json_close(struct json_stream *json, char bracket)
{
	putc(bracket, json->to);
	json->comma = true;
}

/* In pieces, none of which ends within a character. */
static void write_escaped(FILE *to, const char *text)
{
	enum { PIECE = 256 };
	char piece[PIECE + 1], escaped[6 * PIECE + 1];

	while (*text) {
		size_t length = strnlen(text, PIECE);

		while (length > PIECE - 4 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
		memcpy(piece, text, length);
		piece[length] = '\0';
		*out_json_string(escaped, piece) = '\0';
		fputs(escaped, to);
		text += length;
	}
}

void json_text(struct json_stream *json, const char *name, const char *text)
{
	if (!text || !*text) {
		json_null(json, name);
		return;
	}
	begin(json, name);
	putc('"', json->to);
	write_escaped(json->to, text);
	putc('"', json->to);
}

void json_bool(struct json_stream *json, const char *name, bool value)
{
	begin(json, name);
	fputs(value ? "true" : "false", json->to);
}

void json_number(struct json_stream *json, const char *name, int64_t value)
{
	begin(json, name);
	fprintf(json->to, "%" PRId64, value);
}

void json_null(struct json_stream *json, const char *name)
{
	begin(json, name);
	fputs("null", json->to);
}
