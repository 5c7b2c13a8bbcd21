/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timersnoop/commands.h"
#include "timersnoop/existing.h"
#include "timersnoop/out_list.h"
#include "timersnoop/printable.h"
#include "timersnoop/privilege.h"
#include "timersnoop/procfs.h"
#include "timersnoop/procfs_timers.h"
#include "timersnoop/selection.h"

struct list {
	const struct options *options;
	struct selection selection;
	uint32_t uids[OPTION_LIST_MAX];
	struct existing timers;
	struct output_file output;
};

static bool is_selected(const struct list *list, const struct procfs_task *process)
{
	struct task task = { .tid = process->tid, .tgid = process->tgid, .uid = process->uid };

	memcpy(task.comm, process->comm, sizeof(task.comm));
	return selection_takes_task(&list->selection, &task);
}

static int add_process(void *context, const struct procfs_task *process)
{
	struct list *list = context;
	unsigned long denied = list->timers.denied;
	int status;

	if (!is_selected(list, process))
		return 0;
	status = existing_add(&list->timers, process);
	if (list->timers.denied > denied && list->options->verbose)
		tell("not allowed to read all of process %d", process->tgid);
	return status;
}

static int add_all(struct list *list, struct error *err)
{
	const struct options *options = list->options;
	struct procfs_task process;
	int ret = 0;

	if (!options->pid_count)
		ret = procfs_processes(add_process, list);
	for (size_t i = 0; i < options->pid_count && ret == 0; i++)
		if (procfs_task(options->pids[i], &process) == 0)
			ret = add_process(list, &process);
	return ret < 0 ? error_errno(err, -ret, "cannot read timers in /proc") : 0;
}

/* What is missing, and why; none of it makes the list wrong. */
static void tell_missing(const struct list *list)
{
	if (list->options->quiet)
		return;
	if (!procfs_timers_supported())
		tell("POSIX timers are not listed: this kernel has no /proc/PID/timers");
	tell("timers of setitimer(2) and alarm(2) are not listed: /proc does not tell of them");
	if (list->timers.denied)
		tell("%lu process%s could not be read in full%s", list->timers.denied,
		     list->timers.denied == 1 ? "" : "es",
		     geteuid() ? ": run as root" : ", not even by root");
}

static int write_all(const struct list *list, int fd, struct error *err)
{
	const struct options *options = list->options;
	const struct out_style style = { .format = options->format,
					 .wide = options->wide,
					 .header = options->header,
					 .terminal = isatty(fd) };
	struct sink *sink;
	int status;

	if (options->quiet)
		return 0;
	status = command_empty_output(options, fd, err);
	if (status < 0)
		return status;
	sink = sink_new(fd, -1);
	if (!sink)
		return error_errno(err, ENOMEM, "output");
	out_list(sink, &style, list->timers.timers, list->timers.count);
	status = command_finish_output(options, sink, fd, err);
	sink_free(sink);
	return status;
}

/*
 * Names of others are read, and only with the rights to do that. What there is to know
 * is kept for those who may trace a process.
 */
static int open_all(struct list *list, struct error *err)
{
	const struct privilege_request request = { .use = PRIVILEGE_LIST };
	struct privilege_state state;
	int status = command_open_output(list->options, &list->output, err);

	if (status == 0)
		privilege_drop(&request, &state);
	return status;
}

static int resolve(struct list *list, struct error *err)
{
	const struct options *options = list->options;
	int status = command_check_pids(options, err);

	if (status == 0)
		status = command_find_users(options, list->uids, err);
	list->selection = (struct selection){
		.pids = options->pids,
		.pid_count = options->pid_count,
		.names = options->names,
		.name_count = options->name_count,
		.uids = list->uids,
		.uid_count = options->user_count,
	};
	return status;
}

int cmd_list(const struct options *options)
{
	struct list list = { .options = options };
	struct error err;
	int status;

	if (resolve(&list, &err) < 0)
		return command_fail(EXIT_USAGE, &err);
	/* Writing to a pipe that nobody reads is an error to handle, not an end. */
	signal(SIGPIPE, SIG_IGN);
	status = open_all(&list, &err);
	if (status == 0)
		status = add_all(&list, &err);
	if (status == 0) {
		output_file_keep(&list.output);
		status = write_all(&list, list.output.fd, &err);
	}
	output_file_drop(&list.output);
	if (status < 0) {
		status = command_fail(EXIT_FAILED, &err);
	} else {
		tell_missing(&list);
		status = list.timers.count ? EXIT_MATCHED : EXIT_NOTHING;
		/* "No timer" is not what was found of a process that is closed to us. */
		if (options->pid_count && list.timers.denied)
			status = EXIT_INCOMPLETE;
	}
	existing_free(&list.timers);
	return status;
}
