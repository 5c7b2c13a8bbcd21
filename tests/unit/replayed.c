/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replayed.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* As main() does, with the two streams in files. */
static int run(char **argv, int argc, int out, int err_fd)
{
	struct options options;
	struct error err;
	int kept[2] = { dup(STDOUT_FILENO), dup(STDERR_FILENO) }, status;

	fflush(stdout);
	fflush(stderr);
	dup2(out, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	if (options_parse(&options, argc, argv, &err) < 0) {
		status = command_fail(EXIT_USAGE, &err);
	} else {
		status = cmd_replay(&options);
		options_free(&options);
	}
	fflush(stderr);
	for (int i = 0; i < 2; i++) {
		dup2(kept[i], STDOUT_FILENO + i);
		close(kept[i]);
	}
	return status;
}

struct replayed replayed_run(const char *path, const char *words)
{
	char name[] = "timersnoop", command[] = "report";
	char *argv[24] = { name, command, strdup(path) };
	char *copy = strdup(words);
	int out = replayed_file("", 0), err = replayed_file("", 0), argc = 3;
	struct replayed report;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	report.status = run(argv, argc, out, err);
	report.out = read_all(out);
	report.err = read_all(err);
	close(out);
	close(err);
	free(argv[2]);
	free(copy);
	return report;
}

void replayed_free(struct replayed *report)
{
	free(report->out);
	free(report->err);
}
