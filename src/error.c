/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* By way of a copy: the arguments may be what the struct says already. */
static void error_fill(struct error *err, int code, bool with_reason, const char *format,
		       va_list args)
{
	char text[sizeof(err->text)];
	int kept = errno; /* callers still look at it */
	size_t length;

	vsnprintf(text, sizeof(text), format, args);
	if (with_reason) {
		length = strlen(text);
		snprintf(text + length, sizeof(text) - length, ": %s", strerror(code));
	}
	memcpy(err->text, text, strlen(text) + 1);
	err->code = code;
	err->hint[0] = '\0';
	errno = kept;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (err) {
		va_start(args, format);
		error_fill(err, code, false, format, args);
		va_end(args);
	}
	return -code;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (err) {
		va_start(args, format);
		error_fill(err, code, true, format, args);
		va_end(args);
	}
	return -code;
}

void error_hint(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
}

void error_besides(struct error *err, const struct error *other)
{
	error_hint(err, "%s%s%s", other->text, other->hint[0] ? ": " : "", other->hint);
}
