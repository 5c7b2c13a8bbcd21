/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does what its words say, one after the other:
 *
 *   call=N        N calls of timer_settime (0: for ever)
 *   fail=N        N calls for a timer that does not exist
 *   tag=N         the seconds of the new value in the calls to come; its
 *                 nanoseconds number the calls of the process, from 1
 *   every=MS      the pause behind each call to come
 *   name=COMM     renames this thread
 *   uid=N         becomes user N, root no more
 *   sleep=MS      sleeps
 *   wait=FILE     until there is such a file
 *   touch=FILE    makes an empty file
 *   tell=FILE     adds a line to the file: PID TID COMM
 *   print=TEXT    prints a line, by one write
 *   ignore=SIG    ignores a signal, by number
 *   die=SIG       sends itself a signal
 *   count=SIG     counts how often a signal comes, by number
 *   exit=N        ends, with as many more as that has counted
 *   loop=N        does the words up to the matching 'end' N times (0: for ever)
 *   thread=N      N threads do the words up to the matching 'end', this one
 *                 goes on behind it; the process ends when all are done
 *   fork=N        the same with N child processes
 *   join          waits for the threads and children made so far
 *   exec          becomes the program that the other words name
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

/* What one thread is at. */
struct place {
	char **words;
	long tag;
	long pause_ms;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
};

/* Timers are not inherited: each process has its own. */
static timer_t timer;
static atomic_long calls;

static void die(const char *what)
{
	perror(what);
	_exit(99);
}

static void nap(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	while (ms && nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static volatile sig_atomic_t counted;

static void count(int number)
{
	(void)number;
	counted++;
}

static void make_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		die("timer_create");
}

static void call(struct place *place, long count, int fails)
{
	const long id = fails ? 0x7ffffff : (long)(intptr_t)timer;

	for (long i = 0; !count || i < count; i++) {
		struct itimerspec value = { .it_value = { place->tag,
							  atomic_fetch_add(&calls, 1) + 1 } };
		long ret = syscall(SYS_timer_settime, id, 0, &value, NULL);

		if (fails ? ret == 0 : ret < 0)
			die("timer_settime");
		nap(place->pause_ms);
	}
}

static void touch(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || close(fd) < 0)
		die(file);
}

static void print_line(int fd, const char *text)
{
	char line[4096];
	int length = snprintf(line, sizeof(line), "%s\n", text);

	if (write(fd, line, (size_t)length) != length)
		die("write");
}

static void tell(const char *file)
{
	char comm[16] = "", text[64];
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0)
		die(file);
	prctl(PR_GET_NAME, comm);
	snprintf(text, sizeof(text), "%d %ld %s", (int)getpid(), syscall(SYS_gettid), comm);
	print_line(fd, text);
	close(fd);
}

static void run(struct place *place);

/* The word behind the 'end' that matches the block whose first word is given. */
static char **behind(char **words)
{
	for (int depth = 1; *words; words++) {
		if (!strncmp(*words, "loop=", 5) || !strncmp(*words, "thread=", 7) ||
		    !strncmp(*words, "fork=", 5))
			depth++;
		else if (!strcmp(*words, "end") && --depth == 0)
			return words + 1;
	}
	fputs("ticker: 'end' is missing\n", stderr);
	_exit(98);
}

static void join(struct place *place)
{
	while (place->thread_count)
		pthread_join(place->threads[--place->thread_count], NULL);
	while (wait(NULL) > 0)
		;
}

static void *thread_main(void *context)
{
	struct place *place = context;

	run(place);
	join(place);
	free(place);
	return NULL;
}

static void make_threads(struct place *place, long count)
{
	for (long i = 0; i < count; i++) {
		struct place *other = calloc(1, sizeof(*other));

		if (!other || place->thread_count == THREADS_MAX)
			die("threads");
		other->words = place->words;
		other->tag = place->tag;
		other->pause_ms = place->pause_ms;
		errno = pthread_create(&place->threads[place->thread_count++], NULL, thread_main,
				       other);
		if (errno)
			die("pthread_create");
	}
	place->words = behind(place->words);
}

static void make_children(struct place *place, long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		place->thread_count = 0;
		atomic_store(&calls, 0);
		make_timer();
		run(place);
		join(place);
		_exit(0);
	}
	place->words = behind(place->words);
}

static void loop(struct place *place, long count)
{
	char **first = place->words;

	for (long i = 0; !count || i < count; i++) {
		place->words = first;
		run(place);
	}
	place->words = behind(first);
}

static void become(struct place *place)
{
	execvp(place->words[0], place->words);
	die(place->words[0]);
}

/* Words about other tasks and other words. False: it is none of them. */
static int run_block(struct place *place, const char *verb, long number)
{
	if (!strcmp(verb, "loop"))
		loop(place, number);
	else if (!strcmp(verb, "thread"))
		make_threads(place, number);
	else if (!strcmp(verb, "fork"))
		make_children(place, number);
	else if (!strcmp(verb, "join"))
		join(place);
	else if (!strcmp(verb, "exec"))
		become(place);
	else
		return 0;
	return 1;
}

static void run_task(const char *verb, const char *value, long number)
{
	if (!strcmp(verb, "name"))
		prctl(PR_SET_NAME, value);
	else if (!strcmp(verb, "uid") && setresuid(number, number, number) < 0)
		die("setresuid");
	else if (!strcmp(verb, "ignore"))
		signal((int)number, SIG_IGN);
	else if (!strcmp(verb, "die"))
		raise((int)number);
	else if (!strcmp(verb, "exit"))
		exit((int)number + counted);
	else if (!strcmp(verb, "count"))
		signal((int)number, count);
	else if (!strcmp(verb, "tell"))
		tell(value);
	else if (!strcmp(verb, "print"))
		print_line(STDOUT_FILENO, value);
}

static void run_word(struct place *place, const char *verb, const char *value, long number)
{
	if (!strcmp(verb, "call") || !strcmp(verb, "fail"))
		call(place, number, *verb == 'f');
	else if (!strcmp(verb, "tag"))
		place->tag = number;
	else if (!strcmp(verb, "every"))
		place->pause_ms = number;
	else if (!strcmp(verb, "sleep"))
		nap(number);
	else if (!strcmp(verb, "touch"))
		touch(value);
	else if (!strcmp(verb, "wait"))
		while (access(value, F_OK) < 0)
			nap(5);
	else
		run_task(verb, value, number);
}

/* Up to an 'end' or to the last word. */
static void run(struct place *place)
{
	while (*place->words && strcmp(*place->words, "end") != 0) {
		const char *word = *place->words++;
		size_t length = strcspn(word, "=");
		const char *value = word[length] ? word + length + 1 : "";
		char verb[16];

		snprintf(verb, sizeof(verb), "%.*s", (int)length, word);
		if (!run_block(place, verb, atol(value)))
			run_word(place, verb, value, atol(value));
	}
}

int main(int argc, char **argv)
{
	struct place place = { .words = argv + 1, .tag = 1000 };

	(void)argc;
	make_timer();
	run(&place);
	join(&place);
	return 0;
}
