/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probes of system calls: their entries and returns. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/plan_parts.h"

/* Arguments by what they are, so that a record has the same fields for every call. */
enum role { ROLE_NONE, ROLE_ID, ROLE_CLOCK, ROLE_FLAGS, ROLE_NEW, ROLE_OLD, ROLE_SECONDS };

struct system_call {
	const char *prefix; /* of its events' names */
	enum role roles[CALL_ARGUMENTS];
};

/* include/linux/syscalls.h for the arguments. */
static const struct system_call calls[EVENT_CALLS] = {
	[EVENT_TIMER_CREATE] = { "create", { ROLE_CLOCK, ROLE_NEW, ROLE_OLD } },
	[EVENT_TIMER_SETTIME] = { "settime", { ROLE_ID, ROLE_FLAGS, ROLE_NEW, ROLE_OLD } },
	[EVENT_TIMER_GETTIME] = { "gettime", { ROLE_ID, ROLE_OLD } },
	[EVENT_TIMER_GETOVERRUN] = { "getoverrun", { ROLE_ID } },
	[EVENT_TIMER_DELETE] = { "delete", { ROLE_ID } },
	[EVENT_TIMERFD_CREATE] = { "fd_create", { ROLE_CLOCK, ROLE_FLAGS } },
	[EVENT_TIMERFD_SETTIME] = { "fd_settime", { ROLE_ID, ROLE_FLAGS, ROLE_NEW, ROLE_OLD } },
	[EVENT_TIMERFD_GETTIME] = { "fd_gettime", { ROLE_ID, ROLE_OLD } },
	[EVENT_SETITIMER] = { "setitimer", { ROLE_ID, ROLE_NEW, ROLE_OLD } },
	[EVENT_GETITIMER] = { "getitimer", { ROLE_ID, ROLE_OLD } },
	[EVENT_ALARM] = { "alarm", { ROLE_SECONDS } },
};

/* Beside the entries of system calls (plan_arch.c). */
const char *const plan_calls_symbols[] = {
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
static void entry_args(const struct plan_maker *maker, char *text, size_t size, enum event event,
		       enum call_abi which, const char *regs)
{
	const enum role *roles = calls[event].roles;
	const struct arch_abi *abi = &maker->arch->abi[which];
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
	if (which == ABI_64 && arch_shares(maker->arch, event))
		snprintf(text + used, size - used, maker->arch->mode_format, regs);
}

/* A system call's argument, `offset` bytes into its struct pt_regs; at return
 * too, where it is known to lie. */
static bool user_pointer(const struct plan_maker *maker, const struct probe *probe,
			 enum call_abi which, char *text, size_t size, unsigned offset)
{
	const struct kernel_features *features = maker->features;

	if (!probe->kretprobe || features->return_args) {
		snprintf(text, size, "+%u($arg1)", offset);
		return true;
	}
	if (!features->registers_in[0] || which != ABI_64)
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
static void plan_toctou(struct plan_maker *maker, enum event event, enum call_abi which)
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
	const struct arch_abi *abi = &maker->arch->abi[which];
	const char *symbol = maker->arch->symbols[event][which];
	unsigned size = which == ABI_32_TIME32 ? 4 : 8;
	char at[32], name[40], args[600];

	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct probe probe = { .means = { reads[i].use, event,
						  arch_tells(maker->arch, event, which) },
				       .kretprobe = reads[i].use != USE_USER_BEFORE };

		snprintf(name, sizeof(name), TRY_PREFIX "%s_%s%s", calls[event].prefix,
			 reads[i].name, arch_suffix(maker->arch, event, which));
		if (!user_pointer(maker, &probe, which, at, sizeof(at),
				  abi->argument[reads[i].argument]))
			at[0] = '\0';
		plan_user_args(args, sizeof(args), at, size);
		if (!at[0] || !plan_probe(maker, &probe, name, symbol, reads[i].why,
					  "ptr=%s:x64 %s", at, args))
			plan_note(maker, "%s by %s: %s is not compared", event_name(event),
				  arch_callers(maker->arch, event, which), reads[i].why);
	}
}

static bool compares_memory(const struct plan_maker *maker, enum event event)
{
	return maker->wishes->toctou && plan_can_read_user(maker->features) &&
	       (event == EVENT_TIMER_SETTIME || event == EVENT_TIMERFD_SETTIME);
}

/*
 * Does the return of the call tell its arguments, and a probe between that it was
 * under way? An entry adds when it began and costs a third more: see --entry. Where not
 * all that reach that probe can do without one, none does.
 */
bool plan_returns_whole(const struct plan_maker *maker, enum event event)
{
	const struct kernel_features *features = maker->features;

	return event == EVENT_TIMER_SETTIME && features->return_args && features->arrays &&
	       !maker->wishes->entries && !compares_memory(maker, event) &&
	       kernel_features_usable(features, "do_timer_settime", "") &&
	       !kernel_features_reason(features, "do_timer_settime");
}

/* The result of a call and what it was called with. A register that is known to point at
 * the arguments is read faster than what the kernel keeps of an entry. */
static bool plan_whole(struct plan_maker *maker, enum event event, enum call_abi which)
{
	const struct arch *arch = maker->arch;
	const char *known = maker->features->registers_in;
	const char *regs = which == ABI_64 && known[0] ? known : "$arg1";
	struct probe whole = { .means = { USE_WHOLE, event, arch_tells(maker->arch, event, which) },
			       .kretprobe = true };
	char name[40], args[300], why[100];

	entry_args(maker, args, sizeof(args), event, which, regs);
	snprintf(name, sizeof(name), "%s_call%s", calls[event].prefix,
		 arch_suffix(arch, event, which));
	snprintf(why, sizeof(why), "%s: result, arguments and end, %s", event_name(event),
		 arch_callers(arch, event, which));
	return plan_probe(maker, &whole, name, arch->symbols[event][which], why,
			  "ret=$retval:s64 %s", args);
}

/* The entry and the return of one system call, or its return alone; all or none. */
static bool plan_entry(struct plan_maker *maker, enum event event, enum call_abi which)
{
	const struct arch *arch = maker->arch;
	const char *call = calls[event].prefix, *symbol = arch->symbols[event][which];
	const char *suffix = arch_suffix(arch, event, which),
		   *what = arch_callers(arch, event, which);
	struct probe entry = { .means = { USE_ENTRY, event,
					  arch_tells(maker->arch, event, which) } };
	struct probe ret = { .means = { USE_RETURN, event, arch_tells(maker->arch, event, which) },
			     .kretprobe = true };
	/* A read that fails counts as a missed hit of every probe at that address. */
	const char *prefix = compares_memory(maker, event) ? TRY_PREFIX : "";
	char name[40], args[300], why[100];

	if (!kernel_features_usable(maker->features, symbol, "ret=$retval:s64"))
		return false;
	if (plan_returns_whole(maker, event))
		return plan_whole(maker, event, which);
	if (compares_memory(maker, event))
		plan_toctou(maker, event, which);
	entry_args(maker, args, sizeof(args), event, which, "$arg1");
	snprintf(name, sizeof(name), "%s%s_enter%s", prefix, call, suffix);
	snprintf(why, sizeof(why), "%s: arguments and start, %s", event_name(event), what);
	if (!plan_probe(maker, &entry, name, symbol, why, "%s", args))
		return false;
	snprintf(name, sizeof(name), "%s%s_exit%s", prefix, call, suffix);
	snprintf(why, sizeof(why), "%s: result and end, %s", event_name(event), what);
	return plan_probe(maker, &ret, name, symbol, why, "ret=$retval:s64");
}

static int plan_entries(struct plan_maker *maker, struct error *err)
{
	const struct arch *arch = maker->arch;

	for (enum event event = 0; event < EVENT_CALLS; event++) {
		for (int i = 0; i < ABI_COUNT && plan_wants(maker, EVENT_BIT(event)); i++) {
			const char *symbol = arch->symbols[event][i];
			const char *reason;

			if (arch_comes_elsewhere(arch, event, i) || plan_entry(maker, event, i)) {
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
		enum call_abi abi;

		if (strncmp(name, calls[event].prefix, length) != 0 || name[length] != '_')
			continue;
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			const char *part = name + length + 1,
				   *suffix = part + strlen(parts[i].name);

			if (strncmp(part, parts[i].name, strlen(parts[i].name)) != 0)
				continue;
			if (!arch_suffix_means(suffix, &abi))
				continue;
			*means = (struct meaning){ parts[i].use, event, abi };
			return true;
		}
	}
	return false;
}

int plan_calls(struct plan_maker *maker, struct error *err)
{
	int status = plan_entries(maker, err);

	if (status < 0)
		return status;
	plan_copies(maker);
	if (maker->wishes->toctou && !plan_can_read_user(maker->features))
		plan_note(maker, "the caller's memory is not compared: probes cannot read it");
	return 0;
}
