/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/checkup.h"
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

/* Makes a session, traces one call of our own and undoes it all. */
static int try_to_trace(struct checkup *checkup, struct error *err)
{
	const int32_t self = getpid();
	bool has_instance = false;
	const struct live_request request = {
		.pids = &self,
		.pid_count = 1,
		.session = { .follows = true,
			     .has_instance = &has_instance,
			     .wishes = { .events = EVENTS_ALL, .lives = true, .user_ids = true } }
	};
	struct live *live;
	struct error closing;
	int status = live_open(&live, &request, err);

	if (has_instance)
		checkup_found(checkup, CHECK_INSTANCE, CHECK_OK, NULL);
	if (status < 0) {
		checkup_error(checkup, has_instance ? CHECK_PROBES : CHECK_INSTANCE, CHECK_FAILED,
			      err);
		return status;
	}
	checkup->features = *live_features(live);
	checkup->plan = *session_plan(live_session(live));
	checkup->planned = true;
	checkup_features(checkup, host_kptr_restrict());
	checkup_found(
		checkup, CHECK_PROBES, checkup->features.refused_count ? CHECK_LIMITED : CHECK_OK,
		"%zu; refused: %zu", checkup->plan.probe_count, checkup->features.refused_count);
	status = trace_self(live, &request, &checkup->given_up, err);
	if (status < 0)
		checkup_error(checkup, CHECK_CALL, CHECK_FAILED, err);
	else
		checkup_found(checkup, CHECK_CALL, CHECK_OK, NULL);
	checkup_found(checkup, CHECK_UNDONE, CHECK_OK, NULL);
	if (live_close(live, &closing) < 0) {
		checkup_error(checkup, CHECK_UNDONE, CHECK_FAILED, &closing);
		if (status == 0)
			*err = closing;
		status = status ? status : -closing.code;
	}
	return status;
}

static void look_at_lockdown(struct checkup *checkup)
{
	char level[32];
	int status = host_lockdown(level, sizeof(level));

	if (status == -ENOENT)
		checkup_found(checkup, CHECK_LOCKDOWN, CHECK_OK, "there is none to be seen");
	else if (status == 0)
		checkup_found(checkup, CHECK_LOCKDOWN,
			      strcmp(level, "confidentiality") == 0 ? CHECK_FAILED : CHECK_OK, "%s",
			      level);
}

/* What is there before anything is made. */
static int look_at_host(struct checkup *checkup, struct error *err)
{
	static const enum check_id ids[HOST_STEPS] = {
		[HOST_MOUNT] = CHECK_TRACEFS,
		[HOST_ACCESS] = CHECK_PERMISSION,
		[HOST_KPROBE_EVENTS] = CHECK_KPROBE_EVENTS,
		[HOST_KPROBES_ON] = CHECK_KPROBES_ON,
		[HOST_PID_NAMESPACE] = CHECK_PID_NAMESPACE,
	};
	enum host_step reached;
	struct error other;
	int status = host_examine(&reached, err);

	for (int step = 0; step < (int)reached; step++)
		checkup_found(checkup, ids[step], CHECK_OK, NULL);
	if (reached > HOST_ACCESS)
		checkup_found(checkup, CHECK_TRACEFS, CHECK_OK, "%s", tracefs_tracing_dir());
	if (status < 0)
		checkup_error(checkup, ids[reached], CHECK_FAILED, err);
	/* These two are known whatever failed. */
	look_at_lockdown(checkup);
	if (host_pid_namespace(&other) < 0)
		checkup_error(checkup, CHECK_PID_NAMESPACE, CHECK_FAILED, &other);
	else
		checkup_found(checkup, CHECK_PID_NAMESPACE, CHECK_OK, NULL);
	return status;
}

static void sweep(struct checkup *checkup)
{
	struct error err;
	unsigned swept;

	if (session_sweep(&swept, &err) < 0) {
		command_fail(EXIT_CANNOT, &err);
		checkup_error(checkup, CHECK_LEFTOVERS, CHECK_LIMITED, &err);
	} else if (swept) {
		checkup_found(checkup, CHECK_LEFTOVERS, CHECK_OK,
			      "what %u of them left was removed", swept);
	} else {
		checkup_found(checkup, CHECK_LEFTOVERS, CHECK_OK, NULL);
	}
}

static int examine(struct checkup *checkup, struct error *err)
{
	int status = look_at_host(checkup, err);

	if (status < 0)
		return status;
	sweep(checkup);
	return try_to_trace(checkup, err);
}

/* "/usr/lib/libtracefs.so.1 -> libtracefs.so.1.6.4" tells more than its code does. */
static int note_library(struct dl_phdr_info *info, size_t size, void *context)
{
	struct checkup *checkup = context;
	const char *slash = strrchr(info->dlpi_name, '/');

	(void)size;
	for (int i = 0; slash && i < CHECKUP_LIBRARIES; i++) {
		struct checkup_library *library = &checkup->libraries[i];
		size_t length = strlen(library->name);
		char *path;

		if (strncmp(slash + 1, library->name, length) != 0 || slash[1 + length] != '.')
			continue;
		path = realpath(info->dlpi_name, NULL);
		snprintf(library->loaded, sizeof(library->loaded), "%s",
			 path ? strrchr(path, '/') + 1 : slash + 1);
		free(path);
	}
	return 0;
}

static void begin(struct checkup *checkup)
{
	struct utsname name;

	checkup->libraries[0].name = "libtracefs";
	checkup->libraries[0].built = LIBTRACEFS_BUILT;
	checkup->libraries[1].name = "libtraceevent";
	checkup->libraries[1].built = LIBTRACEEVENT_BUILT;
	dl_iterate_phdr(note_library, checkup);
	if (uname(&name) == 0) {
		snprintf(checkup->release, sizeof(checkup->release), "%s", name.release);
		snprintf(checkup->machine, sizeof(checkup->machine), "%s", name.machine);
	}
}

static void tell(const struct checkup *checkup, const struct options *options)
{
	if (options->format == OUT_JSON) {
		checkup_json(stdout, checkup);
		return;
	}
	checkup_text(stdout, checkup);
	if (checkup->planned)
		out_plan_text(&checkup->features, &checkup->plan, options->verbose);
	if (checkup->can_trace)
		print_privileges(&checkup->given_up);
	puts(checkup->can_trace
		     ? "\nA call of our own was traced, whole: this machine can be traced."
		     : "\nThis machine cannot be traced.");
}

int cmd_doctor(const struct options *options)
{
	struct checkup checkup = { .planned = false };
	struct launch_signals before;
	struct wakeups *wakeups;
	int status;

	/* Nothing ends us while probes stand; nothing is printed either. */
	if (wakeups_new(&wakeups, &before, &checkup.error) < 0)
		return command_fail(EXIT_FAILED, &checkup.error);
	begin(&checkup);
	status = examine(&checkup, &checkup.error);
	wakeups_free(wakeups);
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
	checkup.can_trace = status == 0;
	checkup.status = checkup.can_trace ? EXIT_MATCHED : EXIT_CANNOT;
	tell(&checkup, options);
	if (fflush(stdout) != 0 && checkup.can_trace)
		return EXIT_FAILED;
	return checkup.can_trace ? EXIT_MATCHED : command_fail(EXIT_CANNOT, &checkup.error);
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
