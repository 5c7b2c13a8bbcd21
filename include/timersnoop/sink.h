/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink: bytes of finished lines -> a file descriptor, whole lines at a time.
 */
#ifndef TIMERSNOOP_SINK_H
#define TIMERSNOOP_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

/* A line is at most this long; a longer one is dropped. */
#define SINK_LINE_MAX 8192

/*
 * Takes `fd` (borrowed, not closed). NULL when out of memory. When the
 * descriptor is anything but a regular file somebody may follow it:
 * sink_settle writes. A regular file is written in blocks of whole lines.
 * `interrupt_fd` (a signalfd, or -1): while a write would block, the sink
 * waits for this one too and gives up with -EINTR when it becomes readable.
 * SIGPIPE is the caller's to ignore or block.
 */
struct sink *sink_new(int fd, int interrupt_fd);
void sink_free(struct sink *sink);

/*
 * sink_line returns room for a line of SINK_LINE_MAX bytes; sink_line_end takes
 * what was written there, up to `end`, '\n' or NUL included, as a finished line. The
 * room is gone with the next call of any sink function. Never fails: errors are
 * kept, see sink_error. Pipes get at most PIPE_BUF bytes of whole lines a write,
 * so lines of several writers never mix.
 */
char *sink_line(struct sink *sink);
void sink_line_end(struct sink *sink, const char *end);

/* From now on waits for this one instead. */
void sink_set_interrupt(struct sink *sink, int interrupt_fd);
/* The same by time (CLOCK_MONOTONIC, ns; 0: none), until sink_set_interrupt. */
void sink_set_deadline(struct sink *sink, uint64_t deadline_ns);

/* The last attempt to write was interrupted: nothing more should be put until
 * what interrupted it was looked at. */
bool sink_interrupted(const struct sink *sink);

/* Nothing more is at hand: writes now where somebody follows. */
int sink_settle(struct sink *sink);
/*
 * Writes every finished line. 0, or -errno: -EINTR when it was interrupted,
 * the lines are kept and the next call goes on; any other (-EPIPE,
 * -ENOSPC...) is final and nothing is written any more.
 */
int sink_flush(struct sink *sink);
/* Gives up lines that an interrupted flush has kept: they count as dropped.
 * Returns the final error, which is -EINTR from then on. */
int sink_abandon(struct sink *sink);
/* The final error; or else -EINTR when lines were dropped; or 0. */
int sink_error(const struct sink *sink);
/*
 * Lines that will never be written: after a final error, or for want of room
 * while interrupted.
 */
uint64_t sink_dropped_lines(const struct sink *sink);

#endif
