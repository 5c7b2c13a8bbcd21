/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/aggregate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/histogram.h"

/* --- the text of a hist file (kernel/trace/trace_events_hist.c, hist_show()) ------------- */

static const char *skip_spaces(const char *at)
{
	return at + strspn(at, " \t");
}

/* Digits: 64 bits of them at most. NULL: there are none, or too many. */
static const char *parse_number(const char *at, uint64_t *number)
{
	char *end;

	if (*at < '0' || *at > '9')
		return NULL;
	errno = 0;
	*number = strtoull(at, &end, 10);
	return errno ? NULL : end;
}

/* "NAME:        122" or "NAME: ~ 2^20 ", up to what comes next */
static const char *parse_key(const char *at, struct aggregate_item *item)
{
	bool power;
	uint64_t value;

	at += strcspn(at, ":\n");
	if (*at != ':' || item->key_count == AGGREGATE_KEYS)
		return NULL;
	at = skip_spaces(at + 1);
	power = strncmp(at, "~ 2^", 4) == 0;
	at = parse_number(power ? at + 4 : at, &value);
	if (!at)
		return NULL;
	item->keys[item->key_count].power = power;
	item->keys[item->key_count++].value = value;
	return skip_spaces(at);
}

/* "{ common_pid:        122, id:         10 } hitcount:          1" */
static bool parse_entry(const char *at, struct aggregate_item *item)
{
	item->key_count = 0;
	do {
		at = parse_key(at + 1, item);
	} while (at && *at == ',');
	if (!at || *at != '}')
		return false;
	at = skip_spaces(at + 1);
	if (strncmp(at, "hitcount:", 9) != 0)
		return false;
	at = parse_number(skip_spaces(at + 9), &item->count);
	return at && *skip_spaces(at) == '\n';
}

static bool starts_with(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

static enum aggregate_kind parse_line(const char *line, struct aggregate_item *item)
{
	if (starts_with(line, "# trigger info: hist:"))
		return AGGREGATE_TABLE;
	if (*line == '{' && parse_entry(line, item))
		return AGGREGATE_ENTRY;
	if (starts_with(line, "    Dropped: ") && parse_number(line + 13, &item->count))
		return AGGREGATE_DROPPED;
	return AGGREGATE_END;
}

enum aggregate_kind aggregate_next(const char **at, struct aggregate_item *item)
{
	memset(item, 0, sizeof(*item));
	while (**at && item->kind == AGGREGATE_END) {
		const char *line = *at;

		*at += strcspn(line, "\n");
		if (!**at)
			break;
		++*at;
		item->kind = parse_line(line, item);
	}
	return item->kind;
}

/* --- what it means --------------------------------------------------------------- */

static void take_row(struct aggregate_count *count, const struct aggregate_table *table,
		     const struct aggregate_item *item)
{
	uint64_t value = item->keys[2].value;

	if (item->key_count == 2)
		count->row = (unsigned)table->row;
	else if (item->keys[2].power)
		count->row = value < HISTOGRAM_ROWS ? (unsigned)value : HISTOGRAM_ROWS - 1;
	else
		count->row = histogram_row(value < INT64_MAX ? (int64_t)value : INT64_MAX);
}

/* What stands above the 32 bits of the timer's id is none of it. */
static bool unpack(struct aggregate_count *count, const struct aggregate_table *table,
		   const struct aggregate_item *item)
{
	const uint64_t thread = (UINT64_C(1) << AGGREGATE_ID_SHIFT) - 1;

	if (item->key_count != 1 || item->keys[0].power)
		return false;
	*count = (struct aggregate_count){
		.tid = (int32_t)(item->keys[0].value & thread),
		.has_id = true,
		.id = (int32_t)(uint32_t)(item->keys[0].value >> AGGREGATE_ID_SHIFT),
		.what = table->what,
		.number = table->number,
		.count = item->count,
	};
	return true;
}

bool aggregate_count_of(struct aggregate_count *count, const struct aggregate_table *table,
			const struct aggregate_item *item)
{
	bool wide = table->what == COUNT_VALUE || table->what == COUNT_INTERVAL;

	if (table->packed)
		return unpack(count, table, item);
	if (item->key_count < 2 || item->key_count > (wide ? 3 : 2) || item->keys[0].power ||
	    item->keys[1].power)
		return false;
	memset(count, 0, sizeof(*count));
	count->tid = (int32_t)item->keys[0].value;
	count->what = table->what;
	count->count = item->count;
	switch (table->what) {
	case COUNT_REFUSED:
		/* A signed field, shown as if it were not. */
		count->number = (int32_t)(0 - item->keys[1].value);
		return true;
	case COUNT_SET:
	case COUNT_SET_ZERO:
	case COUNT_ARM:
	case COUNT_DISARM:
	case COUNT_AGAIN:
		count->number = table->number;
		break;
	case COUNT_VALUE:
	case COUNT_INTERVAL:
		take_row(count, table, item);
		break;
	}
	count->has_id = true;
	count->id = (int32_t)item->keys[1].value;
	return true;
}

/* --- many of them ----------------------------------------------------------------- */

void aggregate_free(struct aggregate_counts *counts)
{
	free(counts->list);
	memset(counts, 0, sizeof(*counts));
}

int aggregate_add(struct aggregate_counts *counts, const struct aggregate_count *count)
{
	if (counts->count == counts->capacity) {
		size_t capacity = counts->capacity ? 2 * counts->capacity : 64;
		struct aggregate_count *list =
			realloc(counts->list, capacity * sizeof(*counts->list));

		if (!list)
			return -ENOMEM;
		counts->list = list;
		counts->capacity = capacity;
	}
	counts->list[counts->count++] = *count;
	return 0;
}

int aggregate_read(struct aggregate_counts *counts, const char *text,
		   const struct aggregate_table *tables, size_t table_count, uint64_t *dropped)
{
	struct aggregate_count count;
	struct aggregate_item item;
	size_t seen = 0;
	int status = 0;

	while (status == 0 && aggregate_next(&text, &item) != AGGREGATE_END) {
		if (item.kind == AGGREGATE_TABLE)
			seen++;
		if (!seen || seen > table_count)
			continue;
		/* It has gone from COUNT_SET as well. */
		if (item.kind == AGGREGATE_DROPPED && tables[seen - 1].what != COUNT_SET_ZERO)
			*dropped += item.count;
		if (item.kind == AGGREGATE_ENTRY &&
		    aggregate_count_of(&count, &tables[seen - 1], &item))
			status = aggregate_add(counts, &count);
	}
	if (status == 0 && seen != table_count)
		status = -EBADMSG;
	return status;
}

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))

static int compare(const void *left, const void *right)
{
	const struct aggregate_count *a = left, *b = right;
	const int orders[] = { ORDER(a->tid, b->tid), ORDER(a->has_id, b->has_id),
			       ORDER(a->id, b->id),   ORDER((int)a->what, (int)b->what),
			       ORDER(a->row, b->row), ORDER(a->number, b->number) };

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (orders[i])
			return orders[i];
	return 0;
}

static bool same_timer(const struct aggregate_count *a, const struct aggregate_count *b)
{
	return a->tid == b->tid && a->has_id == b->has_id && a->id == b->id;
}

void aggregate_sort(struct aggregate_counts *counts)
{
	size_t kept = 0;

	if (!counts->count)
		return;
	qsort(counts->list, counts->count, sizeof(*counts->list), compare);
	for (size_t i = 1; i < counts->count; i++) {
		if (compare(&counts->list[kept], &counts->list[i]) == 0)
			counts->list[kept].count += counts->list[i].count;
		else
			counts->list[++kept] = counts->list[i];
	}
	counts->count = kept + 1;
}

/* Those of a timer that were set to zero, no more than those that were set. */
static uint64_t take_zeros(struct aggregate_count *list, size_t count,
			   const struct aggregate_count *set)
{
	uint64_t zeros = 0;

	for (size_t i = 0; i < count && same_timer(&list[i], set); i++) {
		if (list[i].what != COUNT_SET_ZERO || list[i].number != set->number)
			continue;
		list[i].what = COUNT_DISARM;
		if (list[i].count > set->count)
			list[i].count = set->count;
		zeros += list[i].count;
	}
	return zeros;
}

void aggregate_arms(struct aggregate_counts *counts, const struct aggregate_counts *before)
{
	size_t at = 0;

	for (size_t i = 0; i < counts->count; i++) {
		struct aggregate_count *now = &counts->list[i];

		if (now->what == COUNT_SET_ZERO) {
			/* Nothing was set, as far as is known. */
			now->what = COUNT_DISARM;
			now->count = 0;
		}
		if (now->what != COUNT_SET)
			continue;
		now->count -= take_zeros(now + 1, counts->count - i - 1, now);
		now->what = COUNT_ARM;
		while (at < before->count && compare(&before->list[at], now) < 0)
			at++;
		if (at < before->count && compare(&before->list[at], now) == 0 &&
		    now->count < before->list[at].count)
			now->count = before->list[at].count;
	}
}

void aggregate_subtract(struct aggregate_counts *counts, const struct aggregate_counts *before)
{
	size_t at = 0;

	for (size_t i = 0; i < counts->count; i++) {
		struct aggregate_count *now = &counts->list[i];

		while (at < before->count && compare(&before->list[at], now) < 0)
			at++;
		/* It only grows; two events that add to the same are read one by one. */
		if (at < before->count && compare(&before->list[at], now) == 0)
			now->count -= before->list[at].count < now->count ? before->list[at].count
									  : now->count;
	}
}

/* --- what was counted and was none ------------------------------------------------ */

/* Takes up to so many off the most frequent of the arms and disarms in a part of the list: of
 * one timer or of all, of CPU clocks or of all. Returns how many of them were guessed. */
static uint64_t take_off(struct aggregate_count *list, size_t count,
			 const struct aggregate_count *timer, int32_t kind, uint64_t times)
{
	struct aggregate_count *most = NULL;
	unsigned candidates = 0;

	for (size_t i = 0; i < count; i++) {
		if ((list[i].what != COUNT_ARM && list[i].what != COUNT_DISARM) || !list[i].count ||
		    (timer && list[i].id != timer->id) || (list[i].number & kind) != kind)
			continue;
		candidates++;
		if (!most || list[i].count > most->count)
			most = &list[i];
	}
	if (!most)
		return 0;
	most->count -= times < most->count ? times : most->count;
	return candidates > 1 ? times : 0;
}

/* The same for all that is of one thread. */
static uint64_t correct_thread(struct aggregate_count *list, size_t count)
{
	uint64_t guessed = 0;

	for (size_t i = 0; i < count; i++) {
		if (list[i].what == COUNT_AGAIN) {
			guessed += take_off(list, count, &list[i], 0, list[i].count);
			list[i].count = 0;
		} else if (list[i].what == COUNT_REFUSED && list[i].number == ESRCH) {
			/* The task of a CPU clock is gone: seen by the function that sets it. */
			guessed += take_off(list, count, NULL, COUNT_KIND_CPU, list[i].count);
		}
	}
	return guessed;
}

uint64_t aggregate_correct(struct aggregate_counts *counts)
{
	uint64_t guessed = 0;

	for (size_t i = 0, end; i < counts->count; i = end) {
		for (end = i + 1; end < counts->count; end++)
			if (counts->list[end].tid != counts->list[i].tid)
				break;
		guessed += correct_thread(&counts->list[i], end - i);
	}
	return guessed;
}
