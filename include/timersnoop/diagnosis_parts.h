/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diagnosis_parts: what evidence is put into words with. For diagnoses' sources alone. */
#ifndef TIMERSNOOP_DIAGNOSIS_PARTS_H
#define TIMERSNOOP_DIAGNOSIS_PARTS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/timerspec.h"

/* Behind what is there, as much as fits. */
static inline __attribute__((format(printf, 3, 4))) void say(char *text, size_t size,
							     const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

static inline const char *duration(char text[TIMERSPEC_TEXT_MAX], int64_t ns)
{
	timerspec_format_short(text, ns);
	return text;
}

static inline const char *times(uint64_t count)
{
	return count == 1 ? "time" : "times";
}

#endif
