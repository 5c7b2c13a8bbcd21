/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of a recording, as they are or out of compressed chunks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "timersnoop/recording_parts.h"

/* trace-cmd packs ten pages into one. */
#define CHUNK_MAX (4U << 20)
#define CHUNKS_MEMORY_MAX (256ULL << 20)

enum recording_packing recording_packing(const char *name)
{
	static const struct {
		const char *name;
		enum recording_packing packing;
	} packings[] = {
		{ "none", PACKING_NONE },
		{ "zstd", PACKING_ZSTD },
		{ "zlib", PACKING_ZLIB },
	};

	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
		if (strcmp(name, packings[i].name) == 0)
			return packings[i].packing;
	return PACKING_UNKNOWN;
}

int recording_unpack(enum recording_packing packing, const void *bytes, size_t size, void *unpacked,
		     size_t unpacked_size)
{
	uLongf length = unpacked_size;
	size_t got;

	switch (packing) {
	case PACKING_ZSTD:
		got = ZSTD_decompress(unpacked, unpacked_size, bytes, size);
		return !ZSTD_isError(got) && got == unpacked_size ? 0 : -EBADMSG;
	case PACKING_ZLIB:
		return uncompress(unpacked, &length, bytes, size) == Z_OK && length == unpacked_size
			       ? 0
			       : -EBADMSG;
	default:
		return -EBADMSG;
	}
}

static int damaged(struct recording *recording, size_t number, const char *what)
{
	return error_set(&recording->err, EBADMSG,
			 "it is damaged: the pages of CPU %d: %s at byte %llu",
			 recording->described[number].cpu, what,
			 (unsigned long long)recording->streams[number].at);
}

/* The next bytes of the stream, as they are in the file. */
static int take(struct recording *recording, size_t number, void *buffer, size_t size)
{
	struct stream *stream = &recording->streams[number];
	int status;

	if (size > stream->size)
		return damaged(recording, number, "more of them are wanted");
	status = recording_pread(recording->fd, buffer, size, stream->at);
	if (status < 0)
		return error_errno(&recording->err, -status, "it cannot be read");
	stream->at += size;
	stream->size -= size;
	return 0;
}

static int make_room(struct recording *recording, size_t number, size_t size)
{
	struct stream *stream = &recording->streams[number];
	uint8_t *larger;

	if (size <= stream->unpacked_room)
		return 0;
	recording->unpacked_memory += size - stream->unpacked_room;
	if (recording->unpacked_memory > CHUNKS_MEMORY_MAX)
		return damaged(recording, number, "a chunk for which there is no memory");
	larger = realloc(stream->unpacked, size);
	if (!larger)
		return error_errno(&recording->err, ENOMEM, "recording");
	stream->unpacked = larger;
	stream->unpacked_room = size;
	return 0;
}

/* Unpacks the next chunk: its two sizes, then its bytes. */
static int unpack_chunk(struct recording *recording, size_t number)
{
	struct stream *stream = &recording->streams[number];
	uint32_t sizes[2] = { 0 };
	void *bytes;
	int status = take(recording, number, sizes, sizeof(sizes));

	if (status < 0)
		return status;
	if (sizes[0] > CHUNK_MAX || sizes[1] > CHUNK_MAX || !sizes[1])
		return damaged(recording, number, "a chunk of that size");
	bytes = malloc(sizes[0] + 1);
	if (!bytes)
		return error_errno(&recording->err, ENOMEM, "recording");
	status = take(recording, number, bytes, sizes[0]);
	if (status == 0)
		status = make_room(recording, number, sizes[1]);
	if (status == 0 &&
	    recording_unpack(recording->packing, bytes, sizes[0], stream->unpacked, sizes[1]) < 0)
		status = damaged(recording, number, "a chunk cannot be decompressed");
	free(bytes);
	stream->unpacked_at = 0;
	stream->unpacked_size = sizes[1];
	stream->chunks--;
	return status;
}

static int read_unpacked(struct recording *recording, size_t number, void *buffer, size_t size)
{
	struct stream *stream = &recording->streams[number];
	uint32_t chunks = 0;
	int status = 0;

	if (!stream->begun) {
		stream->begun = true;
		status = take(recording, number, &chunks, sizeof(chunks));
		stream->chunks = status ? 0 : chunks;
	}
	if (status == 0 && stream->unpacked_at == stream->unpacked_size) {
		if (!stream->chunks)
			return 0;
		status = unpack_chunk(recording, number);
	}
	if (status < 0)
		return status;
	if (size > stream->unpacked_size - stream->unpacked_at)
		size = stream->unpacked_size - stream->unpacked_at;
	memcpy(buffer, stream->unpacked + stream->unpacked_at, size);
	stream->unpacked_at += size;
	return (int)size;
}

int recording_read(void *context, size_t number, void *buffer, size_t size)
{
	struct recording *recording = context;
	struct stream *stream = &recording->streams[number];
	int status;

	if (size > stream->page_size)
		size = stream->page_size;
	if (stream->packed)
		return read_unpacked(recording, number, buffer, size);
	if (size > stream->size)
		size = stream->size;
	status = size ? take(recording, number, buffer, size) : 0;
	return status ? status : (int)size;
}
