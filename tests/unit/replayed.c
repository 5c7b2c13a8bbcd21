/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replayed.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timersnoop/commands.h"

int replayed_file(const void *bytes, size_t size)
{
	int fd = memfd_create("report", MFD_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	if (size)
		CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
	CU_ASSERT_EQUAL_FATAL(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static char *read_all(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(pread(fd, text, (size_t)size, 0), size);
	return text;
}

static int run_command(char **argv, int argc)
{
	struct options options;
	struct error err;
	int status;

	if (options_parse(&options, argc, argv, &err) < 0)
		return command_fail(EXIT_USAGE, &err);
	status = cmd_replay(&options);
	options_free(&options);
	return status;
}

/* As main() does, with the two streams in files, and as a process of its own: it gives up
 * rights that other tests need. */
static int run(char **argv, int argc, int out, int err_fd)
{
	int status;
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (!pid) {
		dup2(out, STDOUT_FILENO);
		dup2(err_fd, STDERR_FILENO);
		exit(run_command(argv, argc));
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* `words` behind the `argc` that are there; room for 24 in all. */
static struct replayed run_words(char **argv, int argc, const char *words)
{
	char *copy = strdup(words);
	int out = replayed_file("", 0), err = replayed_file("", 0);
	struct replayed report;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	report.status = run(argv, argc, out, err);
	report.out = read_all(out);
	report.err = read_all(err);
	close(out);
	close(err);
	free(copy);
	return report;
}

struct replayed replayed_run(const char *path, const char *words)
{
	char name[] = "timersnoop", command[] = "report";
	char *argv[24] = { name, command, strdup(path) };
	struct replayed report = run_words(argv, 3, words);

	free(argv[2]);
	return report;
}

static struct replayed run_figures(char *command, const char *path, const char *words)
{
	char name[] = "timersnoop", input[] = "-i";
	char *argv[24] = { name, command, input, strdup(path) };
	struct replayed report = run_words(argv, 4, words);

	free(argv[3]);
	return report;
}

struct replayed replayed_stat(const char *path, const char *words)
{
	char command[] = "stat";

	return run_figures(command, path, words);
}

struct replayed replayed_kernel(const char *path, const char *words)
{
	char command[] = "kernel";

	return run_figures(command, path, words);
}

void replayed_free(struct replayed *report)
{
	free(report->out);
	free(report->err);
}
