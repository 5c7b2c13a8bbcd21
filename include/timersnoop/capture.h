/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture: the per-CPU raw pipes of an instance -> pages, with loss. Knows
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

/* Opens per_cpu/cpuN/trace_pipe_raw of every CPU. */
int capture_open(struct capture **capture, struct tracefs_instance *instance, struct error *err);
void capture_close(struct capture *capture);

/* The CPUs' numbers, ascending. */
const int *capture_cpus(const struct capture *capture, size_t *count);
/* Bytes of a sub-buffer, its header included. */
size_t capture_page_size(const struct capture *capture);

/* A merge_reader (merge.h); `context` is the capture. Never waits. */
int capture_read(void *context, int cpu, void *buffer, size_t size);

/* Fills one pollfd (POLLIN) for each CPU. */
void capture_poll(const struct capture *capture, struct pollfd *fds);

/*
 * What per_cpu/cpuN/stats counts as lost on this CPU since the instance was
 * made: overwritten (overrun), commit overrun and dropped events.
 */
int capture_lost(const struct capture *capture, int cpu, uint64_t *lost, struct error *err);

#endif
