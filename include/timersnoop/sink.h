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

/* Appends to the line; never fails: errors are kept, see sink_error. */
void sink_put(struct sink *sink, const char *bytes, size_t length);
void sink_puts(struct sink *sink, const char *text);
void sink_putc(struct sink *sink, char byte);
void sink_put_u64(struct sink *sink, uint64_t value);
void sink_put_s64(struct sink *sink, int64_t value);
void sink_put_hex(struct sink *sink, uint64_t value); /* with 0x */
/* Pads with spaces so that at least `width` bytes stand since `from`
 * (an earlier sink_column). */
void sink_pad(struct sink *sink, size_t from, size_t width);
/* Bytes put since the last finished line. */
size_t sink_column(const struct sink *sink);

/*
 * A line is finished ('\n' was put). Pipes get at most PIPE_BUF bytes of
 * whole lines a write, so lines of several writers never mix.
 */
void sink_end_line(struct sink *sink);

/*
 * A whole line at once, where speed counts: sink_line returns room for
 * SINK_LINE_MAX bytes (only at the start of a line); sink_line_end takes what
 * was written there, from the start to `end`, '\n' included, as a finished
 * line. The room is gone with the next call of any sink function.
 */
char *sink_line(struct sink *sink);
void sink_line_end(struct sink *sink, const char *end);

/* Nothing more is at hand: writes now where somebody follows. */
int sink_settle(struct sink *sink);
/*
 * Writes every finished line. 0, or -errno: -EINTR when it was interrupted,
 * the lines are kept and the next call goes on; any other (-EPIPE,
 * -ENOSPC...) is final and nothing is written any more.
 */
int sink_flush(struct sink *sink);
/* The final error; or else -EINTR or -EMSGSIZE when lines were dropped; or 0. */
int sink_error(const struct sink *sink);
/*
 * Lines that will never be written: after a final error, for want of room
 * while interrupted, or longer than SINK_LINE_MAX.
 */
uint64_t sink_dropped_lines(const struct sink *sink);

#endif
