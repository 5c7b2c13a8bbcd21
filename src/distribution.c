/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/distribution.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP_BITS 6 /* 64 steps for every power of two */
#define STEPS (1 << STEP_BITS)
#define FIRST_CAPACITY 4
#define NEAR 8

/* Steps that have values, sorted: most timers have few, and there are many timers. */
struct distribution_steps {
	uint32_t used, capacity;
	/* Where steps were found, by their number: most timers do what they did before. It
	 * may have moved meanwhile. */
	uint32_t near[NEAR];
	struct step {
		int64_t number : 13; /* see step_of */
		uint64_t count : 51; /* 71 years of a million a second */
	} at[];
};

/*
 * Numbers are in the order of the values: below 64 each magnitude has its own,
 * from there on the leading bit and the six bits behind it make one.
 */
static int step_of(int64_t ns)
{
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	int number = (int)magnitude;

	if (magnitude >= STEPS) {
		int shift = 63 - __builtin_clzll(magnitude) - STEP_BITS;

		number = (shift + 1) * STEPS + (int)((magnitude >> shift) & (STEPS - 1));
	}
	return ns < 0 ? -number : number;
}

/* The middle of a step. */
static int64_t value_of(int number)
{
	int above = abs(number);
	int shift = above / STEPS - 1;
	uint64_t magnitude = (uint64_t)above;

	if (shift > 0)
		magnitude = (uint64_t)(STEPS + above % STEPS) << shift | 1ULL << (shift - 1);
	if (magnitude > INT64_MAX)
		magnitude = INT64_MAX; /* of INT64_MIN */
	return number < 0 ? -(int64_t)magnitude : (int64_t)magnitude;
}

/* The first that is not below `number`. */
static uint32_t search(const struct distribution_steps *steps, int number)
{
	uint32_t low = 0, high = steps ? steps->used : 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (steps->at[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert(struct distribution *distribution, uint32_t at, int number)
{
	struct distribution_steps *steps = distribution->steps;

	if (!steps || steps->used == steps->capacity) {
		uint32_t used = steps ? steps->used : 0;
		uint32_t capacity = steps ? 2 * steps->capacity : FIRST_CAPACITY;

		steps = realloc(steps, sizeof(*steps) + capacity * sizeof(steps->at[0]));
		if (!steps)
			return -ENOMEM;
		steps->used = used;
		steps->capacity = capacity;
		memset(steps->near, 0, sizeof(steps->near));
		memset(&steps->at[used], 0, (capacity - used) * sizeof(steps->at[0]));
		distribution->steps = steps;
	}
	memmove(&steps->at[at + 1], &steps->at[at], (steps->used - at) * sizeof(steps->at[0]));
	steps->used++;
	steps->at[at] = (struct step){ .number = number };
	return 0;
}

static int add_step(struct distribution *distribution, int number, uint64_t count)
{
	struct distribution_steps *steps = distribution->steps;
	uint32_t at = steps ? steps->near[(unsigned)number % NEAR] : 0;

	if (steps && at < steps->used && steps->at[at].number == number) {
		steps->at[at].count += count;
		return 0;
	}
	at = search(steps, number);
	if (!distribution->steps || at == distribution->steps->used ||
	    distribution->steps->at[at].number != number) {
		if (insert(distribution, at, number) < 0)
			return -ENOMEM;
	}
	distribution->steps->at[at].count += count;
	distribution->steps->near[(unsigned)number % NEAR] = at;
	return 0;
}

static void stretch(struct distribution *distribution, int64_t min, int64_t max, uint64_t count)
{
	if (!distribution->count || min < distribution->min)
		distribution->min = min;
	if (!distribution->count || max > distribution->max)
		distribution->max = max;
	distribution->count += count;
}

int distribution_add(struct distribution *distribution, int64_t ns)
{
	if (add_step(distribution, step_of(ns), 1) < 0)
		return -ENOMEM;
	stretch(distribution, ns, ns, 1);
	return 0;
}

int distribution_merge(struct distribution *into, const struct distribution *from)
{
	if (!from->count)
		return 0;
	for (uint32_t i = 0; i < from->steps->used; i++)
		if (add_step(into, (int)from->steps->at[i].number, from->steps->at[i].count) < 0)
			return -ENOMEM;
	stretch(into, from->min, from->max, from->count);
	return 0;
}

void distribution_clear(struct distribution *distribution)
{
	distribution->count = 0;
	if (distribution->steps)
		distribution->steps->used = 0;
}

/* count * permille / 1000, rounded up, without overflow */
static uint64_t rank(uint64_t count, unsigned permille)
{
	return count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
}

int64_t distribution_quantile(const struct distribution *distribution, unsigned permille)
{
	uint64_t wanted = rank(distribution->count, permille < 1000 ? permille : 1000);
	uint64_t passed = 0;
	uint32_t at = 0;
	int64_t value;

	if (!distribution->count)
		return 0;
	if (wanted <= 1)
		return distribution->min;
	if (wanted == distribution->count)
		return distribution->max;
	while ((passed += distribution->steps->at[at].count) < wanted)
		at++;
	value = value_of(distribution->steps->at[at].number);
	if (value < distribution->min)
		return distribution->min;
	return value > distribution->max ? distribution->max : value;
}

void distribution_free(struct distribution *distribution)
{
	free(distribution->steps);
	*distribution = (struct distribution){ 0 };
}
