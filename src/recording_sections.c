/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Version 7: the same parts as of version 6, in sections that options tell of. */
#include <errno.h>
#include <stdlib.h>

#include "timersnoop/recording_parts.h"

/* Sections of options. */
#define SECTIONS_MAX 256

/* Opens the section at `at`: its content, decompressed into *memory where need be. */
static int open_section(struct recording *recording, struct cursor *file, uint64_t at,
			uint64_t wanted, struct cursor *section, char **memory)
{
	uint64_t id, flags, name, size, packed, unpacked = 0;
	char *bytes = NULL;
	int status;

	*memory = NULL;
	*section = *file;
	if (at > file->end)
		return cursor_short(file);
	section->at = at;
	status = cursor_number(section, 2, &id);
	if (status == 0)
		status = cursor_number(section, 2, &flags);
	if (status == 0)
		status = cursor_number(section, 4, &name);
	if (status == 0)
		status = cursor_number(section, 8, &size);
	if (status != 0)
		return status;
	if (id != wanted)
		return cursor_damaged(section, "section %llu instead of %llu",
				      (unsigned long long)id, (unsigned long long)wanted);
	if (!(flags & 1)) {
		if (size > section->end - section->at)
			return cursor_short(section);
		section->end = section->at + size;
		return 0;
	}
	status = cursor_number(section, 4, &packed);
	if (status == 0)
		status = cursor_number(section, 4, &unpacked);
	/* Of all of them together, as one may be told of several times. */
	recording->sections_size += unpacked;
	if (status == 0 && recording->sections_size > RECORDING_TEXT_MAX)
		status = cursor_damaged(section, "a section of %llu bytes",
					(unsigned long long)unpacked);
	if (status == 0)
		status = cursor_bytes(section, packed, RECORDING_TEXT_MAX, &bytes);
	if (status == 0) {
		*memory = malloc(unpacked + 1);
		status = *memory ? recording_unpack(recording->packing, bytes, packed, *memory,
						    unpacked)
				 : -ENOMEM;
		if (status < 0)
			cursor_damaged(section, "a section cannot be decompressed");
	}
	free(bytes);
	section->memory = *memory;
	section->at = 0;
	section->end = unpacked;
	return status;
}

static int read_section(struct recording *recording, struct cursor *file, uint64_t at, uint64_t id,
			int (*read)(struct recording *recording, struct cursor *section))
{
	struct cursor section;
	char *memory;
	int status;

	if (!at)
		return cursor_damaged(file, "it has no section %llu", (unsigned long long)id);
	status = open_section(recording, file, at, id, &section, &memory);
	if (status == 0)
		status = read(recording, &section);
	free(memory);
	return status;
}

/* Behind the pages' own section header there may be a mark that they are compressed. */
static int mark_streams(struct recording *recording, struct cursor *file)
{
	for (size_t i = 0; i < recording->stream_count; i++) {
		struct stream *stream = &recording->streams[i];
		struct cursor section = *file;
		uint64_t id, flags;
		int status;

		section.at = recording->tables[recording->described[i].buffer];
		if (section.at > section.end)
			return cursor_short(file);
		status = cursor_number(&section, 2, &id);
		if (status == 0)
			status = cursor_number(&section, 2, &flags);
		if (status != 0)
			return status;
		if (id != OPTION_BUFFER)
			return cursor_damaged(&section, "no section of pages");
		if (!(flags & 1))
			continue;
		/* The number of its chunks is not counted in its size. */
		stream->packed = true;
		stream->size += sizeof(uint32_t);
		if (stream->size > file->file_size - stream->at)
			return cursor_short(file);
	}
	return 0;
}

static int take_packing(struct recording *recording, struct cursor *cursor)
{
	char name[32], version[64];
	int status = cursor_string(cursor, name, sizeof(name));

	if (status == 0)
		status = cursor_string(cursor, version, sizeof(version));
	if (status < 0)
		return status;
	recording->packing = recording_packing(name);
	if (recording->packing == PACKING_UNKNOWN)
		return error_set(cursor->err, ENOTSUP,
				 "it is compressed in a way that is not known here");
	return 0;
}

int recording_read_sections(struct recording *recording, struct cursor *cursor)
{
	uint64_t at;
	int status = take_packing(recording, cursor);

	if (status == 0)
		status = cursor_number(cursor, 8, &at);
	for (int i = 0; status == 0 && at; i++) {
		struct cursor section;
		char *memory;

		if (i == SECTIONS_MAX)
			return cursor_damaged(cursor, "its options go round in a circle");
		status = open_section(recording, cursor, at, 0, &section, &memory);
		if (status == 0)
			status = recording_options(recording, &section, &at);
		free(memory);
	}
	if (status == 0)
		status = read_section(recording, cursor, recording->sections.headers,
				      OPTION_HEADER_INFO, recording_headers);
	if (status == 0)
		status = read_section(recording, cursor, recording->sections.formats,
				      OPTION_EVENT_FORMATS, recording_formats);
	if (status == 0 && recording->sections.kallsyms)
		status = read_section(recording, cursor, recording->sections.kallsyms,
				      OPTION_KALLSYMS, recording_kallsyms_section);
	if (status == 0 && recording->sections.cmdlines)
		status = read_section(recording, cursor, recording->sections.cmdlines,
				      OPTION_CMDLINES, recording_cmdline_section);
	return status ? status : mark_streams(recording, cursor);
}
