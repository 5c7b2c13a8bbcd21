/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "timersnoop/commands.h"
#include "timersnoop/printable.h"
#include "timersnoop/privilege.h"
#include "timersnoop/replay.h"
#include "timersnoop/store.h"

struct run {
	const struct options *options;
	struct show show;
	struct replay *replay;
	int fd;
	struct output_file output;
	uint32_t lacking; /* events that were asked for, but not recorded */
};

/*
 * A pipe's bytes, in a file: they are not read in their order. One that does not
 * begin as a recording is not kept.
 */
static int keep_input(int from, struct error *err)
{
	static const char magic[] = "\x17\x08\x44tracing";
	char block[65536];
	ssize_t length = 0;
	bool begun = false;
	int fd = store_open(NULL, err), status = 0;

	if (fd < 0)
		return fd;
	while (status == 0 && (length = read(from, block, sizeof(block))) != 0) {
		if (length < 0 && errno == EINTR)
			continue;
		status = length < 0 ? -errno : recording_write_bytes(fd, block, (uint64_t)length);
		if (!begun && length > 0 &&
		    memcmp(block, magic,
			   (size_t)length < strlen(magic) ? (size_t)length : strlen(magic)) != 0)
			break;
		begun = true;
	}
	if (status == 0)
		return fd;
	close(fd);
	return error_errno(err, -status, "cannot keep the recording");
}

static int open_named(const char *name, struct error *err)
{
	struct stat info;
	bool pipe = stat(name, &info) == 0 && S_ISFIFO(info.st_mode);
	/* To open a pipe waits for who writes; to open a device might do so, too. */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | (pipe ? 0 : O_NONBLOCK));

	if (fd < 0) {
		error_errno(err, errno, "cannot read %s", name);
		if (errno == ENOENT && strcmp(name, "timersnoop.dat") == 0)
			error_hint(err, "'timersnoop record' makes one; or name another");
		return -err->code;
	}
	return fd;
}

static int open_input(const char *name, struct error *err)
{
	int fd = strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					: open_named(name, err);
	struct stat info;
	int kept;

	if (fd < 0)
		return strcmp(name, "-") == 0
			       ? error_errno(err, errno, "cannot read standard input")
			       : fd;
	if (fstat(fd, &info) < 0 || (!S_ISFIFO(info.st_mode) && !S_ISSOCK(info.st_mode)))
		return fd;
	kept = keep_input(fd, err);
	close(fd);
	return kept;
}

/* To write to it would take away what is still to be read. */
static int check_output(const struct run *run, struct error *err)
{
	struct stat in, out;

	if (run->options->quiet || fstat(run->fd, &in) < 0 || fstat(run->output.fd, &out) < 0 ||
	    in.st_dev != out.st_dev || in.st_ino != out.st_ino || !S_ISREG(in.st_mode))
		return 0;
	return error_set(err, EINVAL, "it is what the output is written to");
}

/* "it is cut short" of this file. */
static int of_file(const struct options *options, struct error *err)
{
	const char *name = strcmp(options->input, "-") ? options->input : "standard input";
	char text[sizeof(err->text)], hint[sizeof(err->hint)];

	memcpy(text, err->text, sizeof(text));
	memcpy(hint, err->hint, sizeof(hint));
	error_set(err, err->code, "%s: %.400s", name, text);
	if (hint[0])
		error_hint(err, "%s", hint);
	return -err->code;
}

static int not_recorded(struct error *err, const char *what, const char *how)
{
	error_set(err, EINVAL, "it was recorded without %s", what);
	error_hint(err, "%s", how);
	return -EINVAL;
}

/* "timer_settime, timer_expire" */
static void name_events(uint32_t events, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (enum event event = 0; event < EVENT_COUNT; event++)
		if (events & EVENT_BIT(event) && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 event_name(event));
}

/* Lines with a time of day, of one that has none. */
static int check_wall(const struct scene *scene, const struct options *options, struct error *err)
{
	if (options->time == TIME_WALL && !scene->wall_count &&
	    (options->format == OUT_TEXT || options->format == OUT_STRACE)) {
		error_set(err, EINVAL, "it does not tell what time of day it was");
		error_hint(err, "take another --time; trace-cmd tells it with --date");
		return -EINVAL;
	}
	return 0;
}

/* The kernel's timers: what is asked for of them must have been recorded. */
static int check_kernel(const struct run *run, const struct options *options, struct error *err)
{
	const struct scene *scene = &run->show.scene;

	if (!scene->kernel)
		return not_recorded(err, "the kernel's timers", "see --kernel of record");
	if (options->wakeups && !scene->wakeups)
		return not_recorded(err, "--wakeups", "give --wakeups to record --kernel");
	if (options->callers && !scene->callers)
		return not_recorded(err, "--callers", "give --callers to record --kernel");
	if (options->kernel_events && check_wall(scene, options, err) < 0)
		return -EINVAL;
	return options_check(options, err);
}

/*
 * What is asked for must have been recorded. Without -e it is what there is of
 * calls, or else all there is.
 */
static int check_wishes(struct run *run, struct options *options, struct error *err)
{
	const struct scene *scene = &run->show.scene;
	uint32_t calls = options->events & scene->events;
	char names[EVENT_NAMES_MAX];

	if (options->kernel)
		return check_kernel(run, options, err);
	if (!scene->events && scene->kernel) {
		error_set(err, EINVAL, "it is about the kernel's own timers");
		error_hint(err, "see 'timersnoop kernel -i FILE'");
		return -EINVAL;
	}
	if (options->default_events)
		options->events = calls && options->command != COMMAND_STAT ? calls : scene->events;
	run->lacking = options->events & ~scene->events;
	name_events(run->lacking, names, sizeof(names));
	if (run->lacking && run->lacking == options->events)
		return not_recorded(err, names, "see -e of record");
	/* What was not recorded is not known. */
	if (options->command == COMMAND_STAT)
		options->events &= scene->events;
	if (options->lives && !scene->lives && options->command != COMMAND_STAT)
		return not_recorded(err, "--lives", "record without -e, or with --lives");
	if (options->toctou && !scene->toctou)
		return not_recorded(err, "--toctou", "give --toctou to record");
	if (check_wall(scene, options, err) < 0)
		return -EINVAL;
	/* The events are others than when the command line was read. */
	return options_check(options, err);
}

static void note(const struct run *run, const char *text, const char *what)
{
	if (!run->options->quiet)
		tell("note: %s: %s%s", run->options->input, text, what);
}

static void tell_limits(const struct run *run)
{
	const struct options *options = run->options;
	const char *clock = replay_clock(run->replay);
	char names[EVENT_NAMES_MAX];

	name_events(run->lacking, names, sizeof(names));
	if (run->lacking)
		note(run, "it was recorded without ", names);
	if (!replay_is_own(run->replay))
		note(run, "timersnoop did not record it: probe hits that were missed are not known",
		     "");
	if (!replay_is_own(run->replay) && (options->pid_count || options->user_count))
		note(run, "processes and users are known only of tasks that it tells of", "");
	if (strcmp(clock, "mono") != 0)
		note(run, "how late timers are is not known by its clock, ",
		     *clock ? clock : "which it does not name");
	/* It has the functions that its records name, not all that there are. */
	if (run->show.functions.chooses && !run->show.functions.chosen_count)
		note(run, "none of its timers has such a callback", "");
	if (run->show.scene.chosen && !options->name_count && !options->callback_count &&
	    !options->cpus_given)
		note(run,
		     "it was recorded with -n, --callback or --cpu: give them again, or what "
		     "others do is shown in part",
		     "");
	if (run->show.scene.cut && options->verbose)
		note(run, "of what was recorded, the last was kept (--ring)", "");
}

static bool stop(void *context)
{
	const struct run *run = context;

	return run->show.sink && sink_error(run->show.sink);
}

/* What its functions are called. */
static int learn_functions(struct run *run, struct error *err)
{
	struct symbols *symbols = symbols_new();
	const char *text = replay_kallsyms(run->replay);
	int status = symbols ? symbols_add(symbols, text, strlen(text)) : -ENOMEM;

	if (status == 0)
		status = symbols_end(symbols);
	if (status == 0)
		return show_set_symbols(&run->show, symbols, err);
	symbols_free(symbols);
	return error_errno(err, ENOMEM, "functions");
}

/*
 * Whoever made a recording may want more of us than to be shown: nothing of it is looked
 * at with more rights than to read it and to write to what is open.
 */
static int open_all(struct run *run, const struct options *options, struct error *err)
{
	const struct privilege_request request = { .use = PRIVILEGE_REPLAY };
	struct privilege_state state;

	run->fd = open_input(options->input, err);
	if (run->fd < 0)
		return err->code == ENOSPC || err->code == ENOMEM ? EXIT_FAILED : EXIT_CANNOT;
	if (command_open_output(options, &run->output, err) < 0)
		return EXIT_FAILED;
	run->show.out_fd = run->output.fd;
	privilege_drop(&request, &state);
	return EXIT_MATCHED;
}

/* EXIT_MATCHED when it can be shown, or why not. */
static int prepare(struct run *run, struct options *options, struct error *err)
{
	int status;

	status = privilege_return();
	if (status < 0) {
		error_errno(err, -status, "cannot give back the rights of the program");
		return EXIT_FAILED;
	}
	if (show_select(&run->show, options, err) < 0)
		return err->code == ENOMEM ? EXIT_FAILED : EXIT_USAGE;
	status = open_all(run, options, err);
	if (status != EXIT_MATCHED)
		return status;
	if (replay_open(&run->replay, run->fd, options->kernel, &run->show.scene, err) < 0) {
		of_file(options, err);
		return err->code == ENOMEM ? EXIT_FAILED : EXIT_CANNOT;
	}
	if (check_wishes(run, options, err) < 0 || check_output(run, err) < 0) {
		of_file(options, err);
		return EXIT_USAGE;
	}
	if (options->kernel && learn_functions(run, err) < 0)
		return err->code == ENOMEM    ? EXIT_FAILED
		       : err->code == ENOTSUP ? EXIT_CANNOT
					      : EXIT_USAGE;
	return EXIT_MATCHED;
}

static int show_all(struct run *run, struct error *err)
{
	const struct options *options = run->options;
	struct show *show = &run->show;
	int status;

	output_file_keep(&run->output);
	if (command_empty_output(options, show->out_fd, err) < 0)
		return command_fail(EXIT_FAILED, err);
	if (!options->quiet) {
		show->sink = sink_new(show->out_fd, -1);
		if (!show->sink) {
			error_errno(err, ENOMEM, "output");
			return command_fail(EXIT_FAILED, err);
		}
	}
	status = replay_show(run->replay, show, stop, run, err);
	if (status < 0) {
		of_file(options, err);
		command_fail(EXIT_FAILED, err);
	}
	/* What was read before is shown all the same. */
	if (command_finish_output(options, show->sink, show->out_fd, err) < 0)
		return command_fail(EXIT_FAILED, err);
	return status < 0 ? EXIT_FAILED : show_status(show);
}

int cmd_replay(const struct options *given)
{
	struct options options = *given;
	struct run run = { .options = &options, .fd = -1 };
	struct error err;
	int status;

	/* Writing to a pipe that nobody reads is an error to handle, not an end. */
	signal(SIGPIPE, SIG_IGN);
	status = prepare(&run, &options, &err);
	if (status != EXIT_MATCHED) {
		command_fail(status, &err);
	} else {
		tell_limits(&run);
		status = show_all(&run, &err);
		if (status == EXIT_INCOMPLETE && options.loss_status >= 0)
			status = options.loss_status;
	}
	output_file_drop(&run.output);
	show_free(&run.show);
	replay_close(run.replay);
	if (run.fd >= 0)
		close(run.fd);
	return status;
}
