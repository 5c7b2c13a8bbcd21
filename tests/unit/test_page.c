/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "suites.h"
#include "timersnoop/page.h"

#define TS 1000000000000ULL

static struct image image;
static struct page *page;

/* Hands the page over; what is left of its 4096 bytes goes with it, as in a read. */
static int load(void)
{
	return page_load(page, image.bytes, IMAGE_SIZE);
}

static void begin(void)
{
	page = page_new(8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	image_start(&image, 8, TS);
}

static void expect_event(uint64_t ts, unsigned size, const void *expected)
{
	uint64_t seen = 0;
	unsigned length = 0;
	const uint8_t *data = page_next(page, &seen, &length);

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	CU_ASSERT_EQUAL(seen, ts);
	CU_ASSERT_EQUAL_FATAL(length, size);
	CU_ASSERT_EQUAL(memcmp(data, expected, size), 0);
}

static void expect_number(uint64_t ts, uint32_t number)
{
	expect_event(ts, sizeof(number), &number);
}

/* The end is the end, however often one asks. */
static void expect_end(void)
{
	uint64_t ts;
	unsigned size;

	for (int i = 0; i < 3; i++)
		CU_ASSERT_PTR_NULL(page_next(page, &ts, &size));
}

static void expect_loss(enum page_loss expected, uint64_t expected_records)
{
	uint64_t records = 0;

	CU_ASSERT_EQUAL(page_loss(page, &records), expected);
	if (expected == PAGE_LOSS_COUNTED)
		CU_ASSERT_EQUAL(records, expected_records);
}

static void expect_damaged(void)
{
	CU_ASSERT_EQUAL(load(), -EBADMSG);
	expect_loss(PAGE_LOSS_NONE, 0);
	expect_end();
}

static void events(void)
{
	uint8_t data[2000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	begin();
	image_number(&image, 0, 11);
	image_number(&image, 5, 12);
	image_event(&image, (1 << 27) - 1, data, 112);
	image_event(&image, 1, data, 116);
	image_long_event(&image, 2, data, 8);
	image_long_event(&image, 3, data, 2000);
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL_FATAL(load(), 0);
	expect_loss(PAGE_LOSS_NONE, 0);
	expect_number(TS, 11);
	expect_number(TS + 5, 12);
	expect_event(TS + 5 + (1 << 27) - 1, 112, data);
	expect_event(TS + 5 + (1 << 27), 116, data);
	expect_event(TS + 7 + (1 << 27), 8, data);
	expect_event(TS + 10 + (1 << 27), 2000, data);
	expect_end();
	page_free(page);
}

static void times(void)
{
	begin();
	image_extend(&image, 1ULL << 40);
	image_number(&image, 1, 1);
	image_extend(&image, 3);
	image_extend(&image, 4);
	image_number(&image, 0, 2);
	image_stamp(&image, TS + (1ULL << 41));
	image_number(&image, 0, 3);
	image_number(&image, 9, 4);
	image_extend(&image, 7); /* with nothing behind it */
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL_FATAL(load(), 0);
	expect_number(TS + (1ULL << 40) + 1, 1);
	expect_number(TS + (1ULL << 40) + 8, 2);
	expect_number(TS + (1ULL << 41), 3);
	expect_number(TS + (1ULL << 41) + 9, 4);
	expect_end();
	page_free(page);
}

static void discarded(void)
{
	begin();
	image_padding(&image, 1, 4);
	image_number(&image, 2, 1);
	image_padding(&image, 4, 40);
	image_padding(&image, 8, 200);
	image_number(&image, 16, 2);
	image_padding(&image, 32, 8);
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL_FATAL(load(), 0);
	/* the next delta counts from the one that was discarded */
	expect_number(TS + 3, 1);
	expect_number(TS + 31, 2);
	expect_end();
	page_free(page);
}

static void nothing_in_it(void)
{
	begin();
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL(load(), 0);
	expect_loss(PAGE_LOSS_NONE, 0);
	expect_end();

	image_start(&image, 8, TS);
	image_padding(&image, 1, 64);
	image_extend(&image, 5);
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL(load(), 0);
	expect_end();
	page_free(page);

	page = page_new(8);
	expect_end(); /* nothing loaded yet */
	page_free(page);
	page_free(NULL);
}

/* One after the other in the same place, damaged ones between them. */
static void loaded_again(void)
{
	begin();
	for (uint32_t i = 0; i < 4; i++) {
		image_start(&image, 8, TS + i);
		image_number(&image, 0, i);
		image_number(&image, 1, i);
		image_end(&image, IMAGE_MISSED | IMAGE_STORED, i + 1);
		CU_ASSERT_EQUAL_FATAL(load(), 0);
		expect_loss(PAGE_LOSS_COUNTED, i + 1);
		expect_number(TS + i, i); /* the second is left where it is */
		image.bytes[10] = 0xff;
		expect_damaged();
	}
	page_free(page);
}

static void lost(void)
{
	begin();
	image_number(&image, 0, 1);
	image_end(&image, IMAGE_MISSED | IMAGE_STORED, 123456);
	CU_ASSERT_EQUAL_FATAL(load(), 0);
	expect_loss(PAGE_LOSS_COUNTED, 123456);
	expect_number(TS, 1);
	expect_end();

	image_end(&image, IMAGE_MISSED, 0);
	CU_ASSERT_EQUAL_FATAL(load(), 0);
	expect_loss(PAGE_LOSS_UNKNOWN, 0);
	expect_number(TS, 1);
	expect_end();

	/* a page with nothing else */
	image_start(&image, 8, TS);
	image_end(&image, IMAGE_MISSED | IMAGE_STORED, 7);
	CU_ASSERT_EQUAL_FATAL(load(), 0);
	expect_loss(PAGE_LOSS_COUNTED, 7);
	expect_end();
	page_free(page);
}

/* Whatever stands first in the page: the loss was before it. */
static void lost_before_no_event(void)
{
	for (int first = 0; first < 4; first++) {
		for (int stored = 0; stored < 2; stored++) {
			begin();
			if (first == 0)
				image_padding(&image, 1, 16);
			else if (first == 1)
				image_extend(&image, 1);
			else if (first == 2)
				image_stamp(&image, TS + 1);
			else
				image_number(&image, 1, 2);
			image_number(&image, 0, 1);
			image_end(&image, IMAGE_MISSED | (stored ? IMAGE_STORED : 0), 9);
			CU_ASSERT_EQUAL_FATAL(load(), 0);
			expect_loss(stored ? PAGE_LOSS_COUNTED : PAGE_LOSS_UNKNOWN, 9);
			page_free(page);
		}
	}
}

static void lost_with_no_room_for_the_number(void)
{
	begin();
	while (image.at + 8 <= IMAGE_SIZE)
		image_number(&image, 0, 1);
	image_end(&image, IMAGE_MISSED, 0);
	CU_ASSERT_EQUAL(load(), 0);
	expect_loss(PAGE_LOSS_UNKNOWN, 0);
	/* no kernel says that it stored a number where none can be */
	image_word(&image, 0);
	image.at = IMAGE_SIZE;
	image_end(&image, IMAGE_MISSED, 0);
	image.bytes[11] |= 0x40;
	expect_damaged();
	page_free(page);
}

/* Only a page flagged for missed events has a number behind its data. */
static void stored_alone_is_no_loss(void)
{
	begin();
	image_number(&image, 0, 1);
	image_end(&image, IMAGE_STORED, 5);
	if (load() == 0)
		expect_loss(PAGE_LOSS_NONE, 0);
	page_free(page);
}

static void commit_beyond_the_page(void)
{
	static const uint32_t commits[] = { 4081, 4084, 4096, 65536, (1 << 27) - 1, (1 << 27) - 4 };

	begin();
	image_number(&image, 0, 1);
	for (size_t i = 0; i < sizeof(commits) / sizeof(commits[0]); i++) {
		memcpy(image.bytes + 8, &commits[i], 4);
		expect_damaged();
	}
	/* nor does it help that events go on behind the part that was read */
	image_start(&image, 8, TS);
	while (image.at < 2048 + 8)
		image_number(&image, 0, 1);
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL(page_load(page, image.bytes, 2048), -EBADMSG);
	CU_ASSERT_EQUAL(page_load(page, image.bytes, 2048 + 8), 0);
	page_free(page);
}

static void event_beyond_commit(void)
{
	static const uint8_t data[100];
	uint32_t commit;

	begin();
	image_number(&image, 0, 1);
	image_event(&image, 0, data, sizeof(data));
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL(load(), 0);
	for (commit = 1; commit < image.at - image.start; commit++) {
		memcpy(image.bytes + 8, &commit, 4);
		if (commit != 8) {
			expect_damaged();
		} else { /* the end of the first */
			CU_ASSERT_EQUAL(load(), 0);
		}
	}
	page_free(page);
}

/* A word that only looks like an event's head: each type, with nothing behind it. */
static void head_at_the_end(void)
{
	for (uint32_t type = 0; type < 32; type++) {
		begin();
		image_number(&image, 0, 1);
		image_word(&image, 1 << 5 | type);
		image_end(&image, 0, 0);
		expect_damaged();
		page_free(page);
	}
}

static void bad_lengths(void)
{
	static const uint32_t lengths[] = { 0,
					    1,
					    2,
					    3,
					    5,
					    7,
					    4084,
					    4088,
					    8192,
					    (uint32_t)-1,
					    (uint32_t)-4,
					    (uint32_t)-8,
					    1U << 31,
					    (1U << 31) - 4 };

	for (uint32_t type = 0; type <= 29; type += 29) {
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			begin();
			image_number(&image, 0, 1);
			image_word(&image, 1 << 5 | type);
			image_word(&image, lengths[i]);
			image_end(&image, 0, 0);
			expect_damaged();
			page_free(page);
		}
		/* events are whole words, also where there is room for a part of one */
		for (uint32_t length = 5; length < 12; length++) {
			begin();
			image_word(&image, 1 << 5 | type);
			image_word(&image, length);
			image.at += length - 4;
			image_end(&image, 0, 0);
			CU_ASSERT_EQUAL(load(), length == 8 ? 0 : -EBADMSG);
			page_free(page);
		}
	}
}

/* A page with one of everything. */
static void build_rich(int long_size)
{
	uint8_t data[160];

	memset(data, 0x33, sizeof(data));
	image_start(&image, long_size, TS);
	image_number(&image, 1, 1);
	image_event(&image, 2, data, 48);
	image_extend(&image, 1ULL << 30);
	image_event(&image, 3, data, 160);
	image_padding(&image, 4, 24);
	image_stamp(&image, TS + (1ULL << 33));
	image_long_event(&image, 5, data, 20);
	image_end(&image, IMAGE_MISSED | IMAGE_STORED, 3);
}

/*
 * Walks what a page gives: it ends, and lies in the page. The bytes are in memory
 * of just this size, for the address sanitizer.
 */
static bool walk(const uint8_t *bytes, size_t size, size_t start, unsigned *count)
{
	uint8_t *copy = malloc(size ? size : 1);
	const uint8_t *data;
	bool good = true;
	unsigned length;
	uint64_t ts, records, sum = 0;

	memcpy(copy, bytes, size);
	*count = 0;
	if (page_load(page, copy, size) == 0) {
		page_loss(page, &records);
		while (good && (data = page_next(page, &ts, &length))) {
			good = data >= copy + start && data + length <= copy + size &&
			       ++*count <= size / 4;
			for (unsigned i = 0; good && i < length; i++)
				sum += data[i];
		}
		good = good && sum <= 255 * (uint64_t)size;
	}
	free(copy);
	return good;
}

static void any_length(void)
{
	unsigned count, most = 0;
	size_t whole;

	begin();
	build_rich(8);
	whole = image.at + 8;
	for (size_t size = 0; size <= IMAGE_SIZE; size++) {
		CU_ASSERT_TRUE_FATAL(walk(image.bytes, size, image.start, &count));
		/* all or nothing: half a page is damaged */
		CU_ASSERT_EQUAL(count, size < whole ? 0 : 4);
		most = count > most ? count : most;
	}
	CU_ASSERT_EQUAL(most, 4);
	page_free(page);
}

/* Every bit of the page's header, the events' heads, their lengths and times. */
static void any_flipped_bit(void)
{
	unsigned count, changed = 0;

	for (int long_size = 4; long_size <= 8; long_size += 4) {
		page = page_new(long_size);
		build_rich(long_size);
		for (size_t bit = 0; bit < (image.at + 8) * 8; bit++) {
			image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CU_ASSERT_TRUE_FATAL(walk(image.bytes, IMAGE_SIZE, image.start, &count));
			CU_ASSERT_TRUE_FATAL(walk(image.bytes, image.at + (size_t)long_size,
						  image.start, &count));
			changed += count != 4;
			image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		page_free(page);
	}
	CU_ASSERT_TRUE(changed > 100);
}

/* Words of chance in place of events. */
static void any_garbage(void)
{
	uint32_t seed = 1, commit;
	unsigned count;

	begin();
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < 256; i += 4) {
			seed = seed * 1664525 + 1013904223;
			/* small lengths, so that some of it passes */
			commit = seed >> (seed & 1 ? 27 : 8);
			memcpy(image.bytes + 16 + i, &commit, 4);
		}
		commit = seed >> 24 & 0xfc;
		memcpy(image.bytes + 8, &commit, 4);
		CU_ASSERT_TRUE_FATAL(walk(image.bytes, 272, 16, &count));
	}
	page_free(page);
}

static void words_of_4_bytes(void)
{
	page = page_new(4);
	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	image_start(&image, 4, TS);
	image_number(&image, 1, 1);
	image_extend(&image, 10);
	image_number(&image, 1, 2);
	image_end(&image, IMAGE_MISSED | IMAGE_STORED, 77);
	CU_ASSERT_EQUAL_FATAL(load(), 0);
	expect_loss(PAGE_LOSS_COUNTED, 77);
	expect_number(TS + 1, 1);
	expect_number(TS + 12, 2);
	expect_end();
	page_free(page);
}

/* Larger sub-buffers, Linux 6.8. */
static void large_page(void)
{
	static uint8_t bytes[65536];
	uint32_t head[2] = { 0, 60004 }, commit = 60008;
	uint64_t ts, records;
	unsigned size;

	begin();
	memcpy(bytes + 8, &commit, 4);
	memcpy(bytes + 16, head, 8);
	CU_ASSERT_EQUAL_FATAL(page_load(page, bytes, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(page_loss(page, &records), PAGE_LOSS_NONE);
	CU_ASSERT_PTR_EQUAL(page_next(page, &ts, &size), bytes + 24);
	CU_ASSERT_EQUAL(size, 60000);
	expect_end();
	page_free(page);
}

/* A page of `count` events from this time on, one apart. */
static void make(struct image *other, uint64_t ts, uint32_t first, unsigned count, uint32_t flags)
{
	image_start(other, 8, ts);
	for (unsigned i = 0; i < count; i++)
		image_number(other, i > 0, first + i);
	image_end(other, flags, 3);
}

/* Two pages become one, if the second is the later and there is room. */
static void joined(void)
{
	struct image other;

	for (uint64_t apart = 0; apart < 1ULL << 58; apart = 3 * apart + 1) {
		begin();
		make(&image, TS, 1, 2, 0);
		CU_ASSERT_EQUAL_FATAL(load(), 0);
		CU_ASSERT_EQUAL(page_count(page), 2);
		CU_ASSERT_EQUAL(page_length(page), 16);
		CU_ASSERT_EQUAL(page_end(page), TS + 1);
		make(&other, TS + 1 + apart, 3, 2, 0);
		CU_ASSERT_TRUE(page_join(page, image.bytes, TS + 1, other.bytes, IMAGE_SIZE));
		CU_ASSERT_EQUAL_FATAL(load(), 0);
		CU_ASSERT_EQUAL(page_count(page), 4);
		CU_ASSERT_EQUAL(page_length(page), apart ? 40 : 32);
		expect_number(TS, 1);
		expect_number(TS + 1, 2);
		expect_number(TS + 1 + apart, 3);
		expect_number(TS + 2 + apart, 4);
		expect_end();
		page_free(page);
	}
}

static void not_joined(void)
{
	static const uint32_t flags[] = { IMAGE_MISSED, IMAGE_MISSED | IMAGE_STORED };
	struct image other, before;
	/* 4080 bytes of data: 509 events with 8 for the time leave no room for one more */
	const unsigned most = 508;

	begin();
	make(&image, TS, 1, most, 0);
	before = image;
	for (size_t i = 0; i < 2; i++) {
		make(&other, TS + 600, 900, 1, flags[i]);
		CU_ASSERT_FALSE(
			page_join(page, image.bytes, TS + most - 1, other.bytes, IMAGE_SIZE));
	}
	make(&other, TS + 600, 900, 2, 0);
	CU_ASSERT_FALSE(page_join(page, image.bytes, TS + most - 1, other.bytes, IMAGE_SIZE));
	make(&other, TS, 900, 1, 0);
	CU_ASSERT_FALSE(page_join(page, image.bytes, TS + most - 1, other.bytes, IMAGE_SIZE));
	make(&other, TS + (1ULL << 60), 900, 1, 0);
	CU_ASSERT_FALSE(page_join(page, image.bytes, TS + most - 1, other.bytes, IMAGE_SIZE));
	CU_ASSERT_EQUAL(memcmp(image.bytes, before.bytes, IMAGE_SIZE), 0);
	make(&other, TS + 600, 900, 1, 0);
	CU_ASSERT_TRUE(page_join(page, image.bytes, TS + most - 1, other.bytes, IMAGE_SIZE));
	CU_ASSERT_EQUAL(load(), 0);
	CU_ASSERT_EQUAL(page_count(page), most + 1);
	/* what tells of a loss itself takes no more */
	make(&image, TS, 1, 1, IMAGE_MISSED);
	CU_ASSERT_FALSE(page_join(page, image.bytes, TS, other.bytes, IMAGE_SIZE));
	page_free(page);
}

int suite_page(void)
{
	CU_pSuite suite = CU_add_suite("page", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, events) || !CU_ADD_TEST(suite, times) ||
	    !CU_ADD_TEST(suite, discarded) || !CU_ADD_TEST(suite, nothing_in_it) ||
	    !CU_ADD_TEST(suite, loaded_again) || !CU_ADD_TEST(suite, lost) ||
	    !CU_ADD_TEST(suite, lost_before_no_event) ||
	    !CU_ADD_TEST(suite, lost_with_no_room_for_the_number) ||
	    !CU_ADD_TEST(suite, stored_alone_is_no_loss) ||
	    !CU_ADD_TEST(suite, commit_beyond_the_page) ||
	    !CU_ADD_TEST(suite, event_beyond_commit) || !CU_ADD_TEST(suite, head_at_the_end) ||
	    !CU_ADD_TEST(suite, bad_lengths) || !CU_ADD_TEST(suite, any_length) ||
	    !CU_ADD_TEST(suite, any_flipped_bit) || !CU_ADD_TEST(suite, any_garbage) ||
	    !CU_ADD_TEST(suite, words_of_4_bytes) || !CU_ADD_TEST(suite, large_page) ||
	    !CU_ADD_TEST(suite, joined) || !CU_ADD_TEST(suite, not_joined) ||
	    !add_kernel_page_tests(suite))
		return (int)CU_get_error();
	return 0;
}
