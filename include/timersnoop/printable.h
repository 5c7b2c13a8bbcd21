/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printable: which text a terminal shows and nothing else. Names come from whoever gives
 * them: a program, a recording, a file system. Pure, but for tell().
 */
#ifndef TIMERSNOOP_PRINTABLE_H
#define TIMERSNOOP_PRINTABLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at `text`, 1 to 4, and which it is; 0 when it is not UTF-8. */
unsigned printable_character(const char *text, uint32_t *character);
/* Does it command a terminal, or change how the text around it looks? Control characters
 * do, and those that set a direction, join, or are not seen. */
bool printable_acts(uint32_t character);
/* The bytes of the character at `text` when it can be shown as it is; 0 when not. */
unsigned printable_length(const char *text);

/* A copy of it, each byte that cannot be shown as three octal digits behind a backslash;
 * `to` has room for four times as many. Returns its end; adds a NUL there. */
char *printable_copy(char *to, const char *text);

/* Longer messages are cut. */
#define TELL_MAX 4096
/* "timersnoop: ", this, as it can be shown, and a newline, on standard error. Further lines
 * of it begin with two blanks. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tell_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
