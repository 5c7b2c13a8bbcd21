/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace-cmd.dat.v6(5), front to back. */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timersnoop/memfile.h"
#include "timersnoop/recording_parts.h"

/* A number of 2, 4 or 8 bytes. */
static void put(FILE *to, uint64_t value, size_t size)
{
	uint32_t word = (uint32_t)value;
	uint16_t half = (uint16_t)value;

	if (size == sizeof(half))
		fwrite(&half, sizeof(half), 1, to);
	else if (size == sizeof(word))
		fwrite(&word, sizeof(word), 1, to);
	else
		fwrite(&value, sizeof(value), 1, to);
}

/* A text with its length before it, in `size` bytes. */
static void put_text(FILE *to, const char *text, size_t size)
{
	put(to, strlen(text), size);
	fwrite(text, strlen(text), 1, to);
}

static void put_option(FILE *to, unsigned id, const void *data, size_t size)
{
	put(to, id, 2);
	put(to, size, 4);
	fwrite(data, size, 1, to);
}

static void put_string_option(FILE *to, unsigned id, const char *text)
{
	put_option(to, id, text, strlen(text) + 1);
}

static void put_initial(FILE *to, const struct recording_head *head)
{
	fwrite(RECORDING_MAGIC "6", sizeof(RECORDING_MAGIC "6"), 1, to);
	fputc(__BYTE_ORDER == __BIG_ENDIAN ? 1 : 0, to);
	fputc(sizeof(long), to);
	put(to, head->page_size, 4);
	fwrite("header_page", sizeof("header_page"), 1, to);
	put_text(to, head->header_page, 8);
	fwrite("header_event", sizeof("header_event"), 1, to);
	put_text(to, head->header_event, 8);
}

/* The kernel leaves out how many a probe's array has. */
char *recording_format_text(const char *format)
{
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);
	size_t used;

	for (; to && *format; format += used) {
		const char *brackets = strstr(format, "[];\toffset:");
		unsigned offset, bytes;
		int bits;

		used = brackets ? (size_t)(brackets - format) : strlen(format);
		fwrite(format, used, 1, to);
		if (!brackets)
			continue;
		/* the type is the word behind the last "field:" */
		format += used;
		used = strlen("[]");
		while (strncmp(--brackets, "field:", 6) != 0)
			;
		if (sscanf(brackets, "field:%*1[sux]%d", &bits) == 1 && bits >= 8 &&
		    sscanf(format, "[];\toffset:%u;\tsize:%u;", &offset, &bytes) == 2)
			fprintf(to, "[%u]", bytes / ((unsigned)bits / 8));
		else
			fputs("[]", to);
	}
	memfile_close(&file, to);
	return file.text;
}

static bool is_first_of_system(const struct recording_head *head, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(head->formats[i].system, head->formats[index].system) == 0)
			return false;
	return true;
}

static size_t count_formats(const struct recording_head *head, const char *system)
{
	size_t count = 0;

	for (size_t i = 0; i < head->format_count; i++)
		count += strcmp(head->formats[i].system, system) == 0;
	return count;
}

static void put_formats(FILE *to, const struct recording_head *head)
{
	size_t systems = 0;

	put(to, 0, 4); /* ftrace's own events: none is recorded */
	for (size_t i = 0; i < head->format_count; i++)
		systems += is_first_of_system(head, i);
	put(to, systems, 4);
	for (size_t i = 0; i < head->format_count; i++) {
		const char *system = head->formats[i].system;

		if (!is_first_of_system(head, i))
			continue;
		fwrite(system, strlen(system) + 1, 1, to);
		put(to, count_formats(head, system), 4);
		for (size_t j = i; j < head->format_count; j++)
			if (strcmp(head->formats[j].system, system) == 0)
				put_text(to, head->formats[j].text, 8);
	}
}

/* Where each stream's pages begin, and where each instance's table is. */
struct layout {
	uint64_t *pages;
	uint64_t tables[RECORDING_BUFFERS_MAX];
	unsigned cpus;
};

static void put_options(FILE *to, const struct recording_head *head, const struct layout *layout)
{
	char clock[32];

	snprintf(clock, sizeof(clock), "[%s]", head->clock);
	fwrite("options  ", sizeof("options  "), 1, to);
	put_string_option(to, OPTION_UNAME, head->uname);
	put_string_option(to, OPTION_VERSION, head->version);
	put_string_option(to, OPTION_TRACECLOCK, clock);
	for (size_t i = 0; i < head->cpu_stat_count; i++)
		put_string_option(to, OPTION_CPUSTAT, head->cpu_stats[i]);
	for (size_t i = 1; i < head->buffer_count; i++) {
		put(to, OPTION_BUFFER, 2);
		put(to, 8 + strlen(head->buffers[i]) + 1, 4);
		put(to, layout->tables[i], 8);
		fwrite(head->buffers[i], strlen(head->buffers[i]) + 1, 1, to);
	}
	put_option(to, RECORDING_OPTION_SCENE, head->scene, strlen(head->scene));
	put(to, OPTION_DONE, 2);
}

/* A CPU without pages is there, too: by its place it has its number. */
static void put_table(FILE *to, const struct recording_head *head, const struct layout *layout,
		      unsigned buffer)
{
	fwrite("flyrecord", sizeof("flyrecord"), 1, to);
	for (unsigned cpu = 0; cpu < layout->cpus; cpu++) {
		uint64_t at = 0, bytes = 0;

		for (size_t i = 0; i < head->stream_count; i++) {
			const struct recording_stream *stream = &head->streams[i];

			if (stream->buffer == buffer && stream->cpu == (int)cpu) {
				at = layout->pages[i];
				bytes = stream->bytes;
			}
		}
		put(to, at, 8);
		put(to, bytes, 8);
	}
}

/* All before the first page. Its size does not depend on what the layout says. */
static int compose_head(const struct recording_head *head, const struct layout *layout,
			struct memfile *file)
{
	char clock[32];
	FILE *to = memfile_open(file);

	if (!to)
		return -ENOMEM;
	snprintf(clock, sizeof(clock), "[%s]", head->clock);
	put_initial(to, head);
	put_formats(to, head);
	put_text(to, head->kallsyms, 4);
	put_text(to, "", 4); /* trace_printk() */
	put_text(to, head->cmdlines, 8);
	put(to, layout->cpus, 4);
	put_options(to, head, layout);
	put_table(to, head, layout, 0);
	put_text(to, clock, 8);
	return memfile_close(file, to);
}

/* Pages are mapped by whoever reads them. */
static uint64_t align(const struct recording_head *head, uint64_t at)
{
	uint64_t page = head->page_size < 4096 ? 4096 : head->page_size;

	return (at + page - 1) / page * page;
}

static uint64_t table_size(const struct layout *layout)
{
	return sizeof("flyrecord") + 16ULL * layout->cpus;
}

/* Tables and pages behind a head of this size. */
static void lay_out(const struct recording_head *head, struct layout *layout, uint64_t at)
{
	for (unsigned buffer = 0; buffer < head->buffer_count; buffer++) {
		layout->tables[buffer] = at;
		if (buffer)
			at += table_size(layout);
		at = align(head, at);
		for (size_t i = 0; i < head->stream_count; i++) {
			if (head->streams[i].buffer != buffer)
				continue;
			layout->pages[i] = at;
			at = align(head, at + head->streams[i].bytes);
		}
	}
}

int recording_write_bytes(int fd, const void *bytes, uint64_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			poll(&wait, 1, -1);
			continue;
		}
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		size -= (uint64_t)written;
	}
	return 0;
}

static int pad(int fd, uint64_t *at, uint64_t end)
{
	static const char zeros[4096];
	int status = 0;

	while (*at < end && status == 0) {
		uint64_t size = end - *at < sizeof(zeros) ? end - *at : sizeof(zeros);

		status = recording_write_bytes(fd, zeros, size);
		*at += size;
	}
	return status;
}

static int write_table(int fd, const struct recording_head *head, const struct layout *layout,
		       unsigned buffer, uint64_t *at)
{
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);
	int status;

	if (to)
		put_table(to, head, layout, buffer);
	status = memfile_close(&file, to);
	if (status == 0)
		status = recording_write_bytes(fd, file.text, file.size);
	*at += file.size;
	free(file.text);
	return status;
}

static int write_pages(int fd, const struct recording_head *head, const struct layout *layout,
		       uint64_t at, recording_copier *copy, void *context)
{
	int status = 0;

	for (unsigned buffer = 0; buffer < head->buffer_count && status == 0; buffer++) {
		if (buffer)
			status = write_table(fd, head, layout, buffer, &at);
		for (size_t i = 0; i < head->stream_count && status == 0; i++) {
			if (head->streams[i].buffer != buffer)
				continue;
			status = pad(fd, &at, layout->pages[i]);
			if (status == 0 && head->streams[i].bytes)
				status = copy(context, i, fd);
			at += head->streams[i].bytes;
		}
		/* so that the next table is where it is said to be */
		if (status == 0 && buffer + 1 < head->buffer_count)
			status = pad(fd, &at, layout->tables[buffer + 1]);
	}
	return status;
}

int recording_write(int fd, const struct recording_head *head, recording_copier *copy,
		    void *context)
{
	struct layout layout = { .pages = calloc(head->stream_count + 1, sizeof(*layout.pages)) };
	struct memfile file = { .size = 0 };
	size_t size;
	int status = layout.pages ? 0 : -ENOMEM;

	for (size_t i = 0; i < head->stream_count; i++)
		if ((unsigned)head->streams[i].cpu >= layout.cpus)
			layout.cpus = (unsigned)head->streams[i].cpu + 1;
	if (status == 0)
		status = compose_head(head, &layout, &file);
	if (status == 0) {
		lay_out(head, &layout, file.size);
		free(file.text);
		file = (struct memfile){ .size = 0 };
		status = compose_head(head, &layout, &file);
	}
	size = file.size;
	if (status == 0)
		status = recording_write_bytes(fd, file.text, size);
	if (status == 0)
		status = write_pages(fd, head, &layout, size, copy, context);
	free(file.text);
	free(layout.pages);
	return status;
}
