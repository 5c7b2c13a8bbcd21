/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place in a recording, from which no more is taken than there is. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timersnoop/recording_parts.h"

int cursor_damaged(struct cursor *cursor, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return error_set(cursor->err, EBADMSG, "it is damaged at byte %llu: %s",
			 (unsigned long long)cursor->at, what);
}

int cursor_short(struct cursor *cursor)
{
	return error_set(cursor->err, EBADMSG,
			 "it is cut short, or damaged: more than its %llu "
			 "bytes are wanted",
			 (unsigned long long)cursor->end);
}

int recording_pread(int fd, void *buffer, size_t size, uint64_t at)
{
	char *to = buffer;

	while (size) {
		ssize_t got = pread(fd, to, size, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		to += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}

int cursor_take(struct cursor *cursor, void *buffer, uint64_t size)
{
	int status;

	if (size > cursor->end - cursor->at)
		return cursor_short(cursor);
	if (cursor->memory) {
		memcpy(buffer, cursor->memory + cursor->at, size);
	} else {
		status = recording_pread(cursor->fd, buffer, size, cursor->at);
		if (status < 0)
			return error_errno(cursor->err, -status, "it cannot be read");
	}
	cursor->at += size;
	return 0;
}

int cursor_number(struct cursor *cursor, size_t size, uint64_t *value)
{
	uint64_t whole;
	uint32_t word;
	uint16_t half;
	uint8_t bytes[8] = { 0 };
	int status = cursor_take(cursor, bytes, size);

	*value = 0;
	if (status < 0)
		return status;
	memcpy(&whole, bytes, sizeof(whole));
	memcpy(&word, bytes, sizeof(word));
	memcpy(&half, bytes, sizeof(half));
	*value = size == 2 ? half : size == 4 ? word : size == 1 ? bytes[0] : whole;
	return 0;
}

int cursor_skip(struct cursor *cursor, uint64_t size)
{
	if (size > cursor->end - cursor->at)
		return cursor_short(cursor);
	cursor->at += size;
	return 0;
}

/* A string that ends with NUL. */
int cursor_string(struct cursor *cursor, char *text, size_t size)
{
	size_t length = 0;
	int status;

	do {
		if (length == size)
			return cursor_damaged(cursor, "a name of more than %zu bytes", size - 1);
		status = cursor_take(cursor, &text[length], 1);
	} while (status == 0 && text[length++]);
	return status;
}

/* So many bytes, as a string; the caller frees. */
int cursor_bytes(struct cursor *cursor, uint64_t size, uint64_t max, char **text)
{
	int status;

	*text = NULL;
	if (size > cursor->end - cursor->at)
		return cursor_short(cursor);
	if (size > max)
		return cursor_damaged(cursor, "a text of %llu bytes", (unsigned long long)size);
	*text = malloc(size + 1);
	if (!*text)
		return error_errno(cursor->err, ENOMEM, "recording");
	status = cursor_take(cursor, *text, size);
	(*text)[size] = '\0';
	if (status == 0)
		return 0;
	free(*text);
	*text = NULL;
	return status;
}

int cursor_text(struct cursor *cursor, size_t width, uint64_t max, char **text, uint64_t *size)
{
	int status = cursor_number(cursor, width, size);

	return status ? status : cursor_bytes(cursor, *size, max, text);
}

int cursor_skip_text(struct cursor *cursor, size_t width)
{
	uint64_t size;
	int status = cursor_number(cursor, width, &size);

	return status ? status : cursor_skip(cursor, size);
}

int cursor_expect(struct cursor *cursor, const char *bytes, size_t size)
{
	char there[16];
	int status = cursor_take(cursor, there, size);

	if (status == 0 && memcmp(there, bytes, size) != 0)
		status = cursor_damaged(cursor, "no '%s' there", bytes);
	return status;
}
