/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_text, out_strace, out_json, out_csv, out_tsv: finished values -> bytes. Every
 * format takes the same values, so that each shows the same facts.
 */
#ifndef TIMERSNOOP_OUT_H
#define TIMERSNOOP_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/calls.h"
#include "timersnoop/sink.h"
#include "timersnoop/tasks.h"
#include "timersnoop/timers.h"

struct fields_chosen; /* fields.h */
struct life;          /* lives.h */

enum out_format { OUT_TEXT, OUT_STRACE, OUT_JSON, OUT_CSV, OUT_TSV };

/* How times are shown in text. JSON and CSV always carry wall and mono. */
enum out_time {
	TIME_WALL,     /* local time of day, 12:00:00.123456 */
	TIME_MONO,     /* CLOCK_MONOTONIC seconds, 9 decimals */
	TIME_RELATIVE, /* seconds since tracing began, 6 decimals */
	TIME_NONE,     /* no such column */
};

#define OUT_COLUMNS_MAX 24
#define OUT_CACHE_CALLERS 64
#define OUT_CALLER_MAX 192
#define OUT_SUBJECT_MAX 320

/*
 * What earlier lines leave to later ones: how wide the columns have become, the
 * part of wall times that changes once a second, and callers, by tid. Zeroed before its first use;
 * belongs to whoever owns the style, for this one style.
 */
struct out_cache {
	uint8_t widths[OUT_COLUMNS_MAX]; /* text: columns that a field has widened */
	struct out_second {
		int64_t begin_ns; /* of the second, since 1970 */
		uint32_t length;  /* 0: nothing here */
		char text[24];    /* 2026-11-21T12:00:00. */
	} utc, local;
	struct out_known_caller {
		struct caller caller;
		uint32_t length; /* 0: nothing here */
		char text[OUT_CALLER_MAX];
	} callers[OUT_CACHE_CALLERS];
	/* JSON: who called, and with which arguments. */
	struct out_known_subject {
		struct out_subject {
			struct caller caller;
			int cpu;
			enum event event;
			enum call_abi abi;
			int32_t timer_id, clock;
			uint32_t flags, seconds;
			uint32_t has; /* its id, arguments and pointers, a bit each */
			uint64_t new_ptr, old_ptr;
		} subject;
		uint32_t length; /* 0: nothing here */
		char text[OUT_SUBJECT_MAX];
	} subjects[OUT_CACHE_CALLERS];
};

struct out_style {
	enum out_format format;
	enum out_time time;
	bool wide;               /* text: more columns, past 80 */
	bool color;              /* text: ANSI colours */
	bool null;               /* TSV: every field ends with a NUL */
	bool terminal;           /* CSV and TSV: no byte of a name may command it */
	bool header;             /* text, CSV and TSV: a first line with the columns' names */
	bool lives;              /* nothing but lives is written, so it is theirs */
	int64_t wall_offset_ns;  /* CLOCK_REALTIME minus the trace clock */
	bool no_wall;            /* that is not known: JSON and CSV have no `time` then */
	uint64_t start_ns;       /* CLOCK_MONOTONIC when tracing began */
	struct out_cache *cache; /* may be NULL: slower */
	const struct fields_chosen *fields; /* CSV, TSV, JSON: these alone; NULL: as usual */
};

/* No CPU: what others did to all of the trace. */
#define LOSS_ANYWHERE (-1)

/* Records that the ring buffer lost. */
struct loss {
	int cpu;      /* or LOSS_ANYWHERE */
	bool counted; /* false: some, nobody knows how many */
	uint64_t records;
	uint64_t ts; /* trace clock of the first record after it; 0 at the end of the trace */
};

/* One vtable per format; each call writes whole lines, or nothing. */
struct out {
	uint32_t events; /* that this notation has lines for, a bit each (events.h) */
	void (*header)(struct sink *sink, const struct out_style *style);
	void (*call)(struct sink *sink, const struct out_style *style, const struct caller *caller,
		     const struct call *call);
	void (*occurrence)(struct sink *sink, const struct out_style *style,
			   const struct caller *caller, const struct occurrence *occurrence);
	/* Is there a line for it? NULL: for each of `events`. */
	bool (*shows)(const struct occurrence *occurrence);
	/* One timer's figures: a block in text; one object, one row in JSON and
	 * CSV. NULL in strace's notation, which has nothing for it. */
	void (*life)(struct sink *sink, const struct out_style *style, const struct life *life);
	void (*lost)(struct sink *sink, const struct out_style *style, const struct loss *loss);
};

extern const struct out out_text, out_strace, out_json, out_csv, out_tsv;
/* JSON with style->fields. */
extern const struct out out_json_fields;

/* The vtable of a style's format. */
const struct out *out_for(const struct out_style *style);

/*
 * What the formats share; all write as line.h does. `ns` is a time of the
 * trace clock.
 */

/* 2026-11-21T12:00:00.123456789Z */
char *out_utc(char *at, const struct out_style *style, uint64_t ns);
/* As style->time says; nothing for TIME_NONE. TIME_RELATIVE is right-aligned in `width`. */
char *out_time(char *at, const struct out_style *style, uint64_t ns, size_t width);
/* What `write` writes of a caller (OUT_CALLER_MAX bytes at most), from the cache when there. */
typedef char *out_caller_writer(char *at, const struct out_style *style,
				const struct caller *caller);
char *out_caller(char *at, const struct out_style *style, const struct caller *caller,
		 out_caller_writer *write);
/* "EINVAL" for -22; the digits of an error without a name. */
char *out_error(char *at, int64_t ret);
/* False when a half of the call was not seen. */
bool out_duration(const struct call *call, int64_t *ns);
/* "kernel" or "user"; NULL for FROM_NONE. */
const char *out_source(enum value_source from);
/* "# lost 12 records on CPU 1\n" */
char *out_loss(char *at, const struct loss *loss);

/* What calls of one kind have. */
struct out_form {
	bool creates;                  /* a clock, and its timer is known by its return only */
	bool sets;                     /* a new value, and the old one */
	bool reads;                    /* old_value is the current value */
	bool has_new, has_old;         /* pointers */
	const struct flag_name *flags; /* NULL: none */
};
extern const struct out_form out_forms[EVENT_CALLS];

/* Is timer_id known? */
bool out_has_id(const struct call *call);

/* How a timer tells of its expiries. */
struct out_sigevent {
	const char *from; /* "kernel", "default"; NULL: nothing is known */
	int32_t notify;
	int32_t signo;
	bool has_tid;
	int32_t tid;
	bool has_value;
	uint64_t value;
};
/* Of a timer_create: the default one is spelled out. */
struct out_sigevent out_sigevent(const struct call *call);
/* The same for one that is known. */
struct out_sigevent out_sigevent_seen(const struct sigevent_seen *seen);

/* --toctou: was the caller's memory read, and what enum call_changed is called. */
bool out_toctou(const struct call *call);
extern const struct flag_name out_changes[];

/* "user" or "kernel"; NULL when not known. */
const char *out_armed_by(enum armed_by armed_by);
/* "CLOCK_MONOTONIC", see timerspec_clock */
char *out_clock(char *at, int32_t clock);
/* "SIGUSR1", see timerspec_signal */
char *out_signal(char *at, int32_t signo);
/* "ITIMER_REAL", or the number that is none of them */
char *out_which(char *at, int32_t which);
/* "SIGEV_SIGNAL", or the number that is none of them */
char *out_notify(char *at, int32_t notify);

/*
 * What one format needs for lines of every kind. A comm is any bytes but NUL
 * and becomes at most 6 times as long.
 */

/* A text field: octal for what could make fields or command a terminal; "-" when empty. */
char *out_text_name(char *at, const char *comm);
/* The characters inside a JSON string. */
char *out_json_string(char *at, const char *text);
/* ,"flags":1,"flag_names":["TIMER_ABSTIME"] */
char *out_json_flags(char *at, const struct flag_name *names, uint32_t flags);
/* {"sec":1,"nsec":0} */
char *out_json_timerspec(char *at, struct timerspec ts);
/* A CSV field, quoted where needed. */
char *out_csv_text(char *at, const char *text);
/* The same of a name, as the style has it; at most 6 times as long. */
char *out_csv_name(char *at, const struct out_style *style, const char *text);
/* With nothing around it, for a field that ends with a NUL. */
char *out_null_name(char *at, const struct out_style *style, const char *text);
/* A TSV field: see out_rows.h. */
char *out_tsv_name(char *at, const struct out_style *style, const char *text);

#endif
