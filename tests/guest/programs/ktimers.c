/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the kernel use timers of its own, so and so often, and keeps an account:
 *
 *	ktimers [-o FILE] WHAT [NUMBER...] [WHAT [NUMBER...]]...
 *
 * hrtimers, each armed by a system call of this process:
 *
 *	nanosleeps N NS			N sleeps		hrtimer_wakeup
 *	polls N MS			N polls that time out	hrtimer_wakeup
 *	waker MS N			N sleeps on CPU 1	hrtimer_wakeup
 *	timerfds N NS			N times, one shot	timerfd_tmrproc
 *	timerfds-periodic N NS		N periods
 *	posix N NS			N times, one shot	posix_timer_fn
 *	posix-periodic N NS		N periods
 *	itimers N NS			N times, one shot	it_real_fn
 *	itimers-periodic N NS		N periods
 *	past-sleeps N			N sleeps until an instant that has gone by
 *	past-timerfds N			N times, the same
 *	past-posix N			N times, the same
 *	armed N				N timerfds and N POSIX timers, for more than a day: they
 *					stay so until the process ends
 *
 * timers of timer_list:
 *
 *	timeouts N MS			N receives that time out	process_timeout
 *	answered N MS			N receives with a timeout of MS that are answered
 *	tcp N				N messages that are acknowledged at once; the retransmit
 *					timer is set for each and does not get to fire
 *							tcp_write_timer
 *	silent MS			one message to a peer that never answers, for so long
 *							tcp_write_timer
 *
 *	delayed N			N messages that are acknowledged late, since nobody answers
 *							tcp_delack_timer
 *
 *	wait				prints "ready" and waits for a line on standard input
 *
 * The account has a JSON object for each WHAT ("event"), written when it is done:
 * callback, mechanism, and of the timers with this callback that this process armed
 *
 *	started, replaced, cancelled, fired	how many there were of each; a key is not
 *						there where the program cannot know
 *	naps					sleeps that it took besides: hrtimer_wakeup, all fired
 *	_more					so many more may have been started and have
 *						fired: a period that nobody waited for
 *	_pause_ns				the longest time from one of them to the next
 *	_begin, _end				CLOCK_MONOTONIC
 *
 * and what the kernel itself counted meanwhile, in the whole system but for
 * total_retrans: retrans_segs, timeouts, loss_probes.
 *
 * Everything stays in this machine: connections are of the loopback, and a peer
 * is silent because a filter of its socket drops what arrives.
 */
#include <poll.h>
#include <sched.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "account.h"

#define NUMBERS_MAX 2
#define MESSAGE_PAUSE (6 * MS) /* more than a jiffy, so that each is another one */
#define LATE_PAUSE (60 * MS)   /* longer than the kernel waits with an acknowledgement: 40 ms */

/* What is going on; -1: the program cannot know. */
struct work {
	const char *callback, *mechanism;
	long started, replaced, cancelled, fired, more;
	int64_t begin, last, pause;
	struct line rest; /* more keys */
};

static struct work begin(const char *callback, const char *mechanism)
{
	const int64_t at = now(CLOCK_MONOTONIC);

	return (struct work){ .callback = callback,
			      .mechanism = mechanism,
			      .started = -1,
			      .replaced = -1,
			      .cancelled = -1,
			      .fired = -1,
			      .begin = at,
			      .last = at };
}

/* One more is over. */
static void step(struct work *work)
{
	const int64_t at = now(CLOCK_MONOTONIC);

	if (at - work->last > work->pause)
		work->pause = at - work->last;
	work->last = at;
}

static void add_count(struct line *line, const char *key, long count)
{
	if (count >= 0)
		add(line, ",\"%s\":%ld", key, count);
}

static void end(const char *what, struct work *work)
{
	struct line line;

	add_event(&line, what);
	add(&line, ",\"callback\":\"%s\",\"mechanism\":\"%s\"", work->callback, work->mechanism);
	add_count(&line, "started", work->started);
	add_count(&line, "replaced", work->replaced);
	add_count(&line, "cancelled", work->cancelled);
	add_count(&line, "fired", work->fired);
	add(&line, "%s,\"_more\":%ld,\"_pause_ns\":%" PRId64, work->rest.text, work->more,
	    work->pause);
	add(&line, ",\"_begin\":%" PRId64 ",\"_end\":%" PRId64, work->begin, now(CLOCK_MONOTONIC));
	put(&line);
}

/* Each of them was armed once, and fired. */
static void all_fired(struct work *work, long count)
{
	work->started = work->fired = count;
	work->replaced = work->cancelled = 0;
}

/* hrtimers. */

static void nanosleeps(const long *numbers)
{
	struct work work = begin("hrtimer_wakeup", "hrtimer");
	const struct timespec time = { numbers[1] / SECOND, numbers[1] % SECOND };
	long i;

	for (i = 0; i < numbers[0]; i++) {
		errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
		if (errno)
			die("clock_nanosleep");
		step(&work);
	}
	all_fired(&work, numbers[0]);
	end("nanosleeps", &work);
}

static void polls(const long *numbers)
{
	struct work work = begin("hrtimer_wakeup", "hrtimer");
	long i;

	for (i = 0; i < numbers[0]; i++) {
		expect(!poll(NULL, 0, (int)numbers[1]), "poll times out");
		step(&work);
	}
	all_fired(&work, numbers[0]);
	end("polls", &work);
}

static void waker(const long *numbers)
{
	const struct timespec time = { numbers[0] / 1000, numbers[0] % 1000 * MS };
	struct work work = begin("hrtimer_wakeup", "hrtimer");
	cpu_set_t before, only;
	long i;

	CPU_ZERO(&only);
	CPU_SET(1, &only);
	if (sched_getaffinity(0, sizeof(before), &before) ||
	    sched_setaffinity(0, sizeof(only), &only))
		die("sched_setaffinity");
	for (i = 0; i < numbers[1]; i++) {
		errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
		if (errno)
			die("clock_nanosleep");
		step(&work);
	}
	if (sched_setaffinity(0, sizeof(before), &before))
		die("sched_setaffinity");
	all_fired(&work, numbers[1]);
	add(&work.rest, ",\"cpu\":1");
	end("waker", &work);
}

static struct itimerspec times(int64_t value, int64_t interval)
{
	return (struct itimerspec){ { interval / SECOND, interval % SECOND },
				    { value / SECOND, value % SECOND } };
}

/* A periodic timer is armed anew when what it left is fetched; the last time that
 * is before it is disarmed, and meanwhile it may fire once more. */
static void all_periods(struct work *work, long taken, long periods)
{
	work->fired = taken;
	work->more = 1;
	add(&work->rest, ",\"periods\":%ld", periods);
}

static uint64_t read_timerfd(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		die("read");
	return count;
}

static void timerfds(const long *numbers)
{
	struct work work = begin("timerfd_tmrproc", "hrtimer");
	const struct itimerspec value = times(numbers[1], 0);
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	long i;

	for (i = 0; i < numbers[0]; i++) {
		if (timerfd_settime(fd, 0, &value, NULL))
			die("timerfd_settime");
		expect(read_timerfd(fd) == 1, "one expiry");
		step(&work);
	}
	close(fd);
	all_fired(&work, numbers[0]);
	end("timerfds", &work);
}

static void timerfds_periodic(const long *numbers)
{
	struct work work = begin("timerfd_tmrproc", "hrtimer");
	const struct itimerspec value = times(numbers[1], numbers[1]);
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	long taken = 0, periods = 0;

	if (timerfd_settime(fd, 0, &value, NULL))
		die("timerfd_settime");
	for (; periods < numbers[0]; taken++) {
		periods += (long)read_timerfd(fd);
		step(&work);
	}
	close(fd);
	all_periods(&work, taken, periods);
	end("timerfds-periodic", &work);
}

/* Takes SIGALRM: the overruns that it tells. */
static long take_alarm(void)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	while (sigwaitinfo(&set, &info) < 0)
		expect(errno == EINTR, "sigwaitinfo");
	return info.si_code == SI_TIMER ? info.si_overrun : 0;
}

static timer_t new_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	timer_t id;

	if (timer_create(CLOCK_MONOTONIC, &event, &id))
		die("timer_create");
	return id;
}

static void posix(const long *numbers)
{
	const struct itimerspec value = times(numbers[1], 0);
	const timer_t id = new_timer();
	struct work work = begin("posix_timer_fn", "hrtimer");
	long i;

	for (i = 0; i < numbers[0]; i++) {
		if (timer_settime(id, 0, &value, NULL))
			die("timer_settime");
		take_alarm();
		step(&work);
	}
	timer_delete(id);
	all_fired(&work, numbers[0]);
	end("posix", &work);
}

static void posix_periodic(const long *numbers)
{
	const struct itimerspec value = times(numbers[1], numbers[1]);
	const timer_t id = new_timer();
	struct work work = begin("posix_timer_fn", "hrtimer");
	long taken = 0, periods = 0;

	if (timer_settime(id, 0, &value, NULL))
		die("timer_settime");
	for (; periods < numbers[0]; taken++) {
		periods += 1 + take_alarm();
		step(&work);
	}
	timer_delete(id);
	all_periods(&work, taken, periods);
	end("posix-periodic", &work);
}

static void set_itimer(int64_t value, int64_t interval)
{
	const struct itimerval both = { { interval / SECOND, interval % SECOND / 1000 },
					{ value / SECOND, value % SECOND / 1000 } };

	if (setitimer(ITIMER_REAL, &both, NULL))
		die("setitimer");
}

static void itimers(const long *numbers)
{
	struct work work = begin("it_real_fn", "hrtimer");
	long i;

	for (i = 0; i < numbers[0]; i++) {
		set_itimer(numbers[1], 0);
		take_alarm();
		step(&work);
	}
	all_fired(&work, numbers[0]);
	end("itimers", &work);
}

static void itimers_periodic(const long *numbers)
{
	const struct timespec none = { 0, 0 };
	struct work work = begin("it_real_fn", "hrtimer");
	sigset_t set;
	long i;

	set_itimer(numbers[1], numbers[1]);
	for (i = 0; i < numbers[0]; i++) {
		take_alarm();
		step(&work);
	}
	set_itimer(0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigtimedwait(&set, NULL, &none); /* one more may have come */
	all_periods(&work, numbers[0], numbers[0]);
	end("itimers-periodic", &work);
}

/*
 * Instants that have gone by. The kernel queues such a timer and it fires at once, or
 * it sees that nothing is to be queued (7.2): then it neither is pending nor fires.
 */
static void all_past(struct work *work, long count)
{
	work->started = count;
	work->replaced = work->cancelled = 0;
}

static void past_sleeps(const long *numbers)
{
	struct work work = begin("hrtimer_wakeup", "hrtimer");
	const struct timespec gone = { 0, 1 };
	long i;

	for (i = 0; i < numbers[0]; i++) {
		errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &gone, NULL);
		if (errno)
			die("clock_nanosleep");
		step(&work);
	}
	all_past(&work, numbers[0]);
	end("past-sleeps", &work);
}

static void past_timerfds(const long *numbers)
{
	struct work work = begin("timerfd_tmrproc", "hrtimer");
	const struct itimerspec gone = times(1, 0);
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	long i;

	for (i = 0; i < numbers[0]; i++) {
		if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &gone, NULL))
			die("timerfd_settime");
		expect(read_timerfd(fd) == 1, "one expiry");
		step(&work);
	}
	close(fd);
	all_past(&work, numbers[0]);
	end("past-timerfds", &work);
}

static void past_posix(const long *numbers)
{
	const struct itimerspec gone = times(1, 0);
	const timer_t id = new_timer();
	struct work work = begin("posix_timer_fn", "hrtimer");
	long i;

	for (i = 0; i < numbers[0]; i++) {
		if (timer_settime(id, TIMER_ABSTIME, &gone, NULL))
			die("timer_settime");
		take_alarm();
		step(&work);
	}
	timer_delete(id);
	all_past(&work, numbers[0]);
	end("past-posix", &work);
}

static void all_armed(const char *callback, long count)
{
	struct work work = begin(callback, "hrtimer");

	work.started = count;
	work.replaced = work.cancelled = work.fired = 0;
	end("armed", &work);
}

static void armed(const long *numbers)
{
	const struct itimerspec value = times(FAR, 0);
	long i;

	for (i = 0; i < numbers[0]; i++) {
		const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

		if (fd < 0 || timerfd_settime(fd, 0, &value, NULL) ||
		    timer_settime(new_timer(), 0, &value, NULL))
			die("timers");
	}
	all_armed("timerfd_tmrproc", numbers[0]);
	all_armed("posix_timer_fn", numbers[0]);
}

/* timer_list: a receive with a time limit. */

static void limit_receives(int fd, long ms)
{
	const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		die("SO_RCVTIMEO");
}

static void pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds))
		die("socketpair");
}

static void timeouts(const long *numbers)
{
	struct work work = begin("process_timeout", "timer_list");
	int fds[2];
	char byte;
	long i;

	pair(fds);
	limit_receives(fds[0], numbers[1]);
	for (i = 0; i < numbers[0]; i++) {
		expect(recv(fds[0], &byte, 1, 0) < 0 && errno == EAGAIN, "recv times out");
		step(&work);
	}
	close(fds[0]);
	close(fds[1]);
	all_fired(&work, numbers[0]);
	end("timeouts", &work);
}

/* Whether this process sleeps. */
static bool sleeps(pid_t pid)
{
	char path[64], text[512] = "";
	const char *behind;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	behind = strrchr(text, ')');
	return behind && behind[1] && behind[2] == 'S';
}

/* The other side of the pair: answers each message when whoever asked sleeps. */
static void answer(int fd, pid_t asker)
{
	char byte;

	prctl(PR_SET_NAME, "answerer"); /* its sleeps are not ours */
	while (recv(fd, &byte, 1, 0) == 1 && byte) {
		while (!sleeps(asker))
			nap(MS / 4);
		nap(MS); /* it has armed its timer by now */
		if (send(fd, &byte, 1, 0) != 1)
			die("send");
	}
	_exit(0);
}

static void answered(const long *numbers)
{
	struct work work;
	const pid_t asker = getpid();
	int fds[2];
	pid_t child;
	char byte = 1;
	long i;

	pair(fds);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		answer(fds[1], asker);
	limit_receives(fds[0], numbers[1]);
	work = begin("process_timeout", "timer_list");
	for (i = 0; i < numbers[0]; i++) {
		expect(send(fds[0], &byte, 1, 0) == 1 && recv(fds[0], &byte, 1, 0) == 1,
		       "an answer in time");
		step(&work);
	}
	work.started = work.cancelled = numbers[0];
	work.replaced = work.fired = 0;
	byte = 0;
	expect(send(fds[0], &byte, 1, 0) == 1 && waitpid(child, NULL, 0) == child, "the end");
	close(fds[0]);
	close(fds[1]);
	end("answered", &work);
}

/* timer_list: TCP. */

/* The kernel's counter of this name in a file whose lines come in twos: names, numbers. */
static long counter(const char *path, const char *name)
{
	char names[8192], numbers[8192], *name_at, *number_at, *word, *number;
	FILE *file = fopen(path, "re");
	long count = -1;

	if (!file)
		die(path);
	while (count < 0 && fgets(names, sizeof(names), file) &&
	       fgets(numbers, sizeof(numbers), file)) {
		word = strtok_r(names, " \n", &name_at);
		number = strtok_r(numbers, " \n", &number_at);
		while (word && number && strcmp(word, name) != 0) {
			word = strtok_r(NULL, " \n", &name_at);
			number = strtok_r(NULL, " \n", &number_at);
		}
		if (word && number)
			count = atol(number);
	}
	fclose(file);
	expect(count >= 0, name);
	return count;
}

/* What the kernel counts of such timers. */
struct counted {
	long retrans_segs, timeouts, loss_probes;
};

static struct counted count(void)
{
	return (struct counted){ counter("/proc/net/snmp", "RetransSegs"),
				 counter("/proc/net/netstat", "TCPTimeouts"),
				 counter("/proc/net/netstat", "TCPLossProbes") };
}

static void add_counted(struct line *line, const struct counted *before)
{
	const struct counted after = count();

	add(line, ",\"retrans_segs\":%ld,\"timeouts\":%ld,\"loss_probes\":%ld",
	    after.retrans_segs - before->retrans_segs, after.timeouts - before->timeouts,
	    after.loss_probes - before->loss_probes);
}

static void set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		die("setsockopt");
}

/* Closes with a reset, so that nothing waits for the other side. */
static void drop(int fd)
{
	const struct linger now_at_once = { 1, 0 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now_at_once, sizeof(now_at_once)) || close(fd))
		die("close");
}

/* Two ends of a connection of our own. */
static void connect_ends(int *sender, int *receiver)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(address);

	*sender = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length) ||
	    connect(*sender, (struct sockaddr *)&address, length))
		die("connect");
	*receiver = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (*receiver < 0 || close(listener))
		die("accept");
	set_option(*sender, IPPROTO_TCP, TCP_NODELAY, 1);
}

static struct tcp_info tcp_info(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		die("TCP_INFO");
	return info;
}

/*
 * The timer is armed for the SYN, and for each message anew. An acknowledgement only
 * notes that nothing is to be done any more; what is pending then is replaced by the
 * next message, or cancelled by the close. It would fire, in vain, where a pause lasts
 * longer than the timeout of 200 ms: see _pause_ns.
 */
static void tcp(const long *numbers)
{
	const struct counted before = count();
	struct work work = begin("tcp_write_timer", "timer_list");
	int sender, receiver;
	char byte = 1;
	long i;

	connect_ends(&sender, &receiver);
	for (i = 0; i < numbers[0]; i++) {
		set_option(receiver, IPPROTO_TCP, TCP_QUICKACK, 1);
		expect(send(sender, &byte, 1, 0) == 1 && recv(receiver, &byte, 1, 0) == 1,
		       "a message");
		expect(!tcp_info(sender).tcpi_unacked, "it is acknowledged at once");
		nap(MESSAGE_PAUSE);
		step(&work);
	}
	add(&work.rest, ",\"messages\":%ld,\"naps\":%ld,\"total_retrans\":%u", numbers[0],
	    numbers[0], tcp_info(sender).tcpi_total_retrans);
	drop(sender);
	drop(receiver);
	work.fired = 0;
	add_counted(&work.rest, &before);
	end("tcp", &work);
}

/* From here on everything that arrives for this socket is dropped. */
static void drop_all_for(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { 1, &nothing };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("SO_ATTACH_FILTER");
}

static void silent(const long *numbers)
{
	const struct counted before = count();
	struct work work = begin("tcp_write_timer", "timer_list");
	struct tcp_info info;
	int sender, receiver;
	char byte = 1;

	connect_ends(&sender, &receiver);
	drop_all_for(receiver);
	expect(send(sender, &byte, 1, 0) == 1, "a message");
	nap(numbers[0] * MS);
	info = tcp_info(sender);
	drop(sender);
	drop(receiver);
	expect(info.tcpi_unacked == 1, "nobody has answered");
	work.fired = info.tcpi_total_retrans;
	work.more = 1; /* between the look and the close */
	add(&work.rest, ",\"messages\":1,\"naps\":1,\"total_retrans\":%u", info.tcpi_total_retrans);
	add_counted(&work.rest, &before);
	end("silent", &work);
}

/* For each message a timer is armed, in whoever's name the packet arrives, and fires. */
static void delayed(const long *numbers)
{
	struct work work = begin("tcp_delack_timer", "timer_list");
	int sender, receiver;
	char byte = 1;
	long i;

	connect_ends(&sender, &receiver);
	for (i = 0; i < numbers[0]; i++) {
		/* as in a conversation: the answer would take the acknowledgement along */
		set_option(receiver, IPPROTO_TCP, TCP_QUICKACK, 0);
		expect(send(sender, &byte, 1, 0) == 1 && recv(receiver, &byte, 1, 0) == 1,
		       "a message");
		nap(LATE_PAUSE);
		step(&work);
	}
	add(&work.rest, ",\"messages\":%ld,\"naps\":%ld", numbers[0], numbers[0]);
	drop(sender);
	drop(receiver);
	end("delayed", &work);
}

static void wait_for_a_line(const long *numbers)
{
	char byte = 0;

	(void)numbers;
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		die("write");
	while (byte != '\n' && read(STDIN_FILENO, &byte, 1) == 1)
		;
}

struct kind {
	const char *what;
	int numbers;
	void (*perform)(const long *numbers);
};

static const struct kind *find_kind(const char *what)
{
	static const struct kind kinds[] = {
		{ "nanosleeps", 2, nanosleeps },
		{ "polls", 2, polls },
		{ "waker", 2, waker },
		{ "timerfds", 2, timerfds },
		{ "timerfds-periodic", 2, timerfds_periodic },
		{ "posix", 2, posix },
		{ "posix-periodic", 2, posix_periodic },
		{ "itimers", 2, itimers },
		{ "itimers-periodic", 2, itimers_periodic },
		{ "past-sleeps", 1, past_sleeps },
		{ "past-timerfds", 1, past_timerfds },
		{ "past-posix", 1, past_posix },
		{ "armed", 1, armed },
		{ "timeouts", 2, timeouts },
		{ "answered", 2, answered },
		{ "tcp", 1, tcp },
		{ "silent", 1, silent },
		{ "delayed", 1, delayed },
		{ "wait", 0, wait_for_a_line },
		{ NULL, 0, NULL },
	};
	const struct kind *kind = kinds;

	while (kind->what && strcmp(kind->what, what) != 0)
		kind++;
	expect(kind->what, what);
	return kind;
}

int main(int argc, char **argv)
{
	char **word = argv + open_account(argc, argv);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		die("sigprocmask");
	while (*word) {
		const struct kind *kind = find_kind(*word++);
		long numbers[NUMBERS_MAX];
		int i;

		for (i = 0; i < kind->numbers; i++) {
			expect(*word, "a number");
			numbers[i] = atol(*word++);
			expect(numbers[i] > 0, "a number");
		}
		kind->perform(numbers);
	}
	return 0;
}
