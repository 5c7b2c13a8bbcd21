/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording_parts: names of trace-cmd.dat.v6(5) and .v7(5), and a recording that
 * is read. For recording's sources alone.
 */
#ifndef TIMERSNOOP_RECORDING_PARTS_H
#define TIMERSNOOP_RECORDING_PARTS_H

#include "timersnoop/recording.h"

#define RECORDING_MAGIC "\x17\x08\x44tracing"

enum recording_option {
	OPTION_DONE = 0,
	OPTION_DATE = 1,
	OPTION_CPUSTAT = 2,
	OPTION_BUFFER = 3,
	OPTION_TRACECLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_CPUCOUNT = 8,
	OPTION_VERSION = 9,
	/* version 7: where sections are */
	OPTION_HEADER_INFO = 16,
	OPTION_EVENT_FORMATS = 18,
	OPTION_KALLSYMS = 19,
	OPTION_CMDLINES = 21,
};

/* No recording of a sane size comes near these: one text, or one section that is
 * compressed; and one name. */
#define RECORDING_TEXT_MAX (64ULL << 20)
#define RECORDING_STRING_MAX 4096

enum recording_packing { PACKING_NONE, PACKING_ZSTD, PACKING_ZLIB, PACKING_UNKNOWN };

/* A place in the file, or in what was decompressed of it. */
struct cursor {
	int fd;
	const char *memory;
	uint64_t at, end;
	uint64_t file_size;
	struct error *err;
};

/* All return 0, or -errno with cursor->err filled. */
int cursor_damaged(struct cursor *cursor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int cursor_short(struct cursor *cursor);
int cursor_take(struct cursor *cursor, void *buffer, uint64_t size);
int cursor_skip(struct cursor *cursor, uint64_t size);
/* A number of 1, 2, 4 or 8 bytes; 0 when there is none. */
int cursor_number(struct cursor *cursor, size_t size, uint64_t *value);
/* A string that ends with NUL, of `size` bytes at most. */
int cursor_string(struct cursor *cursor, char *text, size_t size);
/* So many bytes, as a string, which the caller frees; NULL when there are not. */
int cursor_bytes(struct cursor *cursor, uint64_t size, uint64_t max, char **text);
/* The same with their number before them, in `width` bytes. */
int cursor_text(struct cursor *cursor, size_t width, uint64_t max, char **text, uint64_t *size);
int cursor_skip_text(struct cursor *cursor, size_t width);
/* Just these bytes. */
int cursor_expect(struct cursor *cursor, const char *bytes, size_t size);

/* The pages of one CPU. */
struct stream {
	uint64_t at, size; /* in the file: what is left of them */
	size_t page_size;
	bool packed;
	bool begun;        /* the number of chunks was read: */
	uint64_t chunks;   /* so many are left */
	uint8_t *unpacked; /* the chunk at hand, and how far it was handed out */
	size_t unpacked_size, unpacked_at, unpacked_room;
};

struct recording {
	int fd;
	int version;
	int long_size;
	size_t page_size, largest_page;
	enum recording_packing packing;
	recording_taker *take_format;
	void *context;
	struct {
		uint64_t headers, formats, kallsyms, cmdlines;
	} sections; /* version 7: where they are; 0: nowhere */
	uint64_t cpus;
	uint64_t tables[RECORDING_BUFFERS_MAX];
	size_t buffer_count;
	struct stream *streams;
	struct recording_stream *described;
	size_t stream_count;
	uint64_t unpacked_memory; /* of all streams */
	char clock[32];
	char *uname, *kallsyms, *cmdlines, *stats, *scene;
	size_t scene_size, stats_size;
	uint64_t pages_size;    /* of all streams */
	uint64_t sections_size; /* unpacked, so far */
	bool has_date;
	int64_t date_ns;
	struct error err;
};

/* The parts of either version, recording_in.c: what `cursor` is the whole of. */
int recording_headers(struct recording *recording, struct cursor *cursor);
int recording_formats(struct recording *recording, struct cursor *cursor);
int recording_kallsyms_section(struct recording *recording, struct cursor *cursor);
int recording_cmdline_section(struct recording *recording, struct cursor *cursor);
/* Options up to the one that ends them. In version 7 it tells where more are, or 0. */
int recording_options(struct recording *recording, struct cursor *cursor, uint64_t *more);
/* recording_sections.c: version 7, behind its page size */
int recording_read_sections(struct recording *recording, struct cursor *cursor);

/* Exactly so many bytes from there: 0 or -errno, -EIO when there are fewer. */
int recording_pread(int fd, void *buffer, size_t size, uint64_t at);

enum recording_packing recording_packing(const char *name);
/* Exactly `unpacked_size` bytes out of `size`: 0, or -EBADMSG. */
int recording_unpack(enum recording_packing packing, const void *bytes, size_t size, void *unpacked,
		     size_t unpacked_size);

#endif
