/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of timers and of a process, of any bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/procfs_timers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct procfs_timer timer;
	const char *at = text;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while (procfs_timers_parse(&at, &timer) > 0)
		;
	procfs_timerfd_parse(text, &timer);
	procfs_timers_possible(text);
	free(text);
	return 0;
}
