/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge: per-CPU streams of pages -> one stream by time. Holds one page per
 * stream, however long the streams are. Pure: pages come from a reader it is given.
 */
#ifndef TIMERSNOOP_MERGE_H
#define TIMERSNOOP_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "timersnoop/decode.h"

/*
 * Puts the next page of a stream, by its place in merge_new's list, into
 * `buffer` (`size` bytes). Returns its length, 0 when there is none now, or
 * -errno.
 */
typedef int merge_reader(void *context, size_t stream, void *buffer, size_t size);

enum merge_kind {
	MERGE_EVENT,
	MERGE_LOSS_COUNTED, /* `lost` records were lost on event.cpu before event.ts */
	MERGE_LOSS_UNKNOWN, /* some records, number unknown (a damaged page, too) */
};

struct merged {
	enum merge_kind kind;
	struct raw_event event; /* of a loss: only cpu and ts */
	uint64_t lost;
	size_t stream; /* where it comes from */
};

struct merge;

/* `cpus` lists the CPU's number for each stream; copied. A CPU may have several.
 * NULL when out of memory. */
struct merge *merge_new(const int *cpus, size_t count, size_t page_size, int long_size,
			merge_reader *reader, void *context);
void merge_free(struct merge *merge);

/*
 * Starts a round: CPUs that had run dry are read again. Everything up to
 * `limit` should have been committed by now, so that a CPU that is dry in this round
 * holds nothing older; events past it wait for the next round.
 * UINT64_MAX for streams that have ended.
 */
void merge_begin(struct merge *merge, uint64_t limit);

/*
 * The next in time: 1 and *merged (its data valid until the next call), 0 when
 * this round is over, or the reader's -errno.
 */
int merge_next(struct merge *merge, struct merged *merged);

/*
 * Events that were handed out behind later ones. A CPU takes a record's time before it
 * commits it; what interrupts it in between (the host of a virtual machine, for
 * long) keeps the record back, and its round may be over then. One CPU's own are in order.
 */
uint64_t merge_late(const struct merge *merge);

/* Are there events that wait for a later round? */
int merge_waiting(const struct merge *merge);

#endif
