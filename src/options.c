/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/options_parts.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/timerspec.h"

#define BUFFER_DEFAULT (4ULL << 20)
#define RECORDING_DEFAULT "timersnoop.dat"

/* Stops at the first word, and tells a missing argument from an unknown option. */
static const char short_options[] = "+:p:n:u:e:xc:d:i:o:wqvhV0";

static const struct option long_options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, 'n' },
	{ "user", required_argument, NULL, 'u' },
	{ "events", required_argument, NULL, 'e' },
	{ "failed", no_argument, NULL, 'x' },
	{ "where", required_argument, NULL, OPT_WHERE },
	{ "callback", required_argument, NULL, OPT_CALLBACK },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "callers", no_argument, NULL, OPT_CALLERS },
	{ "wakeups", no_argument, NULL, OPT_WAKEUPS },
	{ "lives", no_argument, NULL, OPT_LIVES },
	{ "toctou", no_argument, NULL, OPT_TOCTOU },
	{ "entry", no_argument, NULL, OPT_ENTRY },
	{ "run-as", optional_argument, NULL, OPT_RUN_AS },
	{ "count", required_argument, NULL, 'c' },
	{ "duration", required_argument, NULL, 'd' },
	{ "input", required_argument, NULL, 'i' },
	{ "output", required_argument, NULL, 'o' },
	{ "print", no_argument, NULL, OPT_PRINT },
	{ "ring", required_argument, NULL, OPT_RING },
	{ "kernel", no_argument, NULL, OPT_KERNEL },
	{ "by", required_argument, NULL, OPT_BY },
	{ "sort", required_argument, NULL, OPT_SORT },
	{ "top", required_argument, NULL, OPT_TOP },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "live", no_argument, NULL, OPT_LIVE },
	{ "hist", required_argument, NULL, OPT_HIST },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "aggregate", required_argument, NULL, OPT_AGGREGATE },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "strace", no_argument, NULL, OPT_STRACE },
	{ "time", required_argument, NULL, OPT_TIME },
	{ "wide", no_argument, NULL, 'w' },
	{ "no-header", no_argument, NULL, OPT_NO_HEADER },
	{ "fields", required_argument, NULL, OPT_FIELDS },
	{ "null", no_argument, NULL, '0' },
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
_Static_assert(sizeof(long_options) / sizeof(long_options[0]) - 1 <= 64,
	       "parser.seen has a bit for each");

static bool is_ambiguous(const char *typed)
{
	size_t length = strlen(typed + 2);
	int matches = 0;

	for (const struct option *option = long_options; option->name; option++)
		matches += strncmp(option->name, typed + 2, length) == 0;
	return matches > 1;
}

/* getopt_long returned '?' or ':'; `token` is the word it was looking at. */
static int wrong_option(struct parser *parser, int opt, const char *token)
{
	if (opt == ':')
		error_set(parser->err, EINVAL, "%s needs an argument", parser->typed);
	else if (strncmp(token, "--", 2) != 0)
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

	if (is_long || strncmp(token, "--", 2) == 0)
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

/* Words that name a command. `report` is a trace of a recording. */
static const struct {
	const char *word;
	enum command command;
} commands[] = {
	{ "trace", COMMAND_TRACE },   { "stat", COMMAND_STAT },    { "kernel", COMMAND_KERNEL },
	{ "record", COMMAND_RECORD }, { "report", COMMAND_TRACE }, { "doctor", COMMAND_DOCTOR },
	{ "list", COMMAND_LIST },     { "help", COMMAND_HELP },    { NULL, COMMAND_TRACE },
};

static int wrong_word(struct parser *parser, const char *word)
{
	enum command command = parser->options->command;
	const char *before = "";

	if (parser->report)
		return error_set(parser->err, EINVAL, "report takes one recording: '%s' is another",
				 word);
	if (command == COMMAND_RECORD)
		before = "record ";
	else if (command == COMMAND_STAT)
		before = "stat ";
	else if (command == COMMAND_KERNEL)
		before = "kernel ";
	error_set(parser->err, EINVAL, "'%s' is neither an option nor a command of timersnoop",
		  word);
	error_hint(parser->err, "to trace a program, put '--' before it: timersnoop %s-- %s",
		   before, word);
	return -EINVAL;
}

/* A word that is no option: the command's name, once. */
static int take_word(struct parser *parser, const char *word)
{
	size_t i = 0;

	if (parser->file_next) {
		parser->file_next = false;
		snprintf(parser->typed, sizeof(parser->typed), "report");
		return options_set(parser, 'i', word);
	}
	while (commands[i].word && strcmp(commands[i].word, word) != 0)
		i++;
	if (parser->word || !commands[i].word)
		return wrong_word(parser, word);
	parser->word = true;
	parser->options->command = commands[i].command;
	parser->report = !strcmp(word, "report");
	parser->file_next = parser->report && !parser->options->input;
	return 0;
}

/* Options that mean something to these; 0 ends the list. */
static const int cleanup_options[] = { 'q', 'v', OPT_CLEANUP, 0 };
static const int doctor_options[] = { 'v', OPT_FORMAT, OPT_JSON, 0 };
/* How lines look: of a recording only with --print. */
static const int line_options[] = { OPT_FORMAT,    OPT_JSON,  OPT_STRACE, OPT_TIME, 'w',
				    OPT_NO_HEADER, OPT_COLOR, OPT_FIELDS, '0',      0 };
static const int live_options[] = { OPT_RUN_AS, OPT_DRY_RUN, OPT_BUFFER_SIZE, OPT_ENTRY, 0 };
static const int recording_options[] = { OPT_PRINT, OPT_RING, OPT_KERNEL, 0 };
const int options_of_figures[] = { OPT_BY,    OPT_SORT,  OPT_TOP,       OPT_INTERVAL,
				   OPT_LIVE,  OPT_HIST,  OPT_FAIL_ON,   OPT_EXPECT,
				   OPT_UNTIL, OPT_LIMIT, OPT_AGGREGATE, 0 };
/* What stat has not. */
static const int event_options[] = { 'x', OPT_LIVES, OPT_STRACE, OPT_TIME, 0 };
static const int list_options[] = { 'p', 'n',        'u',      'o',           'w', 'q',
				    'v', OPT_FORMAT, OPT_JSON, OPT_NO_HEADER, 0 };

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

const char *options_given(const struct parser *parser, const int *options)
{
	for (size_t i = 0; long_options[i].name; i++)
		if (parser->seen & (1ULL << i) && is_among(options, long_options[i].val))
			return long_options[i].name;
	return NULL;
}

/* Are figures asked for where there are none, or the other way round? */
static int check_shown(struct parser *parser)
{
	enum command command = parser->options->command;
	const char *shows = parser->options->kernel ? "kernel" : "stat";
	const char *name;

	if (command == COMMAND_KERNEL)
		return 0;
	if (command == COMMAND_STAT) {
		name = options_given(parser, event_options);
		return name ? error_set(parser->err, EINVAL,
					"stat takes no --%s, which is about lines", name)
			    : 0;
	}
	name = options_given(parser, options_of_figures);
	if (!name)
		return 0;
	error_set(parser->err, EINVAL, "--%s is about figures, which %s shows", name, shows);
	error_hint(parser->err, "timersnoop %s --%s ...", shows, name);
	return -EINVAL;
}

/* record's own, and those of what is shown, which a recording is only with --print. */
static int check_recording(struct parser *parser)
{
	struct options *options = parser->options;
	bool record = options->command == COMMAND_RECORD;
	const char *name = options_given(parser, recording_options);

	if (!record && name) {
		error_set(parser->err, EINVAL, "--%s is about recording: see record", name);
		if (!strcmp(name, "kernel"))
			error_hint(parser->err, "timersnoop kernel shows the kernel's own timers");
		return -EINVAL;
	}
	if (!record)
		return 0;
	if (options->input)
		return error_set(parser->err, EINVAL, "record takes no --input");
	name = options_given(parser, line_options);
	if (!options->print && name) {
		error_set(parser->err, EINVAL, "--%s: record shows nothing", name);
		error_hint(parser->err, "%sgive it when the recording is shown",
			   options->kernel ? "" : "add --print, or ");
		return -EINVAL;
	}
	if (!(parser->seen & option_bit('o')))
		options->output = RECORDING_DEFAULT;
	return 0;
}

/* What a trace, a recording and a replay take of each other's options. */
static int check_source(struct parser *parser)
{
	struct options *options = parser->options;
	const char *name = options_given(parser, live_options);
	int ret;

	if (parser->report && !options->input)
		options->input = RECORDING_DEFAULT;
	ret = check_recording(parser);
	if (!ret)
		ret = check_shown(parser);
	if (ret)
		return ret;
	if (options->input && name)
		return error_set(parser->err, EINVAL,
				 "--%s is about tracing, not about a recording", name);
	if (options->input && options->argv)
		return error_set(parser->err, EINVAL,
				 "a recording is shown, and COMMAND is traced: one or the other");
	return 0;
}

static int check_together(struct parser *parser, bool cleanup)
{
	struct options *options = parser->options;
	int ret;

	if (options->quiet && options->verbose)
		return error_set(parser->err, EINVAL, "-q and -v exclude each other");
	ret = options_check_kernel(parser);
	if (ret)
		return ret;
	if (options->command == COMMAND_DOCTOR) {
		ret = check_only(parser, "doctor", doctor_options);
		if (!ret && options->format != OUT_TEXT && options->format != OUT_JSON)
			ret = error_set(parser->err, EINVAL, "doctor takes --format text or json");
		return ret;
	}
	if (options->command == COMMAND_LIST) {
		ret = check_only(parser, "list", list_options);
	} else if (cleanup) {
		if (parser->word)
			return error_set(parser->err, EINVAL, "--cleanup takes no other command");
		options->command = COMMAND_CLEANUP;
		return check_only(parser, "--cleanup", cleanup_options);
	} else {
		ret = check_source(parser);
	}
	return ret ? ret : options_check(options, parser->err);
}

/*
 * Lists mean what the command makes of them, and it may be named behind them: so it is
 * looked for first. What is wrong on the way is told by walk().
 */
static bool find_kernel(int argc, char **argv)
{
	bool kernel = false, record = false, option = false, word = false;
	int opt, at;

	opterr = 0;
	optind = 0; /* glibc: starts anew, whatever was parsed before */
	for (;;) {
		at = optind ? optind : 1;
		opt = getopt_long(argc, argv, short_options, long_options, NULL);
		if (opt == -1 && (at >= argc || !strcmp(argv[at], "--")))
			return kernel || (record && option);
		option |= opt == OPT_KERNEL;
		if (opt != -1)
			continue;
		if (!word) {
			kernel = !strcmp(argv[optind], "kernel");
			record = !strcmp(argv[optind], "record");
		}
		word = true;
		optind++;
	}
}

/* Walks argv up to the end or to "--". */
static int walk(struct parser *parser, int argc, char **argv, bool *cleanup)
{
	struct options *options = parser->options;
	int ret, opt, at, longindex;

	opterr = 0;
	optind = 0;
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
			ret = options_set(parser, opt, optarg);
		}
		if (ret || options->command == COMMAND_HELP || options->command == COMMAND_VERSION)
			return ret;
	}
}

/* What of programs' timers is shown, and what is probed for it. */
static void settle_events(struct options *options)
{
	if (options->command == COMMAND_STAT) {
		options->lives = true;
		options->default_events = !options->events;
		if (!options->events)
			options->events = EVENTS_ALL;
	}
	/* A recording can answer any question, unless told otherwise. */
	options->probed_events = options->lives ? EVENTS_ALL : options->events;
	options->probed_lives = options->lives;
	if (!options->events && !options->lives) {
		options->probed_events = EVENTS_ALL;
		options->probed_lives = true;
		options->events = EVENTS_CALLS;
		options->default_events = true;
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
		.limits = finding_limits_default,
	};
	for (int i = 0; i < argc; i++)
		bytes += strlen(argv[i]) + 1;
	options->storage = malloc(bytes);
	if (!options->storage)
		return error_set(err, ENOMEM, "out of memory");
	parser.free_storage = options->storage;

	options->kernel = find_kernel(argc, argv);
	ret = walk(&parser, argc, argv, &cleanup);
	if (options->kernel)
		options_settle_kernel(options);
	else
		settle_events(options);
	/* Chosen columns are for programs that read them. */
	if ((options->fields || options->null) && !parser.format_given)
		options->format = OUT_TSV;
	if (!ret && options->command != COMMAND_HELP && options->command != COMMAND_VERSION &&
	    !options_ask_fields(options))
		ret = check_together(&parser, cleanup);
	if (ret) {
		options_free(options);
		return ret;
	}
	if (!parser.time_given)
		options->time = options->format == OUT_STRACE ? TIME_NONE : TIME_RELATIVE;
	return 0;
}

bool options_ask_fields(const struct options *options)
{
	/* record --kernel shows nothing, and so takes none */
	bool has_fields = options->command == COMMAND_TRACE || options->command == COMMAND_STAT ||
			  options->command == COMMAND_KERNEL ||
			  (options->command == COMMAND_RECORD && !options->kernel);

	return has_fields && ((options->fields && strcmp(options->fields, "help") == 0) ||
			      (options->where && strcmp(options->where, "help") == 0));
}

void options_free(struct options *options)
{
	if (!options)
		return;
	free(options->storage);
	*options = (struct options){ .command = options->command };
}
