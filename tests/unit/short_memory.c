/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "short_memory.h"

#include <errno.h>
#include <stddef.h>

static bool counts, failed;
static unsigned left;

void short_memory_begin(unsigned at)
{
	counts = true;
	failed = false;
	left = at;
}

bool short_memory_end(void)
{
	counts = false;
	return failed;
}

static bool refuses(void)
{
	if (!counts || failed || left--)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

/* clang-format off */
#define REPLACED(name, parameters, arguments)                                                      \
	void *__real_##name parameters;                                                            \
	void *__wrap_##name parameters;                                                            \
	void *__wrap_##name parameters { return refuses() ? NULL : __real_##name arguments; }
/* clang-format on */

REPLACED(malloc, (size_t size), (size))
REPLACED(calloc, (size_t count, size_t size), (count, size))
REPLACED(realloc, (void *old, size_t size), (old, size))
REPLACED(reallocarray, (void *old, size_t count, size_t size), (old, count, size))
