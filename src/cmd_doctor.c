/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/clocks.h"
#include "timersnoop/commands.h"
#include "timersnoop/host.h"
#include "timersnoop/live.h"
#include "timersnoop/live_aggregate.h"
#include "timersnoop/live_kernel_counts.h"
#include "timersnoop/printable.h"
#include "timersnoop/privilege.h"
#include "timersnoop/show.h"
#include "timersnoop/view.h"
#include "timersnoop/wakeups.h"

/* Where the probes of a pasted plan go; a run's own group has its name. */

static void print_refusals(const struct kernel_features *features)
{
	if (!features->refused_count)
		return;
	puts("\nRefused by this kernel, so that the next best stands in:");
	for (size_t i = 0; i < features->refused_count; i++)
		printf("  %s: %s\n", features->refused[i].symbol, features->refused[i].reason);
}

/* Names the plan asked for that this kernel lacks, with what that means. */
static void print_absent(const struct kernel_features *features)
{
	for (const char *const *name = probe_plan_symbols(); *name; name++)
		if (kernel_features_absent(features, *name))
			printf("  %s is not a function of this kernel\n", *name);
}

static const char *source_name(enum value_source from)
{
	switch (from) {
	case FROM_KERNEL:
		return "kernel (its own copy)";
	case FROM_USER:
		return "user (the caller's memory at entry)";
	default:
		return "nowhere: it is not shown";
	}
}

static void print_triggers(const struct probe_plan *plan)
{
	puts("\nWhat the kernel counts, as text for the file that is named before it:");
	for (size_t i = 0; i < plan->trigger_count; i++) {
		char text[TRIGGER_TEXT_MAX];

		trigger_text(text, &plan->triggers[i], NULL, TRIGGER_COUNTS);
		printf("# events/" PLAN_GROUP "/%s/trigger\n%s\n",
		       plan->probes[plan->triggers[i].probe].event, text);
	}
}

static void print_events(const struct probe_plan *plan)
{
	puts("\nThe kernel's own events, enabled beside them:");
	for (size_t i = 0; i < plan->event_count; i++) {
		const struct plan_event *event = &plan->events[i];

		printf("  %s:%s (%s)%s%s%s%s\n", event->system, event->event, event->why,
		       event->filter[0] ? ", filter " : "", event->filter,
		       event->trigger[0] ? ", counted by " : "", event->trigger);
	}
}

static void print_sources(const struct probe_plan *plan)
{
	puts("\nWhere each value comes from:");
	printf("  new value:                 %s\n", source_name(plan->new_from));
	printf("  new value, refused for it: %s\n", source_name(plan->refused_new_from));
	printf("  old value:                 %s\n", source_name(plan->old_from));
}

static void print_plan(const struct probe_plan *plan)
{
	if (plan->probe_count)
		puts("\nProbes, as text for kprobe_events:");
	for (size_t i = 0; i < plan->probe_count; i++) {
		char text[PROBE_TEXT_MAX];

		probe_text(text, &plan->probes[i], PLAN_GROUP);
		printf("# %s%s%s\n%s\n", plan->probes[i].why,
		       plan->probes[i].filter[0] ? ", filter " : "", plan->probes[i].filter, text);
	}
	if (plan->trigger_count)
		print_triggers(plan);
	print_events(plan);
	if (plan->new_from != FROM_NONE || plan->old_from != FROM_NONE)
		print_sources(plan);
	if (!plan->note_count)
		return;
	puts("\nMissing or second best:");
	for (size_t i = 0; i < plan->note_count; i++)
		printf("  %s\n", plan->notes[i]);
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

static int describe(const struct kernel_features *features, const struct probe_plan *plan,
		    int verbose)
{
	printf("kernel: %s %s\n", features->release, features->machine);
	print_plan(plan);
	if (verbose) {
		puts("\nLooked for in kallsyms:");
		print_absent(features);
	}
	print_refusals(features);
	return fflush(stdout) == 0 ? EXIT_MATCHED : EXIT_FAILED;
}

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
	if (status < 0)
		return command_fail(options->argv ? EXIT_FAILED : EXIT_CANNOT, &err);
	print_settings(options, &show->selection, &wishes);
	status = describe(&features, &plan, options->verbose);
	print_untried(&features, &plan, &wishes);
	return fflush(stdout) == 0 ? status : EXIT_FAILED;
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

/* One timer_settime of our own, with a value that nobody else sets. */
static int set_own_timer(struct error *err)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	const struct itimerspec value = { .it_value = { 86399, 999999937 } };
	struct itimerspec old;
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return error_errno(err, errno, "timer_create");
	if (timer_settime(timer, 0, &value, &old) < 0) {
		error_errno(err, errno, "timer_settime");
		timer_delete(timer);
		return -err->code;
	}
	timer_delete(timer);
	return 0;
}

static int read_all(struct live *live, struct view *view)
{
	struct merged merged;
	int status;

	merge_begin(live_merge(live), UINT64_MAX);
	while ((status = merge_next(live_merge(live), &merged)) > 0) {
		status = view_take(view, &merged);
		if (status < 0)
			break;
	}
	view_finish(view, clocks_now());
	return status;
}

struct diagnosis {
	struct kernel_features features;
	struct probe_plan plan;
	bool planned; /* both are filled */
	struct privilege_state state;
};

/* As a trace does it, so that what is told of it was tried; and the end works all the same. */
static void give_up_privileges(struct privilege_state *state)
{
	const struct privilege_request request = { .use = PRIVILEGE_LIVE,
						   .tracefs = tracefs_tracing_dir() };

	privilege_drop(&request, state);
}

static const char *held(bool given_up, const char *why_not)
{
	return given_up ? "yes" : why_not ? why_not : "no";
}

static void print_privileges(const struct privilege_state *state)
{
	puts("\nWhat is given up before anything is read that others had a part in:");
	printf("  capabilities that are not needed: %s\n", held(state->capabilities, NULL));
	printf("  new privileges by programs:       %s\n", held(state->no_new_privs, NULL));
	printf("  files, but tracefs and /proc:     %s\n",
	       held(state->files, state->files_why_not));
	printf("  system calls (seccomp):           %s\n",
	       held(state->calls, state->calls_why_not));
}

/* Traces ourselves for one call: 0 when just that was seen. */
static int trace_self(struct live *live, const struct live_request *request,
		      struct privilege_state *state, struct error *err)
{
	const struct selection selection = { .pids = request->pids, .pid_count = 1 };
	const struct out_style style = { .format = OUT_TEXT };
	struct tasks *tasks = tasks_new();
	struct view_totals totals = { 0 };
	struct view_request view_request = { .selection = &selection,
					     .decoder = live_decoder(live),
					     .tasks = tasks,
					     .style = &style,
					     .events = EVENT_BIT(EVENT_TIMER_SETTIME),
					     .followed = true };
	struct view *view = NULL;
	bool filtered;
	int status;

	if (!tasks)
		return error_errno(err, ENOMEM, "tasks");
	status = live_start(live, request, tasks, &filtered, err);
	if (status == 0)
		status = set_own_timer(err);
	if (status == 0) {
		give_up_privileges(state);
		view_request.since_ns = live_since(live);
		view = view_new(&view_request);
		status = view ? 0 : error_errno(err, ENOMEM, "calls");
	}
	if (status == 0)
		status = session_stop(live_session(live), err);
	if (status == 0) {
		status = read_all(live, view);
		view_totals(view, &totals);
		if (status < 0)
			error_errno(err, -status, "cannot read the trace");
		else if (totals.matched != 1 || totals.incomplete)
			status = error_set(err, EIO,
					   "of one call of our own %llu were seen, "
					   "%llu of them in part",
					   (unsigned long long)totals.matched,
					   (unsigned long long)totals.incomplete);
	}
	view_free(view);
	tasks_free(tasks);
	return status;
}

static int fail(const struct error *err)
{
	puts("This machine cannot be traced.");
	fflush(stdout);
	return command_fail(EXIT_CANNOT, err);
}

/* Makes a session, traces one call of our own and undoes it all. */
static int try_machine(struct diagnosis *diagnosis, struct error *err)
{
	const int32_t self = getpid();
	const struct live_request request = {
		.pids = &self,
		.pid_count = 1,
		.session = { .follows = true,
			     .wishes = { .events = EVENTS_ALL, .lives = true, .user_ids = true } }
	};
	struct live *live;
	struct error closing;
	unsigned swept;
	int status = host_tracefs(err);

	if (status < 0)
		return status;
	if (session_sweep(&swept, err) < 0)
		command_fail(EXIT_CANNOT, err);
	status = live_open(&live, &request, err);
	if (status < 0)
		return status;
	diagnosis->features = *live_features(live);
	diagnosis->plan = *session_plan(live_session(live));
	diagnosis->planned = true;
	status = trace_self(live, &request, &diagnosis->state, err);
	if (live_close(live, &closing) < 0 && status == 0) {
		*err = closing;
		status = -closing.code;
	}
	return status;
}

int cmd_doctor(const struct options *options)
{
	struct diagnosis diagnosis = { .planned = false };
	struct launch_signals before;
	struct wakeups *wakeups;
	struct error err;
	int status;

	/* Nothing ends us while probes stand; nothing is printed either. */
	if (wakeups_new(&wakeups, &before, &err) < 0)
		return command_fail(EXIT_FAILED, &err);
	status = try_machine(&diagnosis, &err);
	wakeups_free(wakeups);
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
	if (diagnosis.planned) {
		printf("tracefs: %s\n", tracefs_tracing_dir());
		describe(&diagnosis.features, &diagnosis.plan, options->verbose);
	}
	if (status < 0)
		return fail(&err);
	print_privileges(&diagnosis.state);
	puts("\nA call of our own was traced, whole: this machine can be traced.");
	return fflush(stdout) == 0 ? EXIT_MATCHED : EXIT_FAILED;
}

int cmd_cleanup(const struct options *options)
{
	struct error err;
	unsigned removed;

	if (host_tracefs(&err) < 0)
		return command_fail(EXIT_CANNOT, &err);
	if (session_sweep(&removed, &err) < 0)
		return command_fail(EXIT_FAILED, &err);
	if (!options->quiet)
		printf("removed what %u earlier run%s left behind\n", removed,
		       removed == 1 ? "" : "s");
	return removed ? EXIT_MATCHED : EXIT_NOTHING;
}
