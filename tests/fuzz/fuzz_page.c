/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sub-buffer of any bytes is walked to its end, or refused. */
#include <stdlib.h>
#include <string.h>

#include "timersnoop/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int long_sizes[] = { 8, 4 };
	volatile uint8_t last;

	for (int i = 0; i < 2; i++) {
		struct page *page = page_new(long_sizes[i]);
		/* Of just this size, so that a read past it is seen. */
		uint8_t *copy = malloc(size ? size : 1);
		const uint8_t *event;
		unsigned length;
		uint64_t ts;

		if (!page || !copy)
			abort();
		memcpy(copy, data, size);
		if (page_load(page, copy, size) == 0)
			while ((event = page_next(page, &ts, &length)))
				for (unsigned at = 0; at < length; at++)
					last = event[at];
		free(copy);
		page_free(page);
	}
	(void)last;
	return 0;
}
