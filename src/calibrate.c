/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/calibrate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "timersnoop/probe_group.h"

#define SYMBOL "__x64_sys_timer_settime"

/* System V ABI, AMD64: what calls preserve. */
static const struct probe probes[] = {
	{ .event = "calibrate_enter", .symbol = SYMBOL, .args = "regs=$arg1:x64" },
	{ .event = "calibrate_exit",
	  .symbol = SYMBOL,
	  .kretprobe = true,
	  .args = "bx=%bx:x64 bp=%bp:x64 r12=%r12:x64 r13=%r13:x64 r14=%r14:x64 r15=%r15:x64" },
};

#define PROBES (sizeof(probes) / sizeof(probes[0]))

/* "... regs=0xffff980340253f58", then "... bx=0x16 bp=0xffff980340253f58 ..." */
static int find_register(const char *text, char *name, size_t size)
{
	static const char *const names[] = { "bx", "bp", "r12", "r13", "r14", "r15" };
	const char *enter = strstr(text, " regs=0x");
	const char *leave = enter ? strchr(enter, '\n') : NULL;
	char wanted[48];

	for (size_t i = 0; leave && i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(wanted, sizeof(wanted), " %s=%.*s", names[i],
			 (int)strcspn(enter + strlen(" regs="), " \n"), enter + strlen(" regs="));
		if (!strstr(leave, wanted))
			continue;
		snprintf(name, size, "%%%s", names[i]);
		return 0;
	}
	return -ENODATA;
}

static int try_call(struct tracefs_instance *instance, const char *group, char *name, size_t size,
		    struct error *err)
{
	char *text;
	int status;

	for (size_t i = 0; i < PROBES; i++)
		if (tracefs_event_file_write(instance, group, probes[i].event, "enable", "1") < 0)
			return error_errno(err, errno, "cannot enable the event %s",
					   probes[i].event);
	/* It does nothing: there is no such timer, and no value for it. */
	syscall(SYS_timer_settime, -1, 0, NULL, NULL);
	for (size_t i = 0; i < PROBES; i++)
		tracefs_event_file_write(instance, group, probes[i].event, "enable", "0");
	text = tracefs_instance_file_read(instance, "trace", NULL);
	status = text ? find_register(text, name, size) : -ENODATA;
	free(text);
	return status < 0 ? error_set(err, -status, "a call of our own was not seen") : 0;
}

int calibrate_registers(struct tracefs_instance *instance, const char *group, char *name,
			size_t size, struct error *err)
{
	struct probe_plan *plan = calloc(1, sizeof(*plan));
	const struct probe *refused;
	int status;

	if (!plan)
		return error_errno(err, ENOMEM, "probes");
	for (size_t i = 0; i < PROBES; i++)
		plan->probes[plan->probe_count++] = probes[i];
	status = probe_group_add(group, plan, &refused, err);
	free(plan);
	if (status == 0)
		status = try_call(instance, group, name, size, err);
	for (size_t i = 0; i < PROBES; i++) {
		int removed = probe_group_remove_probe(group, &probes[i], status ? NULL : err);

		status = status ? status : removed;
	}
	return status;
}
