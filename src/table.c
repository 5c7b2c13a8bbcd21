/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/table.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 256 /* a power of two, as every later one */

int table_init(struct table *table)
{
	*table = (struct table){ .capacity = FIRST_CAPACITY };
	table->heads = calloc(FIRST_CAPACITY, sizeof(struct link *));
	return table->heads ? 0 : -ENOMEM;
}

void table_free(struct table *table)
{
	for (size_t i = 0; table->heads && i < table->capacity; i++) {
		while (table->heads[i]) {
			struct link *link = table->heads[i];

			table->heads[i] = link->next;
			free(link);
		}
	}
	free(table->heads);
}

uint32_t table_hash(int32_t pid, uint32_t kind, int32_t id)
{
	uint64_t key = (uint64_t)kind << 32 | (uint32_t)id;
	uint64_t mixed = (uint32_t)pid * 0x9e3779b97f4a7c15 ^ (key + 1) * 0xc2b2ae3d27d4eb4f;

	return (uint32_t)(mixed >> 32);
}

struct link **table_chain(const struct table *table, uint32_t hash)
{
	return &table->heads[hash & (table->capacity - 1)];
}

static void push(struct table *table, struct link *link)
{
	struct link **head = table_chain(table, link->hash);

	link->next = *head;
	*head = link;
}

static int grow(struct table *table)
{
	struct table larger = { .capacity = table->capacity * 2, .count = table->count };

	larger.heads = calloc(larger.capacity, sizeof(struct link *));
	if (!larger.heads)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++) {
		while (table->heads[i]) {
			struct link *link = table->heads[i];

			table->heads[i] = link->next;
			push(&larger, link);
		}
	}
	free(table->heads);
	*table = larger;
	return 0;
}

int table_add(struct table *table, struct link *link, uint32_t hash)
{
	if (table->count == table->capacity && grow(table) < 0)
		return -ENOMEM;
	link->hash = hash;
	push(table, link);
	table->count++;
	return 0;
}

void table_remove(struct table *table, struct link *link)
{
	struct link **place = table_chain(table, link->hash);

	while (*place != link)
		place = &(*place)->next;
	*place = link->next;
	table->count--;
}
