/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/live_scene.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "timersnoop/clocks.h"
#include "timersnoop/commands.h"

/* The wall clock may be set, and CLOCK_MONOTONIC stands still in suspend; what
 * reading one after the other costs is no reason to change. */
#define WALL_CHANGED_NS (NSEC_PER_SEC / 1000)

int live_scene_clocks(struct show *show)
{
	const struct scene *scene = &show->scene;
	int64_t offset = 0;

	clocks_ahead(CLOCK_REALTIME, &offset);
	if (scene->wall_count &&
	    llabs(offset - scene->wall[scene->wall_count - 1].offset_ns) <= WALL_CHANGED_NS)
		return 0;
	return show_set_wall(show, clocks_now(), offset);
}

/* How far the clocks of timers are ahead of the trace clock. */
static void tell_clocks(struct scene *scene)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI };

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		struct scene_ahead ahead = { .clock = clocks[i] };

		if (clocks_ahead(clocks[i], &ahead.ns))
			scene->ahead[scene->ahead_count++] = ahead;
	}
}

int live_scene_begin(struct show *show, const struct live *live, const struct live_request *request,
		     struct error *err)
{
	const struct options *options = show->options;
	const struct plan_wishes *wishes = &request->session.wishes;
	struct scene *scene = &show->scene;
	int alarm = live_features(live)->offset[OFFSET_ALARM_TIMER], status = 0;

	scene->events = wishes->events;
	scene->lives = wishes->lives;
	scene->toctou = wishes->toctou;
	scene->followed = request->pid_count > 0;
	scene->kernel = wishes->kernel;
	scene->callers = wishes->callers;
	scene->wakeups = wishes->wakeups;
	scene->chosen = wishes->function_count || wishes->armers || options->cpus_given;
	scene->self = getpid();
	scene->since_ns = live_since(live);
	scene->alarm_offset = alarm < 0 ? 0 : alarm;
	scene->tick_ns = clocks_tick();
	/* COMMAND has none yet. */
	if ((wishes->lives || wishes->events & EVENTS_EXPIRE) && !options->argv)
		status = existing_add_all(&scene->existing, options->pids, options->pid_count);
	if (status < 0)
		return error_errno(err, -status, "cannot read timers in /proc");
	tell_clocks(scene);
	return live_scene_clocks(show) < 0 ? error_errno(err, ENOMEM, "clocks") : 0;
}

int live_scene_lost(struct scene *scene, const struct live *live, bool drained, struct error *err)
{
	size_t count;
	const struct recording_stream *streams = live_streams(live, &count);
	int status = 0;

	for (size_t i = 0; i < count && status == 0; i++) {
		struct scene_lost lost = { streams[i].buffer, streams[i].cpu, 0 };

		status = capture_lost(live_capture(live), i, drained, &lost.records, err);
		if (status == 0 && scene_add_lost(scene, &lost) < 0)
			status = error_errno(err, ENOMEM, "losses");
	}
	return status;
}
