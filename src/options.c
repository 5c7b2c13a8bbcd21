/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/timerspec.h"

#define KIB 1024ULL
#define BUFFER_DEFAULT (4 * KIB * KIB)
#define BUFFER_MIN (64 * KIB)
#define BUFFER_MAX (KIB * KIB * KIB)

/* As linux/sched.h has it, without the NUL. */
#define NAME_BYTES 15

/* Options that have no letter. */
enum {
	OPT_RUN_AS = 256,
	OPT_FORMAT,
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
	OPT_PRINT,
	OPT_RING,
};

#define RECORDING_DEFAULT "timersnoop.dat"
#define RING_MIN (64 * KIB)
#define RING_MAX (1024 * BUFFER_MAX)

/* Stops at the first word, and tells a missing argument from an unknown option. */
static const char short_options[] = "+:p:n:u:e:xc:d:i:o:wqvhV";

static const struct option long_options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, 'n' },
	{ "user", required_argument, NULL, 'u' },
	{ "events", required_argument, NULL, 'e' },
	{ "failed", no_argument, NULL, 'x' },
	{ "lives", no_argument, NULL, OPT_LIVES },
	{ "toctou", no_argument, NULL, OPT_TOCTOU },
	{ "run-as", optional_argument, NULL, OPT_RUN_AS },
	{ "count", required_argument, NULL, 'c' },
	{ "duration", required_argument, NULL, 'd' },
	{ "input", required_argument, NULL, 'i' },
	{ "output", required_argument, NULL, 'o' },
	{ "print", no_argument, NULL, OPT_PRINT },
	{ "ring", required_argument, NULL, OPT_RING },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "strace", no_argument, NULL, OPT_STRACE },
	{ "time", required_argument, NULL, OPT_TIME },
	{ "wide", no_argument, NULL, 'w' },
	{ "no-header", no_argument, NULL, OPT_NO_HEADER },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "buffer-size", required_argument, NULL, OPT_BUFFER_SIZE },
	{ "loss-status", required_argument, NULL, OPT_LOSS_STATUS },
	{ "cleanup", no_argument, NULL, OPT_CLEANUP },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

struct parser {
	struct options *options;
	struct error *err;
	char *free_storage; /* what is left of options->storage */
	char typed[64];     /* the option at hand, as it was typed: "-p", "--pid" */
	uint64_t seen;      /* which of long_options, a bit each */
	bool word;          /* the command's name was given */
	bool file_next;     /* it was "report": the next word is a recording */
	bool time_given;
};

static int wrong_value(struct parser *parser, const char *wanted, const char *given)
{
	return error_set(parser->err, EINVAL, "%s takes %s, not '%s'", parser->typed, wanted,
			 given);
}

/* Digits only: no sign, no space, nothing behind. */
static bool read_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
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
	{ "text", OUT_TEXT },     { "json", OUT_JSON }, { "csv", OUT_CSV },
	{ "strace", OUT_STRACE }, { NULL, 0 },
};

static const struct choice times[] = {
	{ "wall", TIME_WALL }, { "mono", TIME_MONO }, { "relative", TIME_RELATIVE },
	{ "none", TIME_NONE }, { NULL, 0 },
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
	return wrong_value(parser, wanted, arg);
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

	if (!read_number(item, 1, INT32_MAX, &pid))
		return wrong_value(parser, "process ids, whole numbers from 1 up", item);
	for (size_t i = 0; i < options->pid_count; i++)
		if (options->pids[i] == (int32_t)pid)
			return 0;
	if (options->pid_count == OPTION_LIST_MAX)
		return too_many(parser);
	options->pids[options->pid_count++] = (int32_t)pid;
	return 0;
}

static int add_text(struct parser *parser, const char **list, size_t *count, const char *item)
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
	return add_text(parser, options->names, &options->name_count, item);
}

static int add_user(struct parser *parser, const char *item)
{
	struct options *options = parser->options;

	return add_text(parser, options->users, &options->user_count, item);
}

static int add_events(struct parser *parser, const char *item)
{
	uint32_t events = events_named(item);
	char names[EVENT_NAMES_MAX];

	parser->options->events |= events;
	if (events)
		return 0;
	event_group_names(names);
	error_set(parser->err, EINVAL, "%s takes events and groups (%s), not '%s'", parser->typed,
		  names, item);
	event_names(names);
	error_hint(parser->err, "events: %s", names);
	return -EINVAL;
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

static int set_duration(struct parser *parser, const char *arg)
{
	int64_t ns = 0;
	int ret = timerspec_parse(arg, &ns);

	if (ret == -ERANGE)
		return wrong_value(parser, "a duration that fits 64 bits of whole nanoseconds",
				   arg);
	if (ret || ns <= 0)
		return wrong_value(parser, "a duration above zero, such as 500ms, 10s or 2m", arg);
	parser->options->duration_ns = ns;
	return 0;
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
	if (!read_number(digits, 1, max, &number) || __builtin_mul_overflow(number, unit, size))
		return false;
	return *size >= min && *size <= max;
}

static int set_buffer(struct parser *parser, const char *arg)
{
	if (!read_size(arg, BUFFER_MIN, BUFFER_MAX, &parser->options->buffer_bytes))
		return wrong_value(parser, "a size from 64K to 1G, such as 512K or 16M", arg);
	return 0;
}

/* A size, or a time, which has a small letter or none at its end. */
static int set_ring(struct parser *parser, const char *arg)
{
	struct options *options = parser->options;
	bool time = *arg && strchr("sm", arg[strlen(arg) - 1]);

	options->ring_bytes = 0;
	options->ring_ns = 0;
	if (time ? timerspec_parse(arg, &options->ring_ns) == 0 && options->ring_ns > 0
		 : read_size(arg, RING_MIN, RING_MAX, &options->ring_bytes))
		return 0;
	return wrong_value(parser, "a size from 64K to 1024G, such as 16M, or a time, such as 30s",
			   arg);
}

/* Options whose argument is one value. */
static int set_value(struct parser *parser, int opt, const char *arg)
{
	struct options *options = parser->options;
	uint64_t number;
	int chosen = 0;

	switch (opt) {
	case 'c':
		if (!read_number(arg, 1, UINT64_MAX, &options->count))
			return wrong_value(parser, "a whole number from 1 up", arg);
		break;
	case OPT_LOSS_STATUS:
		if (!read_number(arg, 1, 255, &number))
			return wrong_value(parser, "a whole number from 1 to 255", arg);
		options->loss_status = (int)number;
		break;
	case OPT_FORMAT:
		chosen = choose(parser, formats, arg, "text, json, csv or strace");
		if (chosen >= 0)
			options->format = (enum out_format)chosen;
		break;
	case OPT_TIME:
		chosen = choose(parser, times, arg, "wall, mono, relative or none");
		if (chosen >= 0)
			options->time = (enum out_time)chosen;
		parser->time_given = true;
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
		return wrong_value(parser, "the name of a file", arg);
	parser->options->output = strcmp(arg, "-") ? arg : NULL;
	return 0;
}

static int set_input(struct parser *parser, const char *arg)
{
	if (!*arg)
		return wrong_value(parser, "the name of a recording", arg);
	parser->options->input = arg;
	return 0;
}

static int set_run_as(struct parser *parser, const char *arg)
{
	if (arg && !*arg)
		return wrong_value(parser, "a user", arg);
	parser->options->run_as = true;
	parser->options->run_as_user = arg;
	return 0;
}

static void set_switch(struct options *options, int opt)
{
	switch (opt) {
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
	}
}

static int set_option(struct parser *parser, int opt, const char *arg)
{
	switch (opt) {
	case 'p':
		return add_list(parser, arg, add_pid);
	case 'n':
		return add_list(parser, arg, add_name);
	case 'u':
		return add_list(parser, arg, add_user);
	case 'e':
		return add_list(parser, arg, add_events);
	case 'd':
		return set_duration(parser, arg);
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
	case OPT_COLOR:
		return set_value(parser, opt, arg);
	default:
		set_switch(parser->options, opt);
		return 0;
	}
}

static bool is_ambiguous(const char *typed)
{
	size_t length = strlen(typed + 2);
	int matches = 0;

	for (const struct option *option = long_options; option->name; option++)
		matches += !strncmp(option->name, typed + 2, length);
	return matches > 1;
}

/* getopt_long returned '?' or ':'; `token` is the word it was looking at. */
static int wrong_option(struct parser *parser, int opt, const char *token)
{
	if (opt == ':')
		error_set(parser->err, EINVAL, "%s needs an argument", parser->typed);
	else if (strncmp(token, "--", 2))
		error_set(parser->err, EINVAL, "unknown option '%s'", parser->typed);
	else if (optopt)
		error_set(parser->err, EINVAL, "%s takes no argument", parser->typed);
	else if (is_ambiguous(parser->typed))
		error_set(parser->err, EINVAL, "'%s' is short for more than one option",
			  parser->typed);
	else
		error_set(parser->err, EINVAL, "unknown option '%s'", parser->typed);
	error_hint(parser->err, "see 'timersnoop --help'");
	return -EINVAL;
}

static void note_typed(struct parser *parser, int opt, bool is_long, const char *token)
{
	int letter = opt == '?' || opt == ':' ? optopt : opt;

	if (is_long || !strncmp(token, "--", 2))
		snprintf(parser->typed, sizeof(parser->typed), "%.*s", (int)strcspn(token, "="),
			 token);
	else if (letter > ' ' && letter < 0x7f)
		snprintf(parser->typed, sizeof(parser->typed), "-%c", letter);
	else
		snprintf(parser->typed, sizeof(parser->typed), "%s", token);
}

static uint64_t option_bit(int opt)
{
	uint64_t bit = 0;

	for (size_t i = 0; long_options[i].name; i++)
		if (long_options[i].val == opt)
			bit = 1ULL << i;
	return bit;
}

/* A word that is no option: the command's name, once. */
static int take_word(struct parser *parser, const char *word)
{
	static const char *const later[] = { "stat", "kernel" };

	if (parser->file_next) {
		parser->file_next = false;
		return set_input(parser, word);
	}
	if (!parser->word) {
		parser->word = true;
		if (!strcmp(word, "trace"))
			return 0;
		if (!strcmp(word, "record")) {
			parser->options->command = COMMAND_RECORD;
			return 0;
		}
		if (!strcmp(word, "report")) {
			parser->options->input = RECORDING_DEFAULT;
			parser->file_next = true;
			return 0;
		}
		if (!strcmp(word, "doctor")) {
			parser->options->command = COMMAND_DOCTOR;
			return 0;
		}
		if (!strcmp(word, "list")) {
			parser->options->command = COMMAND_LIST;
			return 0;
		}
		if (!strcmp(word, "help")) {
			parser->options->command = COMMAND_HELP;
			return 0;
		}
		for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
			if (!strcmp(word, later[i]))
				return error_set(parser->err, EINVAL, "'%s' is not in this version",
						 word);
	}
	error_set(parser->err, EINVAL, "'%s' is neither an option nor a command of timersnoop",
		  word);
	error_hint(parser->err, "to trace a program, put '--' before it: timersnoop -- %s", word);
	return -EINVAL;
}

/* Options that mean something to these; 0 ends the list. */
static const int cleanup_options[] = { 'q', 'v', OPT_CLEANUP, 0 };
static const int doctor_options[] = { 'v', 0 };
/* How lines look: of a recording only with --print. */
static const int line_options[] = { OPT_FORMAT,    OPT_STRACE, OPT_TIME, 'w',
				    OPT_NO_HEADER, OPT_COLOR,  0 };
static const int live_options[] = { OPT_RUN_AS, OPT_DRY_RUN, OPT_BUFFER_SIZE, 0 };
static const int recording_options[] = { OPT_PRINT, OPT_RING, 0 };
static const int list_options[] = {
	'p', 'n', 'u', 'o', 'w', 'q', 'v', OPT_FORMAT, OPT_NO_HEADER, 0
};

static bool is_among(const int *allowed, int val)
{
	while (*allowed && *allowed != val)
		allowed++;
	return *allowed;
}

/* Refuses the options that mean nothing to a command. */
static int check_only(struct parser *parser, const char *command, const int *allowed)
{
	for (size_t i = 0; long_options[i].name; i++) {
		int val = long_options[i].val;

		if (!(parser->seen & (1ULL << i)) || is_among(allowed, val))
			continue;
		return error_set(parser->err, EINVAL, "%s takes no --%s", command,
				 long_options[i].name);
	}
	if (parser->options->argv)
		return error_set(parser->err, EINVAL, "%s takes no COMMAND", command);
	return 0;
}

/* The first of these that was given, by its name; or NULL. */
static const char *given(const struct parser *parser, const int *options)
{
	for (size_t i = 0; long_options[i].name; i++)
		if (parser->seen & (1ULL << i) && is_among(options, long_options[i].val))
			return long_options[i].name;
	return NULL;
}

/* What a trace, a recording and a replay take of each other's options. */
static int check_source(struct parser *parser)
{
	struct options *options = parser->options;
	bool record = options->command == COMMAND_RECORD;
	const char *name = given(parser, recording_options);

	if (!record && name)
		return error_set(parser->err, EINVAL, "--%s is about recording: see record", name);
	if (record && options->input)
		return error_set(parser->err, EINVAL, "record takes no --input");
	name = given(parser, live_options);
	if (options->input && name)
		return error_set(parser->err, EINVAL,
				 "--%s is about tracing, not about a recording", name);
	if (options->input && options->argv)
		return error_set(parser->err, EINVAL, "--input and COMMAND exclude each other");
	name = given(parser, line_options);
	if (record && !options->print && name) {
		error_set(parser->err, EINVAL, "--%s: record shows nothing", name);
		error_hint(parser->err, "add --print, or give it when the recording is shown");
		return -EINVAL;
	}
	if (record && !(parser->seen & option_bit('o')))
		options->output = RECORDING_DEFAULT;
	return 0;
}

static int check_together(struct parser *parser, bool cleanup)
{
	struct options *options = parser->options;
	int ret = 0;

	if (options->quiet && options->verbose)
		return error_set(parser->err, EINVAL, "-q and -v exclude each other");
	if (options->command == COMMAND_DOCTOR)
		return check_only(parser, "doctor", doctor_options);
	if (options->command == COMMAND_LIST) {
		ret = check_only(parser, "list", list_options);
	} else if (cleanup) {
		options->command = COMMAND_CLEANUP;
		return check_only(parser, "--cleanup", cleanup_options);
	} else {
		ret = check_source(parser);
	}
	return ret ? ret : options_check(options, parser->err);
}

/* Walks argv up to the end or to "--". */
static int walk(struct parser *parser, int argc, char **argv, bool *cleanup)
{
	struct options *options = parser->options;
	int ret, opt, at, longindex;

	opterr = 0;
	optind = 0; /* glibc: starts anew, whatever was parsed before */
	for (;;) {
		at = optind ? optind : 1;
		longindex = -1;
		opt = getopt_long(argc, argv, short_options, long_options, &longindex);
		if (opt == -1) {
			/* "--" may also be the argument of an option: only `at` tells. */
			if (at < argc && !strcmp(argv[at], "--")) {
				options->argv = argv + optind;
				return *options->argv ? 0
						      : error_set(parser->err, EINVAL,
								  "COMMAND is missing behind '--'");
			}
			if (at >= argc)
				return 0;
			ret = take_word(parser, argv[optind++]);
		} else {
			note_typed(parser, opt, longindex >= 0, argv[at]);
			if (opt == '?' || opt == ':')
				return wrong_option(parser, opt, argv[at]);
			parser->seen |= option_bit(opt);
			*cleanup |= opt == OPT_CLEANUP;
			ret = set_option(parser, opt, optarg);
		}
		if (ret || options->command == COMMAND_HELP || options->command == COMMAND_VERSION)
			return ret;
	}
}

int options_parse(struct options *options, int argc, char **argv, struct error *err)
{
	struct parser parser = { .options = options, .err = err };
	bool cleanup = false;
	size_t bytes = 1;
	int ret;

	*options = (struct options){
		.command = COMMAND_TRACE,
		.format = OUT_TEXT,
		.header = true,
		.color = COLOR_AUTO,
		.buffer_bytes = BUFFER_DEFAULT,
		.loss_status = -1,
	};
	for (int i = 0; i < argc; i++)
		bytes += strlen(argv[i]) + 1;
	options->storage = malloc(bytes);
	if (!options->storage)
		return error_set(err, ENOMEM, "out of memory");
	parser.free_storage = options->storage;

	ret = walk(&parser, argc, argv, &cleanup);
	/* A recording can answer any question, unless told otherwise. */
	options->probed_events = options->events;
	options->probed_lives = options->lives;
	if (!options->events && !options->lives) {
		options->probed_events = EVENTS_ALL;
		options->probed_lives = true;
		options->events = EVENTS_CALLS;
		options->default_events = true;
	}
	if (!ret && options->command != COMMAND_HELP && options->command != COMMAND_VERSION)
		ret = check_together(&parser, cleanup);
	if (ret) {
		options_free(options);
		return ret;
	}
	if (!parser.time_given)
		options->time = options->format == OUT_STRACE ? TIME_NONE : TIME_RELATIVE;
	return 0;
}

void options_free(struct options *options)
{
	if (!options)
		return;
	free(options->storage);
	*options = (struct options){ .command = options->command };
}
