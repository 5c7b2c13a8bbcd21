/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols: text in the form of /proc/kallsyms -> which function an address is in.
 * Pure; the text may come from a file that nobody trusts.
 */
#ifndef TIMERSNOOP_SYMBOLS_H
#define TIMERSNOOP_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;

/* The kernel's KSYM_NAME_LEN; without the NUL. */
#define SYMBOL_NAME_MAX 511

struct symbol {
	const char *name;   /* SYMBOL_NAME_MAX bytes at most */
	const char *module; /* NULL: the kernel itself */
	uint64_t address;   /* where it begins */
};

/* No function has more bytes: what is further behind its beginning is in none. */
#define SYMBOL_SIZE_MAX (1ULL << 20)

/* Empty; NULL when out of memory. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/*
 * Takes whole lines, "ffffffff810b1234 t name\t[module]\n"; may be called once for each
 * block. Kept are functions (types t, T, w and W) that can be called: neither hidden
 * ones (all of address 0, kptr_restrict) nor what is put before others as padding
 * (__pfx_*, __cfi_*). Names are printable ASCII without blanks. What is not of this
 * form is passed over. 0 or -ENOMEM.
 */
int symbols_add(struct symbols *symbols, const char *text, size_t length);
/* Once after the last symbols_add, before anything else. 0 or -ENOMEM. */
int symbols_end(struct symbols *symbols);

/* Names: of one function there may be several. What came twice counts once. */
size_t symbols_count(const struct symbols *symbols);
/*
 * The function that `address` is in: the last that begins there or before. Of several
 * names one without an underscore before it is preferred, then one that is no section's
 * (__sched_text_start), then the shortest. False: none, and `found` is as it was. Its
 * texts are borrowed.
 */
bool symbols_find(const struct symbols *symbols, uint64_t address, struct symbol *found);
/*
 * Calls each() with every function, by each of its names that matches ('*' is any text)
 * and by address, until it returns other than 0, which is returned.
 */
int symbols_match(const struct symbols *symbols, const char *pattern,
		  int (*each)(void *context, const struct symbol *symbol), void *context);
/* Those that are wanted (NULL: all), as symbols_add takes them; the caller frees. NULL when out
 * of memory. */
char *symbols_text(const struct symbols *symbols,
		   bool (*wanted)(void *context, const struct symbol *symbol), void *context);

#endif
