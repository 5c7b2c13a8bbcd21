/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/sink.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/line.h"
#include "timersnoop/timerspec.h"

/* Finished lines that are kept at most. */
#define SINK_BUFFER 65536

/*
 *  buffer      sent            whole       length
 *    |  written  | finished lines | this line |  room
 *
 * One more line fits behind SINK_BUFFER: a line can be put first and dropped
 * afterwards, so nothing has to be asked for each byte.
 */
struct sink {
	int fd;
	int interrupt_fd;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
	bool regular;
	bool pipe;
	bool socket;
	bool interrupted;
	int final_error;   /* nothing is written any more */
	int dropped_error; /* why the first dropped line was dropped */
	uint64_t dropped;
	size_t sent;
	size_t whole;
	size_t length;
	char buffer[SINK_BUFFER + SINK_LINE_MAX];
};

struct sink *sink_new(int fd, int interrupt_fd)
{
	struct sink *sink = malloc(sizeof(*sink));
	struct stat status;

	if (!sink)
		return NULL;
	memset(sink, 0, offsetof(struct sink, buffer));
	sink->fd = fd;
	sink->interrupt_fd = interrupt_fd;
	if (fstat(fd, &status) == 0) {
		sink->regular = S_ISREG(status.st_mode);
		sink->pipe = S_ISFIFO(status.st_mode);
		sink->socket = S_ISSOCK(status.st_mode);
	}
	return sink;
}

void sink_free(struct sink *sink)
{
	free(sink);
}

static void sink_drop(struct sink *sink, uint64_t lines, int error)
{
	sink->dropped += lines;
	if (!sink->dropped_error)
		sink->dropped_error = error;
}

/* The descriptor will take no more: neither will the sink. */
static int sink_give_up(struct sink *sink, int error)
{
	uint64_t lines = 0;
	size_t i;

	for (i = sink->sent; i < sink->whole; i++)
		lines += sink->buffer[i] == '\n';
	sink_drop(sink, lines, error);
	sink->final_error = error;
	sink->sent = sink->whole;
	return error;
}

/*
 * How much to write at once. A pipe takes PIPE_BUF bytes whole or not at all
 * (pipe(7)), and when poll() says that it is writable it has room for as many;
 * a line that is longer goes alone, in pieces, so that no piece blocks.
 */
static size_t sink_chunk(const struct sink *sink)
{
	const char *start = sink->buffer + sink->sent;
	size_t length = sink->whole - sink->sent;
	const char *newline;

	if (!sink->pipe || length <= PIPE_BUF)
		return length;
	newline = memrchr(start, '\n', PIPE_BUF);
	return newline ? (size_t)(newline + 1 - start) : PIPE_BUF;
}

/* Until the deadline; NULL for ever. */
static struct timespec *sink_timeout(const struct sink *sink, struct timespec *left)
{
	struct timespec now;
	int64_t ns;

	if (!sink->deadline_ns)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (int64_t)sink->deadline_ns - (now.tv_sec * NSEC_PER_SEC + now.tv_nsec);
	if (ns < 0)
		ns = 0;
	*left = (struct timespec){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
	return left;
}

/* 0 when a write will not block (or will fail at once), or -EINTR. */
static int sink_wait(const struct sink *sink)
{
	struct pollfd fds[] = {
		{ .fd = sink->fd, .events = POLLOUT },
		{ .fd = sink->interrupt_fd, .events = POLLIN },
	};
	struct timespec left;

	for (;;) {
		int ready = ppoll(fds, 2, sink_timeout(sink, &left), NULL);

		if (ready < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return -errno;
		}
		if (ready == 0)
			return -EINTR;
		if (fds[0].revents)
			return 0;
		if (fds[1].revents)
			return -EINTR;
	}
}

/* write(2), but a socket that has room for less than all takes that much. */
static ssize_t sink_write_chunk(const struct sink *sink)
{
	const char *bytes = sink->buffer + sink->sent;
	size_t length = sink_chunk(sink);

	if (sink->socket)
		return send(sink->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(sink->fd, bytes, length);
}

/* Writes the finished lines as far as it can. 0 or -errno. */
static int sink_write(struct sink *sink)
{
	ssize_t written;
	int error = 0;

	while (sink->sent < sink->whole && !error) {
		if (!sink->regular)
			error = sink_wait(sink);
		if (error)
			break;
		written = sink_write_chunk(sink);
		if (written >= 0)
			sink->sent += (size_t)written;
		else if (errno != EINTR && errno != EAGAIN)
			error = -errno;
	}
	sink->interrupted = error == -EINTR;
	if (error && !sink->interrupted)
		sink_give_up(sink, error);
	if (sink->sent) {
		memmove(sink->buffer, sink->buffer + sink->sent, sink->length - sink->sent);
		sink->length -= sink->sent;
		sink->whole -= sink->sent;
		sink->sent = 0;
	}
	return error;
}

/* Whether the lines before this one should go, so that it finds room. */
static bool sink_full(const struct sink *sink)
{
	if (sink->pipe && sink->length > PIPE_BUF)
		return true;
	return sink->length > SINK_BUFFER - SINK_LINE_MAX;
}

char *sink_line(struct sink *sink)
{
	return sink->buffer + sink->length;
}

void sink_line_end(struct sink *sink, const char *end)
{
	int error = 0;

	sink->length = (size_t)(end - sink->buffer);
	assert(sink->length - sink->whole <= SINK_LINE_MAX);
	if (sink->final_error)
		error = sink->final_error;
	else if (sink_full(sink))
		error = sink_write(sink);
	if (error == -EINTR && sink->length <= SINK_BUFFER)
		error = 0;
	if (error) {
		sink->length = sink->whole;
		sink_drop(sink, 1, error);
	}
	sink->whole = sink->length;
}

void sink_set_interrupt(struct sink *sink, int interrupt_fd)
{
	sink->interrupt_fd = interrupt_fd;
	sink->deadline_ns = 0;
	sink->interrupted = false;
}

void sink_set_deadline(struct sink *sink, uint64_t deadline_ns)
{
	sink->deadline_ns = deadline_ns;
}

bool sink_interrupted(const struct sink *sink)
{
	return sink->interrupted;
}

int sink_settle(struct sink *sink)
{
	return sink->regular ? sink->final_error : sink_flush(sink);
}

int sink_abandon(struct sink *sink)
{
	return sink->final_error ? sink->final_error : sink_give_up(sink, -EINTR);
}

int sink_flush(struct sink *sink)
{
	return sink->final_error ? sink->final_error : sink_write(sink);
}

int sink_error(const struct sink *sink)
{
	return sink->final_error ? sink->final_error : sink->dropped_error;
}

uint64_t sink_dropped_lines(const struct sink *sink)
{
	return sink->dropped;
}
