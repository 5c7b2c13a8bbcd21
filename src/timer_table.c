/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/timer_table.h"

#include <stdlib.h>

#define BUCKETS 4096 /* some thousand timers are a lot */

struct timer_table {
	struct known_timer *by_key[BUCKETS];
	struct known_timer *by_pid[BUCKETS];
	struct known_timer *by_address[BUCKETS];
};

struct timer_table *timer_table_new(void)
{
	return calloc(1, sizeof(struct timer_table));
}

void timer_table_free(struct timer_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (table->by_key[i]) {
			struct known_timer *next = table->by_key[i]->next;

			free(table->by_key[i]);
			table->by_key[i] = next;
		}
	}
	free(table);
}

static size_t hash(uint64_t value)
{
	return (size_t)((value * 0x9e3779b97f4a7c15ULL) >> 52) % BUCKETS;
}

static size_t hash_key(int32_t pid, enum timer_family family, int32_t id)
{
	return hash(((uint64_t)(uint32_t)pid << 32) ^ ((uint64_t)family << 28) ^ (uint32_t)id);
}

static size_t hash_pid(int32_t pid)
{
	return (uint32_t)pid % BUCKETS;
}

struct known_timer *timer_table_find(const struct timer_table *table, int32_t pid,
				     enum timer_family family, int32_t id)
{
	struct known_timer *timer = table->by_key[hash_key(pid, family, id)];

	while (timer && (timer->pid != pid || timer->family != family || timer->id != id))
		timer = timer->next;
	return timer;
}

struct known_timer *timer_table_get(struct timer_table *table, int32_t pid,
				    enum timer_family family, int32_t id)
{
	struct known_timer *timer = timer_table_find(table, pid, family, id);
	size_t key = hash_key(pid, family, id), of_pid = hash_pid(pid);

	if (timer)
		return timer;
	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return NULL;
	timer->pid = pid;
	timer->family = family;
	timer->id = id;
	timer->next = table->by_key[key];
	table->by_key[key] = timer;
	timer->next_of_pid = table->by_pid[of_pid];
	table->by_pid[of_pid] = timer;
	return timer;
}

static void leave_address(struct timer_table *table, struct known_timer *timer)
{
	struct known_timer **link = &table->by_address[hash(timer->address)];

	while (*link && *link != timer)
		link = &(*link)->next_of_address;
	if (*link)
		*link = timer->next_of_address;
	timer->address = 0;
}

void timer_table_forget(struct timer_table *table, struct known_timer *timer)
{
	struct known_timer **link = &table->by_key[hash_key(timer->pid, timer->family, timer->id)];

	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	link = &table->by_pid[hash_pid(timer->pid)];
	while (*link != timer)
		link = &(*link)->next_of_pid;
	*link = timer->next_of_pid;
	if (timer->address)
		leave_address(table, timer);
	free(timer);
}

void timer_table_walk(const struct timer_table *table,
		      bool (*each)(void *context, struct known_timer *timer), void *context)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct known_timer *timer = table->by_key[i]; timer; timer = timer->next)
			if (each(context, timer))
				return;
}

struct known_timer *timer_table_of_pid(const struct timer_table *table, int32_t pid)
{
	return table->by_pid[hash_pid(pid)];
}

struct known_timer *timer_table_at(const struct timer_table *table, uint64_t address)
{
	struct known_timer *timer = address ? table->by_address[hash(address)] : NULL;

	while (timer && timer->address != address)
		timer = timer->next_of_address;
	return timer;
}

void timer_table_place(struct timer_table *table, struct known_timer *timer, uint64_t address)
{
	struct known_timer *other = timer_table_at(table, address);

	if (timer->address == address)
		return;
	/* Freed and used again, or shared: the last who named it counts. */
	if (other)
		leave_address(table, other);
	if (timer->address)
		leave_address(table, timer);
	if (!address)
		return;
	timer->address = address;
	timer->next_of_address = table->by_address[hash(address)];
	table->by_address[hash(address)] = timer;
}
