/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_recording: a live trace -> a recording: its pages as they are read, and
 * when it is over what else a reader needs of this kernel.
 */
#ifndef TIMERSNOOP_LIVE_RECORDING_H
#define TIMERSNOOP_LIVE_RECORDING_H

#include <stdbool.h>

#include "timersnoop/live.h"
#include "timersnoop/options.h"
#include "timersnoop/recorder.h"
#include "timersnoop/scene.h"

struct live_recording;

/* From here on each page that is read from `live`'s pipes is kept. Both arguments
 * are borrowed. */
int live_recording_new(struct live_recording **recording, const struct options *options,
		       struct live *live, struct error *err);
void live_recording_free(struct live_recording *recording);

/* Who is there when tracing begins. 0 or -errno. */
int live_recording_begin(struct live_recording *recording, const struct tasks *tasks,
			 struct error *err);

/* What went wrong in keeping pages, in words: 0 or -errno. */
int live_recording_error(const struct live_recording *recording, struct error *err);

/*
 * Once recording has stopped and all pages were read, while the session still
 * stands: takes what the kernel tells of its events, and the decoder from `live`.
 */
int live_recording_gather(struct live_recording *recording, struct scene *scene, struct error *err);

/*
 * Nothing of `live` is needed any more: completes the scene. `looked`: whoever had to be
 * looked up is in it already. 0 or -errno.
 */
int live_recording_complete(struct live_recording *recording, struct scene *scene, bool looked);

/* Writes it. 0 or -errno. */
int live_recording_write(struct live_recording *recording, const struct scene *scene, int fd);

void live_recording_totals(const struct live_recording *recording, struct recorder_totals *totals);

#endif
