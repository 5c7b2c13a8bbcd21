/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/plan_arch.h"

#include <string.h>

/* Of entries that 64-bit and 32-bit callers share. */
#define SUFFIX_ANY "_any"

/*
 * A system call without times has one 32-bit entry; setitimer(2) and its like have always
 * had 32-bit times there (struct old_itimerval32).
 */
const struct arch arches[ARCHES] = {
	/*
	 * arch/x86/include/asm/syscall_wrapper.h: the 64-bit wrapper takes di, si,
	 * dx, r10; the ia32 one bx, cx, dx, si.
	 */
	{ .machine = "x86_64",
	  .symbols = {
		[EVENT_TIMER_CREATE] = { "__x64_sys_timer_create",
					 "__ia32_compat_sys_timer_create" },
		[EVENT_TIMER_SETTIME] = { "__x64_sys_timer_settime", "__ia32_sys_timer_settime",
					  "__ia32_sys_timer_settime32" },
		[EVENT_TIMER_GETTIME] = { "__x64_sys_timer_gettime", "__ia32_sys_timer_gettime",
					  "__ia32_sys_timer_gettime32" },
		[EVENT_TIMER_GETOVERRUN] = { "__x64_sys_timer_getoverrun",
					     "__ia32_sys_timer_getoverrun" },
		[EVENT_TIMER_DELETE] = { "__x64_sys_timer_delete", "__ia32_sys_timer_delete" },
		[EVENT_TIMERFD_CREATE] = { "__x64_sys_timerfd_create",
					   "__ia32_sys_timerfd_create" },
		[EVENT_TIMERFD_SETTIME] = { "__x64_sys_timerfd_settime",
					    "__ia32_sys_timerfd_settime",
					    "__ia32_sys_timerfd_settime32" },
		[EVENT_TIMERFD_GETTIME] = { "__x64_sys_timerfd_gettime",
					    "__ia32_sys_timerfd_gettime",
					    "__ia32_sys_timerfd_gettime32" },
		[EVENT_SETITIMER] = { "__x64_sys_setitimer", NULL, "__ia32_compat_sys_setitimer" },
		[EVENT_GETITIMER] = { "__x64_sys_getitimer", NULL, "__ia32_compat_sys_getitimer" },
		[EVENT_ALARM] = { "__x64_sys_alarm", "__ia32_sys_alarm" },
	  },
	  .abi = {
		[ABI_64] = { "64-bit callers", { 112, 104, 96, 56 }, "x64", "" },
		[ABI_32] = { "32-bit callers", { 40, 88, 96, 104 }, "x32", "_ia32" },
		[ABI_32_TIME32] = { "32-bit callers, 32-bit times", { 40, 88, 96, 104 }, "x32",
				    "_ia32_time32" },
	  },
	  .stack = "sp=$stack:x64",
	  .return_address = "+0($stack)" },
	/*
	 * arch/arm64/include/asm/syscall_wrapper.h: all wrappers take x0 to x3. A 32-bit
	 * caller's calls without times, and those with 64-bit times, come through the entries
	 * of 64-bit callers: pstate, behind 31 registers, sp and pc, tells its mode
	 * (PSR_MODE32_BIT). There is no alarm(2).
	 */
	{ .machine = "aarch64",
	  .symbols = {
		[EVENT_TIMER_CREATE] = { "__arm64_sys_timer_create",
					 "__arm64_compat_sys_timer_create" },
		[EVENT_TIMER_SETTIME] = { "__arm64_sys_timer_settime", "__arm64_sys_timer_settime",
					  "__arm64_sys_timer_settime32" },
		[EVENT_TIMER_GETTIME] = { "__arm64_sys_timer_gettime", "__arm64_sys_timer_gettime",
					  "__arm64_sys_timer_gettime32" },
		[EVENT_TIMER_GETOVERRUN] = { "__arm64_sys_timer_getoverrun",
					     "__arm64_sys_timer_getoverrun" },
		[EVENT_TIMER_DELETE] = { "__arm64_sys_timer_delete", "__arm64_sys_timer_delete" },
		[EVENT_TIMERFD_CREATE] = { "__arm64_sys_timerfd_create",
					   "__arm64_sys_timerfd_create" },
		[EVENT_TIMERFD_SETTIME] = { "__arm64_sys_timerfd_settime",
					    "__arm64_sys_timerfd_settime",
					    "__arm64_sys_timerfd_settime32" },
		[EVENT_TIMERFD_GETTIME] = { "__arm64_sys_timerfd_gettime",
					    "__arm64_sys_timerfd_gettime",
					    "__arm64_sys_timerfd_gettime32" },
		[EVENT_SETITIMER] = { "__arm64_sys_setitimer", NULL,
				      "__arm64_compat_sys_setitimer" },
		[EVENT_GETITIMER] = { "__arm64_sys_getitimer", NULL,
				      "__arm64_compat_sys_getitimer" },
	  },
	  .abi = {
		[ABI_64] = { "64-bit callers", { 0, 8, 16, 24 }, "x64", "" },
		[ABI_32] = { "32-bit callers", { 0, 8, 16, 24 }, "x32", "_compat" },
		[ABI_32_TIME32] = { "32-bit callers, 32-bit times", { 0, 8, 16, 24 }, "x32",
				    "_compat_time32" },
	  },
	  .mode_format = " pstate=+264(%s):x64",
	  .stack = "frame=$stack:x64",
	  .return_address = "%lr" },
};

const struct arch *arch_find(const char *machine)
{
	for (size_t i = 0; i < ARCHES; i++)
		if (strcmp(arches[i].machine, machine) == 0)
			return &arches[i];
	return NULL;
}

bool arch_shares(const struct arch *arch, enum event event)
{
	const char *const *symbols = arch->symbols[event];

	return symbols[ABI_64] && symbols[ABI_32] && strcmp(symbols[ABI_64], symbols[ABI_32]) == 0;
}

bool arch_comes_elsewhere(const struct arch *arch, enum event event, enum call_abi abi)
{
	return !arch->symbols[event][abi] || (abi == ABI_32 && arch_shares(arch, event));
}

enum call_abi arch_tells(const struct arch *arch, enum event event, enum call_abi abi)
{
	return abi == ABI_64 && arch_shares(arch, event) ? ABI_UNKNOWN : abi;
}

const char *arch_callers(const struct arch *arch, enum event event, enum call_abi abi)
{
	return arch_tells(arch, event, abi) == ABI_UNKNOWN ? "64-bit and 32-bit callers"
							   : arch->abi[abi].what;
}

const char *arch_suffix(const struct arch *arch, enum event event, enum call_abi abi)
{
	return arch_tells(arch, event, abi) == ABI_UNKNOWN ? SUFFIX_ANY : arch->abi[abi].suffix;
}

bool arch_suffix_means(const char *suffix, enum call_abi *abi)
{
	if (strcmp(suffix, SUFFIX_ANY) == 0) {
		*abi = ABI_UNKNOWN;
		return true;
	}
	for (size_t i = 0; i < ARCHES; i++) {
		for (*abi = 0; *abi < ABI_COUNT; (*abi)++)
			if (strcmp(arches[i].abi[*abi].suffix, suffix) == 0)
				return true;
	}
	return false;
}
