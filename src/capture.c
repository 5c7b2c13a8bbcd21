/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/capture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pipe {
	struct tracefs_instance *instance;
	unsigned number; /* of the instance */
	int fd;
};

struct capture {
	struct pipe *pipes;
	int *cpus;
	size_t count;
	size_t page_size;
	capture_keeper *keep;
	void *keep_context;
};

static int compare_cpus(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int add_stream(struct capture *capture, struct tracefs_instance *instance, unsigned number,
		      int cpu)
{
	size_t count = capture->count + 1;
	struct pipe *pipes = realloc(capture->pipes, count * sizeof(*pipes));
	int *cpus;

	if (!pipes)
		return -ENOMEM;
	capture->pipes = pipes;
	cpus = realloc(capture->cpus, count * sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	capture->cpus = cpus;
	pipes[capture->count] = (struct pipe){ .instance = instance, .number = number, .fd = -1 };
	cpus[capture->count++] = cpu;
	return 0;
}

/* per_cpu/ has a directory for every CPU that may ever come online. */
static int list_cpus(struct capture *capture, struct tracefs_instance *instance, unsigned number,
		     struct error *err)
{
	char *path = tracefs_instance_get_file(instance, "per_cpu");
	DIR *dir = path ? opendir(path) : NULL;
	size_t first = capture->count;
	struct dirent *entry;
	int status = 0;

	if (!dir) {
		status = error_errno(err, errno, "cannot list %s", path ? path : "per_cpu");
		goto done;
	}
	while (errno = 0, (entry = readdir(dir))) {
		int cpu;

		if (sscanf(entry->d_name, "cpu%d", &cpu) != 1)
			continue;
		if (add_stream(capture, instance, number, cpu) < 0) {
			status = error_errno(err, ENOMEM, "CPUs");
			goto done;
		}
	}
	/* A CPU that is not read would be missing without a word. */
	if (errno)
		status = error_errno(err, errno, "cannot list %s", path);
	else if (capture->count == first)
		status = error_set(err, ENOENT, "the tracefs instance has no CPUs");
	else
		qsort(capture->cpus + first, capture->count - first, sizeof(int), compare_cpus);
done:
	if (dir)
		closedir(dir);
	tracefs_put_tracing_file(path);
	return status;
}

/* Linux 6.8 made the size of a sub-buffer a setting of the instance. */
static size_t page_size(struct tracefs_instance *instance)
{
	long long kib;

	if (tracefs_file_exists(instance, "buffer_subbuf_size_kb") &&
	    tracefs_instance_file_read_number(instance, "buffer_subbuf_size_kb", &kib) == 0 &&
	    kib > 0)
		return (size_t)kib * 1024;
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int open_pipes(struct capture *capture, struct error *err)
{
	for (size_t i = 0; i < capture->count; i++) {
		struct pipe *pipe = &capture->pipes[i];
		char file[64];

		snprintf(file, sizeof(file), "per_cpu/cpu%d/trace_pipe_raw", capture->cpus[i]);
		pipe->fd = tracefs_instance_file_open(pipe->instance, file,
						      O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (pipe->fd < 0)
			return error_errno(err, errno, "cannot open %s", file);
	}
	return 0;
}

int capture_open(struct capture **out, struct tracefs_instance *const *instances, size_t count,
		 struct error *err)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	int status = 0;

	*out = NULL;
	if (!capture)
		return error_errno(err, ENOMEM, "capture");
	for (size_t i = 0; i < count && status == 0; i++) {
		size_t size = page_size(instances[i]);

		if (size > capture->page_size)
			capture->page_size = size;
		status = list_cpus(capture, instances[i], (unsigned)i, err);
	}
	if (status == 0)
		status = open_pipes(capture, err);
	if (status < 0) {
		capture_close(capture);
		return status;
	}
	*out = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	for (size_t i = 0; i < capture->count; i++)
		if (capture->pipes[i].fd >= 0)
			close(capture->pipes[i].fd);
	free(capture->pipes);
	free(capture->cpus);
	free(capture);
}

const int *capture_cpus(const struct capture *capture, size_t *count)
{
	*count = capture->count;
	return capture->cpus;
}

unsigned capture_instance(const struct capture *capture, size_t stream)
{
	return capture->pipes[stream].number;
}

size_t capture_page_size(const struct capture *capture)
{
	return capture->page_size;
}

int capture_read(void *context, size_t stream, void *buffer, size_t size)
{
	const struct capture *capture = context;
	ssize_t length;

	do {
		length = read(capture->pipes[stream].fd, buffer, size);
	} while (length < 0 && errno == EINTR);
	/* ENODEV: the CPU has not been online since the instance was made. */
	if (length < 0)
		return errno == EAGAIN || errno == ENODEV ? 0 : -errno;
	if (length > 0 && capture->keep) {
		int status = capture->keep(capture->keep_context, stream, buffer, (size_t)length);

		if (status < 0)
			return status;
	}
	return (int)length;
}

void capture_keep(struct capture *capture, capture_keeper *keep, void *context)
{
	capture->keep = keep;
	capture->keep_context = context;
}

void capture_poll(const struct capture *capture, struct pollfd *fds)
{
	for (size_t i = 0; i < capture->count; i++)
		fds[i] = (struct pollfd){ .fd = capture->pipes[i].fd, .events = POLLIN };
}

static uint64_t stat_of(const char *text, const char *counter)
{
	const char *line = text;

	while (line && strncmp(line, counter, strlen(counter)) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line ? strtoull(line + strlen(counter), NULL, 10) : 0;
}

/*
 * "entries" are those that were written and not read. rb_get_reader_page() looks first
 * whether its page has more, and then whether the writer has left it: what the writer put
 * there in between is passed over. That takes a reader that is held up just there, as the
 * CPU of a virtual machine may be.
 */
static uint64_t sum_stats(const char *text, bool drained)
{
	return stat_of(text, "overrun: ") + stat_of(text, "commit overrun: ") +
	       stat_of(text, "dropped events: ") + (drained ? stat_of(text, "entries: ") : 0);
}

int capture_lost(const struct capture *capture, size_t stream, bool drained, uint64_t *lost,
		 struct error *err)
{
	char file[64];
	char *text;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/stats", capture->cpus[stream]);
	text = tracefs_instance_file_read(capture->pipes[stream].instance, file, NULL);
	if (!text)
		return error_errno(err, errno, "cannot read %s", file);
	*lost = sum_stats(text, drained);
	free(text);
	return 0;
}
