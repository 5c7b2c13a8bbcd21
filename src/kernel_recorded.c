/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_recorded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/kernel_view.h"
#include "timersnoop/plan_parts.h"
#include "timersnoop/table.h"

struct place {
	struct link link;
	uint64_t address;
};

struct kernel_recorded {
	struct table places;    /* as records have them */
	struct table functions; /* where those begin that they are in */
};

struct kernel_recorded *kernel_recorded_new(void)
{
	struct kernel_recorded *recorded = calloc(1, sizeof(*recorded));

	if (!recorded)
		return NULL;
	if (table_init(&recorded->places) == 0 && table_init(&recorded->functions) == 0)
		return recorded;
	kernel_recorded_free(recorded);
	return NULL;
}

void kernel_recorded_free(struct kernel_recorded *recorded)
{
	if (!recorded)
		return;
	table_free(&recorded->places);
	table_free(&recorded->functions);
	free(recorded);
}

static uint32_t hash_of(uint64_t address)
{
	return table_hash((int32_t)(address >> 32), 0, (int32_t)address);
}

static bool has(const struct table *table, uint64_t address)
{
	for (struct link *link = *table_chain(table, hash_of(address)); link; link = link->next)
		if (((struct place *)link)->address == address)
			return true;
	return false;
}

static int add(struct table *table, uint64_t address)
{
	struct place *place;

	if (!address || has(table, address))
		return 0;
	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	place->address = address;
	if (table_add(table, &place->link, hash_of(address)) == 0)
		return 0;
	free(place);
	return -ENOMEM;
}

int kernel_recorded_take(struct kernel_recorded *recorded, const struct record *record)
{
	switch (record->kind) {
	case USE_TIMER_START:
	case USE_TIMER_EXPIRE:
		return add(&recorded->places, record->timer_list.function);
	case USE_HRTIMER_START:
	case USE_HRTIMER_EXPIRE:
		return add(&recorded->places, record->hrtimer.function);
	case USE_CALLER:
		return add(&recorded->places, record->caller.address);
	default:
		return 0;
	}
}

static bool is_named(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

/* With all its names. */
static bool is_wanted(void *context, const struct symbol *symbol)
{
	const struct kernel_recorded *recorded = context;

	return has(&recorded->functions, symbol->address) ||
	       is_named(kernel_functions_names, symbol->name) ||
	       is_named(plan_kernel_symbols, symbol->name);
}

char *kernel_recorded_text(struct kernel_recorded *recorded, const struct symbols *symbols)
{
	const struct table *places = &recorded->places;

	for (size_t i = 0; i < places->capacity; i++)
		for (struct link *link = places->heads[i]; link; link = link->next) {
			struct symbol symbol;

			if (symbols_find(symbols, ((struct place *)link)->address, &symbol) &&
			    add(&recorded->functions, symbol.address) < 0)
				return NULL;
		}
	return symbols_text(symbols, is_wanted, recorded);
}
