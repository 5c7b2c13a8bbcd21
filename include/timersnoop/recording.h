/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording: trace.dat files, trace-cmd.dat.v6(5): version 6 out; 6 and 7 in,
 * compressed too. Knows nothing of events. What timersnoop keeps there beyond it
 * is a text, in an option that other readers pass over.
 */
#ifndef TIMERSNOOP_RECORDING_H
#define TIMERSNOOP_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"

/* "ts"; trace-cmd numbers its own options upwards from 1. */
#define RECORDING_OPTION_SCENE 0x7473
/* A recording has at most so many instances, the top one included. */
#define RECORDING_BUFFERS_MAX 16

/* --- out -------------------------------------------------------------------- */

struct recording_format {
	const char *system;
	const char *text; /* of its format file */
};

/*
 * A format as the kernel has it -> as other readers need it: "s64 new[];...size:32;" ->
 * "s64 new[4];...", which libtraceevent 1.7 would show as 0, all four. The caller frees; NULL
 * when out of memory.
 */
char *recording_format_text(const char *format);

/* The pages of one CPU in one instance, one behind the other. */
struct recording_stream {
	int cpu;
	unsigned buffer; /* index of its instance's name */
	uint64_t bytes;  /* whole pages */
};

/* Everything but the pages; all is borrowed. Texts end with NUL. */
struct recording_head {
	size_t page_size;         /* of a sub-buffer, header included */
	const char *header_page;  /* events/header_page */
	const char *header_event; /* events/header_event */
	const struct recording_format *formats;
	size_t format_count;
	const char *kallsyms; /* lines as in /proc/kallsyms */
	const char *cmdlines; /* lines "PID COMM" */
	const char *clock;    /* "mono" */
	const char *uname;
	const char *version;
	const char *const *cpu_stats; /* one of each CPU of the first instance */
	size_t cpu_stat_count;
	const char *scene;
	const char *buffers[RECORDING_BUFFERS_MAX]; /* names of instances; the first is not told */
	size_t buffer_count;
	const struct recording_stream *streams;
	size_t stream_count;
};

/* Writes all of a stream's bytes to `fd`, where it stands: 0 or -errno. */
typedef int recording_copier(void *context, size_t stream, int fd);

/* Writes a whole recording, from front to back: `fd` may be a pipe. 0 or -errno. */
int recording_write(int fd, const struct recording_head *head, recording_copier *copy,
		    void *context);

/* All of it, also where writing has to wait (a pipe, O_NONBLOCK). 0 or -errno. */
int recording_write_bytes(int fd, const void *bytes, uint64_t size);

/* --- in --------------------------------------------------------------------- */

struct recording;

/* Is given each event's format; other than 0 ends the reading with that. */
typedef int recording_taker(void *context, const char *system, const char *format,
			    struct error *err);

/*
 * Reads everything but the pages of the regular file `fd` (borrowed, until
 * recording_close). Nothing in it is trusted: -EBADMSG with what is wrong, and
 * where; other -errno when it cannot be read, or is of a kind that cannot be used here.
 */
int recording_open(struct recording **recording, int fd, recording_taker *taker, void *context,
		   struct error *err);
void recording_close(struct recording *recording);

/* Those with pages. */
const struct recording_stream *recording_streams(const struct recording *recording, size_t *count);
/* Of the largest sub-buffer. */
size_t recording_page_size(const struct recording *recording);
/* 4 or 8: bytes of a long in the kernel that was traced. */
int recording_long_size(const struct recording *recording);
/* Empty when it does not say. */
const char *recording_clock(const struct recording *recording);
const char *recording_uname(const struct recording *recording);
const char *recording_cmdlines(const struct recording *recording);
/* Text as in /proc/kallsyms. */
const char *recording_kallsyms(const struct recording *recording);
/* All of its CPU statistics, one behind the other. */
const char *recording_stats(const struct recording *recording);
/* NULL when timersnoop did not make it. */
const char *recording_scene(const struct recording *recording, size_t *size);
/* From its own clock to CLOCK_REALTIME, ns. False: it does not say. */
bool recording_date(const struct recording *recording, int64_t *offset_ns);

/* A merge_reader (merge.h); `context` is the recording. */
int recording_read(void *context, size_t stream, void *buffer, size_t size);
/* What went wrong in it, in words. */
const struct error *recording_error(const struct recording *recording);

#endif
