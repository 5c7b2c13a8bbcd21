/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: chains by hash that grow with what is in them. What is found there has a
 * struct link as its first member, and belongs to whoever puts it there. Pure.
 */
#ifndef TIMERSNOOP_TABLE_H
#define TIMERSNOOP_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct link {
	struct link *next;
	uint32_t hash;
};

struct table {
	struct link **heads; /* of the chains */
	size_t capacity;     /* so many: a power of two */
	size_t count;        /* links in all of them */
};

/* 0 or -ENOMEM. */
int table_init(struct table *table);
/* Frees what is there, too; of what that owns the caller takes care before. */
void table_free(struct table *table);

/* Of a process, and of something in it. */
uint32_t table_hash(int32_t pid, uint32_t kind, int32_t id);

/* The chain with what has this hash, among others: its first link's place. */
struct link **table_chain(const struct table *table, uint32_t hash);
/* 0 or -ENOMEM, and it is not there. */
int table_add(struct table *table, struct link *link, uint32_t hash);
/* It is there. */
void table_remove(struct table *table, struct link *link);

#endif
