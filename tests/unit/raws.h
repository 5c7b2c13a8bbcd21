/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raws: records as a real kernel would write them, put together by its own formats. */
#ifndef TIMERSNOOP_TESTS_RAWS_H
#define TIMERSNOOP_TESTS_RAWS_H

#include <stdint.h>

struct raw {
	char *format;
	uint8_t bytes[1024];
	unsigned size; /* that its fields have; more may stand behind them */
};

/* An event of task `tid`; every byte of its other fields is `fill`. */
void raw_begin(struct raw *raw, const char *series, const char *event, int32_t tid, uint8_t fill);
/* Where a field lies, and how large it is; the test ends if there is none. */
unsigned raw_offset(const struct raw *raw, const char *field, unsigned *size);
/* Sets a field, or one value of 8 bytes in an array of them. */
void raw_put(struct raw *raw, const char *field, uint64_t value);
void raw_put_word(struct raw *raw, const char *field, unsigned index, int64_t value);
void raw_put_text(struct raw *raw, const char *field, const char *text);
void raw_end(struct raw *raw);

#endif
