/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording of any bytes, shown to nobody: every event and every life of programs' timers;
 * of the kernel's own, figures and every event, with what wakes CPUs and without.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "timersnoop/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int learn(struct show *show, struct replay *replay, struct error *err)
{
	struct symbols *symbols = symbols_new();
	const char *text = replay_kallsyms(replay);

	if (!symbols || symbols_add(symbols, text, strlen(text)) < 0 || symbols_end(symbols) < 0)
		abort();
	return show_set_symbols(show, symbols, err);
}

static void show_as(int fd, const struct options *options)
{
	/* Lines go nowhere, but are made. */
	static int nowhere = -1;
	struct show show = { .out_fd = STDOUT_FILENO };
	struct replay *replay = NULL;
	struct error err = { .code = 0 };
	int status;

	if (nowhere < 0)
		nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (show_select(&show, options, &err) < 0)
		abort();
	if (!options->quiet)
		show.sink = sink_new(nowhere, -1);
	status = replay_open(&replay, fd, options->kernel, &show.scene, &err);
	if (status < 0 && !err.text[0])
		abort();
	if (status == 0 && options->kernel)
		status = learn(&show, replay, &err);
	if (status == 0)
		replay_show(replay, &show, NULL, NULL, &err);
	show_free(&show);
	replay_close(replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct options calls = { .events = EVENTS_ALL, .lives = true, .quiet = true };
	struct options kernel = { .command = COMMAND_KERNEL,
				  .kernel = true,
				  .callers = true,
				  .input = "any",
				  .kernel_by = 0xff,
				  .histograms = (1u << KERNEL_HISTOGRAM_COUNT) - 1,
				  .by_given = true,
				  .limits = finding_limits_default,
				  .header = true };
	int fd = memfd_create("recording", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	show_as(fd, &calls);
	show_as(fd, &kernel);
	kernel.wakeups = kernel.wide = true;
	kernel.format = OUT_JSON;
	show_as(fd, &kernel);
	kernel.kernel_events = KERNEL_EVENTS_ALL;
	show_as(fd, &kernel);
	kernel.format = OUT_TEXT;
	kernel.wakeups = false;
	kernel.kernel_events = KERNEL_EVENTS_ALL & ~KERNEL_EVENTS_WAKEUPS;
	show_as(fd, &kernel);
	close(fd);
	return 0;
}
