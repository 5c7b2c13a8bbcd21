/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay: a recording as the merged stream that it was, with its scene. Of one
 * that trace-cmd made of timersnoop's probes, the scene is what that tells.
 */
#ifndef TIMERSNOOP_REPLAY_H
#define TIMERSNOOP_REPLAY_H

#include <stdbool.h>

#include "timersnoop/scene.h"
#include "timersnoop/show.h"

struct replay;

/*
 * Opens the regular file `fd` (borrowed until replay_close) and fills the empty
 * `scene`; `kernel`: for the kernel's timers, not those of programs. 0, or -errno: what is wrong with it begins with "it".
 */
int replay_open(struct replay **replay, int fd, bool kernel, struct scene *scene,
		struct error *err);
void replay_close(struct replay *replay);

/* Did timersnoop make it? */
bool replay_is_own(const struct replay *replay);
/* The clock of its records; "mono" where lateness can be told. */
const char *replay_clock(const struct replay *replay);

/* Its functions, as /proc/kallsyms has them. */
const char *replay_kallsyms(const struct replay *replay);

/* Is asked now and then, and ends the replay when it is true. */
typedef bool replay_stop(void *context);

/* Shows all of it: 0 or -errno. `show` has the scene, and what was selected. */
int replay_show(struct replay *replay, struct show *show, replay_stop *stop, void *context,
		struct error *err);

#endif
