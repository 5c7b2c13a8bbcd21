/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages: raw sub-buffers of the ring buffer, built by hand as
 * kernel/trace/ring_buffer.c lays them out, for tests of whatever reads them.
 */
#ifndef TIMERSNOOP_TESTS_PAGES_H
#define TIMERSNOOP_TESTS_PAGES_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_SIZE 4096
#define IMAGE_MISSED (1U << 31) /* records were lost before this page */
#define IMAGE_STORED (1U << 30) /* how many stands behind the data */

struct image {
	uint8_t bytes[IMAGE_SIZE];
	size_t start; /* of the data: 12 or 16 */
	size_t at;    /* end of the data so far */
};

/* An empty page of a kernel whose long has 4 or 8 bytes. */
void image_start(struct image *image, int long_size, uint64_t ts);
/* An event, its length in type_len where it fits there: `size` is a multiple of 4. */
void image_event(struct image *image, uint32_t delta, const void *data, size_t size);
/* The same with its length in array[0], as the kernel does above 112 bytes. */
void image_long_event(struct image *image, uint32_t delta, const void *data, size_t size);
/* Adds `delta` (59 bits) to the time of what comes. */
void image_extend(struct image *image, uint64_t delta);
/* What comes has this time (the low 59 bits of it). */
void image_stamp(struct image *image, uint64_t ts);
/* A discarded event: `length` is what array[0] says, and so much is laid out. */
void image_padding(struct image *image, uint32_t delta, uint32_t length);
/* One word, whatever it means. */
void image_word(struct image *image, uint32_t word);
/* Writes the length and `flags`; `lost` goes behind the data with IMAGE_STORED. */
void image_end(struct image *image, uint32_t flags, uint64_t lost);

/* An event of 4 bytes. */
void image_number(struct image *image, uint32_t delta, uint32_t number);

/* The tests with pages of real kernels: false when one could not be added. */
bool add_kernel_page_tests(CU_pSuite suite);

#endif
