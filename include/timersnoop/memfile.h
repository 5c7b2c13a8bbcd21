/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memfile: a stream into memory. Unlike that of open_memstream(3), which drops what it has no
 * memory for without a word, it tells.
 */
#ifndef TIMERSNOOP_MEMFILE_H
#define TIMERSNOOP_MEMFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A zeroed one is empty. */
struct memfile {
	char *text; /* ends with a NUL behind `size` bytes; the caller frees */
	size_t size;
	size_t room;
	bool failed;
};

/* NULL when out of memory. */
FILE *memfile_open(struct memfile *file);
/* 0 and the text, or -ENOMEM and none. `to` may be NULL. */
int memfile_close(struct memfile *file, FILE *to);

#endif
