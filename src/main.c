/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timersnoop: shows what programs really do with timers, without BPF.
 *
 *  tracefs -> capture -> page -> merge -> decode -> calls -> timers -> lives
 *  recording -----------^                                -> view -> out_*
 *                                                               -> stats -> report
 *
 *   main             this file: which command, and what it returns
 *   options          argv -> one struct; what goes together; the text of --help
 *   cmd_trace        trace, record, stat, kernel: what happens to timers, live
 *   trace_begin, trace_stream   its parts: what is probed; what is read of it
 *   cmd_replay       the same of a recording
 *   cmd_doctor       doctor, --cleanup
 *   checkup          what doctor found, as a value, text, JSON
 *   cmd_dry_run      --dry-run
 *   cmd_list         every timer that exists now
 *   commands         what they share: errors, output, dying as COMMAND died
 *
 *   host             this machine: its tracefs, what its kernel can do
 *   ask_symbols      which functions the kernel would take a probe on
 *   kernel_features  README, kallsyms, type data and refusals -> a value
 *   btf              where a member lies in a kernel structure
 *   probe_plan       features -> which probes, as text, with reasons
 *   plan_arch        what is different on each processor
 *   plan_calls, plan_copies, plan_timers   its parts: system calls, values; expiries, signals
 *   plan_aggregate   what the kernel counts instead
 *   plan_kernel      its part for the kernel's own timers
 *   plan_names       the inverse: an event's name -> what its records mean
 *   probe_group      kprobe_events: add, remove, missed hits
 *   calibrate        where this kernel keeps what no probe is given the address of
 *   session          the private instances and probe group, made and undone
 *   session_guard    what others do to the instances meanwhile
 *   session_sweep    what killed ones left
 *   live             session, formats and pipes as one merged stream
 *   live_aggregate   what the kernel counted for it
 *   live_kernel_counts   the same of the kernel's own timers
 *   live_scene       what it knows besides its records
 *   live_recording   what of it becomes a recording
 *
 *   capture          per-CPU raw pipes -> pages
 *   page             a sub-buffer, validated, then walked
 *   merge            per-CPU streams -> one, by time
 *   decode           event formats -> offsets; a record -> a typed struct
 *   tasks            thread -> process, name, user at a point of the stream
 *   task_lookup      the same, and who is asked where that may be wrong
 *   symbols          address -> function, as kallsyms has it
 *   calls            entry, kernel copies, return -> one call
 *   timers           calls, expiries, signals -> what happened to which timer
 *   timer_table      what it remembers of each
 *   table            chains by hash, that grow
 *   lives, life      the same as figures, from a timer's making to its end
 *   aggregate        the text of what the kernel counted -> counts
 *   distribution     many durations in little memory
 *   histogram        the same by powers of two, as the kernel counts them
 *   stats            what happened to timers -> figures, a row for each or for a group
 *   stats_evidence   and what is worth a second look
 *   findings         what can be found, from where on, what to do
 *   diagnosis        figures -> findings, with their evidence in words
 *   figures          what counts, and tells of it in rows: stats, or the kernel's timers
 *   report           of any: tables in time; findings, expectations and a status in the end
 *   report_stat      of stats: what comes in, and what the kernel can count
 *   selection        which calls were asked for
 *   view             the stream -> what was asked for, on its way out
 *
 *   kernel_timers    records of timer_list timers and hrtimers -> what happened to which
 *   kernel_callers   who is about to arm one
 *   kernel_clocks    jiffies and clocks against the trace clock
 *   kernel_wakeups   idle periods of CPUs, and what ended each
 *   kernel_stats     all this -> figures; kernel_rows: what can be asked of them
 *   kernel_diagnosis figures -> findings
 *   kernel_functions which function is the tick's, and which were asked for
 *   kernel_view      the stream -> what was asked for: what view is for programs' timers
 *   kernel_recorded  which functions a recording has to know
 *   report_kernel    of kernel_stats: what comes in
 *
 *   scene            what a trace tells besides its records, as a value and as text
 *   show             stream and scene -> view, for live and recorded ones
 *
 *   recorder         pages, kept until they are written: all, or the last ones
 *   recording_*      trace.dat, out and in
 *   replay           a recording as the stream that it was
 *
 *   events           names and groups of all that can be shown
 *   fields           what can be asked of an event, or of a row, by name
 *   event_fields     those of an event
 *   kernel_events, kernel_event_fields   both of the kernel's own timers
 *   expr             conditions on fields, and what of them the kernel can filter
 *   timerspec        values and durations as text, names of flags, clocks, errors
 *   out_*            finished values -> text, strace's notation, JSON, CSV, TSV
 *   out_list         timers that exist -> text, JSON, CSV
 *   out_plan         probes as text for kprobe_events, with reasons; JSON
 *   out_rows         fields of anything -> CSV, TSV, JSON
 *   out_table        figures of any kind -> columns of text, rows
 *   out_histogram    one histogram -> text, JSON
 *   out_findings     findings and expectations -> text, JSON
 *   out_stat         figures of stats -> which columns, whose histograms
 *   out_kernel       the kernel's timers -> which columns, lines of events
 *   printable        names, as a terminal may be shown them
 *   json_stream      objects and lists, for what is told once
 *   line, sink       one line of bytes; lines -> a file descriptor
 *
 *   procfs           tasks as /proc tells of them now
 *   procfs_timers    timers, the same way
 *   existing         all that there are before tracing begins
 *   launch           COMMAND, held until tracing is on
 *   privilege        what the rest of the work does not need, given up
 *   privilege_filter which system calls it needs
 *   output_file      the file of -o, not by way of others
 *   wakeups          all that a trace sleeps for, in one poll
 *   clocks           CLOCK_MONOTONIC, and how far others are ahead
 *   store            a file without a name
 *   memfile          a stream into memory
 *   error            a number for the program, a sentence for the person
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "timersnoop/commands.h"
#include "timersnoop/event_fields.h"
#include "timersnoop/kernel_event_fields.h"
#include "timersnoop/kernel_stats.h"

static int print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_MATCHED;
}

static const struct field_table *fields_of(const struct options *options)
{
	if (options->command == COMMAND_KERNEL)
		return options->kernel_events ? &kernel_event_fields : &kernel_fields;
	return options->command == COMMAND_STAT ? &stat_fields : &event_fields;
}

static int dispatch(const struct options *options)
{
	if (options_ask_fields(options))
		return command_print_fields(fields_of(options));
	switch (options->command) {
	case COMMAND_TRACE:
		if (options->input)
			return cmd_replay(options);
		return options->dry_run ? cmd_dry_run(options) : cmd_trace(options);
	case COMMAND_RECORD:
		return cmd_trace(options);
	case COMMAND_KERNEL:
	case COMMAND_STAT:
		if (options->input)
			return cmd_replay(options);
		return options->dry_run ? cmd_dry_run(options) : cmd_trace(options);
	case COMMAND_DOCTOR:
		return cmd_doctor(options);
	case COMMAND_LIST:
		return cmd_list(options);
	case COMMAND_CLEANUP:
		return cmd_cleanup(options);
	case COMMAND_HELP:
		return print(options_help);
	case COMMAND_VERSION:
		return print("timersnoop " TIMERSNOOP_VERSION "\n");
	}
	return EXIT_USAGE;
}

/*
 * Whatever was started without one of the standard descriptors would give its
 * number to a file of tracefs and write lines there. Opened the wrong way
 * round, so that using it is an error. COMMAND is started without it, too.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct options options;
	struct error err;
	int status;

	fill_standard_descriptors();
	if (options_parse(&options, argc, argv, &err) < 0)
		return command_fail(err.code == EINVAL ? EXIT_USAGE : EXIT_FAILED, &err);
	status = dispatch(&options);
	options_free(&options);
	return status;
}
