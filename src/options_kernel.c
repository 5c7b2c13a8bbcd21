/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of the kernel's own timers: by kernel, and by record --kernel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/options_parts.h"

/* As /proc/kallsyms has names of functions; longer ones are not of callbacks. */
#define CALLBACK_BYTES 63

int options_add_kernel_events(struct parser *parser, const char *item)
{
	uint32_t events = kernel_events_named(item);
	char names[KERNEL_EVENT_NAMES_MAX];

	parser->options->kernel_events |= events;
	if (events)
		return 0;
	if (events_named(item)) {
		error_set(parser->err, EINVAL,
			  "%s: '%s' is about timers of programs, which trace shows", parser->typed,
			  item);
		error_hint(parser->err, "timersnoop trace -e %s", item);
		return -EINVAL;
	}
	kernel_event_names(names);
	error_set(parser->err, EINVAL,
		  "%s takes groups and events of the kernel's timers, not '%s'", parser->typed,
		  item);
	error_hint(parser->err, "they are: %s", names);
	return -EINVAL;
}

int options_add_kernel_by(struct parser *parser, const char *item)
{
	uint32_t by = kernel_by_named(item);
	char names[KERNEL_BY_NAMES_MAX], wanted[KERNEL_BY_NAMES_MAX + 16];

	parser->options->kernel_by |= by;
	if (by)
		return 0;
	kernel_by_names(names);
	snprintf(wanted, sizeof(wanted), "any of %s", names);
	return options_wrong_value(parser, wanted, item);
}

int options_add_kernel_histogram(struct parser *parser, const char *item)
{
	uint32_t histograms = kernel_histograms_named(item);

	parser->options->histograms |= histograms;
	return histograms ? 0 : options_wrong_value(parser, "timeout, late or run", item);
}

int options_add_callback(struct parser *parser, const char *item)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$*";
	struct options *options = parser->options;

	if (item[strspn(item, allowed)])
		return options_wrong_value(
			parser,
			"names of functions, of letters, digits, '_', '.' and '$', with '*' for "
			"any text",
			item);
	if (strlen(item) > CALLBACK_BYTES)
		return error_set(parser->err, EINVAL,
				 "%s: a name of at most %d bytes, not '%s': '*' is any text",
				 parser->typed, CALLBACK_BYTES, item);
	return options_add_text(parser, options->callbacks, &options->callback_count, item);
}

/* "7" or "0-3" */
int options_add_cpus(struct parser *parser, const char *item)
{
	struct options *options = parser->options;
	size_t length = strcspn(item, "-");
	uint64_t first, last;
	char text[16];

	snprintf(text, sizeof(text), "%.*s", (int)length, item);
	if (length >= sizeof(text) || !options_read_number(text, 0, OPTION_CPUS_MAX - 1, &first) ||
	    !options_read_number(item[length] ? item + length + 1 : item, first,
				 OPTION_CPUS_MAX - 1, &last))
		return options_wrong_value(
			parser, "CPUs from 0 to 1023 and ranges of them, such as 0-3,7", item);
	for (uint64_t cpu = first; cpu <= last; cpu++)
		options->cpus[cpu / 64] |= 1ULL << cpu % 64;
	options->cpus_given = true;
	return 0;
}

void options_settle_kernel(struct options *options)
{
	if (options->kernel_events & KERNEL_EVENTS_WAKEUPS)
		options->wakeups = true;
	/* Who wakes a CPU is the question then. */
	if (!options->kernel_by)
		options->kernel_by = KERNEL_BY_CALLBACK |
				     (options->wakeups ? KERNEL_BY_PROCESS : 0) |
				     (options->callers ? KERNEL_BY_CALLER : 0);
	/* Of a timer its callback is what tells the most. */
	if (options->kernel_by & KERNEL_BY_TIMER)
		options->kernel_by |= KERNEL_BY_CALLBACK;
}

/* Options that mean something to these alone; 0 ends the list. */
static const int kernel_options[] = { OPT_CALLBACK, OPT_CPU, OPT_CALLERS, OPT_WAKEUPS, 0 };
/* What programs' timers alone have. */
static const int program_options[] = { 'u', 'x', OPT_LIVES, OPT_TOCTOU, OPT_ENTRY, OPT_STRACE, 0 };
/* What chooses of a recording that has all of them. */
static const int choosing_options[] = { 'e', 'u', 'x', 'c', OPT_WHERE, OPT_LIVES, OPT_TOCTOU, 0 };
static const int print_option[] = { OPT_PRINT, 0 };
static const int time_option[] = { OPT_TIME, 0 };

/* Neither of kernel nor of record --kernel. */
static int check_others(struct parser *parser)
{
	const char *name = options_given(parser, kernel_options);

	if (!name)
		return 0;
	if (parser->options->command == COMMAND_RECORD)
		return error_set(parser->err, EINVAL,
				 "--%s is about the kernel's own timers: record needs --kernel "
				 "for it",
				 name);
	error_set(parser->err, EINVAL, "--%s is about the kernel's own timers, which kernel shows",
		  name);
	error_hint(parser->err, "timersnoop kernel --%s ...", name);
	return -EINVAL;
}

static int check_record(struct parser *parser)
{
	const char *name = options_given(parser, choosing_options);

	if (name) {
		error_set(parser->err, EINVAL,
			  "record --kernel takes no --%s: it records all of the kernel's timers",
			  name);
		error_hint(parser->err, "-p, -n, --callback and --cpu choose what is recorded");
		return -EINVAL;
	}
	if (!options_given(parser, print_option))
		return 0;
	error_set(parser->err, EINVAL, "record --kernel takes no --print");
	error_hint(parser->err, "timersnoop kernel -i FILE shows it afterwards");
	return -EINVAL;
}

int options_check_kernel(struct parser *parser)
{
	const struct options *options = parser->options;
	const char *name;

	if (!options->kernel)
		return check_others(parser);
	if (options->command == COMMAND_RECORD)
		return check_record(parser);
	name = options_given(parser, program_options);
	if (name)
		return error_set(parser->err, EINVAL,
				 "kernel takes no --%s, which is about timers of programs", name);
	name = options_given(parser, options_of_figures);
	if (name && options->kernel_events) {
		error_set(parser->err, EINVAL, "--%s is about figures, and -e shows events", name);
		error_hint(parser->err, "leave out -e for figures");
		return -EINVAL;
	}
	if (options_given(parser, time_option) && !options->kernel_events) {
		error_set(parser->err, EINVAL,
			  "--time is about lines of events, not about figures");
		error_hint(parser->err, "add -e, which shows events");
		return -EINVAL;
	}
	if (options->kernel_by & KERNEL_BY_CALLER && !options->callers) {
		error_set(parser->err, EINVAL, "--by caller needs --callers, which finds them");
		return -EINVAL;
	}
	return 0;
}
