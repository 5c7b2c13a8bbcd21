/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is about to arm a timer, by the context that does it: a task goes on elsewhere if it is
 * moved meanwhile, an interrupt stays on its CPU.
 */
#include <errno.h>
#include <stdlib.h>

#include "timersnoop/kernel_timers_parts.h"

/* Tasks that came and went. */
#define CONTEXTS_MAX 32768

struct context {
	struct link link;
	int32_t id;            /* thread, or CPU */
	uint32_t kind;         /* level, 0: a task */
	uint64_t timer, place; /* of the last that is to arm; 0: none */
	uint64_t sleeper;      /* the place that called schedule_timeout; 0: none */
};

static void key_of(const struct record *record, int32_t *id, uint32_t *kind)
{
	*kind = record->hard ? 2 : record->interrupt ? 1 : 0;
	/* The idle tasks of all CPUs have one id. */
	if (!*kind && !record->tid)
		*kind = 3;
	*id = *kind ? record->cpu : record->tid;
}

static struct context *find(const struct kernel_callers *callers, const struct record *record)
{
	int32_t id;
	uint32_t kind;

	if (!callers->made)
		return NULL;
	key_of(record, &id, &kind);
	for (struct link *link = *table_chain(&callers->table, table_hash(id, kind, 0)); link;
	     link = link->next) {
		struct context *context = (struct context *)link;

		if (context->id == id && context->kind == kind)
			return context;
	}
	return NULL;
}

static struct context *add(struct kernel_callers *callers, const struct record *record)
{
	struct context *context;

	if (callers->made && callers->table.count >= CONTEXTS_MAX)
		kernel_callers_free(callers);
	if (!callers->made && table_init(&callers->table) < 0)
		return NULL;
	callers->made = true;
	context = calloc(1, sizeof(*context));
	if (!context)
		return NULL;
	key_of(record, &context->id, &context->kind);
	if (table_add(&callers->table, &context->link, table_hash(context->id, context->kind, 0)) ==
	    0)
		return context;
	free(context);
	return NULL;
}

int kernel_callers_note(struct kernel_callers *callers, const struct record *record,
			const struct kernel_scene *scene)
{
	struct context *context = find(callers, record);
	uint64_t timer = record->caller.timer, place = record->caller.address;

	if (!context)
		context = add(callers, record);
	if (!context)
		return -ENOMEM;
	if (!timer) {
		context->sleeper = place;
		return 0;
	}
	/* Called by another of them: who called that one is of interest. */
	if (context->timer == timer && scene->is_wrapper &&
	    scene->is_wrapper(scene->context, place))
		return 0;
	context->timer = timer;
	context->place = place;
	return 0;
}

uint64_t kernel_callers_take(struct kernel_callers *callers, const struct record *record,
			     uint64_t timer, bool sleep)
{
	struct context *context = find(callers, record);
	uint64_t place = 0;

	if (!context)
		return 0;
	if (context->timer == timer)
		place = context->place;
	if (sleep && context->sleeper)
		place = context->sleeper;
	context->timer = context->place = context->sleeper = 0;
	return place;
}

void kernel_callers_free(struct kernel_callers *callers)
{
	if (callers->made)
		table_free(&callers->table);
	callers->made = false;
}
