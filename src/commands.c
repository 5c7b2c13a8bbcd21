/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/commands.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "timersnoop/host.h"
#include "timersnoop/printable.h"
#include "timersnoop/procfs.h"
#include "timersnoop/show.h"

int command_fail(int status, const struct error *err)
{
	tell("%s", err->text);
	if (err->hint[0])
		tell("%s", err->hint);
	return status;
}

int command_print_fields(const struct field_table *table)
{
	static const char *const kinds[] = {
		[FIELD_COUNT] = "count", [FIELD_NUMBER] = "number", [FIELD_DURATION] = "ns",
		[FIELD_RATE] = "1/s",    [FIELD_TEXT] = "text",     [FIELD_ADDRESS] = "address",
		[FIELD_BOOL] = "bool",
	};
	int width = 0;

	for (size_t i = 0; i < table->count; i++) {
		int length = (int)strlen(table->fields[i].name);

		width = length > width ? length : width;
	}
	for (size_t i = 0; i < table->count; i++)
		printf("%-*s  %-7s  %s\n", width, table->fields[i].name,
		       kinds[table->fields[i].kind], table->fields[i].what);
	return ferror(stdout) || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_MATCHED;
}

struct plan_wishes command_wishes(const struct options *options)
{
	bool record = options->command == COMMAND_RECORD;
	/* Figures of some events need no more than these. */
	bool lives =
		options->lives && (options->command != COMMAND_STAT || options->default_events);

	if (options->kernel)
		return (struct plan_wishes){ .kernel = true,
					     .callers = options->callers,
					     .wakeups = options->wakeups,
					     .followed = options->argv || options->pid_count };
	return (struct plan_wishes){ .events = record ? options->probed_events : options->events,
				     .lives = record ? options->probed_lives : lives,
				     .user_ids = record || options->user_count > 0,
				     .toctou = options->toctou,
				     .entries = options->entry,
				     .aggregate = options->command == COMMAND_STAT &&
						  options->aggregate != AGGREGATE_USER };
}

int command_learn_functions(struct show *show, struct error *err)
{
	struct symbols *symbols = symbols_new();
	int status = symbols ? host_symbols(symbols, err) : error_errno(err, ENOMEM, "functions");

	if (status == 0)
		return show_set_symbols(show, symbols, err);
	symbols_free(symbols);
	/* It is not for want of an option. */
	if (err->code != ENOMEM)
		err->code = ENOTSUP;
	return -err->code;
}

void command_kernel_wishes(const struct show *show, struct plan_wishes *wishes, char *filter)
{
	struct selection names = show->selection;

	names.where = NULL;
	wishes->functions = show->functions.chosen;
	wishes->function_count = show->functions.chosen_count;
	wishes->armers = selection_filter(&names, filter, FILTER_TEXT_MAX) ? filter : NULL;
}

int command_check_cpus(const struct options *options, struct error *err)
{
	int count = get_nprocs_conf();

	for (int cpu = count; options->cpus_given && cpu < OPTION_CPUS_MAX; cpu++)
		if (options->cpus[cpu / 64] >> cpu % 64 & 1)
			return error_set(err, EINVAL,
					 "--cpu: there is no CPU %d, the last one is %d", cpu,
					 count - 1);
	return 0;
}

/* Behind what is there, and behind a comma if something is. */
static void add_loss(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_loss(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	if (used && used < size)
		used += (size_t)snprintf(text + used, size - used, ", ");
	if (used >= size)
		return;
	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* "1 record lost", "2 records lost": COUNT, ONE or MANY, REST. */
static void add_count(char *text, size_t size, uint64_t count, const char *one, const char *many,
		      const char *rest)
{
	if (count)
		add_loss(text, size, "%llu %s%s", (unsigned long long)count,
			 count == 1 ? one : many, rest);
}

void command_name_loss(char *text, size_t size, const struct view_totals *totals,
		       const struct scene *scene)
{
	text[0] = '\0';
	if (scene->disturbed[0])
		add_loss(text, size, "somebody else changed what is recorded (%s)",
			 scene->disturbed);
	if (totals->lost && totals->lost_unknown)
		add_loss(text, size, "%llu or more records lost by the ring buffer",
			 (unsigned long long)totals->lost);
	else if (totals->lost_unknown)
		add_loss(text, size, "records lost by the ring buffer, number unknown");
	else
		add_count(text, size, totals->lost, "record", "records",
			  " lost by the ring buffer");
	add_count(text, size, scene->missed, "probe hit", "probe hits", " missed (of any process)");
	if (scene->missed_unknown)
		add_loss(text, size, "missed probe hits unknown");
	add_count(text, size, totals->late, "record", "records",
		  " committed too late to be in order");
	add_count(text, size, totals->incomplete, "call", "calls", " with a part not seen");
	add_count(text, size, totals->unattributed, "expiry or signal of a timer that is",
		  "expiries or signals of timers that are", " not known (of any process)");
	add_count(text, size, totals->odd,
		  "beginning or end of one of the kernel's timers that was",
		  "beginnings or ends of the kernel's timers that were", " not seen");
	add_count(text, size, totals->uncounted, "call", "calls",
		  " that the kernel could not count");
	add_count(text, size, totals->malformed, "record that does not fit its",
		  "records that do not fit their", " format");
}

void command_tell_loss(const struct view_totals *totals, const struct scene *scene, bool recorded)
{
	char text[512];

	command_name_loss(text, sizeof(text), totals, scene);
	tell("data incomplete: %s", text);
	if (totals->lost || totals->lost_unknown)
		tell("%sa larger --buffer-size, or fewer processes (-p, -n), lose less",
		     recorded ? "recorded with " : "");
}

int command_die_of(int number)
{
	/* One core file is enough. */
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + number;
}

int command_check_pids(const struct options *options, struct error *err)
{
	for (size_t i = 0; i < options->pid_count; i++) {
		struct procfs_task task;
		int32_t pid = options->pids[i];

		int status = procfs_task(pid, &task);

		if (status == -ESRCH)
			return error_set(err, ESRCH, "no process %d", pid);
		if (status < 0)
			return error_errno(err, -status, "cannot look at process %d", pid);
		if (task.tgid != pid) {
			error_set(err, EINVAL, "%d is a thread of process %d", pid, task.tgid);
			error_hint(err, "-p %d means all threads of the process", task.tgid);
			return -EINVAL;
		}
	}
	return 0;
}

static int find_user(const char *name, uint32_t *uid, struct error *err)
{
	struct passwd *entry = getpwnam(name);
	char *end;
	unsigned long number;

	if (entry) {
		*uid = entry->pw_uid;
		return 0;
	}
	errno = 0;
	number = strtoul(name, &end, 10);
	if (name[0] < '0' || name[0] > '9' || *end || errno || number >= UINT32_MAX)
		return error_set(err, EINVAL, "no user '%s'", name);
	*uid = (uint32_t)number;
	return 0;
}

int command_find_users(const struct options *options, uint32_t *uids, struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < options->user_count && status == 0; i++)
		status = find_user(options->users[i], &uids[i], err);
	return status;
}

int command_open_output(const struct options *options, struct output_file *file, struct error *err)
{
	if (options->output)
		return output_file_open(file, options->output, err);
	*file = (struct output_file){ .fd = STDOUT_FILENO };
	return 0;
}

int command_empty_output(const struct options *options, int fd, struct error *err)
{
	struct stat info;

	if (!options->output || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) ||
	    ftruncate(fd, 0) == 0)
		return 0;
	return error_errno(err, errno, "cannot empty %s", options->output);
}

int command_finish_output(const struct options *options, struct sink *sink, int fd,
			  struct error *err)
{
	const char *name = options->output ? options->output : "standard output";
	int status = sink ? sink_flush(sink) : 0;

	/* Whoever closed the pipe has all that was wanted. */
	if (status == -EPIPE)
		return 0;
	if (status == -EINTR)
		status = sink_abandon(sink);
	if (status == 0 && sink)
		status = sink_error(sink);
	/* Rows that end with NUL are no lines. */
	if (status < 0 && options->null)
		return error_errno(err, -status, "cannot write %s", name);
	if (status < 0)
		return error_errno(err, -status, "cannot write %s (%llu lines are missing)", name,
				   (unsigned long long)sink_dropped_lines(sink));
	/* Some file systems tell of a full disk only now. */
	if (options->output && close(fd) < 0)
		return error_errno(err, errno, "cannot write %s", name);
	return 0;
}
