/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_text: what the parts of the text format share. All write as line.h does,
 * one word each unless told otherwise.
 */
#ifndef TIMERSNOOP_OUT_TEXT_H
#define TIMERSNOOP_OUT_TEXT_H

#include "timersnoop/out.h"

enum text_color { TEXT_PLAIN, TEXT_BOLD, TEXT_RED, TEXT_YELLOW };

/* Any text, between colours if style->color. */
char *out_text_colored(char *at, const struct out_style *style, enum text_color color,
		       const char *text, size_t length);

/* Of the column of times. */
size_t out_text_time_width(const struct out_style *style);
/* "10ms", or `zero` */
char *out_text_duration(char *at, struct timerspec ts, const char *zero);
/* "10ms", "once"; "-" when not seen or disarmed */
char *out_text_interval(char *at, const struct itimerspec_seen *seen);
/* "10ms", "disarmed"; "-" when not seen */
char *out_text_old_value(char *at, const struct itimerspec_seen *seen);

/* "0", "fd3", "real" */
char *out_text_id(char *at, enum timer_family family, int32_t id);
/* "MONOTONIC" */
char *out_text_clock(char *at, int32_t clock);

/* The last column: key=value pairs with ',' between them, or "-". */
char *out_text_call_details(char *at, const struct out_style *style, const struct caller *caller,
			    const struct call *call);
char *out_text_occurrence_details(char *at, const struct caller *caller,
				  const struct occurrence *occurrence);

#endif
