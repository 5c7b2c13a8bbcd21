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
#include "timersnoop/replay.h"

struct run {
	const struct options *options;
	struct show show;
	struct replay *replay;
	int fd;
	uint64_t until_ns; /* 0: to its end */
};

/* A pipe's bytes, in a file without a name: they are not read in their order. */
static int keep_input(int from, struct error *err)
{
	FILE *file = tmpfile();
	char block[65536];
	ssize_t length = 0;
	int fd = -1;

	if (!file)
		return error_errno(err, errno, "cannot keep standard input");
	while (fd < 0 && (length = read(from, block, sizeof(block))) != 0) {
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 || fwrite(block, 1, (size_t)length, file) != (size_t)length)
			break;
	}
	if (length == 0 && fflush(file) == 0)
		fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		error_errno(err, errno, "cannot keep standard input");
	fclose(file);
	return fd < 0 ? -err->code : fd;
}

static int open_input(const char *name, struct error *err)
{
	struct stat info;
	int fd;

	if (strcmp(name, "-") == 0) {
		if (fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode))
			return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
		return keep_input(STDIN_FILENO, err);
	}
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? error_errno(err, errno, "cannot read %s", name) : fd;
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

/* What is asked for must have been recorded. Without -e it is what there is of calls, or else
 * all there is. */
static int check_wishes(struct options *options, const struct scene *scene, struct error *err)
{
	uint32_t lacking = options->events & ~scene->events;

	if (options->default_events) {
		if (options->events & scene->events)
			options->events &= scene->events;
		else
			options->events = scene->events;
		lacking = 0;
	}
	for (enum event event = 0; event < EVENT_COUNT; event++)
		if (lacking == options->events && lacking & EVENT_BIT(event))
			return not_recorded(err, event_name(event), "see -e of record");
	if (options->lives && !scene->lives)
		return not_recorded(err, "--lives", "record without -e, or with --lives");
	if (options->toctou && !scene->toctou)
		return not_recorded(err, "--toctou", "give --toctou to record");
	if (options->time == TIME_WALL && options->format == OUT_TEXT && !scene->wall_count)
		return error_set(err, EINVAL, "it does not tell what time of day it was");
	return 0;
}

static void note(const struct run *run, const char *text, const char *what)
{
	if (!run->options->quiet)
		fprintf(stderr, "timersnoop: %s: %s%s\n", run->options->input, text, what);
}

static void tell_limits(const struct run *run)
{
	const char *clock = replay_clock(run->replay);

	if (!replay_is_own(run->replay))
		note(run, "timersnoop did not record it: probe hits that were missed are not known",
		     "");
	if (strcmp(clock, "mono") != 0)
		note(run, "how late timers are is not known by its clock, ", clock);
	if (run->show.scene.cut && run->options->verbose)
		note(run, "of what was recorded, the last was kept (--ring)", "");
}

static bool stop(void *context, uint64_t ts)
{
	const struct run *run = context;

	return (run->until_ns && ts > run->until_ns) ||
	       (run->show.sink && sink_error(run->show.sink));
}

/* EXIT_MATCHED when it can be shown, or why not. */
static int prepare(struct run *run, struct options *options, struct error *err)
{
	if (show_select(&run->show, options, err) < 0)
		return EXIT_USAGE;
	run->fd = open_input(options->input, err);
	if (run->fd < 0)
		return EXIT_CANNOT;
	if (replay_open(&run->replay, run->fd, &run->show.scene, err) < 0) {
		of_file(options, err);
		return err->code == ENOMEM ? EXIT_FAILED : EXIT_CANNOT;
	}
	if (check_wishes(options, &run->show.scene, err) < 0) {
		of_file(options, err);
		return EXIT_USAGE;
	}
	return EXIT_MATCHED;
}

static int show_all(struct run *run, struct error *err)
{
	const struct options *options = run->options;
	struct show *show = &run->show;
	int status;

	show->out_fd = command_open_output(options, err);
	if (show->out_fd < 0 || command_empty_output(options, show->out_fd, err) < 0)
		return command_fail(EXIT_FAILED, err);
	if (!options->quiet) {
		show->sink = sink_new(show->out_fd, -1);
		if (!show->sink) {
			error_errno(err, ENOMEM, "output");
			return command_fail(EXIT_FAILED, err);
		}
	}
	if (options->duration_ns)
		run->until_ns = show->scene.since_ns + (uint64_t)options->duration_ns;
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
	show_free(&run.show);
	replay_close(run.replay);
	if (run.fd >= 0)
		close(run.fd);
	return status;
}
