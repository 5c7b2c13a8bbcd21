/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page: a raw sub-buffer of the ring buffer, validated, then walked. Its layout is that
 * of kernel/trace/ring_buffer.c; libtraceevent's kbuffer, which walks the same, takes as
 * long for an event as all the rest of the way to a line. Pure.
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
 * checks every length in it first. 0, or -EBADMSG for one
 * that no kernel writes; the page is empty then.
 */
int page_load(struct page *page, void *data, size_t size);

/* The loss flagged on the loaded page; *records is set when counted. */
enum page_loss page_loss(const struct page *page, uint64_t *records);

/* Passes over what is left of the loaded page: the time at its end, from which what
 * comes behind it is counted. */
uint64_t page_end(struct page *page);

/*
 * Puts the events of sub-buffer `from` behind those of `to`, whose page_end is
 * `end_ns`: both are of `size` bytes and have been loaded, by this page or
 * another. False, and nothing is done, when there is no room, when `from` tells of a loss,
 * or when it is not the later one.
 */
bool page_join(const struct page *page, void *to, uint64_t end_ns, const void *from, size_t size);

/* How many events the loaded page has, and how many bytes they take. */
unsigned page_count(const struct page *page);
size_t page_length(const struct page *page);

/*
 * The next event: its data (borrowed with the page), size and timestamp in
 * the trace clock. NULL at the end of the page.
 */
const void *page_next(struct page *page, uint64_t *ts, unsigned *size);

#endif
