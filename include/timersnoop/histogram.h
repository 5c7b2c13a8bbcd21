/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram: how often a duration was of which power of two, exactly. Counted as
 * the kernel's hist triggers do with .log2, so that both agree: row n is for
 * what is above 2^(n-1) and up to 2^n nanoseconds; row 0 for all up to 1. Pure.
 */
#ifndef TIMERSNOOP_HISTOGRAM_H
#define TIMERSNOOP_HISTOGRAM_H

#include <stdint.h>

/* What there are histograms of. */
enum histogram_of {
	HISTOGRAM_VALUE,    /* asked for, of relative arms */
	HISTOGRAM_INTERVAL, /* asked for, of periodic arms */
	HISTOGRAM_LATE,     /* of expiries */
	HISTOGRAM_SIGNAL,   /* from expiry to delivery */
	HISTOGRAM_DURATION, /* of system calls */
	HISTOGRAM_COUNT,
};

/* Sets have a bit for each. */
#define HISTOGRAM_BIT(of) (1u << (of))

/* "value", "interval", "late", "signal", "duration" */
const char *histogram_name(enum histogram_of of);
/* The same as a set; 0: none such. */
uint32_t histograms_named(const char *name);

#define HISTOGRAM_ROWS 64

struct histogram {
	uint64_t rows[HISTOGRAM_ROWS];
};

/* The row of a duration: the kernel's ilog2(roundup_pow_of_two(ns)). */
unsigned histogram_row(int64_t ns);
void histogram_add(struct histogram *histogram, int64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);
uint64_t histogram_total(const struct histogram *histogram);
/* The least and the greatest of a row, in ns; INT64_MIN for "any" in row 0. */
int64_t histogram_from(unsigned row);
int64_t histogram_to(unsigned row);

#endif
