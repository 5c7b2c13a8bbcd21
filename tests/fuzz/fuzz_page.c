/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sub-buffer of any bytes is walked to its end, as libtraceevent does it, or refused. */
#include <stdlib.h>
#include <string.h>
#include <traceevent/kbuffer.h>

#include "timersnoop/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is this the next event there, too? `event` is NULL at the end. */
static void judge(struct kbuffer *kbuffer, const void *event, unsigned length, uint64_t ts)
{
	unsigned long long their_ts;
	const void *theirs = kbuffer_read_event(kbuffer, &their_ts);

	if (theirs != event ||
	    (event && (ts != their_ts || length != (unsigned)kbuffer_event_size(kbuffer))))
		abort();
	kbuffer_next_event(kbuffer, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int long_sizes[] = { 8, 4 };
	volatile uint8_t last;

	for (int i = 0; i < 2; i++) {
		struct page *page = page_new(long_sizes[i]);
		struct kbuffer *kbuffer =
			kbuffer_alloc(long_sizes[i] == 8 ? KBUFFER_LSIZE_8 : KBUFFER_LSIZE_4,
				      KBUFFER_ENDIAN_SAME_AS_HOST);
		/* Of just this size, so that a read past it is seen. */
		uint8_t *copy = malloc(size ? size : 1);
		const uint8_t *event;
		unsigned length;
		uint64_t ts;

		if (!page || !copy || !kbuffer)
			abort();
		memcpy(copy, data, size);
		if (page_load(page, copy, size) == 0) {
			kbuffer_load_subbuffer(kbuffer, copy);
			while ((event = page_next(page, &ts, &length))) {
				judge(kbuffer, event, length, ts);
				for (unsigned at = 0; at < length; at++)
					last = event[at];
			}
			judge(kbuffer, NULL, 0, 0);
		}
		kbuffer_free(kbuffer);
		free(copy);
		page_free(page);
	}
	(void)last;
	return 0;
}
