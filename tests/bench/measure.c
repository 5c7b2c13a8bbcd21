/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a command and tells what the whole machine spent until it ended:
 *
 *	measure [-o FILE] [-f FILE] COMMAND [ARG...]
 *
 * -o FILE  gets the command's two streams; without it, they are read through a
 *          pipe, so that it is known when the last of them was written
 * -f FILE  is what the command writes by itself
 *
 * One line of JSON, times in ns:
 *
 *	began		CLOCK_MONOTONIC when the command was started
 *	elapsed		until it had ended
 *	busy		the part of it for which a CPU ran tasks, all CPUs together; with
 *			interrupts, unless they find nobody at work; 0 if not known
 *	user, system	of the command and its children, as the scheduler has it (1 us)
 *	memory_kib	the greatest resident set of one of them
 *	status		as a shell has it
 *	last_output	when the last byte was read, since began (without -o)
 *	bytes		that were read (without -o)
 *	written		when the file of -f was last changed, since began, to a tick
 *	program		what a traced program (settime) left in $BENCH_RESULT
 *
 * The scheduler keeps busy time to the ns in /proc/schedstat, on every kernel, and
 * timer_list's idle time, which some have, tells the same. Where the clock counts
 * instructions (QEMU's icount) a CPU without work jumps to its next timer, so elapsed
 * is more than what was executed, and busy is that.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULT "/tmp/bench-result"

static void die(const char *what)
{
	perror(what);
	exit(125);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int64_t busy_time(void)
{
	FILE *file = fopen("/proc/schedstat", "r");
	long long one, sum = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu%*d %*d %*d %*d %*d %*d %*d %lld", &one) == 1)
			sum += one;
	if (file)
		fclose(file);
	return sum;
}

static int64_t ns_of(struct timeval time)
{
	return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL;
}

static pid_t start(char **command, int streams, int unused)
{
	const pid_t pid = fork();

	if (pid < 0)
		die("measure: fork");
	if (pid > 0)
		return pid;
	if (unused >= 0)
		close(unused);
	dup2(streams, STDOUT_FILENO);
	dup2(streams, STDERR_FILENO);
	if (streams > STDERR_FILENO)
		close(streams);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

struct outcome {
	int64_t began, ended, last_output, bytes;
	int status;
};

static void run(struct outcome *o, char **command, const char *path)
{
	pid_t child;
	static char page[65536];
	int ends[2] = { -1, -1 };
	ssize_t n;

	if (path)
		ends[1] = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	else if (pipe2(ends, 0) != 0)
		ends[1] = -1;
	if (ends[1] < 0)
		die("measure: output");
	o->began = now();
	child = start(command, ends[1], ends[0]);
	close(ends[1]);
	while (!path && (n = read(ends[0], page, sizeof(page))) > 0) {
		o->last_output = now() - o->began;
		o->bytes += n;
	}
	while (waitpid(child, &o->status, 0) < 0)
		;
	o->ended = now();
}

/* The clock of files is CLOCK_REALTIME_COARSE. */
static int64_t changed(const char *path)
{
	struct timespec real;
	struct stat file;

	if (stat(path, &file) != 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &real);
	return now() - (real.tv_sec - file.st_mtim.tv_sec) * 1000000000LL -
	       (real.tv_nsec - file.st_mtim.tv_nsec);
}

static void print_result(void)
{
	FILE *file = fopen(RESULT, "r");
	char line[512] = "";

	if (!file)
		return;
	if (fgets(line, sizeof(line), file) && line[0] == '{') {
		line[strcspn(line, "\n")] = '\0';
		printf(",\"program\":%s", line);
	}
	fclose(file);
	unlink(RESULT);
}

int main(int argc, char **argv)
{
	struct outcome o = { 0 };
	const char *path = NULL, *own = NULL;
	struct rusage usage;
	int64_t busy;
	int option;

	while ((option = getopt(argc, argv, "+o:f:")) != -1) {
		if (option == 'o')
			path = optarg;
		else if (option == 'f')
			own = optarg;
		else
			return 125;
	}
	if (optind >= argc)
		return 125;
	unlink(RESULT);
	setenv("BENCH_RESULT", RESULT, 1);
	busy = busy_time();
	run(&o, argv + optind, path);
	busy = busy_time() - busy;
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("{\"began\":%lld,\"elapsed\":%lld,\"busy\":%lld,\"user\":%lld,\"system\":%lld,"
	       "\"memory_kib\":%ld,\"status\":%d",
	       (long long)o.began, (long long)(o.ended - o.began), (long long)busy,
	       (long long)ns_of(usage.ru_utime), (long long)ns_of(usage.ru_stime), usage.ru_maxrss,
	       WIFEXITED(o.status) ? WEXITSTATUS(o.status) : 128 + WTERMSIG(o.status));
	if (!path)
		printf(",\"last_output\":%lld,\"bytes\":%lld", (long long)o.last_output,
		       (long long)o.bytes);
	if (own)
		printf(",\"written\":%lld", (long long)(changed(own) - o.began));
	print_result();
	printf("}\n");
	return 0;
}
