/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/procfs_timers.h"

#include "suites.h"

/* As Linux 6.18 wrote them. */
static const char posix_text[] = "ID: 4\n"
				 "signal: 32/000055bb3f76d470\n"
				 "notify: signal/tid.22275\n"
				 "ClockID: -178198\n"
				 "ID: 2\n"
				 "signal: 14/0000000000000002\n"
				 "notify: signal/pid.22274\n"
				 "ClockID: -6\n"
				 "ID: 0\n"
				 "signal: 99/0000deadbeefcafe\n"
				 "notify: none/pid.22274\n"
				 "ClockID: 1\n";

static const char timerfd_text[] = "pos:\t0\n"
				   "flags:\t02004002\n"
				   "mnt_id:\t17\n"
				   "ino:\t1039\n"
				   "clockid: 7\n"
				   "ticks: 18446744073709551615\n"
				   "settime flags: 03\n"
				   "it_value: (9223372036854775807, 999999999)\n"
				   "it_interval: (1, 5)\n";

/* The children's assertion: CUnit's own would count in their copy of it, unseen. */
#define NEED(condition) need(condition, #condition, __LINE__)

static void need(bool good, const char *condition, int line)
{
	if (good)
		return;
	fprintf(stderr, "\n  line %d: %s\n", line, condition);
	_exit(1);
}

static bool is_posix(const struct procfs_timer *timer, int32_t id, int32_t notify, int32_t signo,
		     int32_t target, uint64_t sigev_value, int32_t clock)
{
	return timer->family == TIMER_POSIX && timer->id == id && timer->clock == clock &&
	       timer->posix.notify == notify && timer->posix.signo == signo &&
	       timer->posix.target == target && timer->posix.sigev_value == sigev_value;
}

static void posix_timers(void)
{
	struct procfs_timer timer;
	const char *at = posix_text;

	CU_ASSERT_EQUAL_FATAL(procfs_timers_parse(&at, &timer), 1);
	CU_ASSERT_TRUE(is_posix(&timer, 4, SIGEV_THREAD_ID, 32, 22275, 0x55bb3f76d470, -178198));
	CU_ASSERT_EQUAL_FATAL(procfs_timers_parse(&at, &timer), 1);
	CU_ASSERT_TRUE(is_posix(&timer, 2, SIGEV_SIGNAL, 14, 22274, 2, -6));
	CU_ASSERT_EQUAL_FATAL(procfs_timers_parse(&at, &timer), 1);
	CU_ASSERT_TRUE(is_posix(&timer, 0, SIGEV_NONE, 99, 22274, 0xdeadbeefcafe, 1));
	CU_ASSERT_EQUAL(procfs_timers_parse(&at, &timer), 0);
	CU_ASSERT_EQUAL(*at, '\0');
	at = "";
	CU_ASSERT_EQUAL(procfs_timers_parse(&at, &timer), 0);
}

/* An old kernel's NULL, the ends of every number, and keys that came later. */
static void posix_extremes(void)
{
	struct procfs_timer timer;
	const char *at = "ID: 2147483647\nsignal: -2147483648/          (null)\n"
			 "later: x\nnotify: thread/pid.0\nClockID: 2147483647\nlast: \n"
			 "ID: 0\nsignal: 1/ffffffffffffffff\nnotify: signal/tid.1\nClockID: 0\n";

	CU_ASSERT_EQUAL_FATAL(procfs_timers_parse(&at, &timer), 1);
	CU_ASSERT_TRUE(is_posix(&timer, INT32_MAX, SIGEV_THREAD, INT32_MIN, 0, 0, INT32_MAX));
	CU_ASSERT_EQUAL_FATAL(procfs_timers_parse(&at, &timer), 1);
	CU_ASSERT_TRUE(is_posix(&timer, 0, SIGEV_THREAD_ID, 1, 1, UINT64_MAX, 0));
	CU_ASSERT_EQUAL(procfs_timers_parse(&at, &timer), 0);
}

static void posix_hostile(void)
{
	static const char *const texts[] = {
		"\n",
		"ID",
		"ID: 1",
		"ID: 1\n",
		"ID: \n",
		"ID: x\nsignal: 1/0\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1 \nsignal: 1/0\nnotify: none/pid.1\nClockID: 0\n",
		"ID:  1\nsignal: 1/0\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/0\nnotify: none/pid.1\nClockID: \n0\n",
		"ID: 1\nsignal: 1/0\nnotify: none/pid.1\n",
		"signal: 1/0\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/0\nsignal: 1/0\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 2147483648\nsignal: 1/0\nnotify: none/pid.1\nClockID: 0\n",
		"ID: --1\nsignal: 1/0\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/-1\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/10000000000000000\nnotify: none/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/0\nnotify: nobody/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/0\nnotify: none/gid.1\nClockID: 0\n",
		"ID: 1\nsignal: 1/0\nnotify: none/pid.\nClockID: 0\n",
		"ID: 1\nsignal: 1/0\nnotify: none/pid.1\nClockID: -2147483649\n",
		"ID: 1\nsignal: 1/0\nnotify: none/pid.1\nClockID: 0\n\xff",
	};
	struct procfs_timer timer;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *at = texts[i];

		CU_ASSERT_EQUAL(procfs_timers_parse(&at, &timer), -EBADMSG);
	}
}

/* Wherever a text ends, what was whole before is told and nothing is made up. */
static void posix_truncated(void)
{
	for (size_t length = 0; length < sizeof(posix_text); length++) {
		const char *cut = posix_text + length;
		bool whole = !*cut || !length || (cut[-1] == '\n' && !strncmp(cut, "ID: ", 4));
		char *text = strndup(posix_text, length);
		struct procfs_timer timer;
		const char *at = text;
		int ret, count = 0, expected = 0;

		while ((ret = procfs_timers_parse(&at, &timer)) > 0)
			count++;
		/* Only the next timer's key ends one, or the end of the text. */
		for (const char *end = posix_text; (end = strstr(end, "\nID: ")); end++)
			expected += end + 1 == cut || end + 5 <= cut;
		CU_ASSERT_EQUAL(ret, whole ? 0 : -EBADMSG);
		CU_ASSERT_EQUAL(count, *cut ? expected : 3);
		free(text);
	}
}

static void timerfd(void)
{
	struct procfs_timer timer;

	CU_ASSERT_EQUAL_FATAL(procfs_timerfd_parse(timerfd_text, &timer), 0);
	CU_ASSERT_EQUAL(timer.family, TIMER_FD);
	CU_ASSERT_EQUAL(timer.clock, CLOCK_BOOTTIME);
	CU_ASSERT_EQUAL(timer.timerfd.ticks, UINT64_MAX);
	CU_ASSERT_EQUAL(timer.timerfd.flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	CU_ASSERT_EQUAL(timer.timerfd.value.sec, INT64_MAX);
	CU_ASSERT_EQUAL(timer.timerfd.value.nsec, 999999999);
	CU_ASSERT_EQUAL(timer.timerfd.interval.sec, 1);
	CU_ASSERT_EQUAL(timer.timerfd.interval.nsec, 5);
}

/* Its descriptor's flags: O_CLOEXEC is one of them, where it is told of at all. */
static void timerfd_flags(void)
{
	static const struct {
		const char *line;
		bool cloexec;
	} cases[] = {
		{ "flags:\t02000002\n", true }, { "flags:\t02004002\n", true },
		{ "flags:\t04002\n", false },   { "flags:\t02\n", false },
		{ "flags:\t0200002\n", false }, { "flags:\t020000002\n", false },
		{ "flags:\t\n", false },        { "flags:\t-1\n", false },
		{ "flags: 02000002\n", false }, { "", false },
	};
	const char *behind = strstr(timerfd_text, "mnt_id");
	char text[sizeof(timerfd_text) + 32];
	struct procfs_timer timer;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "pos:\t0\n%s%s", cases[i].line, behind);
		CU_ASSERT_EQUAL(procfs_timerfd_parse(text, &timer), 0);
		CU_ASSERT_EQUAL(timer.timerfd.cloexec, cases[i].cloexec);
		CU_ASSERT_EQUAL(timer.timerfd.flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	}
}

static void timerfd_truncated(void)
{
	struct procfs_timer timer;

	for (size_t length = 0; length < sizeof(timerfd_text) - 1; length++) {
		char *text = strndup(timerfd_text, length);

		CU_ASSERT_EQUAL(procfs_timerfd_parse(text, &timer), -EBADMSG);
		free(text);
	}
}

/* The good text with one piece of it replaced. */
static void timerfd_hostile(void)
{
	static const char *const swaps[][2] = {
		{ "clockid: 7", "clockid: 7 " },
		{ "clockid: 7", "clockid: 4294967296" },
		{ "clockid", "clockidx" },
		{ "18446744073709551615", "18446744073709551616" },
		{ "18446744073709551615", "-1" },
		{ "flags: 03", "flags: 08" },
		{ "flags: 03", "flags: 040000000000" },
		{ "(9223372036854775807", "(9223372036854775808" },
		{ "999999999)", "1000000000)" },
		{ "(1, 5)", "(1,5)" },
		{ "(1, 5)", "(1, 5" },
		{ "(1, 5)", "(-1, 5)" },
		{ "ticks: 1", "clockid: 1" },
		{ "(1, 5)\n", "(1, 5)" },
	};
	struct procfs_timer timer;
	char text[sizeof(timerfd_text) + 64];

	for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
		const char *at = strstr(timerfd_text, swaps[i][0]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		sprintf(text, "%.*s%s%s", (int)(at - timerfd_text), timerfd_text, swaps[i][1],
			at + strlen(swaps[i][0]));
		CU_ASSERT_EQUAL(procfs_timerfd_parse(text, &timer), -EBADMSG);
	}
	CU_ASSERT_EQUAL(procfs_timerfd_parse("pos:\t0\nflags:\t02\n", &timer), -EBADMSG);
	CU_ASSERT_EQUAL(procfs_timerfd_parse("", &timer), -EBADMSG);
}

static void possible(void)
{
#define STAT(name, state, flags, threads)                                                          \
	"7 (" name ") " state " 1 7 7 0 -1 " flags " 0 0 0 0 0 0 0 0 20 0 " threads " 0 99\n"
	CU_ASSERT_TRUE(procfs_timers_possible(STAT("a", "S", "4194304", "1")));
	CU_ASSERT_TRUE(procfs_timers_possible(STAT("a) Z 1 (", "R", "4194304", "1")));
	CU_ASSERT_TRUE(procfs_timers_possible(STAT("a", "Z", "4194304", "2")));
	CU_ASSERT_FALSE(procfs_timers_possible(STAT("a", "Z", "4194304", "1")));
	CU_ASSERT_FALSE(procfs_timers_possible(STAT("a", "X", "4194304", "0")));
	CU_ASSERT_FALSE(procfs_timers_possible(STAT("kthreadd", "S", "2129984", "1")));
	CU_ASSERT_TRUE(procfs_timers_possible("what is this?"));
	CU_ASSERT_TRUE(procfs_timers_possible("1 (a)"));
	CU_ASSERT_TRUE(procfs_timers_possible(""));
#undef STAT
}

#define FOUND_MAX 1200

struct found {
	struct procfs_timer timers[FOUND_MAX];
	size_t count;
};

static int note_timer(void *context, const struct procfs_timer *timer)
{
	struct found *found = context;

	NEED(found->count < FOUND_MAX);
	found->timers[found->count++] = *timer;
	return 0;
}

static bool has_no_file(void)
{
	if (procfs_timers_supported())
		return false;
	printf("skipped: this kernel has no /proc/PID/timers ... ");
	return true;
}

static int make(clockid_t clock, int notify, int signo, void *value)
{
	struct sigevent event = { .sigev_notify = notify, .sigev_signo = signo };
	int id = -1;

	event.sigev_value.sival_ptr = value;
	event._sigev_un._tid = gettid();
	/* Not by way of libc, which hides the kernel's ids. */
	NEED(syscall(SYS_timer_create, clock, &event, &id) == 0);
	return id;
}

static void *idle(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

/* In a process of their own, which has no other timers or files. */
static void find_posix(void)
{
	static struct found found;
	pthread_t thread;
	clockid_t ours, theirs;
	int ids[6], pid = getpid();

	NEED(pthread_create(&thread, NULL, idle, NULL) == 0);
	NEED(clock_getcpuclockid(0, &ours) == 0);
	NEED(pthread_getcpuclockid(thread, &theirs) == 0);
	ids[0] = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGALRM, (void *)0x123456789abcdefUL);
	ids[1] = make(CLOCK_REALTIME, SIGEV_NONE, SIGUSR1, NULL);
	ids[2] = make(CLOCK_BOOTTIME, SIGEV_THREAD_ID, SIGRTMIN + 3, (void *)-1L);
	ids[3] = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR2, (void *)1);
	ids[4] = make(CLOCK_THREAD_CPUTIME_ID, SIGEV_THREAD, SIGUSR2, (void *)2);
	ids[5] = make(theirs, SIGEV_SIGNAL, 64, (void *)3);

	NEED(procfs_timers(pid, note_timer, &found) == 0);
	NEED(found.count == 6);
	NEED(is_posix(&found.timers[0], ids[0], SIGEV_SIGNAL, SIGALRM, pid, 0x123456789abcdef,
		      CLOCK_MONOTONIC));
	NEED(is_posix(&found.timers[1], ids[1], SIGEV_NONE, SIGUSR1, pid, 0, CLOCK_REALTIME));
	NEED(is_posix(&found.timers[2], ids[2], SIGEV_THREAD_ID, SIGRTMIN + 3, gettid(), UINT64_MAX,
		      CLOCK_BOOTTIME));
	NEED(is_posix(&found.timers[3], ids[3], SIGEV_SIGNAL, SIGUSR2, pid, 1, -6));
	NEED(is_posix(&found.timers[4], ids[4], SIGEV_THREAD, SIGUSR2, pid, 2, -2));
	NEED(is_posix(&found.timers[5], ids[5], SIGEV_SIGNAL, 64, pid, 3, theirs));
}

/* Runs it in a child without files, so that it finds its own timers only. */
static void in_child(void (*test)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		NEED(close_range(STDERR_FILENO + 1, ~0U, 0) == 0);
		test();
		_exit(0);
	}
	CU_ASSERT_TRUE_FATAL(pid > 0);
	waitpid(pid, &status, 0);
	CU_ASSERT_EQUAL(status, 0);
}

static void real_posix_timers(void)
{
	if (!has_no_file())
		in_child(find_posix);
}

/* More than one read(2) returns, in order, none twice. */
static void find_many(void)
{
	static struct found found;

	for (int i = 0; i < FOUND_MAX; i++)
		make(CLOCK_MONOTONIC, SIGEV_NONE, 0, (void *)(long)i);
	NEED(procfs_timers(getpid(), note_timer, &found) == 0);
	NEED(found.count == FOUND_MAX);
	for (int i = 0; i < FOUND_MAX; i++) {
		NEED(found.timers[i].posix.sigev_value == (uint64_t)i);
		NEED(!i || found.timers[i].id > found.timers[i - 1].id);
	}
}

static void many_posix_timers(void)
{
	if (!has_no_file())
		in_child(find_many);
}

static int make_fd(clockid_t clock, int flags, struct timespec value, struct timespec interval)
{
	const struct itimerspec spec = { .it_value = value, .it_interval = interval };
	int fd = timerfd_create(clock, TFD_CLOEXEC);

	NEED(fd >= 0);
	NEED(timerfd_settime(fd, flags, &spec, NULL) == 0);
	return fd;
}

static bool is_timerfd(const struct procfs_timer *timer, int fd, clockid_t clock, uint32_t flags,
		       int64_t left_ns, struct timerspec interval, uint64_t ticks)
{
	int64_t left = timer->timerfd.value.sec * NSEC_PER_SEC + timer->timerfd.value.nsec;

	return timer->family == TIMER_FD && timer->id == fd && timer->clock == clock &&
	       timer->timerfd.flags == flags && timer->timerfd.ticks == ticks &&
	       timer->timerfd.interval.sec == interval.sec &&
	       timer->timerfd.interval.nsec == interval.nsec && left <= left_ns &&
	       left >= left_ns - 100 * NSEC_PER_SEC && !left == !left_ns;
}

static void find_timerfds(void)
{
	static struct found found;
	struct timespec now;
	int fds[5];

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += 2000;
	fds[0] = make_fd(CLOCK_MONOTONIC, 0, (struct timespec){ 1000, 1 },
			 (struct timespec){ 7, 123456789 });
	fds[1] = make_fd(CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, now,
			 (struct timespec){ 0, 0 });
	fds[2] = make_fd(CLOCK_BOOTTIME, TFD_TIMER_ABSTIME, (struct timespec){ 0, 1 },
			 (struct timespec){ 0, 0 });
	fds[3] = make_fd(CLOCK_MONOTONIC, 0, (struct timespec){ 0, 0 }, (struct timespec){ 9, 0 });
	fds[4] = dup(fds[0]);
	/* expired once it can be read */
	usleep(10000);

	NEED(procfs_timers(getpid(), note_timer, &found) == 0);
	NEED(found.count == 5);
	NEED(is_timerfd(&found.timers[0], fds[0], CLOCK_MONOTONIC, 0, 1000 * NSEC_PER_SEC + 1,
			(struct timerspec){ 7, 123456789 }, 0));
	NEED(is_timerfd(&found.timers[1], fds[1], CLOCK_REALTIME, 3, 2000 * NSEC_PER_SEC,
			(struct timerspec){ 0, 0 }, 0));
	NEED(is_timerfd(&found.timers[2], fds[2], CLOCK_BOOTTIME, 1, 0, (struct timerspec){ 0, 0 },
			1));
	NEED(is_timerfd(&found.timers[3], fds[3], CLOCK_MONOTONIC, 0, 0, (struct timerspec){ 9, 0 },
			0));
	NEED(is_timerfd(&found.timers[4], fds[4], CLOCK_MONOTONIC, 0, 1000 * NSEC_PER_SEC + 1,
			(struct timerspec){ 7, 123456789 }, 0));
}

static void real_timerfds(void)
{
	in_child(find_timerfds);
}

static int left_open;

static void *look_at_process(void *arg)
{
	static struct found found;
	int ret;

	(void)arg;
	usleep(50000); /* the main thread is gone by then */
	ret = procfs_timers(getpid(), note_timer, &found);
	_exit(ret == 0 && found.count == 1 && found.timers[0].id == left_open ? 0 : 1);
}

/* The files of a process outlive its main thread. */
static void find_without_main(void)
{
	pthread_t thread;

	left_open = make_fd(CLOCK_MONOTONIC, 0, (struct timespec){ 1000, 0 },
			    (struct timespec){ 0, 0 });
	NEED(pthread_create(&thread, NULL, look_at_process, NULL) == 0);
	syscall(SYS_exit, 0); /* of this thread only */
}

static void main_thread_ended(void)
{
	in_child(find_without_main);
}

static int stop_at_second(void *context, const struct procfs_timer *timer)
{
	int *count = context;

	(void)timer;
	return ++*count == 2 ? -ENODATA : 0;
}

static void find_and_stop(void)
{
	int count = 0;

	for (int i = 0; i < 3; i++)
		make_fd(CLOCK_MONOTONIC, 0, (struct timespec){ 1, 0 }, (struct timespec){ 0, 0 });
	NEED(procfs_timers(getpid(), stop_at_second, &count) == -ENODATA);
	NEED(count == 2);
}

static void callback_ends_it(void)
{
	in_child(find_and_stop);
}

static void nobody_there(void)
{
	static struct found found;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	CU_ASSERT_TRUE_FATAL(pid > 0);
	waitpid(pid, NULL, 0);
	CU_ASSERT_EQUAL(procfs_timers(pid, note_timer, &found), -ESRCH);
	CU_ASSERT_EQUAL(procfs_timers(INT32_MAX, note_timer, &found), -ESRCH);
	CU_ASSERT_EQUAL(found.count, 0);
}

static void find_not_allowed(void)
{
	static struct found found;
	int32_t other = getppid();

	NEED(setgid(65534) == 0);
	NEED(setuid(65534) == 0);
	NEED(procfs_timers(other, note_timer, &found) == -EACCES);
}

static void not_allowed(void)
{
	if (geteuid())
		printf("skipped: needs root ... ");
	else
		in_child(find_not_allowed);
}

int suite_procfs_timers(void)
{
	CU_pSuite suite = CU_add_suite("procfs_timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, posix_timers) || !CU_ADD_TEST(suite, posix_extremes) ||
	    !CU_ADD_TEST(suite, posix_hostile) || !CU_ADD_TEST(suite, posix_truncated) ||
	    !CU_ADD_TEST(suite, timerfd) || !CU_ADD_TEST(suite, timerfd_flags) ||
	    !CU_ADD_TEST(suite, timerfd_truncated) || !CU_ADD_TEST(suite, timerfd_hostile) ||
	    !CU_ADD_TEST(suite, possible) || !CU_ADD_TEST(suite, real_posix_timers) ||
	    !CU_ADD_TEST(suite, many_posix_timers) || !CU_ADD_TEST(suite, real_timerfds) ||
	    !CU_ADD_TEST(suite, main_thread_ended) || !CU_ADD_TEST(suite, callback_ends_it) ||
	    !CU_ADD_TEST(suite, nobody_there) || !CU_ADD_TEST(suite, not_allowed))
		return CU_get_error();
	return 0;
}
