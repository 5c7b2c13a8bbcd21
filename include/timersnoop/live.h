/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live: a session on this kernel as a merged stream: probes made, formats
 * learned, pipes opened; then started, read and undone.
 */
#ifndef TIMERSNOOP_LIVE_H
#define TIMERSNOOP_LIVE_H

#include <stddef.h>
#include <stdint.h>

#include "timersnoop/capture.h"
#include "timersnoop/decode.h"
#include "timersnoop/error.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/merge.h"
#include "timersnoop/procfs.h"
#include "timersnoop/recording.h"
#include "timersnoop/session.h"
#include "timersnoop/tasks.h"

/* What to record; everything is borrowed during live_open and live_start. */
struct live_request {
	struct session_request session;
	const int32_t *pids; /* these processes and what they make */
	size_t pid_count;    /* 0: every process of the machine */
	const char *filter;  /* an event filter for calls, or NULL */
	/* May change this request once it is known what the kernel can do; or NULL. */
	int (*decide)(void *context, const struct kernel_features *features, struct error *err);
	void *context;
};

struct live;

/* Everything but recording. host_tracefs must have succeeded. */
int live_open(struct live **live, const struct live_request *request, struct error *err);

/*
 * Starts to record. `tasks` learns of every task there is, and misses none
 * that comes later. A filter that the kernel does not take is left out:
 * *filtered says whether it is in force.
 */
int live_start(struct live *live, const struct live_request *request, struct tasks *tasks,
	       bool *filtered, struct error *err);

/* Trace clock from which on every call is complete: no entry was seen before. */
uint64_t live_since(const struct live *live);

/* Which CPU of which instance each stream of the merge is of; `bytes` mean nothing. */
const struct recording_stream *live_streams(const struct live *live, size_t *count);
struct session *live_session(const struct live *live);
struct capture *live_capture(const struct live *live);
struct decoder *live_decoder(const struct live *live);
/* Whoever calls this frees it from now on. */
void live_keep_decoder(struct live *live);
struct merge *live_merge(const struct live *live);
/* What the kernel can do, with the probes that it refused. */
const struct kernel_features *live_features(const struct live *live);

/* Undoes everything; takes NULL. -errno with what could not be undone. */
int live_close(struct live *live, struct error *err);

/* A task_asker (task_lookup.h) in /proc; `context` is not used. */
int live_lookup(void *context, int32_t tid, struct task *task);

#endif
