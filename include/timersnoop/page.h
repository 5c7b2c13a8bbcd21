/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page: a raw sub-buffer of the ring buffer, validated, then walked with
 * libtraceevent's kbuffer. Pure.
 */
#ifndef TIMERSNOOP_PAGE_H
#define TIMERSNOOP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the page says was lost before its first event. */
enum page_loss {
	PAGE_LOSS_NONE,
	PAGE_LOSS_COUNTED,
	PAGE_LOSS_UNKNOWN, /* some; the page had no room for the number */
};

struct page;

/* Walks pages of a kernel of this word size (4 or 8), of the host's byte order. */
struct page *page_new(int long_size);
void page_free(struct page *page);

/*
 * Loads a sub-buffer of `size` bytes (borrowed until the next load) and
 * checks every length in it first: kbuffer trusts them. 0, or -EBADMSG for one
 * that no kernel writes; the page is empty then.
 */
int page_load(struct page *page, void *data, size_t size);

/* The loss flagged on the loaded page; *records is set when counted. */
enum page_loss page_loss(const struct page *page, uint64_t *records);

/* How many events the loaded page has. */
unsigned page_count(const struct page *page);

/*
 * The next event: its data (borrowed with the page), size and timestamp in
 * the trace clock. NULL at the end of the page.
 */
const void *page_next(struct page *page, uint64_t *ts, unsigned *size);

#endif
