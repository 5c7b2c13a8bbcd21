/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options and what their arguments mean. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/options_parts.h"
#include "timersnoop/timerspec.h"

#define KIB 1024ULL
#define BUFFER_MIN (64 * KIB)
#define BUFFER_MAX (KIB * KIB * KIB)

/* As linux/sched.h has it, without the NUL. */
#define NAME_BYTES 15

#define INTERVAL_MIN 10000000

#define RING_MIN (64 * KIB)
#define RING_MAX (1024 * BUFFER_MAX)

int options_wrong_value(struct parser *parser, const char *wanted, const char *given)
{
	return error_set(parser->err, EINVAL, "%s takes %s, not '%s'", parser->typed, wanted,
			 given);
}

bool options_read_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*number = value;
	return true;
}

struct choice {
	const char *word;
	int value;
};

static const struct choice formats[] = {
	{ "text", OUT_TEXT }, { "json", OUT_JSON },     { "csv", OUT_CSV },
	{ "tsv", OUT_TSV },   { "strace", OUT_STRACE }, { NULL, 0 },
};

static const struct choice times[] = {
	{ "wall", TIME_WALL }, { "mono", TIME_MONO }, { "relative", TIME_RELATIVE },
	{ "none", TIME_NONE }, { NULL, 0 },
};

static const struct choice groups[] = {
	{ "timer", BY_TIMER },   { "process", BY_PROCESS }, { "comm", BY_COMM },
	{ "signal", BY_SIGNAL }, { "clock", BY_CLOCK },     { NULL, 0 },
};

static const struct choice aggregates[] = {
	{ "auto", AGGREGATE_AUTO },
	{ "kernel", AGGREGATE_KERNEL },
	{ "user", AGGREGATE_USER },
	{ NULL, 0 },
};

static const struct choice colors[] = {
	{ "auto", COLOR_AUTO },
	{ "always", COLOR_ALWAYS },
	{ "never", COLOR_NEVER },
	{ NULL, 0 },
};

/* The chosen value, or -EINVAL. */
static int choose(struct parser *parser, const struct choice *choices, const char *arg,
		  const char *wanted)
{
	for (; choices->word; choices++)
		if (!strcmp(choices->word, arg))
			return choices->value;
	return options_wrong_value(parser, wanted, arg);
}

static int too_many(struct parser *parser)
{
	return error_set(parser->err, EINVAL, "%s takes at most %d items", parser->typed,
			 OPTION_LIST_MAX);
}

static int add_pid(struct parser *parser, const char *item)
{
	struct options *options = parser->options;
	uint64_t pid;

	if (!options_read_number(item, 1, INT32_MAX, &pid))
		return options_wrong_value(parser, "process ids, whole numbers from 1 up", item);
	for (size_t i = 0; i < options->pid_count; i++)
		if (options->pids[i] == (int32_t)pid)
			return 0;
	if (options->pid_count == OPTION_LIST_MAX)
		return too_many(parser);
	options->pids[options->pid_count++] = (int32_t)pid;
	return 0;
}

int options_add_text(struct parser *parser, const char **list, size_t *count, const char *item)
{
	for (size_t i = 0; i < *count; i++)
		if (!strcmp(list[i], item))
			return 0;
	if (*count == OPTION_LIST_MAX)
		return too_many(parser);
	list[(*count)++] = item;
	return 0;
}

static int add_name(struct parser *parser, const char *item)
{
	struct options *options = parser->options;

	if (strlen(item) > NAME_BYTES)
		return error_set(parser->err, EINVAL,
				 "%s: the kernel keeps %d bytes of a name: use '%.*s'",
				 parser->typed, NAME_BYTES, NAME_BYTES, item);
	return options_add_text(parser, options->names, &options->name_count, item);
}

static int add_user(struct parser *parser, const char *item)
{
	struct options *options = parser->options;

	return options_add_text(parser, options->users, &options->user_count, item);
}

static int add_events(struct parser *parser, const char *item)
{
	uint32_t events = events_named(item);
	char names[EVENT_NAMES_MAX];

	parser->options->events |= events;
	if (events)
		return 0;
	if (kernel_events_named(item)) {
		error_set(parser->err, EINVAL,
			  "%s: '%s' is about the kernel's own timers, which kernel shows",
			  parser->typed, item);
		error_hint(parser->err, "timersnoop kernel -e %s", item);
		return -EINVAL;
	}
	event_group_names(names);
	error_set(parser->err, EINVAL, "%s takes events and groups (%s), not '%s'", parser->typed,
		  names, item);
	event_names(names);
	error_hint(parser->err, "events: %s", names);
	return -EINVAL;
}

static int add_histogram(struct parser *parser, const char *item)
{
	uint32_t histograms = histograms_named(item);

	parser->options->histograms |= histograms;
	return histograms ? 0
			  : options_wrong_value(parser, "value, interval, late, signal or duration",
						item);
}

static enum finding_of finding_of(const struct parser *parser)
{
	return parser->options->kernel ? FINDING_OF_KERNEL : FINDING_OF_STAT;
}

static int add_finding(struct parser *parser, const char *item)
{
	uint32_t findings = findings_named(item, finding_of(parser));
	char names[FINDING_NAMES_MAX];

	parser->options->fail_on |= findings;
	if (findings)
		return 0;
	error_set(parser->err, EINVAL, "%s takes findings, not '%s'", parser->typed, item);
	findings_names(names, finding_of(parser));
	error_hint(parser->err, "findings: %s", names);
	return -EINVAL;
}

static int add_limit(struct parser *parser, const char *item)
{
	return findings_set_limit(&parser->options->limits, item, finding_of(parser), parser->typed,
				  parser->err);
}

static int add_list(struct parser *parser, const char *arg,
		    int (*add)(struct parser *parser, const char *item))
{
	char *rest = parser->free_storage, *item;
	int ret;

	parser->free_storage = stpcpy(rest, arg) + 1;
	while ((item = strsep(&rest, ","))) {
		if (!*item)
			return error_set(parser->err, EINVAL, "%s: an empty item in '%s'",
					 parser->typed, arg);
		ret = add(parser, item);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_duration(struct parser *parser, const char *arg, int64_t *duration_ns)
{
	int64_t ns = 0;
	int ret = timerspec_parse(arg, &ns);

	if (ret == -ERANGE)
		return options_wrong_value(
			parser, "a duration that fits 64 bits of whole nanoseconds", arg);
	if (ret || ns <= 0)
		return options_wrong_value(parser,
					   "a duration above zero, such as 500ms, 10s or 2m", arg);
	*duration_ns = ns;
	return 0;
}

static int set_interval(struct parser *parser, const char *arg)
{
	int ret = set_duration(parser, arg, &parser->options->interval_ns);

	if (ret == 0 && parser->options->interval_ns < INTERVAL_MIN)
		return options_wrong_value(parser, "10ms or more", arg);
	return ret;
}

/* Bytes, with K, M or G behind; within bounds. */
static bool read_size(const char *arg, uint64_t min, uint64_t max, uint64_t *size)
{
	static const char suffixes[] = "KMG";
	size_t length = strlen(arg);
	uint64_t number, unit = 1;
	char digits[24];
	const char *suffix;

	suffix = length ? strchr(suffixes, arg[length - 1] & ~0x20) : NULL;
	if (suffix && *suffix) {
		unit <<= 10 * (suffix - suffixes + 1);
		length--;
	}
	if (length >= sizeof(digits))
		return false;
	memcpy(digits, arg, length);
	digits[length] = '\0';
	*size = 0;
	if (!options_read_number(digits, 1, max, &number) ||
	    __builtin_mul_overflow(number, unit, size))
		return false;
	return *size >= min && *size <= max;
}

static int set_buffer(struct parser *parser, const char *arg)
{
	if (!read_size(arg, BUFFER_MIN, BUFFER_MAX, &parser->options->buffer_bytes))
		return options_wrong_value(parser, "a size from 64K to 1G, such as 512K or 16M",
					   arg);
	return 0;
}

/* A size, or a time, which has a small letter or none at its end. */
static int set_ring(struct parser *parser, const char *arg)
{
	struct options *options = parser->options;
	bool time = *arg && strchr("smhd", arg[strlen(arg) - 1]);

	options->ring_bytes = 0;
	options->ring_ns = 0;
	if (time ? timerspec_parse(arg, &options->ring_ns) == 0 && options->ring_ns > 0
		 : read_size(arg, RING_MIN, RING_MAX, &options->ring_bytes))
		return 0;
	return options_wrong_value(
		parser, "a size from 64K to 1024G, such as 16M, or a time, such as 30s or 5m", arg);
}

/* Options whose argument is one value. */
static int set_value(struct parser *parser, int opt, const char *arg)
{
	struct options *options = parser->options;
	uint64_t number;
	int chosen = 0;

	switch (opt) {
	case 'c':
		if (!options_read_number(arg, 1, UINT64_MAX, &options->count))
			return options_wrong_value(parser, "a whole number from 1 up", arg);
		break;
	case OPT_LOSS_STATUS:
		if (!options_read_number(arg, 1, 255, &number))
			return options_wrong_value(parser, "a whole number from 1 to 255", arg);
		options->loss_status = (int)number;
		break;
	case OPT_FORMAT:
		chosen = choose(parser, formats, arg, "text, json, csv, tsv or strace");
		if (chosen >= 0)
			options->format = (enum out_format)chosen;
		parser->format_given = true;
		break;
	case OPT_TIME:
		chosen = choose(parser, times, arg, "wall, mono, relative or none");
		if (chosen >= 0)
			options->time = (enum out_time)chosen;
		parser->time_given = true;
		break;
	case OPT_TOP:
		if (!options_read_number(arg, 0, UINT64_MAX, &options->top))
			return options_wrong_value(parser, "a whole number from 0 up", arg);
		options->top_given = true;
		break;
	case OPT_BY:
		chosen = choose(parser, groups, arg, "timer, process, comm, signal or clock");
		if (chosen >= 0)
			options->by = (enum stat_by)chosen;
		break;
	case OPT_AGGREGATE:
		chosen = choose(parser, aggregates, arg, "auto, kernel or user");
		if (chosen >= 0)
			options->aggregate = (enum aggregate)chosen;
		break;
	case OPT_COLOR:
		chosen = choose(parser, colors, arg, "auto, always or never");
		if (chosen >= 0)
			options->color = (enum color_choice)chosen;
		break;
	}
	return chosen < 0 ? chosen : 0;
}

static int set_output(struct parser *parser, const char *arg)
{
	if (!*arg)
		return options_wrong_value(parser, "the name of a file", arg);
	parser->options->output = strcmp(arg, "-") ? arg : NULL;
	return 0;
}

static int set_input(struct parser *parser, const char *arg)
{
	if (!*arg)
		return options_wrong_value(parser, "the name of a recording", arg);
	parser->options->input = arg;
	return 0;
}

static int set_run_as(struct parser *parser, const char *arg)
{
	if (arg && !*arg)
		return options_wrong_value(parser, "a user", arg);
	parser->options->run_as = true;
	parser->options->run_as_user = arg;
	return 0;
}

/* Options whose argument is read later, when it is known what it is about. */
static int set_text(struct parser *parser, int opt, const char *arg)
{
	struct options *options = parser->options;

	if (!*arg)
		return options_wrong_value(parser,
					   opt == OPT_FIELDS ? "names of fields"
					   : opt == OPT_SORT ? "the name of a field"
							     : "a condition",
					   arg);
	switch (opt) {
	case OPT_WHERE:
		options->where = arg;
		break;
	case OPT_UNTIL:
		options->until = arg;
		break;
	case OPT_FIELDS:
		options->fields = arg;
		break;
	case OPT_SORT:
		options->sort = arg;
		break;
	case OPT_EXPECT:
		return options_add_text(parser, options->expects, &options->expect_count, arg);
	}
	return 0;
}

static void set_switch(struct options *options, int opt)
{
	switch (opt) {
	case '0':
		options->null = true;
		break;
	case OPT_LIVE:
		options->live = true;
		break;
	case 'x':
		options->failed = true;
		break;
	case 'w':
		options->wide = true;
		break;
	case 'q':
		options->quiet = true;
		break;
	case 'v':
		options->verbose++;
		break;
	case 'h':
		options->command = COMMAND_HELP;
		break;
	case 'V':
		options->command = COMMAND_VERSION;
		break;
	case OPT_STRACE:
		options->format = OUT_STRACE;
		break;
	case OPT_NO_HEADER:
		options->header = false;
		break;
	case OPT_DRY_RUN:
		options->dry_run = true;
		break;
	case OPT_PRINT:
		options->print = true;
		break;
	case OPT_LIVES:
		options->lives = true;
		break;
	case OPT_TOCTOU:
		options->toctou = true;
		break;
	case OPT_ENTRY:
		options->entry = true;
		break;
	case OPT_CALLERS:
		options->callers = true;
		break;
	case OPT_WAKEUPS:
		options->wakeups = true;
		break;
	}
}

/* Lists of which the kernel's own timers have other items. */
static int set_list(struct parser *parser, int opt, const char *arg)
{
	bool kernel = parser->options->kernel;

	switch (opt) {
	case 'e':
		return add_list(parser, arg, kernel ? options_add_kernel_events : add_events);
	case OPT_BY:
		parser->options->by_given = true;
		return kernel ? add_list(parser, arg, options_add_kernel_by)
			      : set_value(parser, opt, arg);
	default:
		return add_list(parser, arg, kernel ? options_add_kernel_histogram : add_histogram);
	}
}

int options_set(struct parser *parser, int opt, const char *arg)
{
	switch (opt) {
	case 'p':
		return add_list(parser, arg, add_pid);
	case 'n':
		return add_list(parser, arg, add_name);
	case 'u':
		return add_list(parser, arg, add_user);
	case 'e':
	case OPT_BY:
	case OPT_HIST:
		return set_list(parser, opt, arg);
	case OPT_CALLBACK:
		return add_list(parser, arg, options_add_callback);
	case OPT_CPU:
		return add_list(parser, arg, options_add_cpus);
	case 'd':
		return set_duration(parser, arg, &parser->options->duration_ns);
	case OPT_INTERVAL:
		return set_interval(parser, arg);
	case OPT_FAIL_ON:
		return add_list(parser, arg, add_finding);
	case OPT_LIMIT:
		return add_list(parser, arg, add_limit);
	case OPT_WHERE:
	case OPT_FIELDS:
	case OPT_SORT:
	case OPT_EXPECT:
	case OPT_UNTIL:
		return set_text(parser, opt, arg);
	case 'o':
		return set_output(parser, arg);
	case 'i':
		return set_input(parser, arg);
	case OPT_RING:
		return set_ring(parser, arg);
	case OPT_BUFFER_SIZE:
		return set_buffer(parser, arg);
	case OPT_RUN_AS:
		return set_run_as(parser, arg);
	case 'c':
	case OPT_LOSS_STATUS:
	case OPT_FORMAT:
	case OPT_TIME:
	case OPT_TOP:
	case OPT_AGGREGATE:
	case OPT_COLOR:
		return set_value(parser, opt, arg);
	case OPT_JSON:
		return set_value(parser, OPT_FORMAT, "json");
	default:
		set_switch(parser->options, opt);
		return 0;
	}
}
