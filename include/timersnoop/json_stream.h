/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_stream: JSON with objects and lists in it -> a stream, for what is told once. Lines
 * of events have out_json.
 */
#ifndef TIMERSNOOP_JSON_STREAM_H
#define TIMERSNOOP_JSON_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Begins with `to` alone. Errors are those of the stream. */
struct json_stream {
	FILE *to;
	bool comma; /* the next one is not the first of what is open */
};

/* A name of NULL: an item of a list, or the outermost. */
void json_open(struct json_stream *json, const char *name, char bracket);
void json_close(struct json_stream *json, char bracket);
/* Of any length. NULL and the empty text become null. */
void json_text(struct json_stream *json, const char *name, const char *text);
void json_bool(struct json_stream *json, const char *name, bool value);
void json_number(struct json_stream *json, const char *name, int64_t value);
void json_null(struct json_stream *json, const char *name);

#endif
