/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/selection.h"

#include <stdio.h>
#include <string.h>

static bool has_number(const uint32_t *list, size_t count, uint32_t wanted)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == wanted)
			return true;
	return false;
}

static bool has_pid(const struct selection *selection, int32_t pid)
{
	for (size_t i = 0; i < selection->pid_count; i++)
		if (selection->pids[i] == pid)
			return true;
	return false;
}

static bool has_name(const struct selection *selection, const char *wanted)
{
	for (size_t i = 0; i < selection->name_count; i++)
		if (strcmp(selection->names[i], wanted) == 0)
			return true;
	return false;
}

bool selection_takes_task(const struct selection *selection, const struct task *task)
{
	if (selection->pid_count && !has_pid(selection, task->tgid))
		return false;
	if (!selection->pid_count && selection->self && selection->self == task->tgid)
		return false;
	if (selection->name_count && !has_name(selection, task->comm))
		return false;
	return !selection->uid_count ||
	       has_number(selection->uids, selection->uid_count, task->uid);
}

bool selection_takes_call(const struct selection *selection, const struct call *call)
{
	/* A result that was not seen may be an error: it is not hidden. */
	return !selection->failed || call->ret < 0 || call->missing & CALL_NO_RETURN;
}

static bool filter_names(const struct selection *selection, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < selection->name_count; i++) {
		int length = snprintf(text + used, size - used, "%scomm == \"%s\"", i ? " || " : "",
				      selection->names[i]);

		if (strchr(selection->names[i], '"') || (size_t)length >= size - used)
			return false;
		used += (size_t)length;
	}
	return used > 0;
}

unsigned selection_filter(const struct selection *selection, char *text, size_t size)
{
	char where[FILTER_TEXT_MAX], names[FILTER_TEXT_MAX];
	unsigned parts = filter_names(selection, text, size) ? FILTER_NAMES : 0;

	if (!selection->where || !expr_kernel_filter(selection->where, where, sizeof(where)))
		return parts;
	if (parts) {
		snprintf(names, sizeof(names), "%s", text);
		if ((size_t)snprintf(text, size, "(%s) && (%s)", names, where) < size)
			return FILTER_NAMES | FILTER_WHERE;
		snprintf(text, size, "%s", names);
		return FILTER_NAMES;
	}
	return (size_t)snprintf(text, size, "%s", where) < size ? FILTER_WHERE : 0;
}
