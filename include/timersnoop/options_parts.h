/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options_parts: what options is put together from. For its sources alone. */
#ifndef TIMERSNOOP_OPTIONS_PARTS_H
#define TIMERSNOOP_OPTIONS_PARTS_H

#include "timersnoop/options.h"

/* Options that have no letter. */
enum {
	OPT_RUN_AS = 256,
	OPT_FORMAT,
	OPT_JSON,
	OPT_STRACE,
	OPT_TIME,
	OPT_NO_HEADER,
	OPT_COLOR,
	OPT_DRY_RUN,
	OPT_BUFFER_SIZE,
	OPT_LOSS_STATUS,
	OPT_CLEANUP,
	OPT_LIVES,
	OPT_TOCTOU,
	OPT_ENTRY,
	OPT_PRINT,
	OPT_RING,
	OPT_WHERE,
	OPT_FIELDS,
	OPT_BY,
	OPT_SORT,
	OPT_TOP,
	OPT_INTERVAL,
	OPT_LIVE,
	OPT_HIST,
	OPT_FAIL_ON,
	OPT_EXPECT,
	OPT_UNTIL,
	OPT_LIMIT,
	OPT_AGGREGATE,
	OPT_CALLBACK,
	OPT_CPU,
	OPT_CALLERS,
	OPT_WAKEUPS,
	OPT_KERNEL,
};

struct parser {
	struct options *options;
	struct error *err;
	char *free_storage; /* what is left of options->storage */
	char typed[64];     /* the option at hand, as it was typed: "-p", "--pid" */
	uint64_t seen;      /* which of long_options, a bit each */
	bool word;          /* the command's name was given */
	bool report;        /* it was "report" */
	bool file_next;     /* it was "report": the next word is a recording */
	bool time_given;
	bool format_given;
};

/* "OPTION takes WANTED, not 'GIVEN'" */
int options_wrong_value(struct parser *parser, const char *wanted, const char *given);
/* Takes one option and its argument, or NULL: 0 or -EINVAL. */
int options_set(struct parser *parser, int opt, const char *arg);

/* The name of the first of these that was given, in the order of --help; or NULL. 0 ends them. */
const char *options_given(const struct parser *parser, const int *options);
/* What is about figures, of stat and of kernel. */
extern const int options_of_figures[];

/* --- pieces of values ---------------------------------------------------------------- */

/* Digits only: no sign, no space, nothing behind. */
bool options_read_number(const char *text, uint64_t min, uint64_t max, uint64_t *number);
/* Adds `item` to a list of OPTION_LIST_MAX, unless it is there. */
int options_add_text(struct parser *parser, const char **list, size_t *count, const char *item);

/* --- the kernel's own timers (options_kernel.c) ------------------------------------- */

/* Items of -e, --by, --hist, --callback and --cpu. */
int options_add_kernel_events(struct parser *parser, const char *item);
int options_add_kernel_by(struct parser *parser, const char *item);
int options_add_kernel_histogram(struct parser *parser, const char *item);
int options_add_callback(struct parser *parser, const char *item);
int options_add_cpus(struct parser *parser, const char *item);

/* What was not given, once all is read. */
void options_settle_kernel(struct options *options);
/* Which options go with the kernel's own timers, and which with these alone: 0 or -EINVAL. */
int options_check_kernel(struct parser *parser);

#endif
