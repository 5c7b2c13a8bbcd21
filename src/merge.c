/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "timersnoop/page.h"

struct stream {
	struct page *page;
	uint8_t *buffer;
	int cpu;
	size_t number;
	bool dry;  /* had nothing when it was read in this round */
	bool lost; /* a loss is due before `head` */
	struct merged loss;
	struct raw_event head;
};

struct merge {
	struct stream *streams;
	size_t count;
	size_t page_size;
	merge_reader *reader;
	void *context;
	uint64_t limit;
	struct stream **heap; /* streams with a head, the earliest at 0 */
	size_t heaped;
	struct stream *taken; /* whose head was handed out and is to be advanced */
	size_t next_dry;      /* streams still to be read at the start of the round */
	uint64_t last_ts;     /* of what was handed out */
	uint64_t late;        /* events from before that */
	uint64_t rival_ts;    /* when the first of the others in the heap begins; UINT64_MAX */
};

struct merge *merge_new(const int *cpus, size_t count, size_t page_size, int long_size,
			merge_reader *reader, void *context)
{
	struct merge *merge = calloc(1, sizeof(*merge));

	if (!merge)
		return NULL;
	merge->page_size = page_size;
	merge->reader = reader;
	merge->context = context;
	merge->streams = calloc(count ? count : 1, sizeof(*merge->streams));
	merge->heap = calloc(count ? count : 1, sizeof(struct stream *));
	if (!merge->streams || !merge->heap)
		goto fail;
	for (merge->count = 0; merge->count < count; merge->count++) {
		struct stream *stream = &merge->streams[merge->count];

		stream->cpu = stream->head.cpu = cpus[merge->count];
		stream->number = merge->count;
		stream->page = page_new(long_size);
		stream->buffer = malloc(page_size);
		if (!stream->page || !stream->buffer) {
			merge->count++;
			goto fail;
		}
	}
	merge->next_dry = count;
	return merge;
fail:
	merge_free(merge);
	return NULL;
}

void merge_free(struct merge *merge)
{
	if (!merge)
		return;
	for (size_t i = 0; i < merge->count; i++) {
		page_free(merge->streams[i].page);
		free(merge->streams[i].buffer);
	}
	free(merge->streams);
	free(merge->heap);
	free(merge);
}

static void heap_swap(struct merge *merge, size_t a, size_t b)
{
	struct stream *kept = merge->heap[a];

	merge->heap[a] = merge->heap[b];
	merge->heap[b] = kept;
}

/* At one time the first stream comes first, so that an order can be repeated. */
static bool heap_less(const struct merge *merge, size_t a, size_t b)
{
	const struct stream *one = merge->heap[a], *other = merge->heap[b];

	if (one->head.ts != other->head.ts)
		return one->head.ts < other->head.ts;
	return one->number < other->number;
}

static void heap_push(struct merge *merge, struct stream *stream)
{
	size_t at = merge->heaped++;

	merge->heap[at] = stream;
	while (at && heap_less(merge, at, (at - 1) / 2)) {
		heap_swap(merge, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

/* Mends the order after the first stream's head has changed. */
static void heap_sink(struct merge *merge)
{
	size_t at = 0;

	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < merge->heaped && heap_less(merge, child, least))
				least = child;
		if (least == at)
			return;
		heap_swap(merge, at, least);
		at = least;
	}
}

/* Who comes first once the first one has been handed out. */
static void find_rival(struct merge *merge)
{
	merge->rival_ts = UINT64_MAX;
	for (size_t i = 1; i <= 2 && i < merge->heaped; i++)
		if (merge->heap[i]->head.ts < merge->rival_ts)
			merge->rival_ts = merge->heap[i]->head.ts;
}

static void note_loss(struct stream *stream, enum merge_kind kind, uint64_t records)
{
	/* Two losses in a row before one event: unknown outweighs a number. */
	if (stream->lost && stream->loss.kind == MERGE_LOSS_UNKNOWN)
		return;
	if (stream->lost && kind == MERGE_LOSS_COUNTED)
		records += stream->loss.lost;
	stream->lost = true;
	stream->loss.kind = kind;
	stream->loss.lost = kind == MERGE_LOSS_COUNTED ? records : 0;
}

static void load_page(struct stream *stream, size_t size)
{
	uint64_t records;

	if (page_load(stream->page, stream->buffer, size) < 0) {
		note_loss(stream, MERGE_LOSS_UNKNOWN, 0);
		return;
	}
	switch (page_loss(stream->page, &records)) {
	case PAGE_LOSS_NONE:
		break;
	case PAGE_LOSS_COUNTED:
		note_loss(stream, MERGE_LOSS_COUNTED, records);
		break;
	case PAGE_LOSS_UNKNOWN:
		note_loss(stream, MERGE_LOSS_UNKNOWN, 0);
		break;
	}
}

/* Finds the stream's next event, if it has none: 1, 0 when it is dry, or -errno. */
static int advance(struct merge *merge, struct stream *stream)
{
	while (!stream->head.data) {
		int length;

		stream->head.data = page_next(stream->page, &stream->head.ts, &stream->head.size);
		if (stream->head.data)
			return 1;
		if (stream->dry)
			return 0;
		length = merge->reader(merge->context, stream->number, stream->buffer,
				       merge->page_size);
		if (length < 0)
			return length;
		if (length == 0) {
			stream->dry = true;
			return 0;
		}
		load_page(stream, (size_t)length);
	}
	return 1;
}

void merge_begin(struct merge *merge, uint64_t limit)
{
	merge->limit = limit;
	merge->next_dry = 0;
	for (size_t i = 0; i < merge->count; i++)
		merge->streams[i].dry = false;
}

/* Reads the streams that had no head when the round began. */
static int fill_heap(struct merge *merge)
{
	for (; merge->next_dry < merge->count; merge->next_dry++) {
		struct stream *stream = &merge->streams[merge->next_dry];
		int status;

		if (stream->head.data)
			continue;
		status = advance(merge, stream);
		if (status < 0)
			return status;
		if (status)
			heap_push(merge, stream);
	}
	return 0;
}

static int release_taken(struct merge *merge)
{
	struct stream *stream = merge->taken;
	int status;

	if (!stream)
		return 0;
	merge->taken = NULL;
	status = advance(merge, stream);
	if (status <= 0)
		merge->heap[0] = merge->heap[--merge->heaped];
	heap_sink(merge);
	return status < 0 ? status : 0;
}

/* A loss with no event behind it is told at the end of the streams. */
static int take_last_loss(struct merge *merge, struct merged *merged)
{
	for (size_t i = 0; i < merge->count; i++) {
		struct stream *stream = &merge->streams[i];

		if (!stream->lost)
			continue;
		stream->lost = false;
		*merged = stream->loss;
		merged->stream = stream->number;
		merged->event = (struct raw_event){ .cpu = stream->cpu };
		return 1;
	}
	return 0;
}

static int hand_out(struct merge *merge, struct stream *stream, struct merged *merged)
{
	merged->kind = MERGE_EVENT;
	merged->lost = 0;
	merged->stream = stream->number;
	merged->event = stream->head;
	if (stream->head.ts < merge->last_ts)
		merge->late++;
	else
		merge->last_ts = stream->head.ts;
	merge->taken = stream;
	return 1;
}

/*
 * The events of one CPU come in runs: while the next of its page is earlier than all
 * others' there is nothing to be looked for.
 */
static bool next_of_run(struct merge *merge)
{
	struct stream *stream = merge->taken;

	stream->head.data = page_next(stream->page, &stream->head.ts, &stream->head.size);
	return stream->head.data && stream->head.ts < merge->rival_ts &&
	       stream->head.ts <= merge->limit && merge->next_dry == merge->count;
}

int merge_next(struct merge *merge, struct merged *merged)
{
	struct stream *first;
	int status;

	if (merge->taken && next_of_run(merge))
		return hand_out(merge, merge->taken, merged);
	status = release_taken(merge);
	if (status == 0)
		status = fill_heap(merge);
	if (status < 0)
		return status;
	if (!merge->heaped)
		return merge->limit == UINT64_MAX ? take_last_loss(merge, merged) : 0;
	first = merge->heap[0];
	if (first->head.ts > merge->limit)
		return 0;
	if (first->lost) {
		first->lost = false;
		*merged = first->loss;
		merged->stream = first->number;
		merged->event = (struct raw_event){ .ts = first->head.ts, .cpu = first->cpu };
		return 1;
	}
	find_rival(merge);
	return hand_out(merge, first, merged);
}

uint64_t merge_late(const struct merge *merge)
{
	return merge->late;
}

int merge_waiting(const struct merge *merge)
{
	return merge->heaped > (merge->taken ? 1u : 0u);
}
