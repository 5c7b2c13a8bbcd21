/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_scene: the scene (scene.h) of a trace that runs on this machine. */
#ifndef TIMERSNOOP_LIVE_SCENE_H
#define TIMERSNOOP_LIVE_SCENE_H

#include "timersnoop/live.h"
#include "timersnoop/show.h"

/*
 * What is there when tracing has just begun: all but the tasks. Timers that are
 * there are read only now, so that what is made from here on is seen. 0 or -errno.
 */
int live_scene_begin(struct show *show, const struct live *live, const struct live_request *request,
		     struct error *err);
/* How the wall clock stands now, if that is new. 0 or -ENOMEM. */
int live_scene_clocks(struct show *show);
/* What the ring buffer counts as lost, of each stream in their order; see capture_lost. */
int live_scene_lost(struct scene *scene, const struct live *live, bool drained, struct error *err);

#endif
