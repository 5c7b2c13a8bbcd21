/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace-cmd.dat.v6(5) and .v7(5), read by somebody who trusts none of it: each
 * length and offset is compared with what there is before it is used.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "timersnoop/recording_parts.h"

/* No recording of a sane size comes near these. */
#define FORMAT_MAX (256ULL << 10)
#define CPUS_MAX 8192
#define STATS_MAX (4U << 20)            /* 500 bytes a CPU */
#define PAGES_MEMORY_MAX (256ULL << 20) /* a page of each stream */
#define PAGE_SIZE_MAX (1U << 20)

/* --- its parts ---------------------------------------------------------------- */

static int take_initial(struct recording *recording, struct cursor *cursor)
{
	static const char magic[] = RECORDING_MAGIC;
	char start[sizeof(magic) - 1], version[8];
	uint64_t big_endian, long_size, page_size;
	int status;

	if (cursor->end == 0)
		return error_set(cursor->err, EBADMSG,
				 "it is empty: a recording that was not ended");
	if (cursor->end < sizeof(start) || cursor_take(cursor, start, sizeof(start)) < 0 ||
	    memcmp(start, magic, sizeof(start)) != 0)
		return error_set(cursor->err, EBADMSG, "it is no trace.dat recording");
	status = cursor_string(cursor, version, sizeof(version));
	if (status < 0)
		return status;
	if (strcmp(version, "6") != 0 && strcmp(version, "7") != 0)
		return error_set(cursor->err, ENOTSUP,
				 "it is of version %.*s: versions 6 and 7 can be read",
				 (int)strspn(version, "0123456789."), version);
	recording->version = version[0] - '0';
	status = cursor_number(cursor, 1, &big_endian);
	if (status == 0 && big_endian != (__BYTE_ORDER == __BIG_ENDIAN))
		return error_set(cursor->err, ENOTSUP,
				 "it comes from a machine of the other byte order");
	if (status == 0)
		status = cursor_number(cursor, 1, &long_size);
	if (status == 0)
		status = cursor_number(cursor, 4, &page_size);
	if (status != 0)
		return status;
	if (long_size != 4 && long_size != 8)
		return cursor_damaged(cursor, "longs of %llu bytes", (unsigned long long)long_size);
	if (page_size < 512 || page_size > PAGE_SIZE_MAX || page_size & (page_size - 1))
		return cursor_damaged(cursor, "pages of %llu bytes", (unsigned long long)page_size);
	recording->long_size = (int)long_size;
	recording->page_size = page_size;
	return 0;
}

/* "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;": a kernel's long. */
static int read_header_page(struct recording *recording, struct cursor *cursor, const char *text)
{
	static const char commit[] = "local_t commit;";
	const char *field = strstr(text, commit);
	unsigned offset, size;

	if (!field ||
	    sscanf(field + strlen(commit), " offset:%3u; size:%3u;", &offset, &size) != 2 ||
	    offset != 8 || (size != 4 && size != 8))
		return cursor_damaged(cursor, "a sub-buffer's header is not as any kernel has it");
	recording->long_size = (int)size;
	return 0;
}

int recording_headers(struct recording *recording, struct cursor *cursor)
{
	char *text;
	uint64_t size;
	int status = cursor_expect(cursor, "header_page", sizeof("header_page"));

	if (status == 0)
		status = cursor_text(cursor, 8, FORMAT_MAX, &text, &size);
	if (status != 0)
		return status;
	status = read_header_page(recording, cursor, text);
	free(text);
	if (status == 0)
		status = cursor_expect(cursor, "header_event", sizeof("header_event"));
	return status ? status : cursor_skip_text(cursor, 8);
}

static int take_system(struct recording *recording, struct cursor *cursor)
{
	char system[RECORDING_STRING_MAX];
	uint64_t count, size;
	int status = cursor_string(cursor, system, sizeof(system));

	if (status == 0)
		status = cursor_number(cursor, 4, &count);
	while (status == 0 && count--) {
		char *text;

		status = cursor_text(cursor, 8, FORMAT_MAX, &text, &size);
		if (status < 0)
			break;
		status = recording->take_format(recording->context, system, text, cursor->err);
		free(text);
	}
	return status;
}

int recording_formats(struct recording *recording, struct cursor *cursor)
{
	uint64_t count;
	int status = cursor_number(cursor, 4, &count);

	while (status == 0 && count--)
		status = take_system(recording, cursor);
	return status;
}

/* Events of ftrace itself: no plan has any. */
static int skip_ftrace(struct cursor *cursor)
{
	uint64_t count;
	int status = cursor_number(cursor, 4, &count);

	while (status == 0 && count--)
		status = cursor_skip_text(cursor, 8);
	return status;
}

int recording_kallsyms_section(struct recording *recording, struct cursor *cursor)
{
	uint64_t size;

	return cursor_text(cursor, 4, RECORDING_TEXT_MAX, &recording->kallsyms, &size);
}

int recording_cmdline_section(struct recording *recording, struct cursor *cursor)
{
	uint64_t size;

	free(recording->cmdlines);
	return cursor_text(cursor, 8, RECORDING_TEXT_MAX, &recording->cmdlines, &size);
}

static int add_stream(struct recording *recording, struct cursor *cursor,
		      const struct stream *stream, uint64_t cpu, unsigned buffer)
{
	size_t count = recording->stream_count + 1;
	struct recording_stream *described;
	struct stream *streams;

	if (!stream->size)
		return 0;
	if (stream->at > cursor->file_size || stream->size > cursor->file_size - stream->at)
		return error_set(cursor->err, EBADMSG,
				 "it is cut short, or damaged: the pages of CPU %llu are bytes "
				 "%llu to %llu, and it has %llu",
				 (unsigned long long)cpu, (unsigned long long)stream->at,
				 (unsigned long long)stream->at + stream->size,
				 (unsigned long long)cursor->file_size);
	if (recording->largest_page < stream->page_size)
		recording->largest_page = stream->page_size;
	recording->pages_size += stream->size;
	if (recording->pages_size > cursor->file_size)
		return cursor_damaged(cursor, "pages that are those of two CPUs");
	if (cpu >= CPUS_MAX || count * recording->largest_page > PAGES_MEMORY_MAX)
		return cursor_damaged(cursor, "more CPUs than there are");
	streams = realloc(recording->streams, count * sizeof(*streams));
	if (streams)
		recording->streams = streams;
	described = realloc(recording->described, count * sizeof(*described));
	if (described)
		recording->described = described;
	if (!streams || !described)
		return error_errno(cursor->err, ENOMEM, "recording");
	streams[count - 1] = *stream;
	described[count - 1] = (struct recording_stream){ .cpu = (int)cpu,
							  .buffer = buffer,
							  .bytes = stream->size };
	recording->stream_count = count;
	return 0;
}

/* "local [mono] boot": the one that was used. */
static void take_clock(struct recording *recording, const char *text)
{
	const char *at = strchr(text, '[');
	size_t length;

	at = at ? at + 1 : text;
	length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (!recording->clock[0] && length < sizeof(recording->clock))
		snprintf(recording->clock, sizeof(recording->clock), "%.*s", (int)length, at);
}

static int add_stats(struct recording *recording, struct cursor *cursor, const char *text)
{
	size_t length = strlen(text);
	char *longer;

	if (recording->stats_size + length + 1 > STATS_MAX)
		return cursor_damaged(cursor, "more statistics than there are CPUs");
	longer = realloc(recording->stats, recording->stats_size + length + 2);
	if (!longer)
		return error_errno(cursor->err, ENOMEM, "recording");
	recording->stats = longer;
	snprintf(longer + recording->stats_size, length + 2, "%s\n", text);
	recording->stats_size += length + 1;
	return 0;
}

/* Microseconds from its clock to CLOCK_REALTIME. */
static void take_date(struct recording *recording, const char *text)
{
	char *end;
	long long us;

	errno = 0;
	us = strtoll(text, &end, 0);
	recording->has_date = !errno && end != text &&
			      !__builtin_mul_overflow((int64_t)us, 1000, &recording->date_ns);
}

/* Version 6 tells where an instance's table is; version 7 has the table here. */
static int take_buffer(struct recording *recording, struct cursor *cursor)
{
	uint64_t table, page_size, cpus, cpu;
	char name[RECORDING_STRING_MAX], clock[RECORDING_STRING_MAX];
	unsigned buffer = (unsigned)recording->buffer_count;
	int status = cursor_number(cursor, 8, &table);

	if (status == 0)
		status = cursor_string(cursor, name, sizeof(name));
	if (status < 0)
		return status;
	if (buffer == RECORDING_BUFFERS_MAX)
		return cursor_damaged(cursor, "more than %d instances", RECORDING_BUFFERS_MAX);
	recording->tables[recording->buffer_count++] = table;
	if (recording->version == 6)
		return 0;
	status = cursor_string(cursor, clock, sizeof(clock));
	if (status == 0)
		status = cursor_number(cursor, 4, &page_size);
	if (status == 0)
		status = cursor_number(cursor, 4, &cpus);
	if (status != 0)
		return status;
	take_clock(recording, clock);
	if (page_size < 512 || page_size > PAGE_SIZE_MAX)
		return cursor_damaged(cursor, "pages of %llu bytes", (unsigned long long)page_size);
	while (cpus-- && status == 0) {
		struct stream stream = { .page_size = page_size };

		status = cursor_number(cursor, 4, &cpu);
		if (status == 0)
			status = cursor_number(cursor, 8, &stream.at);
		if (status == 0)
			status = cursor_number(cursor, 8, &stream.size);
		if (status == 0)
			status = add_stream(recording, cursor, &stream, cpu, buffer);
	}
	return status;
}

static int note_section(struct cursor *cursor, uint64_t *section)
{
	return cursor_number(cursor, 8, section);
}

static int take_option_text(struct recording *recording, struct cursor *cursor, uint64_t id,
			    char *text, uint64_t size)
{
	switch (id) {
	case OPTION_DATE:
		take_date(recording, text);
		break;
	case OPTION_CPUSTAT:
		return add_stats(recording, cursor, text);
	case OPTION_TRACECLOCK:
		take_clock(recording, text);
		break;
	case OPTION_UNAME:
		free(recording->uname);
		recording->uname = strdup(text);
		if (!recording->uname)
			return error_errno(cursor->err, ENOMEM, "recording");
		break;
	case RECORDING_OPTION_SCENE:
		free(recording->scene);
		recording->scene = malloc(size + 1);
		if (!recording->scene)
			return error_errno(cursor->err, ENOMEM, "recording");
		/* Not as a string: it may have NUL bytes. */
		memcpy(recording->scene, text, size);
		recording->scene_size = size;
		break;
	}
	return 0;
}

/* One option, of which `cursor` is the whole. */
static int take_option(struct recording *recording, struct cursor *cursor, uint64_t id)
{
	uint64_t size = cursor->end - cursor->at;
	char *text;
	int status;

	switch (id) {
	case OPTION_BUFFER:
		return take_buffer(recording, cursor);
	case OPTION_CPUCOUNT:
		return cursor_number(cursor, 4, &recording->cpus);
	case OPTION_HEADER_INFO:
		return note_section(cursor, &recording->sections.headers);
	case OPTION_EVENT_FORMATS:
		return note_section(cursor, &recording->sections.formats);
	case OPTION_KALLSYMS:
		return note_section(cursor, &recording->sections.kallsyms);
	case OPTION_CMDLINES:
		return note_section(cursor, &recording->sections.cmdlines);
	case OPTION_DATE:
	case OPTION_CPUSTAT:
	case OPTION_TRACECLOCK:
	case OPTION_UNAME:
	case RECORDING_OPTION_SCENE:
		status = cursor_bytes(cursor, size, RECORDING_TEXT_MAX, &text);
		if (status == 0)
			status = take_option_text(recording, cursor, id, text, size);
		free(text);
		return status;
	default:
		return 0;
	}
}

/* Options up to the one that ends them. In version 7 it tells where more are. */
int recording_options(struct recording *recording, struct cursor *cursor, uint64_t *more)
{
	uint64_t id, size;
	int status;

	*more = 0;
	for (;;) {
		struct cursor option;

		status = cursor_number(cursor, 2, &id);
		if (status < 0 || (id == OPTION_DONE && recording->version == 6))
			return status;
		status = cursor_number(cursor, 4, &size);
		if (status < 0)
			return status;
		option = *cursor;
		status = cursor_skip(cursor, size);
		if (status < 0)
			return status;
		option.end = option.at + size;
		if (id == OPTION_DONE)
			return cursor_number(&option, 8, more);
		status = take_option(recording, &option, id);
		if (status < 0)
			return status;
	}
}

/* --- version 6 ---------------------------------------------------------------- */

static int take_table(struct recording *recording, struct cursor *cursor, unsigned buffer)
{
	char kind[10];
	uint64_t more;
	int status = cursor_take(cursor, kind, sizeof(kind));

	if (status == 0 && memcmp(kind, "options", 7) == 0) {
		status = recording_options(recording, cursor, &more);
		if (status == 0)
			status = cursor_take(cursor, kind, sizeof(kind));
	}
	if (status < 0)
		return status;
	if (memcmp(kind, "flyrecord", 9) != 0)
		return error_set(cursor->err, ENOTSUP, "it holds no records");
	if (recording->cpus > CPUS_MAX)
		return cursor_damaged(cursor, "%llu CPUs", (unsigned long long)recording->cpus);
	for (uint64_t cpu = 0; cpu < recording->cpus && status == 0; cpu++) {
		struct stream stream = { .page_size = recording->page_size };

		status = cursor_number(cursor, 8, &stream.at);
		if (status == 0)
			status = cursor_number(cursor, 8, &stream.size);
		if (status == 0)
			status = add_stream(recording, cursor, &stream, cpu, buffer);
	}
	return status;
}

static int read_version_6(struct recording *recording, struct cursor *cursor)
{
	int status = recording_headers(recording, cursor);

	if (status == 0)
		status = skip_ftrace(cursor);
	if (status == 0)
		status = recording_formats(recording, cursor);
	if (status == 0)
		status = recording_kallsyms_section(recording, cursor);
	if (status == 0)
		status = cursor_skip_text(cursor, 4); /* trace_printk() */
	if (status == 0)
		status = recording_cmdline_section(recording, cursor);
	if (status == 0)
		status = cursor_number(cursor, 4, &recording->cpus);
	recording->buffer_count = 1;
	if (status == 0)
		status = take_table(recording, cursor, 0);
	for (size_t i = 1; i < recording->buffer_count && status == 0; i++) {
		size_t instances = recording->buffer_count;

		if (recording->tables[i] > cursor->end)
			return cursor_short(cursor);
		cursor->at = recording->tables[i];
		status = take_table(recording, cursor, (unsigned)i);
		if (status == 0 && recording->buffer_count != instances)
			status = cursor_damaged(cursor, "instances within an instance");
	}
	return status;
}

/* --- the whole ------------------------------------------------------------------ */

int recording_open(struct recording **out, int fd, recording_taker *taker, void *context,
		   struct error *err)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	struct cursor cursor = { .fd = fd, .err = err };
	struct stat info;
	int status;

	*out = NULL;
	if (!recording)
		return error_errno(err, ENOMEM, "recording");
	recording->fd = fd;
	recording->take_format = taker;
	recording->context = context;
	recording->stats = calloc(1, 1);
	status = recording->stats ? 0 : error_errno(err, ENOMEM, "recording");
	if (status == 0 && fstat(fd, &info) < 0)
		status = error_errno(err, errno, "it cannot be read");
	if (status == 0 && !S_ISREG(info.st_mode))
		status = error_set(err, EINVAL,
				   S_ISDIR(info.st_mode) ? "it is a directory"
							 : "it is no regular file");
	if (status == 0) {
		cursor.end = cursor.file_size = (uint64_t)info.st_size;
		status = take_initial(recording, &cursor);
	}
	if (status == 0)
		status = recording->version == 6 ? read_version_6(recording, &cursor)
						 : recording_read_sections(recording, &cursor);
	if (status) {
		recording_close(recording);
		return status;
	}
	*out = recording;
	return 0;
}

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	for (size_t i = 0; i < recording->stream_count; i++)
		free(recording->streams[i].unpacked);
	free(recording->streams);
	free(recording->described);
	free(recording->uname);
	free(recording->kallsyms);
	free(recording->cmdlines);
	free(recording->stats);
	free(recording->scene);
	free(recording);
}

const struct recording_stream *recording_streams(const struct recording *recording, size_t *count)
{
	*count = recording->stream_count;
	return recording->described;
}

size_t recording_page_size(const struct recording *recording)
{
	return recording->largest_page;
}

int recording_long_size(const struct recording *recording)
{
	return recording->long_size;
}

const char *recording_clock(const struct recording *recording)
{
	return recording->clock;
}

const char *recording_uname(const struct recording *recording)
{
	return recording->uname ? recording->uname : "";
}

const char *recording_cmdlines(const struct recording *recording)
{
	return recording->cmdlines ? recording->cmdlines : "";
}

const char *recording_kallsyms(const struct recording *recording)
{
	return recording->kallsyms ? recording->kallsyms : "";
}

const char *recording_stats(const struct recording *recording)
{
	return recording->stats;
}

const char *recording_scene(const struct recording *recording, size_t *size)
{
	*size = recording->scene_size;
	return recording->scene;
}

bool recording_date(const struct recording *recording, int64_t *offset_ns)
{
	*offset_ns = recording->date_ns;
	return recording->has_date;
}

const struct error *recording_error(const struct recording *recording)
{
	return &recording->err;
}
