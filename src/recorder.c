/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timersnoop/page.h"
#include "timersnoop/store.h"

/*
 * The file is slots of one page. Pages are gathered until so many that lie in a
 * row can be written at once.
 */
#define BATCH_BYTES (256U << 10)

struct kept {
	uint64_t slot;
	uint64_t first_ns; /* the page's own time stamp */
	uint64_t lost;     /* records before it */
};

/* One stream's pages, oldest first: those before `first` are gone. The last one may
 * still be open: whoever reads while records come gets few with each page. */
struct pages {
	struct kept *list;
	size_t first, count, room;
	size_t next; /* to be read */
	uint64_t dropped_loss;
	bool open;
	uint8_t *bytes; /* of the open one */
	uint64_t end_ns;
};

struct recorder {
	struct recorder_request request;
	struct pages *streams;
	int fd;
	uint64_t slots;       /* the file has */
	uint64_t *free_slots; /* of them */
	size_t free_count, free_room;
	uint64_t pages; /* kept */
	uint64_t pages_max;
	uint8_t *batch;
	size_t batch_room; /* pages */
	uint64_t batch_slot;
	size_t batch_count;
	uint8_t *scratch; /* one page */
	struct page *page;
	uint64_t newest_ns, since_ns;
	struct recorder_totals totals;
};

int recorder_new(struct recorder **out, const struct recorder_request *request, struct error *err)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int status;

	*out = NULL;
	if (!recorder)
		return error_errno(err, ENOMEM, "recorder");
	recorder->request = *request;
	recorder->fd = -1;
	recorder->streams = calloc(request->stream_count, sizeof(*recorder->streams));
	recorder->batch_room =
		BATCH_BYTES / request->page_size ? BATCH_BYTES / request->page_size : 1;
	recorder->batch = malloc(recorder->batch_room * request->page_size);
	recorder->scratch = malloc(request->page_size);
	recorder->page = page_new(sizeof(long));
	if (request->ring_bytes) {
		recorder->pages_max = request->ring_bytes / request->page_size;
		/* the one that is written to, and one before it */
		if (recorder->pages_max < 2 * request->stream_count)
			recorder->pages_max = 2 * request->stream_count;
	}
	if (!recorder->streams || !recorder->batch || !recorder->scratch || !recorder->page)
		status = error_errno(err, ENOMEM, "recorder");
	else
		status = recorder->fd = store_open(request->near, err);
	if (status < 0) {
		recorder_free(recorder);
		return status;
	}
	*out = recorder;
	return 0;
}

void recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	for (size_t i = 0; recorder->streams && i < recorder->request.stream_count; i++) {
		free(recorder->streams[i].list);
		free(recorder->streams[i].bytes);
	}
	free(recorder->streams);
	free(recorder->free_slots);
	free(recorder->batch);
	free(recorder->scratch);
	page_free(recorder->page);
	if (recorder->fd >= 0)
		close(recorder->fd);
	free(recorder);
}

static int write_batch(struct recorder *recorder)
{
	const uint8_t *at = recorder->batch;
	size_t size = recorder->batch_count * recorder->request.page_size;
	off_t offset = (off_t)(recorder->batch_slot * recorder->request.page_size);

	while (size) {
		ssize_t written = pwrite(recorder->fd, at, size, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		offset += written;
		size -= (size_t)written;
	}
	recorder->batch_count = 0;
	return 0;
}

static int read_slot(struct recorder *recorder, uint64_t slot, void *page)
{
	size_t size = recorder->request.page_size, got = 0;
	ssize_t more;

	if (recorder->batch_count && slot >= recorder->batch_slot &&
	    slot - recorder->batch_slot < recorder->batch_count) {
		memcpy(page, recorder->batch + (slot - recorder->batch_slot) * size, size);
		return 0;
	}
	while (got < size) {
		more = pread(recorder->fd, (char *)page + got, size - got,
			     (off_t)(slot * size + got));
		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			return more < 0 ? -errno : -EIO;
		got += (size_t)more;
	}
	return 0;
}

static uint64_t next_slot(struct recorder *recorder)
{
	if (recorder->free_count)
		return recorder->free_slots[--recorder->free_count];
	return recorder->slots++;
}

static int give_back(struct recorder *recorder, uint64_t slot)
{
	size_t room = recorder->free_room ? 2 * recorder->free_room : 64;
	uint64_t *larger;

	if (recorder->free_count == recorder->free_room) {
		larger = realloc(recorder->free_slots, room * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		recorder->free_slots = larger;
		recorder->free_room = room;
	}
	recorder->free_slots[recorder->free_count++] = slot;
	return 0;
}

/* Into the batch, which is written first if the page does not come behind it. */
static int put(struct recorder *recorder, uint64_t slot, const void *page)
{
	size_t size = recorder->request.page_size;
	int status = 0;

	if (recorder->batch_count && (recorder->batch_count == recorder->batch_room ||
				      slot != recorder->batch_slot + recorder->batch_count))
		status = write_batch(recorder);
	if (status < 0)
		return status;
	if (!recorder->batch_count)
		recorder->batch_slot = slot;
	memcpy(recorder->batch + recorder->batch_count++ * size, page, size);
	return 0;
}

/* The stream's last page takes no more. */
static int close_last(struct recorder *recorder, struct pages *pages)
{
	if (!pages->open)
		return 0;
	pages->open = false;
	return put(recorder, pages->list[pages->count - 1].slot, pages->bytes);
}

static int close_all(struct recorder *recorder)
{
	int status = 0;

	for (size_t i = 0; i < recorder->request.stream_count && status == 0; i++)
		status = close_last(recorder, &recorder->streams[i]);
	return status;
}

static struct kept *oldest(struct pages *pages)
{
	return &pages->list[pages->first];
}

/* Everything in its oldest page is older than this. */
static uint64_t ends_before(const struct recorder *recorder, const struct pages *pages)
{
	if (pages->count - pages->first > 1)
		return pages->list[pages->first + 1].first_ns;
	return pages->open ? pages->end_ns : recorder->newest_ns;
}

uint64_t recorder_horizon(const struct recorder *recorder)
{
	uint64_t horizon_ns = recorder->newest_ns;

	for (size_t i = 0; i < recorder->request.stream_count; i++) {
		const struct pages *pages = &recorder->streams[i];

		if (pages->count > pages->first && pages->list[pages->first].first_ns < horizon_ns)
			horizon_ns = pages->list[pages->first].first_ns;
	}
	return horizon_ns;
}

static int drop(struct recorder *recorder, size_t stream)
{
	struct pages *pages = &recorder->streams[stream];
	struct kept *kept = oldest(pages);
	uint64_t begin_ns = ends_before(recorder, pages) + 1;
	int status = pages->count - pages->first == 1 ? close_last(recorder, pages) : 0;

	if (status == 0 && recorder->request.dropped) {
		status = read_slot(recorder, kept->slot, recorder->scratch);
		if (status == 0)
			status = recorder->request.dropped(recorder->request.context, stream,
							   recorder->scratch,
							   recorder->request.page_size);
	}
	if (status == 0)
		status = give_back(recorder, kept->slot);
	if (status < 0)
		return status;
	pages->dropped_loss += kept->lost;
	if (recorder->since_ns < begin_ns)
		recorder->since_ns = begin_ns;
	pages->first++;
	recorder->pages--;
	recorder->totals.dropped++;
	return 0;
}

/* When the last page of a stream ends is known while it is open. */
static bool may_drop(const struct pages *pages)
{
	return pages->count - pages->first > (pages->open ? 0 : 1);
}

/* The stream whose oldest page is over first, of those of which that is known. */
static size_t stream_to_drop(const struct recorder *recorder)
{
	size_t found = recorder->request.stream_count;

	for (size_t i = 0; i < recorder->request.stream_count; i++) {
		const struct pages *pages = &recorder->streams[i];

		if (may_drop(pages) && (found == recorder->request.stream_count ||
					ends_before(recorder, pages) <
						ends_before(recorder, &recorder->streams[found])))
			found = i;
	}
	return found;
}

static int drop_old(struct recorder *recorder)
{
	int64_t ring_ns = recorder->request.ring_ns;
	int status = 0;

	for (size_t i = 0; ring_ns && i < recorder->request.stream_count; i++) {
		struct pages *pages = &recorder->streams[i];

		while (status == 0 && may_drop(pages) &&
		       ends_before(recorder, pages) + (uint64_t)ring_ns < recorder->newest_ns)
			status = drop(recorder, i);
	}
	while (status == 0 && recorder->pages_max && recorder->pages > recorder->pages_max) {
		size_t stream = stream_to_drop(recorder);

		if (stream == recorder->request.stream_count)
			break;
		status = drop(recorder, stream);
	}
	return status;
}

static int add(struct pages *pages, const struct kept *kept)
{
	size_t room = pages->room ? 2 * pages->room : 64;
	struct kept *larger;

	if (pages->count == pages->room && pages->first > pages->count / 2) {
		memmove(pages->list, pages->list + pages->first,
			(pages->count - pages->first) * sizeof(*pages->list));
		pages->count -= pages->first;
		pages->first = 0;
	}
	if (pages->count == pages->room) {
		larger = realloc(pages->list, room * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		pages->list = larger;
		pages->room = room;
	}
	pages->list[pages->count++] = *kept;
	return 0;
}

/* Into the open page of its stream, if there is one with room: 1; 0 when not. */
static int join_last(struct recorder *recorder, struct pages *pages, const void *page,
		     uint64_t end_ns)
{
	if (!pages->open || !page_join(recorder->page, pages->bytes, pages->end_ns, page,
				       recorder->request.page_size))
		return 0;
	pages->end_ns = end_ns;
	return 1;
}

/* Opens a new page of the stream with this one, which has room for more. */
static int open_page(struct recorder *recorder, struct pages *pages, const void *page,
		     uint64_t end_ns)
{
	if (!pages->bytes)
		pages->bytes = malloc(recorder->request.page_size);
	if (!pages->bytes)
		return -ENOMEM;
	memcpy(pages->bytes, page, recorder->request.page_size);
	pages->end_ns = end_ns;
	pages->open = true;
	return 0;
}

/* Looks at the page in `scratch`: true when it is sound and has no loss, so that
 * others may be put behind it. */
static bool look_at(struct recorder *recorder, size_t size, struct kept *kept, uint64_t *end_ns)
{
	memcpy(&kept->first_ns, recorder->scratch, sizeof(kept->first_ns));
	*end_ns = kept->first_ns;
	if (recorder->newest_ns < kept->first_ns)
		recorder->newest_ns = kept->first_ns;
	/* One that is damaged is kept as well: whoever reads it will tell. */
	if (page_load(recorder->page, recorder->scratch, size) < 0)
		return false;
	recorder->totals.records += page_count(recorder->page);
	if (page_loss(recorder->page, &kept->lost) != PAGE_LOSS_NONE) {
		recorder->totals.lost += kept->lost;
		return false;
	}
	/* A page that is about full is not worth it. */
	if (page_length(recorder->page) > size / 2)
		return false;
	*end_ns = page_end(recorder->page);
	return true;
}

int recorder_take(struct recorder *recorder, size_t stream, const void *page, size_t size)
{
	struct pages *pages = &recorder->streams[stream];
	struct kept kept = { .lost = 0 };
	uint64_t end_ns;
	bool has_room;
	int status;

	memcpy(recorder->scratch, page, size);
	memset(recorder->scratch + size, 0, recorder->request.page_size - size);
	has_room = look_at(recorder, size, &kept, &end_ns);
	if (has_room && join_last(recorder, pages, recorder->scratch, end_ns))
		return drop_old(recorder);
	status = close_last(recorder, pages);
	if (status < 0)
		return status;
	kept.slot = next_slot(recorder);
	status = add(pages, &kept);
	if (status < 0)
		return status;
	recorder->pages++;
	if (has_room)
		status = open_page(recorder, pages, recorder->scratch, end_ns);
	else
		status = put(recorder, kept.slot, recorder->scratch);
	return status < 0 ? status : drop_old(recorder);
}

void recorder_totals(const struct recorder *recorder, struct recorder_totals *totals)
{
	*totals = recorder->totals;
	totals->bytes = recorder->pages * recorder->request.page_size;
}

uint64_t recorder_since(const struct recorder *recorder)
{
	return recorder->since_ns;
}

uint64_t recorder_dropped_loss(const struct recorder *recorder, size_t stream)
{
	return recorder->streams[stream].dropped_loss;
}

int recorder_rewind(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->request.stream_count; i++)
		recorder->streams[i].next = recorder->streams[i].first;
	return close_all(recorder);
}

int recorder_read(void *context, size_t stream, void *buffer, size_t size)
{
	struct recorder *recorder = context;
	struct pages *pages = &recorder->streams[stream];
	int status;

	if (pages->next == pages->count)
		return 0;
	if (size < recorder->request.page_size)
		return -EINVAL;
	status = read_slot(recorder, pages->list[pages->next++].slot, buffer);
	return status < 0 ? status : (int)recorder->request.page_size;
}

uint64_t recorder_bytes(const struct recorder *recorder, size_t stream)
{
	const struct pages *pages = &recorder->streams[stream];

	return (pages->count - pages->first) * recorder->request.page_size;
}

/* A run of slots, by the kernel alone where it can. */
static int copy_run(struct recorder *recorder, uint64_t slot, uint64_t count, int fd)
{
	off_t at = (off_t)(slot * recorder->request.page_size);
	size_t left = count * recorder->request.page_size;
	int status = 0;

	while (left) {
		ssize_t copied = copy_file_range(recorder->fd, &at, fd, NULL, left, 0);

		if (copied < 0 && errno == EINTR)
			continue;
		if (copied <= 0)
			break;
		left -= (size_t)copied;
	}
	if (!left)
		return 0;
	/* A pipe, another file system, an older kernel; or what is wrong shows again. */
	slot += count - (left + recorder->request.page_size - 1) / recorder->request.page_size;
	at = (off_t)(left % recorder->request.page_size);
	while (left && status == 0) {
		size_t skip = at ? recorder->request.page_size - (size_t)at : 0;

		status = read_slot(recorder, slot++, recorder->scratch);
		if (status == 0)
			status = recording_write_bytes(fd, recorder->scratch + skip,
						       recorder->request.page_size - skip);
		left -= recorder->request.page_size - skip;
		at = 0;
	}
	return status;
}

int recorder_copy(void *context, size_t stream, int fd)
{
	struct recorder *recorder = context;
	const struct pages *pages = &recorder->streams[stream];
	int status = close_all(recorder);

	if (status == 0 && recorder->batch_count)
		status = write_batch(recorder);
	for (size_t i = pages->first; i < pages->count && status == 0;) {
		uint64_t slot = pages->list[i].slot, count = 1;

		while (i + count < pages->count && pages->list[i + count].slot == slot + count)
			count++;
		status = copy_run(recorder, slot, count, fd);
		i += count;
	}
	return status;
}
