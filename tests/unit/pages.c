/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages.h"

#include <string.h>

#define TYPE_PADDING 29U
#define TYPE_EXTEND 30U
#define TYPE_STAMP 31U
#define DELTA_BITS 27

void image_start(struct image *image, int long_size, uint64_t ts)
{
	memset(image, 0, sizeof(*image));
	memcpy(image->bytes, &ts, sizeof(ts));
	image->start = image->at = sizeof(ts) + (size_t)long_size;
}

void image_word(struct image *image, uint32_t word)
{
	memcpy(image->bytes + image->at, &word, sizeof(word));
	image->at += sizeof(word);
}

static void image_bytes(struct image *image, const void *data, size_t size)
{
	memcpy(image->bytes + image->at, data, size);
	image->at += size;
}

void image_event(struct image *image, uint32_t delta, const void *data, size_t size)
{
	if (size > 112) {
		image_long_event(image, delta, data, size);
		return;
	}
	image_word(image, delta << 5 | (uint32_t)(size / 4));
	image_bytes(image, data, size);
}

void image_long_event(struct image *image, uint32_t delta, const void *data, size_t size)
{
	image_word(image, delta << 5);
	image_word(image, (uint32_t)size + 4); /* itself included */
	image_bytes(image, data, size);
}

static void image_time(struct image *image, uint32_t type, uint64_t time)
{
	image_word(image, (uint32_t)(time & ((1U << DELTA_BITS) - 1)) << 5 | type);
	image_word(image, (uint32_t)(time >> DELTA_BITS));
}

void image_extend(struct image *image, uint64_t delta)
{
	image_time(image, TYPE_EXTEND, delta);
}

void image_stamp(struct image *image, uint64_t ts)
{
	image_time(image, TYPE_STAMP, ts);
}

void image_padding(struct image *image, uint32_t delta, uint32_t length)
{
	image_word(image, delta << 5 | TYPE_PADDING);
	image_word(image, length);
	if (length > 4 && length < IMAGE_SIZE)
		image->at += length - 4;
}

void image_end(struct image *image, uint32_t flags, uint64_t lost)
{
	uint32_t commit = (uint32_t)(image->at - image->start) | flags;

	memcpy(image->bytes + sizeof(uint64_t), &commit, sizeof(commit));
	if (flags & IMAGE_STORED)
		memcpy(image->bytes + image->at, &lost, image->start - sizeof(uint64_t));
}

void image_number(struct image *image, uint32_t delta, uint32_t number)
{
	image_event(image, delta, &number, sizeof(number));
}
