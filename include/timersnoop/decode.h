/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode: the formats of events, resolved once into offsets; then a raw
 * record into a typed one. Pure: formats come in as text.
 */
#ifndef TIMERSNOOP_DECODE_H
#define TIMERSNOOP_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/probe_plan.h"
#include "timersnoop/timerspec.h"

/* One event as the kernel wrote it. `data` belongs to the page it lies on. */
struct raw_event {
	uint64_t ts; /* trace clock, ns */
	int cpu;
	const void *data;
	unsigned size;
};

enum record_kind {
	RECORD_ENTRY,  /* a system call entered */
	RECORD_COPY,   /* the kernel's own copy of the new value */
	RECORD_USER,   /* the caller's value, as it is about to be copied in */
	RECORD_OLD,    /* the kernel's old value, about to be written out */
	RECORD_RETURN, /* the system call returned */
	RECORD_NEW_TASK,
	RECORD_RENAME,
	RECORD_EXEC,
	RECORD_EXIT,
	RECORD_CREDS, /* the running task takes other credentials */
};

struct record {
	enum record_kind kind;
	uint64_t ts; /* trace clock, ns */
	int cpu;
	int32_t tid; /* common_pid: the running task */
	union {
		struct {
			enum call_abi abi;
			int32_t timer_id;
			uint32_t flags;
			uint64_t new_ptr;
			uint64_t old_ptr;
		} entry;
		struct {
			bool has_id;
			int32_t timer_id;
			uint32_t flags;
			struct itimerspec_seen value;
		} copy;
		struct itimerspec_seen user; /* FROM_NONE when it was not readable */
		struct itimerspec_seen old;
		struct {
			enum call_abi abi;
			int64_t ret;
		} ret;
		struct {
			int32_t tid; /* the task that was made, renamed, or its id before exec */
			bool thread; /* NEW_TASK: of the same process (CLONE_THREAD) */
			char comm[16];
			uint32_t uid; /* CREDS: the new real user id */
		} task;
	};
};

struct decoder;

/* `long_size` of the kernel that wrote the records: 4 or 8 bytes. */
struct decoder *decoder_new(int long_size);
void decoder_free(struct decoder *decoder);

/*
 * Learns one event from its format file's text. `use` is what its records
 * mean (probe_plan.h). -EINVAL, with the field named in `err`, when the format
 * lacks a field that the use needs. `abi` matters for entries and returns.
 */
int decoder_add(struct decoder *decoder, enum probe_use use, enum call_abi abi, const char *system,
		const char *format, struct error *err);

/*
 * 1 and *record; 0 for an event that was never added; -EBADMSG for one too
 * short for its own format.
 */
int decoder_read(const struct decoder *decoder, const struct raw_event *event,
		 struct record *record);

#endif
