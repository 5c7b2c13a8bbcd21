/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: argv -> one struct. Pure: nothing is looked up, opened or printed.
 */
#ifndef TIMERSNOOP_OPTIONS_H
#define TIMERSNOOP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/findings.h"
#include "timersnoop/histogram.h"
#include "timersnoop/kernel_events.h"
#include "timersnoop/out.h"
#include "timersnoop/stats.h"

enum command {
	COMMAND_TRACE,
	COMMAND_RECORD,
	COMMAND_STAT,
	COMMAND_KERNEL,
	COMMAND_DOCTOR,
	COMMAND_LIST,
	COMMAND_CLEANUP, /* --cleanup */
	COMMAND_HELP,    /* --help, or "help" */
	COMMAND_VERSION,
};

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Who counts, of COMMAND_STAT and of COMMAND_KERNEL's tables. */
enum aggregate { AGGREGATE_AUTO, AGGREGATE_KERNEL, AGGREGATE_USER };

#define OPTION_LIST_MAX 64

/* CPUs that --cpu can name: from 0 on. */
#define OPTION_CPUS_MAX 1024
#define OPTION_CPU_WORDS (OPTION_CPUS_MAX / 64)

struct options {
	enum command command;

	/* from where, and to where, besides what is shown */
	const char *input;      /* a recording, "-" for standard input; NULL: this machine */
	uint32_t probed_events; /* COMMAND_RECORD: what is recorded, a bit each */
	bool probed_lives;
	bool print;          /* --print: shows it, too */
	uint64_t ring_bytes; /* --ring: keep the last so many; 0: all */
	int64_t ring_ns;     /* or of the last so long */

	/* which */
	int32_t pids[OPTION_LIST_MAX];
	size_t pid_count;
	const char *names[OPTION_LIST_MAX]; /* comm, one each; point into storage */
	size_t name_count;
	const char *users[OPTION_LIST_MAX]; /* names or numbers, not yet looked up */
	size_t user_count;
	bool failed;
	uint32_t events;         /* which are shown, a bit each (events.h); 0 with lives alone */
	bool default_events;     /* they are what is shown unless told otherwise */
	bool lives;              /* --lives: one account a timer; lines only with -e */
	bool toctou;             /* --toctou: compare the caller's memory, too */
	bool entry;              /* --entry: probe the entry of every call */
	char **argv;             /* COMMAND and its arguments, NULL-terminated; or NULL */
	bool run_as;             /* --run-as was given */
	const char *run_as_user; /* NULL: the user who called sudo */

	/* the kernel's own timers */
	bool kernel;                            /* COMMAND_KERNEL, or COMMAND_RECORD --kernel */
	uint32_t kernel_events;                 /* a bit each (kernel_events.h); 0: figures */
	bool callers;                           /* --callers: which function armed it, too */
	bool wakeups;                           /* --wakeups, or what of -e needs it */
	uint32_t kernel_by;                     /* KERNEL_BY_*: what a row of figures is for */
	const char *callbacks[OPTION_LIST_MAX]; /* names, '*' is any text; into storage */
	size_t callback_count;
	uint64_t cpus[OPTION_CPU_WORDS]; /* --cpu: a bit each; only if cpus_given */
	bool cpus_given;

	const char *where; /* a condition (expr.h) on what is shown; or NULL */

	/* how long */
	uint64_t count;      /* 0: no limit; of figures, tables */
	int64_t duration_ns; /* 0: no limit */
	const char *until;   /* figures: a condition on all there is that ends it; or NULL */

	/* figures: COMMAND_STAT, and COMMAND_KERNEL without kernel_events */
	enum stat_by by; /* COMMAND_STAT; the kernel's is kernel_by */
	bool by_given;
	const char *sort; /* a field; NULL: the most active first */
	uint64_t top;     /* so many rows; 0: all */
	bool top_given;
	int64_t interval_ns; /* a table so often; 0: one, at the end */
	bool live;           /* that takes the place of the one before */
	uint32_t histograms; /* a bit each (histogram.h; the kernel's: kernel_histogram_of) */
	uint32_t fail_on;    /* findings that make the status 5, a bit each */
	struct finding_limits limits;
	const char *expects[OPTION_LIST_MAX]; /* conditions on all there is */
	size_t expect_count;
	enum aggregate aggregate;

	/* output */
	const char *output; /* NULL: standard output; of COMMAND_RECORD, the recording */
	enum out_format format;
	enum out_time time;
	const char *fields; /* by name, with ',' between; NULL: those of the format */
	bool null;          /* every field ends with a NUL */
	bool wide;
	bool header;
	enum color_choice color;
	bool quiet;
	int verbose;
	bool dry_run;

	/* under it */
	uint64_t buffer_bytes; /* ring buffer of each CPU */
	int loss_status;       /* exit status for incomplete data; -1: the usual rule */

	char *storage; /* owns the split lists */
};

/*
 * Reads the command line. On 0 the caller frees with options_free; on
 * -EINVAL (wrong usage) or -ENOMEM `err` says what and nothing is held.
 * Strings point into argv or into storage.
 */
int options_parse(struct options *options, int argc, char **argv, struct error *err);
void options_free(struct options *options);

/*
 * What options_parse asks last: does what `list`, a trace, a recording or a replay is to do go
 * together? 0, or -EINVAL and `err`.
 */
int options_check(const struct options *options, struct error *err);

/* --fields help or --where help: the fields there are is all that is asked for. */
bool options_ask_fields(const struct options *options);

/* The text of --help. */
extern const char options_help[];

#endif
