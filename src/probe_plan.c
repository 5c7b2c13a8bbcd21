/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/probe_plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Return instances a kretprobe sets aside. A call that waits for its memory
 * to be paged in holds one, so a default of a few per CPU runs out under
 * many threads; the kernel's limit is KRETPROBE_MAXACTIVE_MAX, 4096.
 */
#define RETURN_INSTANCES 1024

/* How one system call entry finds its arguments behind its struct pt_regs. */
struct abi_entry {
	const char *symbol;
	const char *suffix; /* of the events' names */
	const char *what;
	unsigned id, flags, new_ptr, old_ptr; /* offsets into struct pt_regs */
	char pointer_type[4];                 /* fetch-arg type of a user pointer */
};

struct arch {
	const char *machine; /* uname(2) */
	struct abi_entry abi[ABI_COUNT];
};

/*
 * arch/x86/include/asm/syscall_wrapper.h: the 64-bit wrapper takes di, si,
 * dx, r10; the ia32 one bx, cx, dx, si.
 */
static const struct arch arches[] = {
	{ "x86_64",
	  { [ABI_64] = { "__x64_sys_timer_settime", "", "64-bit callers", 112, 104, 96, 56, "x64" },
	    [ABI_32] = { "__ia32_sys_timer_settime", "_ia32", "32-bit callers, 64-bit times", 40,
			 88, 96, 104, "x32" },
	    [ABI_32_TIME32] = { "__ia32_sys_timer_settime32", "_ia32_time32",
				"32-bit callers, 32-bit times", 40, 88, 96, 104, "x32" } } },
};

/*
 * Where the kernel's own copy of the new value can be read, best first.
 * do_timer_settime() (kernel/time/posix-timers.c) sees every call whose copy
 * succeeded; the part that gcc splits off begins behind the check of the
 * value. Array arguments: LP64 struct itimerspec64 is four s64.
 */
struct copy_hook {
	const char *symbol;
	bool sees_refused; /* also calls that are refused for their value */
	bool has_id;
};

static const struct copy_hook copy_hooks[] = {
	{ "do_timer_settime", true, true },
	{ "do_timer_settime.part.0", false, true },
	{ "do_timer_settime.isra.0", false, true },
	{ "do_timer_settime.constprop.0", false, true },
};

/* Reached by accepted calls only, and given the k_itimer instead of its id:
 * common_timer_set serves all clocks but the CPU clocks. */
static const char *const clock_hooks[] = { "common_timer_set", "posix_cpu_timer_set" };

static const char *const symbols[] = {
	"__x64_sys_timer_settime",
	"__ia32_sys_timer_settime",
	"__ia32_sys_timer_settime32",
	"do_timer_settime",
	"do_timer_settime.part.0",
	"do_timer_settime.isra.0",
	"do_timer_settime.constprop.0",
	"common_timer_set",
	"posix_cpu_timer_set",
	"get_itimerspec64",
	"get_old_itimerspec32",
	"put_itimerspec64",
	"put_old_itimerspec32",
	"commit_creds",
	NULL,
};

const char *const *probe_plan_symbols(void)
{
	return symbols;
}

size_t probe_text(char text[PROBE_TEXT_MAX], const struct probe *probe, const char *group)
{
	char kind[16] = "p";
	int length;

	if (probe->kretprobe)
		snprintf(kind, sizeof(kind), "r%d", RETURN_INSTANCES);
	length = snprintf(text, PROBE_TEXT_MAX, "%s:%s/%s %s %s", kind, group, probe->event,
			  probe->symbol, probe->args);
	return length < PROBE_TEXT_MAX ? (size_t)length : PROBE_TEXT_MAX - 1;
}

static void add_note(struct probe_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_note(struct probe_plan *plan, const char *format, ...)
{
	va_list args;

	if (plan->note_count == PLAN_NOTES_MAX)
		return;
	va_start(args, format);
	vsnprintf(plan->notes[plan->note_count++], sizeof(plan->notes[0]), format, args);
	va_end(args);
}

/* Adds the probe if the kernel may take it; false leaves the plan as it was. */
static bool add_probe(struct probe_plan *plan, const struct kernel_features *features,
		      const struct probe *probe)
{
	if (plan->probe_count == PLAN_PROBES_MAX ||
	    !kernel_features_usable(features, probe->symbol, probe->args))
		return false;
	plan->probes[plan->probe_count++] = *probe;
	return true;
}

static void format_array(const struct kernel_features *features, char *args, size_t size,
			 const char *name, int arg)
{
	if (features->arrays)
		snprintf(args, size, "%s=+0($arg%d):s64[4]", name, arg);
	else
		snprintf(args, size,
			 "%s_is=+0($arg%d):s64 %s_in=+8($arg%d):s64 %s_vs=+16($arg%d):s64 "
			 "%s_vn=+24($arg%d):s64",
			 name, arg, name, arg, name, arg, name, arg);
}

static void plan_copy(struct probe_plan *plan, const struct kernel_features *features)
{
	struct probe probe = { .use = USE_COPY };
	char value[160];

	format_array(features, value, sizeof(value), "new", 3);
	for (size_t i = 0; i < sizeof(copy_hooks) / sizeof(copy_hooks[0]); i++) {
		const struct copy_hook *hook = &copy_hooks[i];

		snprintf(probe.event, sizeof(probe.event), "settime_new");
		snprintf(probe.symbol, sizeof(probe.symbol), "%s", hook->symbol);
		snprintf(probe.args, sizeof(probe.args), "id=$arg1:s32 flags=$arg2:x32 %s", value);
		snprintf(probe.why, sizeof(probe.why), "the kernel's own copy of the new value%s",
			 hook->sees_refused ? "" : ", of calls that pass its check");
		if (add_probe(plan, features, &probe)) {
			plan->new_from = FROM_KERNEL;
			plan->refused_new_from = hook->sees_refused ? FROM_KERNEL : FROM_NONE;
			return;
		}
	}
	for (size_t i = 0; i < sizeof(clock_hooks) / sizeof(clock_hooks[0]); i++) {
		snprintf(probe.event, sizeof(probe.event), "settime_new_%s", clock_hooks[i]);
		snprintf(probe.symbol, sizeof(probe.symbol), "%s", clock_hooks[i]);
		snprintf(probe.args, sizeof(probe.args), "flags=$arg2:x32 %s", value);
		snprintf(probe.why, sizeof(probe.why), "stands in for do_timer_settime");
		if (add_probe(plan, features, &probe))
			plan->new_from = FROM_KERNEL;
		else
			add_note(plan,
				 "no kernel's copy of the new value of %s clocks: %s cannot "
				 "be probed",
				 i ? "CPU" : "other than CPU", clock_hooks[i]);
	}
}

static void plan_old(struct probe_plan *plan, const struct kernel_features *features)
{
	static const char *const hooks[][2] = {
		{ "put_itimerspec64", "settime_old" },
		{ "put_old_itimerspec32", "settime_old_time32" },
	};
	struct probe probe = { .use = USE_OLD };

	format_array(features, probe.args, sizeof(probe.args), "old", 1);
	snprintf(probe.why, sizeof(probe.why), "the kernel's old value, only when it is written");
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (i == 1 && !plan->abi_seen[ABI_32_TIME32])
			continue;
		snprintf(probe.symbol, sizeof(probe.symbol), "%s", hooks[i][0]);
		snprintf(probe.event, sizeof(probe.event), "%s", hooks[i][1]);
		if (add_probe(plan, features, &probe))
			plan->old_from = FROM_KERNEL;
		else
			add_note(plan, "no old value%s: %s cannot be probed",
				 i == 1 ? " of 32-bit times" : "", hooks[i][0]);
	}
}

/* The entry and the return of one system call; both or none. */
static bool plan_abi(struct probe_plan *plan, const struct kernel_features *features,
		     const struct abi_entry *abi, enum call_abi which)
{
	struct probe entry = { .use = USE_ENTRY, .abi = which };
	struct probe ret = {
		.use = USE_RETURN, .abi = which, .kretprobe = true, .args = "ret=$retval:s64"
	};

	snprintf(entry.symbol, sizeof(entry.symbol), "%s", abi->symbol);
	snprintf(ret.symbol, sizeof(ret.symbol), "%s", abi->symbol);
	snprintf(entry.event, sizeof(entry.event), "settime_enter%s", abi->suffix);
	snprintf(ret.event, sizeof(ret.event), "settime_exit%s", abi->suffix);
	snprintf(entry.args, sizeof(entry.args),
		 "id=+%u($arg1):s32 flags=+%u($arg1):x32 new=+%u($arg1):%s old=+%u($arg1):%s",
		 abi->id, abi->flags, abi->new_ptr, abi->pointer_type, abi->old_ptr,
		 abi->pointer_type);
	snprintf(entry.why, sizeof(entry.why), "arguments and start, %s", abi->what);
	snprintf(ret.why, sizeof(ret.why), "result and end, %s", abi->what);
	return kernel_features_usable(features, ret.symbol, ret.args) &&
	       add_probe(plan, features, &entry) && add_probe(plan, features, &ret);
}

static void plan_abis(struct probe_plan *plan, const struct kernel_features *features,
		      const struct arch *arch)
{
	for (int i = 0; i < ABI_COUNT; i++) {
		const struct abi_entry *abi = &arch->abi[i];

		plan->abi_seen[i] = plan_abi(plan, features, abi, i);
		if (!plan->abi_seen[i] && i != ABI_64)
			add_note(plan, "no %s: %s %s", abi->what, abi->symbol,
				 kernel_features_absent(features, abi->symbol)
					 ? "is not in this kernel"
					 : "cannot be probed");
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
 */
static void plan_user(struct probe_plan *plan, const struct kernel_features *features)
{
	static const struct {
		const char *symbol, *event;
		unsigned size; /* of one field */
	} hooks[] = {
		{ "get_itimerspec64", USER_PROBES, 8 },
		{ "get_old_itimerspec32", USER_PROBES "_time32", 4 },
	};
	struct probe probe = { .use = USE_USER };

	if (plan->refused_new_from == FROM_KERNEL || !features->user_memory || !features->ustring)
		return;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		unsigned size = hooks[i].size;

		snprintf(probe.symbol, sizeof(probe.symbol), "%s", hooks[i].symbol);
		snprintf(probe.event, sizeof(probe.event), "%s", hooks[i].event);
		snprintf(probe.args, sizeof(probe.args),
			 "user_is=+u0($arg2):s%u user_in=+u%u($arg2):s%u user_vs=+u%u($arg2):s%u "
			 "user_vn=+u%u($arg2):s%u first=+u0($arg2):ustring "
			 "last1=+u%u($arg2):ustring last2=+u%u($arg2):ustring "
			 "last3=+u%u($arg2):ustring last4=+u%u($arg2):ustring",
			 8 * size, size, 8 * size, 2 * size, 8 * size, 3 * size, 8 * size,
			 4 * size - 1, 4 * size - 1, 4 * size - 1, 4 * size - 1);
		snprintf(probe.why, sizeof(probe.why), "the caller's value, as it is copied in");
		if (!add_probe(plan, features, &probe))
			add_note(plan, "no caller's value%s: %s cannot be probed",
				 i ? " of 32-bit times" : "", hooks[i].symbol);
		else if (i == 0)
			plan->refused_new_from = FROM_USER;
	}
	if (plan->new_from == FROM_NONE)
		plan->new_from = plan->refused_new_from;
}

static void plan_tasks(struct probe_plan *plan)
{
	static const struct plan_event events[] = {
		{ USE_NEW_TASK, "task", "task_newtask", "which process a new thread belongs to" },
		{ USE_RENAME, "task", "task_rename", "names, as they were at the time of a call" },
		{ USE_EXEC, "sched", "sched_process_exec", "a thread that becomes its process" },
		{ USE_EXIT, "sched", "sched_process_exit", "ids that may be used again" },
	};

	plan->event_count = sizeof(events) / sizeof(events[0]);
	memcpy(plan->events, events, sizeof(events));
}

static void note_sources(struct probe_plan *plan)
{
	if (plan->new_from == FROM_USER)
		add_note(plan, "new values are read from the caller's memory: the kernel's copy "
			       "cannot be probed");
	else if (plan->new_from == FROM_NONE)
		add_note(plan, "new values are not shown: nothing that has them can be probed");
	if (plan->refused_new_from == FROM_USER)
		add_note(plan, "the value of a call refused for it (EINVAL) is read from the "
			       "caller's memory as it is copied in");
	else if (plan->refused_new_from == FROM_NONE)
		add_note(plan, "the value of a call refused for it (EINVAL) is not shown");
}

static void plan_creds(struct probe_plan *plan, const struct kernel_features *features)
{
	struct probe probe = { .use = USE_CREDS,
			       .event = "task_creds",
			       .symbol = "commit_creds",
			       .why = "who a process runs as from then on" };

	snprintf(probe.args, sizeof(probe.args), "uid=+%d($arg1):u32", features->cred_uid_offset);
	if (features->cred_uid_offset < 0 || !add_probe(plan, features, &probe))
		add_note(plan, "a process that changes its user id while traced keeps the old one "
			       "here: commit_creds cannot be read");
}

int probe_plan_make(struct probe_plan *plan, const struct kernel_features *features,
		    const struct plan_wishes *wishes, struct error *err)
{
	const struct arch *arch = NULL;

	memset(plan, 0, sizeof(*plan));
	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (strcmp(arches[i].machine, features->machine) == 0)
			arch = &arches[i];
	if (!arch)
		return error_set(err, ENOTSUP, "no probe plan for the architecture %s",
				 features->machine);
	if (!features->arg_n) {
		error_set(err, ENOTSUP, "this kernel's kprobe events have no $argN fetch-args");
		error_hint(err, "Linux 4.18 or later is needed");
		return -ENOTSUP;
	}
	plan_copy(plan, features);
	plan_abis(plan, features, arch);
	if (!plan->abi_seen[ABI_64]) {
		const char *symbol = arch->abi[ABI_64].symbol;
		const char *reason = kernel_features_reason(features, symbol);

		return error_set(err, ENOTSUP, "%s cannot be probed%s%s", symbol,
				 reason ? ": " : "", reason ? reason : "");
	}
	plan_user(plan, features);
	plan_old(plan, features);
	plan_tasks(plan);
	if (wishes->user_ids)
		plan_creds(plan, features);
	note_sources(plan);
	return 0;
}
