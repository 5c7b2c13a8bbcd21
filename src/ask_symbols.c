/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/ask_symbols.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/timerspec.h"

#define PMU "/sys/bus/event_source/devices/kprobe/"
/* Static functions of this name are in half a dozen files of the kernel's own tracing. */
#define NAME_OF_SEVERAL "t_start"
/* Going through all names takes 40 million instructions. */
#define SLOW_NS (2 * (NSEC_PER_SEC / 1000))

static bool read_number(const char *path, const char *format, unsigned *number)
{
	FILE *file = fopen(path, "re");
	bool read = file && fscanf(file, format, number) == 1;

	if (file)
		fclose(file);
	return read;
}

/* What the kernel says of a return probe behind the entry of `name`: an errno. */
static int ask(struct perf_event_attr *question, const char *name)
{
	int fd;

	question->config1 = (uint64_t)(uintptr_t)name;
	fd = (int)syscall(SYS_perf_event_open, question, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int64_t spent_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

/* Prepares the question, and asks one that it knows the answer to. */
static bool answers(struct perf_event_attr *question, bool *slowly)
{
	unsigned type, retprobe_bit;
	int64_t before;
	bool right;

	if (!read_number(PMU "type", "%u", &type) ||
	    !read_number(PMU "format/retprobe", "config:%u", &retprobe_bit) || retprobe_bit > 63)
		return false;
	*question = (struct perf_event_attr){ .type = type,
					      .size = sizeof(*question),
					      .config = 1ULL << retprobe_bit,
					      .config2 = 1, /* where */
					      .disabled = 1 };
	before = spent_ns();
	right = ask(question, NAME_OF_SEVERAL) == EADDRNOTAVAIL;
	*slowly = spent_ns() - before >= SLOW_NS;
	return right;
}

bool ask_symbols(struct kernel_features *features, const char *const *names)
{
	struct perf_event_attr question;
	unsigned counts[FEATURE_SYMBOLS_MAX];
	size_t asked = 0;
	bool slowly;

	if (!answers(&question, &slowly))
		return false;
	if (slowly) {
		features->by_address = strcmp(features->machine, "x86_64") == 0;
		return false;
	}
	for (; asked < FEATURE_SYMBOLS_MAX && names[asked]; asked++) {
		switch (ask(&question, names[asked])) {
		case ENOENT:
			counts[asked] = 0;
			break;
		case EINVAL:
			counts[asked] = 1;
			break;
		case EADDRNOTAVAIL:
			counts[asked] = 2;
			break;
		default:
			return false;
		}
	}
	for (size_t i = 0; i < asked; i++)
		features->symbols[i] =
			(struct feature_symbol){ .name = names[i], .count = counts[i] };
	features->symbol_count = asked;
	return true;
}
