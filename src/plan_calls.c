/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probes of system calls: entries, returns and the kernel's own copies. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/plan_parts.h"

/* Arguments by what they are, so that a record has the same fields for every call. */
enum role { ROLE_NONE, ROLE_ID, ROLE_CLOCK, ROLE_FLAGS, ROLE_NEW, ROLE_OLD, ROLE_SECONDS };

#define CALL_ARGUMENTS 4

struct system_call {
	const char *prefix; /* of its events' names */
	enum role roles[CALL_ARGUMENTS];
	const char *symbols[ABI_COUNT]; /* x86-64; NULL: none of its own */
};

/*
 * include/linux/syscalls.h for the arguments. A system call without times has
 * one 32-bit entry; setitimer(2) and its like have always had 32-bit times there
 * (struct old_itimerval32).
 */
static const struct system_call calls[EVENT_CALLS] = {
	[EVENT_TIMER_CREATE] = { "create",
				 { ROLE_CLOCK, ROLE_NEW, ROLE_OLD },
				 { "__x64_sys_timer_create", "__ia32_compat_sys_timer_create" } },
	[EVENT_TIMER_SETTIME] = { "settime",
				  { ROLE_ID, ROLE_FLAGS, ROLE_NEW, ROLE_OLD },
				  { "__x64_sys_timer_settime", "__ia32_sys_timer_settime",
				    "__ia32_sys_timer_settime32" } },
	[EVENT_TIMER_GETTIME] = { "gettime",
				  { ROLE_ID, ROLE_OLD },
				  { "__x64_sys_timer_gettime", "__ia32_sys_timer_gettime",
				    "__ia32_sys_timer_gettime32" } },
	[EVENT_TIMER_GETOVERRUN] = { "getoverrun",
				     { ROLE_ID },
				     { "__x64_sys_timer_getoverrun",
				       "__ia32_sys_timer_getoverrun" } },
	[EVENT_TIMER_DELETE] = { "delete",
				 { ROLE_ID },
				 { "__x64_sys_timer_delete", "__ia32_sys_timer_delete" } },
	[EVENT_TIMERFD_CREATE] = { "fd_create",
				   { ROLE_CLOCK, ROLE_FLAGS },
				   { "__x64_sys_timerfd_create", "__ia32_sys_timerfd_create" } },
	[EVENT_TIMERFD_SETTIME] = { "fd_settime",
				    { ROLE_ID, ROLE_FLAGS, ROLE_NEW, ROLE_OLD },
				    { "__x64_sys_timerfd_settime", "__ia32_sys_timerfd_settime",
				      "__ia32_sys_timerfd_settime32" } },
	[EVENT_TIMERFD_GETTIME] = { "fd_gettime",
				    { ROLE_ID, ROLE_OLD },
				    { "__x64_sys_timerfd_gettime", "__ia32_sys_timerfd_gettime",
				      "__ia32_sys_timerfd_gettime32" } },
	[EVENT_SETITIMER] = { "setitimer",
			      { ROLE_ID, ROLE_NEW, ROLE_OLD },
			      { "__x64_sys_setitimer", NULL, "__ia32_compat_sys_setitimer" } },
	[EVENT_GETITIMER] = { "getitimer",
			      { ROLE_ID, ROLE_OLD },
			      { "__x64_sys_getitimer", NULL, "__ia32_compat_sys_getitimer" } },
	[EVENT_ALARM] = { "alarm", { ROLE_SECONDS }, { "__x64_sys_alarm", "__ia32_sys_alarm" } },
};

const char *const plan_calls_symbols[] = {
	"__x64_sys_timer_create",
	"__ia32_compat_sys_timer_create",
	"__x64_sys_timer_settime",
	"__ia32_sys_timer_settime",
	"__ia32_sys_timer_settime32",
	"__x64_sys_timer_gettime",
	"__ia32_sys_timer_gettime",
	"__ia32_sys_timer_gettime32",
	"__x64_sys_timer_getoverrun",
	"__ia32_sys_timer_getoverrun",
	"__x64_sys_timer_delete",
	"__ia32_sys_timer_delete",
	"__x64_sys_timerfd_create",
	"__ia32_sys_timerfd_create",
	"__x64_sys_timerfd_settime",
	"__ia32_sys_timerfd_settime",
	"__ia32_sys_timerfd_settime32",
	"__x64_sys_timerfd_gettime",
	"__ia32_sys_timerfd_gettime",
	"__ia32_sys_timerfd_gettime32",
	"__x64_sys_setitimer",
	"__ia32_compat_sys_setitimer",
	"__x64_sys_getitimer",
	"__ia32_compat_sys_getitimer",
	"__x64_sys_alarm",
	"__ia32_sys_alarm",
	"do_timer_settime",
	"do_timer_settime.part.0",
	"do_timer_settime.isra.0",
	"do_timer_settime.constprop.0",
	"common_timer_set",
	"posix_cpu_timer_set",
	"do_timerfd_settime",
	"get_itimerspec64",
	"get_old_itimerspec32",
	"put_itimerspec64",
	"put_old_itimerspec32",
	"do_timer_create",
	"posix_timer_add_at",
	"common_timer_create",
	"posix_cpu_timer_create",
	"alarm_timer_create",
	"do_setitimer",
	"do_getitimer",
	"commit_creds",
	NULL,
};

/* Of the events' names. */
static const char *const abi_suffixes[ABI_COUNT] = {
	[ABI_64] = "",
	[ABI_32] = "_ia32",
	[ABI_32_TIME32] = "_ia32_time32",
};

struct arch_abi {
	const char *what;
	unsigned argument[CALL_ARGUMENTS]; /* offsets into struct pt_regs */
	const char *pointer;               /* fetch-arg type of a user pointer */
};

struct arch {
	const char *machine; /* uname(2) */
	struct arch_abi abi[ABI_COUNT];
};

/*
 * arch/x86/include/asm/syscall_wrapper.h: the 64-bit wrapper takes di, si,
 * dx, r10; the ia32 one bx, cx, dx, si.
 */
static const struct arch arches[] = {
	{ "x86_64",
	  { [ABI_64] = { "64-bit callers", { 112, 104, 96, 56 }, "x64" },
	    [ABI_32] = { "32-bit callers", { 40, 88, 96, 104 }, "x32" },
	    [ABI_32_TIME32] = { "32-bit callers, 32-bit times", { 40, 88, 96, 104 }, "x32" } } },
};

static const struct arch *find_arch(const char *machine)
{
	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (strcmp(arches[i].machine, machine) == 0)
			return &arches[i];
	return NULL;
}

/*
 * Do new, flags and id lie side by side, in this order, from the place of new on? One
 * array of them is read faster than each by itself.
 */
static bool has_row(const struct plan_maker *maker, const enum role *roles,
		    const struct arch_abi *abi)
{
	const unsigned *at = abi->argument;

	return maker->features->arrays && roles[0] == ROLE_ID && roles[1] == ROLE_FLAGS &&
	       roles[2] == ROLE_NEW && roles[3] == ROLE_OLD && at[1] == at[2] + 8 &&
	       at[0] == at[2] + 16 && strcmp(abi->pointer, "x64") == 0;
}

/* "id=+112($arg1):s32 flags=+104($arg1):x32 ...", or "args=+96($arg1):x64[3] ..."; `regs`
 * points at the struct pt_regs. */
static void entry_args(const struct plan_maker *maker, char *text, size_t size,
		       const enum role *roles, const struct arch_abi *abi, const char *regs)
{
	static const char *const names[] = {
		[ROLE_ID] = "id",   [ROLE_CLOCK] = "clock", [ROLE_FLAGS] = "flags",
		[ROLE_NEW] = "new", [ROLE_OLD] = "old",     [ROLE_SECONDS] = "seconds",
	};
	static const char *const types[] = {
		[ROLE_ID] = "s32",
		[ROLE_CLOCK] = "s32",
		[ROLE_FLAGS] = "x32",
		[ROLE_SECONDS] = "u32",
	};
	size_t used = 0;

	if (has_row(maker, roles, abi)) {
		snprintf(text, size, "args=+%u(%s):x64[3] old=+%u(%s):x64", abi->argument[2], regs,
			 abi->argument[3], regs);
		return;
	}
	for (int i = 0; i < CALL_ARGUMENTS && roles[i] != ROLE_NONE; i++) {
		bool pointer = roles[i] == ROLE_NEW || roles[i] == ROLE_OLD;

		used += (size_t)snprintf(text + used, size - used, "%s%s=+%u(%s):%s", i ? " " : "",
					 names[roles[i]], abi->argument[i], regs,
					 pointer ? abi->pointer : types[roles[i]]);
	}
}

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
static void user_args(char *text, size_t length, const char *at, unsigned size)
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

static bool can_read_user(const struct kernel_features *features)
{
	return features->user_memory && features->ustring;
}

/* A system call's argument, `offset` bytes into its struct pt_regs; at return
 * too, where it is known to lie. */
static bool user_pointer(const struct plan_maker *maker, const struct probe *probe, char *text,
			 size_t size, unsigned offset)
{
	const struct kernel_features *features = maker->features;

	if (!probe->kretprobe || features->return_args) {
		snprintf(text, size, "+%u($arg1)", offset);
		return true;
	}
	if (!features->registers_in[0] || probe->means.abi != ABI_64)
		return false;
	snprintf(text, size, "+%u(%s)", offset, features->registers_in);
	return true;
}

/*
 * --toctou: what the caller's memory holds, at entry and at return. Of several
 * probes at one place the kernel runs the one that was made last first, and at
 * return last: so these are made before those of the entry and the return, which
 * open and end a call.
 */
static void plan_toctou(struct plan_maker *maker, enum event event, enum call_abi which,
			const struct arch_abi *abi)
{
	static const struct {
		enum probe_use use;
		int argument;
		const char *name, *why;
	} reads[] = {
		{ USE_USER_BEFORE, 2, "before", "the caller's new value at entry" },
		{ USE_USER_AFTER, 2, "after", "the caller's new value at return" },
		{ USE_USER_OLD, 3, "old_after", "the caller's old value at return" },
	};
	const struct system_call *call = &calls[event];
	unsigned size = which == ABI_32_TIME32 ? 4 : 8;
	char at[32], name[40], args[600];

	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct probe probe = { .means = { reads[i].use, event, which },
				       .kretprobe = reads[i].use != USE_USER_BEFORE };

		snprintf(name, sizeof(name), TRY_PREFIX "%s_%s%s", call->prefix, reads[i].name,
			 abi_suffixes[which]);
		if (!user_pointer(maker, &probe, at, sizeof(at), abi->argument[reads[i].argument]))
			at[0] = '\0';
		user_args(args, sizeof(args), at, size);
		if (!at[0] || !plan_probe(maker, &probe, name, call->symbols[which], reads[i].why,
					  "ptr=%s:x64 %s", at, args))
			plan_note(maker, "%s by %s: %s is not compared", event_name(event),
				  abi->what, reads[i].why);
	}
}

static bool compares_memory(const struct plan_maker *maker, enum event event)
{
	return maker->wishes->toctou && can_read_user(maker->features) &&
	       (event == EVENT_TIMER_SETTIME || event == EVENT_TIMERFD_SETTIME);
}

/*
 * Does the return of the call tell its arguments, and a probe between that it was
 * under way? An entry adds when it began and costs a third more: see --entry. Where not
 * all that reach that probe can do without one, none does.
 */
static bool returns_whole(const struct plan_maker *maker, enum event event)
{
	const struct kernel_features *features = maker->features;

	return event == EVENT_TIMER_SETTIME && features->return_args && features->arrays &&
	       !maker->wishes->entries && !compares_memory(maker, event) &&
	       kernel_features_usable(features, "do_timer_settime", "");
}

/* The result of a call and what it was called with. A register that is known to point at
 * the arguments is read faster than what the kernel keeps of an entry. */
static bool plan_whole(struct plan_maker *maker, enum event event, enum call_abi which,
		       const struct arch_abi *abi)
{
	const struct system_call *call = &calls[event];
	const char *known = maker->features->registers_in;
	const char *regs = which == ABI_64 && known[0] ? known : "$arg1";
	struct probe whole = { .means = { USE_WHOLE, event, which }, .kretprobe = true };
	char name[40], args[300], why[100];

	entry_args(maker, args, sizeof(args), call->roles, abi, regs);
	snprintf(name, sizeof(name), "%s_call%s", call->prefix, abi_suffixes[which]);
	snprintf(why, sizeof(why), "%s: result, arguments and end, %s", event_name(event),
		 abi->what);
	return plan_probe(maker, &whole, name, call->symbols[which], why, "ret=$retval:s64 %s",
			  args);
}

/* The entry and the return of one system call, or its return alone; all or none. */
static bool plan_entry(struct plan_maker *maker, enum event event, enum call_abi which,
		       const struct arch_abi *abi)
{
	const struct system_call *call = &calls[event];
	const char *symbol = call->symbols[which];
	struct probe entry = { .means = { USE_ENTRY, event, which } };
	struct probe ret = { .means = { USE_RETURN, event, which }, .kretprobe = true };
	/* A read that fails counts as a missed hit of every probe at that address. */
	const char *prefix = compares_memory(maker, event) ? TRY_PREFIX : "";
	char name[40], args[300], why[100];

	if (!kernel_features_usable(maker->features, symbol, "ret=$retval:s64"))
		return false;
	if (returns_whole(maker, event))
		return plan_whole(maker, event, which, abi);
	if (compares_memory(maker, event))
		plan_toctou(maker, event, which, abi);
	entry_args(maker, args, sizeof(args), call->roles, abi, "$arg1");
	snprintf(name, sizeof(name), "%s%s_enter%s", prefix, call->prefix, abi_suffixes[which]);
	snprintf(why, sizeof(why), "%s: arguments and start, %s", event_name(event), abi->what);
	if (!plan_probe(maker, &entry, name, symbol, why, "%s", args))
		return false;
	snprintf(name, sizeof(name), "%s%s_exit%s", prefix, call->prefix, abi_suffixes[which]);
	snprintf(why, sizeof(why), "%s: result and end, %s", event_name(event), abi->what);
	return plan_probe(maker, &ret, name, symbol, why, "ret=$retval:s64");
}

static bool wanted(const struct plan_maker *maker, enum event event)
{
	return maker->events & EVENT_BIT(event);
}

static int plan_entries(struct plan_maker *maker, const struct arch *arch, struct error *err)
{
	for (enum event event = 0; event < EVENT_CALLS; event++) {
		for (int i = 0; i < ABI_COUNT && wanted(maker, event); i++) {
			const char *symbol = calls[event].symbols[i];
			const char *reason;

			if (!symbol || plan_entry(maker, event, i, &arch->abi[i])) {
				maker->plan->abi_seen[i] |= symbol != NULL;
				continue;
			}
			reason = kernel_features_reason(maker->features, symbol);
			if (i == ABI_64)
				return error_set(err, ENOTSUP, "%s cannot be probed%s%s", symbol,
						 reason ? ": " : "", reason ? reason : "");
			plan_note(maker, "no %s by %s: %s %s", event_name(event), arch->abi[i].what,
				  symbol,
				  kernel_features_absent(maker->features, symbol)
					  ? "is not in this kernel"
					  : "cannot be probed");
		}
	}
	return 0;
}

const char *plan_calls_symbol(enum event event, enum call_abi abi)
{
	return calls[event].symbols[abi];
}

bool plan_calls_meaning(const char *name, struct meaning *means)
{
	static const struct {
		const char *name;
		enum probe_use use;
	} parts[] = {
		{ "enter", USE_ENTRY },      { "exit", USE_RETURN },
		{ "call", USE_WHOLE },       { "before", USE_USER_BEFORE },
		{ "after", USE_USER_AFTER }, { "old_after", USE_USER_OLD },
	};

	for (enum event event = 0; event < EVENT_CALLS; event++) {
		size_t length = strlen(calls[event].prefix);

		if (strncmp(name, calls[event].prefix, length) != 0 || name[length] != '_')
			continue;
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			const char *part = name + length + 1,
				   *suffix = part + strlen(parts[i].name);

			if (strncmp(part, parts[i].name, strlen(parts[i].name)) != 0)
				continue;
			for (int abi = 0; abi < ABI_COUNT; abi++) {
				if (strcmp(suffix, abi_suffixes[abi]) != 0)
					continue;
				*means = (struct meaning){ parts[i].use, event, abi };
				return true;
			}
		}
	}
	return false;
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

static void plan_copy(struct plan_maker *maker)
{
	struct probe probe = { .means = { USE_COPY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } };
	struct probe_plan *plan = maker->plan;
	/* The return tells these; an expiry that comes before it must know whose it is. */
	bool named = !returns_whole(maker, EVENT_TIMER_SETTIME) || maker->wishes->lives ||
		     maker->events & (EVENTS_EXPIRE | EVENTS_SIGNAL);
	char value[PLAN_ARRAY_MAX], name[40];

	plan_array(maker, value, "new", 3);
	for (size_t i = 0; i < sizeof(copy_hooks) / sizeof(copy_hooks[0]); i++) {
		const struct copy_hook *hook = &copy_hooks[i];

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

	if (plan->refused_new_from == FROM_KERNEL || !can_read_user(maker->features))
		return;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		user_args(args, sizeof(args), "$arg2", hooks[i].size);
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
 * stack pointer was at their entry.
 */
static void plan_itimers(struct plan_maker *maker)
{
	struct probe set = { .means = { USE_COPY, EVENT_SETITIMER, ABI_UNKNOWN } };
	struct probe get = { .means = { USE_OLD_AT, EVENT_GETITIMER, ABI_UNKNOWN } };
	struct probe done = { .means = { USE_STACK, 0, ABI_UNKNOWN }, .kretprobe = true };
	char value[PLAN_ARRAY_MAX], args[40];

	plan_array(maker, value, "new", 2);
	snprintf(args, sizeof(args), "stack=+0($stack):s64[%d]", STACK_WORDS);
	if (wanted(maker, EVENT_SETITIMER) || wanted(maker, EVENT_ALARM)) {
		if (!plan_probe(maker, &set, "setitimer_new", "do_setitimer",
				"the kernel's own copy of the new value",
				"id=$arg1:s32 at=$arg3:x64 sp=$stack:x64 %s", value))
			plan_note(maker, "no values of setitimer and alarm: do_setitimer cannot "
					 "be probed");
		else if (!maker->features->arrays ||
			 !plan_probe(maker, &done, "setitimer_old", "do_setitimer",
				     "the kernel's old value", "%s", args))
			plan_note(maker, "no old values of setitimer and alarm");
	}
	if (wanted(maker, EVENT_GETITIMER) &&
	    (!maker->features->arrays ||
	     !plan_probe(maker, &get, "getitimer_at", "do_getitimer",
			 "where the current value will be",
			 "id=$arg1:s32 at=$arg2:x64 sp=$stack:x64") ||
	     !plan_probe(maker, &done, "getitimer_value", "do_getitimer",
			 "the kernel's current value", "%s", args)))
		plan_note(maker, "no values of getitimer: do_getitimer cannot be probed");
}

int plan_calls(struct plan_maker *maker, struct error *err)
{
	const struct arch *arch = find_arch(maker->features->machine);
	int status;

	if (!arch)
		return error_set(err, ENOTSUP, "no probe plan for the architecture %s",
				 maker->features->machine);
	status = plan_entries(maker, arch, err);
	if (status < 0)
		return status;
	if (wanted(maker, EVENT_TIMER_SETTIME)) {
		plan_copy(maker);
		plan_user(maker);
		note_sources(maker);
	}
	if (wanted(maker, EVENT_TIMERFD_SETTIME))
		plan_fd_copy(maker);
	if (maker->events & (EVENT_BIT(EVENT_TIMER_SETTIME) | EVENT_BIT(EVENT_TIMER_GETTIME) |
			     EVENT_BIT(EVENT_TIMERFD_SETTIME) | EVENT_BIT(EVENT_TIMERFD_GETTIME)))
		plan_old(maker);
	if (wanted(maker, EVENT_TIMER_CREATE)) {
		plan_sigevent(maker);
		plan_made(maker);
	}
	plan_itimers(maker);
	if (maker->wishes->toctou && !can_read_user(maker->features))
		plan_note(maker, "the caller's memory is not compared: probes cannot read it");
	return 0;
}
