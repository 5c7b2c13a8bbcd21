/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the records of an event mean, by its name: of a recording, whoever made it. */
#include <string.h>

#include "timersnoop/plan_parts.h"

/* Of the kernel's tracepoints, and of probes that are no part of a system call's. */
static const struct {
	const char *system; /* NULL: a probe */
	const char *event;
	struct meaning means;
} names[] = {
	{ NULL, "settime_new", { USE_COPY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "settime_new_common_timer_set", { USE_COPY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "settime_new_posix_cpu_timer_set", { USE_COPY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "settime_copied", { USE_COPIED, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "settime_copied_time32", { USE_COPIED, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "fd_settime_new", { USE_COPY, EVENT_TIMERFD_SETTIME, ABI_UNKNOWN } },
	{ NULL, "setitimer_new", { USE_COPY, EVENT_SETITIMER, ABI_UNKNOWN } },
	{ NULL, "setitimer_old", { USE_STACK, 0, ABI_UNKNOWN } },
	{ NULL, "getitimer_at", { USE_OLD_AT, EVENT_GETITIMER, ABI_UNKNOWN } },
	{ NULL, "getitimer_value", { USE_STACK, 0, ABI_UNKNOWN } },
	{ NULL, "old", { USE_OLD, 0, ABI_UNKNOWN } },
	{ NULL, "old_time32", { USE_OLD, 0, ABI_UNKNOWN } },
	{ NULL, "settime_user", { USE_USER, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "settime_user_time32", { USE_USER, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_set", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_set_cpu", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_arm", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_arm_alarm", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_again", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_again_alarm", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_again_cpu", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_old", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_old_time32", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_exit", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_64 } },
	{ NULL, "tally_exit_ia32", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_32 } },
	{ NULL, "tally_exit_ia32_time32", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_32_TIME32 } },
	{ NULL, "tally_exit_any", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } },
	{ NULL, "tally_exit_compat_time32", { USE_TALLY, EVENT_TIMER_SETTIME, ABI_32_TIME32 } },
	{ NULL, "create_sigevent", { USE_SIGEVENT, EVENT_TIMER_CREATE, ABI_UNKNOWN } },
	{ NULL, "create_id", { USE_MADE, EVENT_TIMER_CREATE, ABI_UNKNOWN } },
	{ NULL, "create_id_common", { USE_MADE, EVENT_TIMER_CREATE, ABI_UNKNOWN } },
	{ NULL, "create_id_cpu", { USE_MADE, EVENT_TIMER_CREATE, ABI_UNKNOWN } },
	{ NULL, "create_id_alarm", { USE_MADE, EVENT_TIMER_CREATE, ABI_UNKNOWN } },
	{ NULL, "expire", { USE_EXPIRY, EVENT_TIMER_EXPIRE, ABI_UNKNOWN } },
	{ NULL, "expire_alarm", { USE_EXPIRY, EVENT_TIMER_EXPIRE, ABI_UNKNOWN } },
	{ NULL, "expire_fd", { USE_EXPIRY, EVENT_TIMERFD_EXPIRE, ABI_UNKNOWN } },
	{ NULL, "expire_fd_alarm", { USE_EXPIRY, EVENT_TIMERFD_EXPIRE, ABI_UNKNOWN } },
	{ NULL, "expire_real", { USE_EXPIRY, EVENT_ITIMER_EXPIRE, ABI_UNKNOWN } },
	{ NULL, "queue", { USE_QUEUE, EVENT_TIMER_EXPIRE, ABI_UNKNOWN } },
	{ NULL, "anon_inode_getfd", { USE_FILE, EVENT_TIMERFD_CREATE, ABI_UNKNOWN } },
	{ NULL, "anon_inode_getfile", { USE_FILE, EVENT_TIMERFD_CREATE, ABI_UNKNOWN } },
	{ NULL, "anon_inode_getfile_fmode", { USE_FILE, EVENT_TIMERFD_CREATE, ABI_UNKNOWN } },
	{ NULL, "release", { USE_RELEASE, EVENT_TIMERFD_CREATE, ABI_UNKNOWN } },
	{ NULL, "signal_setup_done", { USE_HANDLED, EVENT_SIGNAL_DELIVER, ABI_UNKNOWN } },
	{ NULL, "copy_siginfo_to_user", { USE_FETCHED, EVENT_SIGNAL_DELIVER, ABI_UNKNOWN } },
	{ NULL, "copy_siginfo_to_external32", { USE_FETCHED, EVENT_SIGNAL_DELIVER, ABI_UNKNOWN } },
	{ NULL, "signalfd_copyinfo", { USE_SIGNALFD, EVENT_SIGNAL_DELIVER, ABI_UNKNOWN } },
	{ NULL, "wait", { .use = USE_WAIT } },
	{ NULL, "waited", { .use = USE_WAITED } },
	{ NULL, "timers_gone", { .use = USE_TIMERS_GONE } },
	{ NULL, "task_creds", { .use = USE_CREDS } },
	{ "timer", "hrtimer_start", { .use = USE_HRTIMER_START } },
	{ "timer", "hrtimer_start_expired", { .use = USE_HRTIMER_EXPIRED } },
	{ "timer", "hrtimer_expire_entry", { .use = USE_HRTIMER_EXPIRE } },
	{ "timer", "itimer_expire", { .use = USE_ITIMER_EXPIRE } },
	/* the same with another name until Linux 6.15 */
	{ "timer", "hrtimer_setup", { .use = USE_HRTIMER_SETUP } },
	{ "timer", "hrtimer_init", { .use = USE_HRTIMER_SETUP } },
	{ "timer", "hrtimer_cancel", { .use = USE_HRTIMER_CANCEL } },
	{ "timer", "hrtimer_expire_exit", { .use = USE_HRTIMER_EXIT } },
	{ "timer", "timer_init", { .use = USE_TIMER_INIT } },
	{ "timer", "timer_start", { .use = USE_TIMER_START } },
	{ "timer", "timer_cancel", { .use = USE_TIMER_CANCEL } },
	{ "timer", "timer_expire_entry", { .use = USE_TIMER_EXPIRE } },
	{ "timer", "timer_expire_exit", { .use = USE_TIMER_EXIT } },
	{ "timer", "tick_stop", { .use = USE_TICK_STOP } },
	{ "timer", "timer_base_idle", { .use = USE_BASE_IDLE } },
	{ "power", "cpu_idle", { .use = USE_CPU_IDLE } },
	{ "irq_vectors", "local_timer_entry", { .use = USE_TIMER_IRQ } },
	{ "irq_vectors", "reschedule_entry", { .use = USE_OTHER_IRQ } },
	{ "irq_vectors", "call_function_entry", { .use = USE_OTHER_IRQ } },
	{ "irq_vectors", "call_function_single_entry", { .use = USE_OTHER_IRQ } },
	{ "irq_vectors", "irq_work_entry", { .use = USE_OTHER_IRQ } },
	{ "irq", "irq_handler_entry", { .use = USE_OTHER_IRQ } },
	{ "signal", "signal_generate", { .use = USE_SIGNAL } },
	{ "signal", "signal_deliver", { .use = USE_DELIVER } },
	{ "task", "task_newtask", { .use = USE_NEW_TASK } },
	{ "task", "task_rename", { .use = USE_RENAME } },
	{ "sched", "sched_process_exec", { .use = USE_EXEC } },
	{ "sched", "sched_process_exit", { .use = USE_EXIT } },
};

static bool starts_with(const char **text, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(*text, prefix, length) != 0)
		return false;
	*text += length;
	return true;
}

bool probe_plan_group(const char *system)
{
	if (!starts_with(&system, PLAN_GROUP) || (*system && *system != '_'))
		return false;
	/* It may come from a file, and be printed. */
	return !system[strspn(system, "_0123456789abcdefghijklmnopqrstuvwxyz")];
}

bool probe_plan_meaning(const char *system, const char *event, struct meaning *means)
{
	bool probe = probe_plan_group(system);

	/* That its misses mean nothing says nothing of its hits. */
	if (probe)
		starts_with(&event, TRY_PREFIX);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(event, names[i].event) != 0 || probe != !names[i].system ||
		    (!probe && strcmp(system, names[i].system) != 0))
			continue;
		*means = names[i].means;
		return true;
	}
	if (probe && starts_with(&event, PLAN_CALLER_PREFIX)) {
		*means = (struct meaning){ .use = USE_CALLER };
		return true;
	}
	if (probe && starts_with(&event, PLAN_OWNER_PREFIX)) {
		*means = (struct meaning){ .use = USE_OWNER };
		return true;
	}
	return probe && plan_calls_meaning(event, means);
}
