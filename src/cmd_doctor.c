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
#include "timersnoop/out_plan.h"
#include "timersnoop/privilege.h"
#include "timersnoop/show.h"
#include "timersnoop/view.h"
#include "timersnoop/wakeups.h"

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
		printf("kernel: %s %s\n", diagnosis.features.release, diagnosis.features.machine);
		out_plan_text(&diagnosis.features, &diagnosis.plan, options->verbose);
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
