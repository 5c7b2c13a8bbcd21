/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands: what each word on the command line does, from options to exit status. */
#ifndef TIMERSNOOP_COMMANDS_H
#define TIMERSNOOP_COMMANDS_H

#include "timersnoop/fields.h"
#include "timersnoop/options.h"
#include "timersnoop/output_file.h"
#include "timersnoop/probe_plan.h"
#include "timersnoop/scene.h"
#include "timersnoop/view.h"

/* Kept by every command; --help and the manual list them. */
enum exit_status {
	EXIT_MATCHED = 0,
	EXIT_NOTHING = 1, /* ran well, nothing matched */
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3, /* cannot trace here; cannot read this recording */
	EXIT_INCOMPLETE = 4,
	EXIT_FOUND = 5,    /* stat: a finding of --fail-on, a broken --expect */
	EXIT_FAILED = 125, /* timersnoop itself; with COMMAND, EXIT_CANNOT too */
};

/* Each returns an exit status and has said on standard error what went wrong.
 * cmd_trace, also of `record`, does not return when COMMAND died of a signal: it dies of the same. */
int cmd_trace(const struct options *options);
/* trace of a recording */
int cmd_replay(const struct options *options);
int cmd_doctor(const struct options *options);
int cmd_list(const struct options *options);
int cmd_cleanup(const struct options *options);
/* --dry-run: the plan of a trace, in words and as text for kprobe_events. */
int cmd_dry_run(const struct options *options);

/* "timersnoop: TEXT" and, behind it, the hint. Returns `status`. */
int command_fail(int status, const struct error *err);

/* --fields help, --where help: on standard output. Returns an exit status. */
int command_print_fields(const struct field_table *table);

/* What these options need probes for; `aggregate`: if live_aggregate_choose says so. */
struct plan_wishes command_wishes(const struct options *options);

struct show;
/* Of the kernel's timers: the names of its functions, and which --callback means. 0, or
 * -EINVAL for wrong usage, or -errno. */
int command_learn_functions(struct show *show, struct error *err);
/* After that: which callbacks and whose arms the kernel is to let through. `filter` has room
 * for FILTER_TEXT_MAX, and like `show` is borrowed by `wishes`. */
void command_kernel_wishes(const struct show *show, struct plan_wishes *wishes, char *filter);

/* That this machine has the CPUs of --cpu: 0, or -EINVAL. */
int command_check_cpus(const struct options *options, struct error *err);
/* That what -p and -u name exists: 0, or -errno for wrong usage. */
int command_check_pids(const struct options *options, struct error *err);
/* `uids` has room for options->user_count. */
int command_find_users(const struct options *options, uint32_t *uids, struct error *err);

/* What -o asks for, its content as it was, or standard output: 0 or -errno. One that is
 * made is removed again unless output_file_keep() says that something came of it. */
int command_open_output(const struct options *options, struct output_file *file, struct error *err);
/* Empties the file of -o, now that there is something to write in its place. */
int command_empty_output(const struct options *options, int fd, struct error *err);
/* Writes what `sink` (or NULL) still holds and closes what was opened: 0 or -errno. */
int command_finish_output(const struct options *options, struct sink *sink, int fd,
			  struct error *err);

/* What was lost, in words; cut to fit. */
void command_name_loss(char *text, size_t size, const struct view_totals *totals,
		       const struct scene *scene);
/* What was lost, in one line, and what helps against it: next time, when it was recorded. */
void command_tell_loss(const struct view_totals *totals, const struct scene *scene, bool recorded);

/* Dies of the signal that COMMAND died of, so that our caller sees the same. */
int command_die_of(int number);

#endif
