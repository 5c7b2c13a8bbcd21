/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error: what went wrong, as a number for the program and a sentence for the
 * person.
 */
#ifndef TIMERSNOOP_ERROR_H
#define TIMERSNOOP_ERROR_H

/*
 * A caller owns the struct and passes it down; the callee that fails fills it.
 * `code` is a positive errno value. `text` is one sentence without a final
 * full stop or newline. `hint` says what to do next, or is empty.
 */
struct error {
	int code;
	char text[512];
	char hint[256];
};

/* Fills `err` (which may be NULL) and returns -code. Clears the hint. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set, with ": " and strerror(code) behind the sentence. */
int error_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what to do next to a filled error. */
void error_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of what went wrong besides, and what to do about that. */
void error_besides(struct error *err, const struct error *other);

#endif
