/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * kernel/trace/ring_buffer.c, struct buffer_data_page: a u64 time stamp and a
 * local_t commit; the two highest of its 32 bits flag missed events and
 * a count of them behind the data (RB_MISSED_EVENTS, RB_MISSED_STORED). The
 * 27 low bits are the length.
 */
#define MISSED_EVENTS (1U << 31)
#define MISSED_STORED (1U << 30)
#define COMMIT_MASK ((1U << 27) - 1)

/*
 * struct ring_buffer_event: 5 bits of type or length, 27 of time delta. A type up to
 * 28 is the length of the data in words; 0 has it in a word of its own.
 */
#define EVENT_HEADER 4UL
#define TYPE_MASK 31U
#define DELTA_SHIFT 5
#define DELTA_BITS 27
/* A time stamp has 59 bits; the others are those of the time before (rb_fix_abs_ts()). */
#define STAMP_BITS (DELTA_BITS + 32)
enum { TYPE_LONG = 0, TYPE_PADDING = 29, TYPE_TIME_EXTEND, TYPE_TIME_STAMP };

struct page {
	unsigned long_size;
	enum page_loss loss;
	uint64_t lost;
	unsigned count;
	size_t length;
	const uint8_t *at, *end; /* what is left of it */
	uint64_t ts;             /* of what is before `at` */
};

struct page *page_new(int long_size)
{
	struct page *page = calloc(1, sizeof(*page));

	if (page)
		page->long_size = (unsigned)long_size;
	return page;
}

void page_free(struct page *page)
{
	free(page);
}

static uint32_t read_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t read_long(const struct page *page, const uint8_t *bytes)
{
	uint64_t value;

	if (page->long_size != sizeof(value))
		return read_u32(bytes);
	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* Length of the event at `event`, header included; 0 when it is not one. */
static size_t event_length(const uint8_t *event, size_t left)
{
	unsigned type;
	uint32_t length;

	if (left < EVENT_HEADER)
		return 0;
	type = read_u32(event) & TYPE_MASK;
	if (type != TYPE_LONG && type < TYPE_PADDING)
		return EVENT_HEADER + 4UL * type;
	/* The others carry a word behind the header. */
	if (left < 2 * EVENT_HEADER)
		return 0;
	if (type == TYPE_TIME_EXTEND || type == TYPE_TIME_STAMP)
		return 2 * EVENT_HEADER;
	length = read_u32(event + EVENT_HEADER);
	/* Counted with the length word itself; events are words. */
	if (length < 4 || length % 4 || length > left)
		return 0;
	return EVENT_HEADER + length;
}

/* Their number, or -EBADMSG. */
static int check_events(const uint8_t *data, size_t size)
{
	size_t offset = 0;
	int count = 0;

	while (offset < size) {
		size_t length = event_length(data + offset, size - offset);

		if (!length || length > size - offset)
			return -EBADMSG;
		/* Padding and time stamps are none. */
		count += (read_u32(data + offset) & TYPE_MASK) < TYPE_PADDING;
		offset += length;
	}
	return count;
}

int page_load(struct page *page, void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t start = sizeof(uint64_t) + page->long_size;
	uint32_t commit;
	size_t length;
	int count;

	page->at = page->end = NULL;
	page->loss = PAGE_LOSS_NONE;
	page->lost = 0;
	if (size < start)
		return -EBADMSG;
	commit = read_u32(bytes + sizeof(uint64_t));
	length = commit & COMMIT_MASK;
	if (length > size - start)
		return -EBADMSG;
	if (commit & MISSED_EVENTS && commit & MISSED_STORED &&
	    length + page->long_size > size - start)
		return -EBADMSG;
	count = check_events(bytes + start, length);
	if (count < 0)
		return -EBADMSG;
	if (commit & MISSED_EVENTS && commit & MISSED_STORED) {
		page->loss = PAGE_LOSS_COUNTED;
		page->lost = read_long(page, bytes + start + length);
	} else if (commit & MISSED_EVENTS) {
		page->loss = PAGE_LOSS_UNKNOWN;
	}
	page->at = bytes + start;
	page->end = page->at + length;
	memcpy(&page->ts, bytes, sizeof(page->ts));
	page->count = (unsigned)count;
	page->length = length;
	return 0;
}

unsigned page_count(const struct page *page)
{
	return page->count;
}

size_t page_length(const struct page *page)
{
	return page->length;
}

/* A RINGBUF_TYPE_TIME_EXTEND: so much later. */
static size_t put_time(uint8_t *at, uint64_t delta)
{
	const uint32_t words[2] = {
		TYPE_TIME_EXTEND | (uint32_t)(delta & ((1U << DELTA_BITS) - 1)) << DELTA_SHIFT,
		(uint32_t)(delta >> DELTA_BITS),
	};

	if (delta)
		memcpy(at, words, sizeof(words));
	return delta ? sizeof(words) : 0;
}

uint64_t page_end(struct page *page)
{
	uint64_t ts;
	unsigned size;

	while (page_next(page, &ts, &size))
		;
	/* Not that of the last event: discarded ones behind it have their times, too. */
	return page->ts;
}

bool page_join(const struct page *page, void *to, uint64_t end_ns, const void *from, size_t size)
{
	size_t start = sizeof(uint64_t) + page->long_size;
	uint8_t *head = (uint8_t *)to + sizeof(uint64_t);
	uint32_t more = read_u32((const uint8_t *)from + sizeof(uint64_t));
	uint32_t length = read_u32(head);
	uint64_t begin_ns;

	memcpy(&begin_ns, from, sizeof(begin_ns));
	/* 59 bits of time fit into one event; it is as large as that when it is negative. */
	if (more & ~COMMIT_MASK || length & ~COMMIT_MASK || begin_ns - end_ns >= 1ULL << 59 ||
	    start + length + 2 * EVENT_HEADER + more > size)
		return false;
	length += (uint32_t)put_time((uint8_t *)to + start + length, begin_ns - end_ns);
	memcpy((uint8_t *)to + start + length, (const uint8_t *)from + start, more);
	length += more;
	memcpy(head, &length, sizeof(length));
	return true;
}

enum page_loss page_loss(const struct page *page, uint64_t *records)
{
	*records = page->lost;
	return page->loss;
}

const void *page_next(struct page *page, uint64_t *ts, unsigned *size)
{
	const uint8_t *at = page->at, *end = page->end;
	uint64_t now = page->ts;

	/* Every length was checked when the page was loaded. */
	while (at < end) {
		uint32_t header = read_u32(at);
		unsigned type = header & TYPE_MASK;
		uint64_t delta = header >> DELTA_SHIFT;
		const uint8_t *data = at + EVENT_HEADER;

		if (type >= TYPE_TIME_EXTEND) {
			delta += (uint64_t)read_u32(data) << DELTA_BITS;
			if (type == TYPE_TIME_STAMP)
				now = delta | now >> STAMP_BITS << STAMP_BITS;
			else
				now += delta;
			at = data + EVENT_HEADER;
			continue;
		}
		now += delta;
		if (type != TYPE_LONG && type < TYPE_PADDING) {
			*size = 4 * type;
			at = data + 4 * (size_t)type;
		} else {
			/* counted with the word itself */
			*size = read_u32(data) - EVENT_HEADER;
			at = data + read_u32(data);
			data += EVENT_HEADER;
		}
		/* what was discarded has its time, and no more */
		if (type == TYPE_PADDING)
			continue;
		page->at = at;
		page->ts = *ts = now;
		return data;
	}
	page->at = at;
	page->ts = now;
	return NULL;
}
