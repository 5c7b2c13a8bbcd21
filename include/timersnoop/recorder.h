/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder: pages as they come from the pipes -> a file without a name, until
 * they are written as a recording; all of them, or the last so many bytes or
 * seconds. Knows nothing of tracefs.
 */
#ifndef TIMERSNOOP_RECORDER_H
#define TIMERSNOOP_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/recording.h"

struct recorder;

/* Is given each page that is not kept any more, oldest first. 0 or -errno. */
typedef int recorder_dropper(void *context, size_t stream, void *page, size_t size);

struct recorder_request {
	size_t stream_count;
	size_t page_size;    /* of the largest sub-buffer */
	const char *near;    /* the file that it will become: kept beside it; NULL: where temporary
			   * files are */
	uint64_t ring_bytes; /* keep the last so many; 0: no limit */
	int64_t ring_ns;     /* keep the last so long; 0: no limit */
	recorder_dropper *dropped; /* with a limit; or NULL */
	void *context;
};

int recorder_new(struct recorder **recorder, const struct recorder_request *request,
		 struct error *err);
void recorder_free(struct recorder *recorder);

/* Takes the next page of a stream; shorter ones are filled up. 0 or -errno. */
int recorder_take(struct recorder *recorder, size_t stream, const void *page, size_t size);

/* What it has taken so far. */
struct recorder_totals {
	uint64_t records;
	uint64_t bytes;   /* of the pages that are kept now */
	uint64_t lost;    /* records that pages said were lost */
	uint64_t dropped; /* pages */
};
void recorder_totals(const struct recorder *recorder, struct recorder_totals *totals);

/* Nothing that is older than this comes in a page that is still kept. */
uint64_t recorder_horizon(const struct recorder *recorder);
/* Trace clock from which on it has every page that it took; 0: from the start. */
uint64_t recorder_since(const struct recorder *recorder);
/* Records that dropped pages of this stream told as lost. */
uint64_t recorder_dropped_loss(const struct recorder *recorder, size_t stream);

/* Pages from the first that is kept on, again: a merge_reader (merge.h), `context` is the
 * recorder. 0 or -errno. */
int recorder_rewind(struct recorder *recorder);
int recorder_read(void *context, size_t stream, void *buffer, size_t size);

/* How many bytes of each stream it has now. */
uint64_t recorder_bytes(const struct recorder *recorder, size_t stream);
/* A recording_copier (recording.h): `context` is the recorder. Pages stay. */
int recorder_copy(void *context, size_t stream, int fd);

#endif
