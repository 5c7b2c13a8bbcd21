/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where calls are read besides at their entry and return: the kernel's own copies of values,
 * what the caller's memory held as it was copied, ids of new timers.
 */
#include <stdio.h>
#include <string.h>

#include "timersnoop/plan_parts.h"

/*
 * The caller's struct as it is about to be copied in, for kernels where no
 * probe sees the kernel's copy of a refused value. A read of user memory that
 * fails leaves its slot as it was, with somebody's old bytes; only strings tell
 * failure, so the first and the last byte are read as strings too: they lie
 * on the (at most two) pages of the struct. Linux 5.10 gives an empty string the
 * length 0 of a failed one, but sets a byte aside for its end, which shows in
 * the record's size, if in multiples of 4: hence the last byte four times.
 *
 * `at` is the pointer as a fetch-arg, `size` that of one of the four fields.
 */
void plan_user_args(char *text, size_t length, const char *at, unsigned size)
{
	unsigned last = 4 * size - 1;

	snprintf(text, length,
		 "user_is=+u0(%s):s%u user_in=+u%u(%s):s%u user_vs=+u%u(%s):s%u "
		 "user_vn=+u%u(%s):s%u first=+u0(%s):ustring "
		 "last1=+u%u(%s):ustring last2=+u%u(%s):ustring "
		 "last3=+u%u(%s):ustring last4=+u%u(%s):ustring",
		 at, 8 * size, size, at, 8 * size, 2 * size, at, 8 * size, 3 * size, at, 8 * size,
		 at, last, at, last, at, last, at, last, at);
}

bool plan_can_read_user(const struct kernel_features *features)
{
	return features->user_memory && features->ustring;
}

/*
 * Where the kernel's own copy of the new value can be read, best first.
 * do_timer_settime() (kernel/time/posix-timers.c) sees every call whose copy
 * succeeded; the part that gcc splits off begins behind the check of the
 * value. Array arguments: LP64 struct itimerspec64 is four s64.
 */
struct copy_hook {
	const char *symbol;
	bool sees_refused; /* also calls that are refused for their value */
};

static const struct copy_hook copy_hooks[] = {
	{ "do_timer_settime", true },
	{ "do_timer_settime.part.0", false },
	{ "do_timer_settime.isra.0", false },
	{ "do_timer_settime.constprop.0", false },
};

/* Reached by accepted calls only, and given the k_itimer instead of its id:
 * common_timer_set serves all clocks but the CPU clocks. */
static const char *const clock_hooks[] = { "common_timer_set", "posix_cpu_timer_set" };

/* All copies there are, on the stack of whoever asked for one; all or none. */
static bool plan_copied(struct plan_maker *maker)
{
	static const char *const hooks[][2] = {
		{ "get_itimerspec64", "settime_copied" },
		{ "get_old_itimerspec32", "settime_copied_time32" },
	};
	struct probe probe = { .means = { USE_COPIED, EVENT_TIMER_SETTIME, ABI_UNKNOWN },
			       .kretprobe = true };
	size_t before = maker->plan->probe_count;

	if (maker->features->copied_at < 0 || !maker->features->arrays)
		return false;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (i == 1 && !maker->plan->abi_seen[ABI_32_TIME32])
			continue;
		if (plan_probe(maker, &probe, hooks[i][1], hooks[i][0],
			       "the kernel's own copy of the new value, once it is made",
			       "ret=$retval:s32 new=+%d($stack):s64[4]",
			       maker->features->copied_at))
			continue;
		maker->plan->probe_count = before;
		return false;
	}
	maker->plan->new_from = maker->plan->refused_new_from = FROM_KERNEL;
	return true;
}

static void plan_copy(struct plan_maker *maker)
{
	struct probe probe = { .means = { USE_COPY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } };
	struct probe_plan *plan = maker->plan;
	/* The return tells these; an expiry that comes before it must know whose it is. */
	bool named = !plan_returns_whole(maker, EVENT_TIMER_SETTIME) || maker->wishes->lives ||
		     plan_wants(maker, EVENTS_EXPIRE | EVENTS_SIGNAL);
	char value[PLAN_ARRAY_MAX], name[40];

	plan_array(maker, value, "new", 3);
	for (size_t i = 0; i < sizeof(copy_hooks) / sizeof(copy_hooks[0]); i++) {
		const struct copy_hook *hook = &copy_hooks[i];

		if (!hook->sees_refused && plan_copied(maker))
			return;
		if (plan_probe(maker, &probe, "settime_new", hook->symbol,
			       hook->sees_refused
				       ? "the kernel's own copy of the new value"
				       : "the kernel's own copy of the new value, of calls that "
					 "pass its check",
			       "%s%s", named ? "id=$arg1:s32 flags=$arg2:x32 " : "", value)) {
			plan->new_from = FROM_KERNEL;
			plan->refused_new_from = hook->sees_refused ? FROM_KERNEL : FROM_NONE;
			return;
		}
	}
	for (size_t i = 0; i < sizeof(clock_hooks) / sizeof(clock_hooks[0]); i++) {
		snprintf(name, sizeof(name), "settime_new_%s", clock_hooks[i]);
		if (plan_probe(maker, &probe, name, clock_hooks[i],
			       "stands in for do_timer_settime", "flags=$arg2:x32 %s", value))
			plan->new_from = FROM_KERNEL;
		else
			plan_note(maker,
				  "no kernel's copy of the new value of %s clocks: %s cannot "
				  "be probed",
				  i ? "CPU" : "other than CPU", clock_hooks[i]);
	}
}

/* do_timerfd_settime() (fs/timerfd.c) is given the copy before it is checked. */
static void plan_fd_copy(struct plan_maker *maker)
{
	struct probe probe = { .means = { USE_COPY, EVENT_TIMERFD_SETTIME, ABI_UNKNOWN } };
	char value[PLAN_ARRAY_MAX];

	plan_array(maker, value, "new", 3);
	if (!plan_probe(maker, &probe, "fd_settime_new", "do_timerfd_settime",
			"the kernel's own copy of a timerfd's new value",
			"id=$arg1:s32 flags=$arg2:x32 %s", value))
		plan_note(maker, "no new value of timerfd_settime: do_timerfd_settime cannot be "
				 "probed");
}

static void plan_old(struct plan_maker *maker)
{
	static const char *const hooks[][2] = {
		{ "put_itimerspec64", "old" },
		{ "put_old_itimerspec32", "old_time32" },
	};
	struct probe probe = { .means = { USE_OLD, 0, ABI_UNKNOWN } };
	char value[PLAN_ARRAY_MAX];

	plan_array(maker, value, "old", 1);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (i == 1 && !maker->plan->abi_seen[ABI_32_TIME32])
			continue;
		if (plan_probe(maker, &probe, hooks[i][1], hooks[i][0],
			       "the kernel's old or current value, only when it is written", "%s",
			       value))
			maker->plan->old_from = FROM_KERNEL;
		else
			plan_note(maker, "no old value%s: %s cannot be probed",
				  i == 1 ? " of 32-bit times" : "", hooks[i][0]);
	}
}

static void plan_user(struct plan_maker *maker)
{
	static const struct {
		const char *symbol, *event;
		unsigned size; /* of one field */
	} hooks[] = {
		{ "get_itimerspec64", TRY_PREFIX "settime_user", 8 },
		{ "get_old_itimerspec32", TRY_PREFIX "settime_user_time32", 4 },
	};
	struct probe probe = { .means = { USE_USER, EVENT_TIMER_SETTIME, ABI_UNKNOWN } };
	struct probe_plan *plan = maker->plan;
	char args[600];

	if (plan->refused_new_from == FROM_KERNEL || !plan_can_read_user(maker->features))
		return;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		plan_user_args(args, sizeof(args), "$arg2", hooks[i].size);
		if (!plan_probe(maker, &probe, hooks[i].event, hooks[i].symbol,
				"the caller's value, as it is copied in", "%s", args))
			plan_note(maker, "no caller's value%s: %s cannot be probed",
				  i ? " of 32-bit times" : "", hooks[i].symbol);
		else if (i == 0)
			plan->refused_new_from = FROM_USER;
	}
	if (plan->new_from == FROM_NONE)
		plan->new_from = plan->refused_new_from;
}

static void note_sources(struct plan_maker *maker)
{
	const struct probe_plan *plan = maker->plan;

	if (plan->new_from == FROM_USER)
		plan_note(maker, "new values are read from the caller's memory: the kernel's copy "
				 "cannot be probed");
	else if (plan->new_from == FROM_NONE)
		plan_note(maker, "new values are not shown: nothing that has them can be probed");
	if (plan->refused_new_from == FROM_USER)
		plan_note(maker, "the value of a call refused for it (EINVAL) is read from the "
				 "caller's memory as it is copied in");
	else if (plan->refused_new_from == FROM_NONE)
		plan_note(maker, "the value of a call refused for it (EINVAL) is not shown");
}

/*
 * sigevent(3type), LP64: sigev_value, signo, notify, thread id. Without one the
 * kernel's pointer is NULL, and reading through it fails.
 */
static void plan_sigevent(struct plan_maker *maker)
{
	struct probe probe = { .means = { USE_SIGEVENT, EVENT_TIMER_CREATE, ABI_UNKNOWN } };

	if (!plan_probe(maker, &probe, TRY_PREFIX "create_sigevent", "do_timer_create",
			"the kernel's own copy of the sigevent",
			"clock=$arg1:s32 event=$arg2:x64 value=+0($arg2):x64 signo=+8($arg2):s32 "
			"notify=+12($arg2):s32 thread=+16($arg2):s32"))
		plan_note(maker, "no sigevents: do_timer_create cannot be probed");
}

/* Where a new timer already has its id. */
static void plan_made(struct plan_maker *maker)
{
	static const char *const hooks[] = { "common_timer_create", "posix_cpu_timer_create",
					     "alarm_timer_create" };
	struct probe probe = { .means = { USE_MADE, EVENT_TIMER_CREATE, ABI_UNKNOWN } };
	int id = maker->features->offset[OFFSET_ITIMER_ID];
	char name[60];

	/* From 6.15 on; called once more for each id that is taken already. */
	if (plan_probe(maker, &probe, "create_id", "posix_timer_add_at", "a new timer's id",
		       "timer=$arg1:x64 id=$arg3:s32"))
		return;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		snprintf(name, sizeof(name), "create_id_%.*s", (int)strcspn(hooks[i], "_"),
			 hooks[i]);
		if (i == 1)
			snprintf(name, sizeof(name), "create_id_cpu");
		if (id < 0 || !plan_probe(maker, &probe, name, hooks[i], "a new timer's id",
					  "timer=$arg1:x64 id=+%d($arg1):s32", id))
			plan_note(maker, "no ids of some new timers: %s cannot be read", hooks[i]);
	}
}

/*
 * do_setitimer() and do_getitimer() (kernel/time/itimer.c) fill in an old value
 * on their caller's stack, which nothing that can be probed copies to the user:
 * it is read from the stack when they return, `at - sp` bytes above where the
 * stack pointer was at their entry (see plan_arch.h).
 */
static void plan_itimers(struct plan_maker *maker)
{
	struct probe set = { .means = { USE_COPY, EVENT_SETITIMER, ABI_UNKNOWN } };
	struct probe get = { .means = { USE_OLD_AT, EVENT_GETITIMER, ABI_UNKNOWN } };
	struct probe done = { .means = { USE_STACK, 0, ABI_UNKNOWN }, .kretprobe = true };
	char value[PLAN_ARRAY_MAX], args[40];

	plan_array(maker, value, "new", 2);
	snprintf(args, sizeof(args), "stack=+0($stack):s64[%d]", STACK_WORDS);
	if (plan_wants(maker, EVENT_BIT(EVENT_SETITIMER) | EVENT_BIT(EVENT_ALARM))) {
		if (!plan_probe(maker, &set, "setitimer_new", "do_setitimer",
				"the kernel's own copy of the new value",
				"id=$arg1:s32 at=$arg3:x64 %s %s", maker->arch->stack, value))
			plan_note(maker, "no values of setitimer and alarm: do_setitimer cannot "
					 "be probed");
		else if (!maker->features->arrays ||
			 !plan_probe(maker, &done, "setitimer_old", "do_setitimer",
				     "the kernel's old value", "%s", args))
			plan_note(maker, "no old values of setitimer and alarm");
	}
	if (plan_wants(maker, EVENT_BIT(EVENT_GETITIMER)) &&
	    (!maker->features->arrays ||
	     !plan_probe(maker, &get, "getitimer_at", "do_getitimer",
			 "where the current value will be", "id=$arg1:s32 at=$arg2:x64 %s",
			 maker->arch->stack) ||
	     !plan_probe(maker, &done, "getitimer_value", "do_getitimer",
			 "the kernel's current value", "%s", args)))
		plan_note(maker, "no values of getitimer: do_getitimer cannot be probed");
}

void plan_copies(struct plan_maker *maker)
{
	if (plan_wants(maker, EVENT_BIT(EVENT_TIMER_SETTIME))) {
		plan_copy(maker);
		plan_user(maker);
		note_sources(maker);
	}
	if (plan_wants(maker, EVENT_BIT(EVENT_TIMERFD_SETTIME)))
		plan_fd_copy(maker);
	if (plan_wants(maker, EVENT_BIT(EVENT_TIMER_SETTIME) | EVENT_BIT(EVENT_TIMER_GETTIME) |
				      EVENT_BIT(EVENT_TIMERFD_SETTIME) |
				      EVENT_BIT(EVENT_TIMERFD_GETTIME)))
		plan_old(maker);
	if (plan_wants(maker, EVENT_BIT(EVENT_TIMER_CREATE))) {
		plan_sigevent(maker);
		plan_made(maker);
	}
	plan_itimers(maker);
}
