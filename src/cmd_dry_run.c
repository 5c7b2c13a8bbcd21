/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "timersnoop/commands.h"
#include "timersnoop/host.h"
#include "timersnoop/live_aggregate.h"
#include "timersnoop/live_kernel_counts.h"
#include "timersnoop/out_plan.h"
#include "timersnoop/printable.h"
#include "timersnoop/show.h"

/* What a run with these options writes to its instance. */
static void print_settings(const struct options *options, const struct selection *selection,
			   const struct plan_wishes *wishes)
{
	bool in_interrupts =
		wishes->kernel || wishes->lives || wishes->events & (EVENTS_EXPIRE | EVENTS_SIGNAL);
	char filter[FILTER_TEXT_MAX];

	puts("Settings of the private instance:");
	puts("  trace_clock: mono");
	printf("  buffer_size_kb: %llu for each CPU\n",
	       (unsigned long long)options->buffer_bytes / 1024);
	if (options->argv)
		printf("  set_event_pid: the process of %s, with event-fork\n", options->argv[0]);
	for (size_t i = 0; i < options->pid_count; i++)
		printf("  set_event_pid: the threads of %d, with event-fork\n", options->pids[i]);
	if (!in_interrupts && selection_filter(selection, filter, sizeof(filter)))
		printf("  filter of the probes: %s\n", filter);
	if (options->user_count || options->failed)
		puts("  (-u and -x are looked at in user space)");
	if ((options->argv || options->pid_count) && in_interrupts)
		puts("  a second instance without set_event_pid, for what comes in interrupts");
	putchar('\n');
}

/* Of stat, it may be the kernel that counts. */
static int choose_wishes(struct plan_wishes *wishes, struct show *show, char *filter,
			 const struct kernel_features *features, struct error *err)
{
	struct aggregate_choice choice = { .impossible = false };
	int status;

	if (show->options->kernel)
		command_kernel_wishes(show, wishes, filter);
	if (!show->report)
		return 0;
	status = show->options->kernel ? live_kernel_counts_choose(&choice, show->options,
								   show->report, features, err)
				       : live_aggregate_choose(&choice, show->options, show->report,
							       features, err);
	wishes->aggregate = false;
	choice.wishes.functions = wishes->functions;
	choice.wishes.function_count = wishes->function_count;
	if (status == 0 && choice.kernel)
		*wishes = choice.wishes;
	return status;
}

/* What calibrate.h is for takes probes. */
static void print_untried(const struct kernel_features *features, const struct probe_plan *plan,
			  const struct plan_wishes *wishes)
{
	bool copy = plan->refused_new_from == FROM_USER && features->copied_at < 0;
	bool registers = wishes->toctou && !features->return_args;

	if (copy || registers)
		puts("\nFound as a trace begins, by a call of timersnoop's own:");
	if (copy)
		puts("  where the kernel has its copy of a new value; then none is read from the "
		     "caller's memory");
	if (registers)
		puts("  which register leads to the arguments of a call that returns; then more "
		     "memory is compared");
}

static int dry_run(const struct options *options, struct show *show)
{
	char filter[FILTER_TEXT_MAX];
	struct plan_wishes wishes = command_wishes(options);
	struct kernel_features features;
	struct probe_plan plan;
	struct error err;
	int status = host_tracefs(&err);

	if (status == 0) {
		status = host_features(&features, &wishes, &err);
	} else {
		tell("%s: the plan is made of kallsyms alone", err.text);
		status = host_features_guess(&features, &err);
	}
	if (status == 0)
		status = choose_wishes(&wishes, show, filter, &features, &err);
	if (status == 0)
		status = probe_plan_make(&plan, &features, &wishes, &err);
	if (status != 0)
		return command_fail(options->argv ? EXIT_FAILED : EXIT_CANNOT, &err);
	print_settings(options, &show->selection, &wishes);
	printf("kernel: %s %s\n", features.release, features.machine);
	out_plan_text(&features, &plan, options->verbose);
	print_untried(&features, &plan, &wishes);
	return fflush(stdout) == 0 ? EXIT_MATCHED : EXIT_FAILED;
}

int cmd_dry_run(const struct options *options)
{
	struct show show = { .options = options };
	struct error err;
	int status;

	if (command_check_pids(options, &err) < 0 || command_check_cpus(options, &err) < 0 ||
	    show_select(&show, options, &err) < 0 ||
	    (options->kernel && command_learn_functions(&show, &err) < 0))
		status = command_fail(err.code == ENOMEM    ? EXIT_FAILED
				      : err.code == ENOTSUP ? EXIT_CANNOT
							    : EXIT_USAGE,
				      &err);
	else
		status = dry_run(options, &show);
	show_free(&show);
	return status;
}
