/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture: the per-CPU raw pipes of instances -> pages, with loss. Knows
 * nothing of what a page holds.
 */
#ifndef TIMERSNOOP_CAPTURE_H
#define TIMERSNOOP_CAPTURE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <tracefs.h>

#include "timersnoop/error.h"

struct capture;

/* Opens per_cpu/cpuN/trace_pipe_raw of every CPU of `count` instances: a stream each. */
int capture_open(struct capture **capture, struct tracefs_instance *const *instances, size_t count,
		 struct error *err);
void capture_close(struct capture *capture);

/* The CPU's number for every stream: those of the first instance, ascending; then the next. */
const int *capture_cpus(const struct capture *capture, size_t *count);
/* Which of the instances a stream is of, from 0. */
unsigned capture_instance(const struct capture *capture, size_t stream);
/* Bytes of the largest sub-buffer, its header included. */
size_t capture_page_size(const struct capture *capture);

/* A merge_reader (merge.h); `context` is the capture. Never waits. */
int capture_read(void *context, size_t stream, void *buffer, size_t size);

/* Is given each page that capture_read reads. 0 or -errno, which is then returned. */
typedef int capture_keeper(void *context, size_t stream, const void *page, size_t size);
void capture_keep(struct capture *capture, capture_keeper *keep, void *context);

/* Fills one pollfd (POLLIN) for each stream. */
void capture_poll(const struct capture *capture, struct pollfd *fds);

/*
 * What per_cpu/cpuN/stats counts as lost of this stream since its instance was
 * made: overwritten (overrun), commit overrun and dropped events; and once nothing is
 * recorded any more and all was read (`drained`), what was passed over.
 */
int capture_lost(const struct capture *capture, size_t stream, bool drained, uint64_t *lost,
		 struct error *err);

#endif
