/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording of any bytes, shown to nobody: every event, and every life. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "timersnoop/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct options options = { .events = EVENTS_ALL, .lives = true };
	struct show show = { .out_fd = STDOUT_FILENO };
	struct replay *replay = NULL;
	struct error err;
	int fd = memfd_create("recording", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (show_select(&show, &options, &err) < 0)
		abort();
	if (replay_open(&replay, fd, false, &show.scene, &err) == 0)
		replay_show(replay, &show, NULL, NULL, &err);
	else if (!err.text[0])
		abort();
	show_free(&show);
	replay_close(replay);
	close(fd);
	return 0;
}
