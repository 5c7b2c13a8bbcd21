/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timersnoop/launch.h"

#include "suites.h"

#define NOBODY 65534

static const struct launch_identity ourselves = { .change = false };

static struct launch *start(char **argv, const struct launch_identity *identity,
			    const struct launch_signals *signals)
{
	struct launch *launch = NULL;
	struct error err = { 0 };

	CU_ASSERT_EQUAL(launch_start(&launch, argv, identity, signals, &err), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(launch);
	return launch;
}

/* Runs a command to its end; its wait status. */
static int run_argv(char **argv, const struct launch_identity *identity,
		    const struct launch_signals *signals)
{
	struct launch *launch = start(argv, identity, signals);
	int status;

	CU_ASSERT_EQUAL(launch_go(launch, NULL), 0);
	status = launch_wait(launch);
	CU_ASSERT_EQUAL(launch_wait(launch), status);
	launch_free(launch);
	return status;
}

static int run_as(const char *script, const struct launch_identity *identity)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	return run_argv(argv, identity, NULL);
}

static int run(const char *script)
{
	return run_as(script, &ourselves);
}

/* Whether a line of the child's own status matches; a shell would change its signals. */
static bool status_matches(const char *pattern, const struct launch_signals *signals)
{
	char *argv[] = { "grep", "-Eq", (char *)pattern, "/proc/self/status", NULL };

	return run_argv(argv, &ourselves, signals) == 0;
}

static void exit_status(void)
{
	int status = run("exit 0");

	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	status = run("exit 42");
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static void death_by_signal(void)
{
	int status = run("kill -TERM $$");

	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = run("kill -KILL $$");
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void cannot_run(const char *file, int code)
{
	char *argv[] = { (char *)file, NULL };
	struct launch *launch = start(argv, &ourselves, NULL);
	struct error err = { 0 };

	CU_ASSERT_EQUAL(launch_go(launch, &err), -code);
	CU_ASSERT_EQUAL(err.code, code);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, file));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, strerror(code)));
	launch_signal(launch, SIGTERM); /* gone already: nothing happens */
	launch_wait(launch);
	launch_free(launch);
}

static void no_such_command(void)
{
	char *path = strdup(getenv("PATH"));

	cannot_run("/nonexistent/command", ENOENT);
	/* A directory that may not be searched would make it EACCES. */
	setenv("PATH", "/nonexistent:/usr/bin:/bin", 1);
	cannot_run("no-command-has-this-name", ENOENT);
	setenv("PATH", path, 1);
	free(path);
	CU_ASSERT_EQUAL(launch_exit_status(-ENOENT), 127);
}

static void not_executable(void)
{
	cannot_run("/etc/passwd", EACCES);
	cannot_run("/", EACCES);
	CU_ASSERT_EQUAL(launch_exit_status(-EACCES), 126);
	CU_ASSERT_EQUAL(launch_exit_status(-ENOEXEC), 126);
}

static void waits_for_go(void)
{
	char path[] = "/tmp/test_launch.XXXXXX";
	char *argv[] = { "rm", path, NULL };
	struct pollfd ended = { .events = POLLIN };
	int fd = mkstemp(path);
	struct launch *launch;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	close(fd);
	launch = start(argv, &ourselves, NULL);
	ended.fd = launch_fd(launch);
	CU_ASSERT_EQUAL(poll(&ended, 1, 50), 0);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(kill(launch_pid(launch), 0), 0);
	CU_ASSERT_EQUAL(launch_go(launch, NULL), 0);
	CU_ASSERT_EQUAL(poll(&ended, 1, 10000), 1);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	CU_ASSERT_EQUAL(launch_wait(launch), 0);
	launch_free(launch);
}

static void never_let_go(void)
{
	char *argv[] = { "true", NULL };
	struct launch *launch = start(argv, &ourselves, NULL);
	int status = launch_wait(launch);
	pid_t pid;

	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	launch_free(launch);

	launch = start(argv, &ourselves, NULL);
	pid = launch_pid(launch);
	launch_free(launch);
	CU_ASSERT_EQUAL(kill(pid, 0), -1);
	CU_ASSERT_EQUAL(errno, ESRCH);
	launch_free(NULL);
}

static void killed_before_go(void)
{
	char *argv[] = { "true", NULL };
	struct launch *launch = start(argv, &ourselves, NULL);
	int status;

	launch_signal(launch, SIGKILL);
	CU_ASSERT_EQUAL(launch_go(launch, NULL), 0);
	status = launch_wait(launch);
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	launch_free(launch);
}

/* The one who launched is gone before launch_go: so is the child. */
static void dies_with_us(void)
{
	char *argv[] = { "sleep", "1000", NULL };
	int tell[2], status = 0;
	pid_t between, child = 0;

	CU_ASSERT_EQUAL_FATAL(pipe(tell), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	between = fork();
	if (!between) {
		struct launch *launch;

		if (launch_start(&launch, argv, &ourselves, NULL, NULL))
			_exit(1);
		child = launch_pid(launch);
		_exit(write(tell[1], &child, sizeof(child)) != sizeof(child));
	}
	CU_ASSERT_EQUAL_FATAL(read(tell[0], &child, sizeof(child)), sizeof(child));
	CU_ASSERT_EQUAL(waitpid(between, NULL, 0), between);
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 125);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(tell[0]);
	close(tell[1]);
}

/* What our caller passed on stays (a shell's <(...), a make job server), what is ours goes. */
static void descriptors(void)
{
	int null = open("/dev/null", O_RDONLY), low = fcntl(null, F_DUPFD, 3), status;
	int high = fcntl(null, F_DUPFD_CLOEXEC, 200);

	CU_ASSERT_TRUE_FATAL(low > 2 && low < 10 && high == 200);
	status = run("[ -e /proc/$$/fd/3 ]");
	CU_ASSERT_EQUAL(status, 0);
	status = run("[ ! -e /proc/$$/fd/200 ]");
	CU_ASSERT_EQUAL(status, 0);
	status = run("[ -e /proc/$$/fd/1 ] && [ -e /proc/$$/fd/2 ]");
	CU_ASSERT_EQUAL(status, 0);
	close(null);
	close(low);
	close(high);
}

static void signal_state(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_pipe, old_child, old_hup, now;
	struct launch_signals other;
	sigset_t block, old;

	sigaction(SIGPIPE, &ignore, &old_pipe);
	sigaction(SIGCHLD, &ignore, &old_child);
	sigaction(SIGHUP, &ignore, &old_hup);
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);

	/* HUP (1) and CHLD (17) stay ignored as by nohup, PIPE (13) does not. */
	CU_ASSERT_TRUE(status_matches("^SigBlk:.0+$", NULL));
	CU_ASSERT_TRUE(status_matches("^SigIgn:.*[13579bdf][02468ace]..[13579bdf]$", NULL));
	sigemptyset(&other.mask);
	sigemptyset(&other.ignored);
	sigaddset(&other.mask, SIGUSR1);
	sigaddset(&other.ignored, SIGINT);
	CU_ASSERT_TRUE(status_matches("^SigBlk:.0+200$", &other));
	CU_ASSERT_TRUE(status_matches("^SigIgn:.*[2367abef]$", &other));
	sigaction(SIGCHLD, NULL, &now);
	CU_ASSERT_PTR_EQUAL(now.sa_handler, SIG_IGN);

	sigprocmask(SIG_SETMASK, &old, NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	sigaction(SIGCHLD, &old_child, NULL);
	sigaction(SIGHUP, &old_hup, NULL);
}

static void passes_signals_on(void)
{
	char *argv[] = { "sleep", "1000", NULL };
	struct launch *launch = start(argv, &ourselves, NULL);
	int status;

	CU_ASSERT_EQUAL(launch_go(launch, NULL), 0);
	launch_signal(launch, SIGUSR1);
	status = launch_wait(launch);
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	launch_free(launch);
}

static void other_identity(void)
{
	struct launch_identity identity;
	char *home;

	if (geteuid())
		return;
	CU_ASSERT_EQUAL_FATAL(launch_identity(&identity, "65534", NULL), 0);
	CU_ASSERT_EQUAL(identity.uid, NOBODY);
	CU_ASSERT_EQUAL(run_as("[ $(id -u) = 65534 ] && [ $(id -ru) = 65534 ]", &identity), 0);

	identity = (struct launch_identity){
		.change = true, .uid = NOBODY, .gid = 4321, .user = "someone", .home = "/some where"
	};
	CU_ASSERT_EQUAL(run_as("[ \"$(id -G)\" = 4321 ] && [ \"$HOME\" = '/some where' ] &&"
			       " [ $USER = someone ] && [ $LOGNAME = someone ]",
			       &identity),
			0);

	/* Without a name there are no groups but the one, and the rest stays. */
	home = strdup(getenv("HOME") ? getenv("HOME") : "/");
	setenv("HOME", "/as/it/was", 1);
	identity = (struct launch_identity){ .change = true, .uid = 4322, .gid = 4321 };
	CU_ASSERT_EQUAL(run_as("[ \"$(id -G)\" = 4321 ] && [ $(id -u) = 4322 ] &&"
			       " [ $HOME = /as/it/was ] &&"
			       " grep -q '^CapEff:.0000000000000000$' /proc/self/status",
			       &identity),
			0);
	setenv("HOME", home, 1);
	free(home);
}

static void identity_refused(void)
{
	struct launch_identity root = { .change = true, .user = "root" };
	char *argv[] = { "true", NULL };
	struct launch *launch;
	struct error err;
	int status = 0;
	pid_t pid;

	if (geteuid())
		return;
	pid = fork();
	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		if (launch_start(&launch, argv, &root, NULL, &err) != -EPERM || launch)
			_exit(2);
		_exit(strncmp(err.text, "cannot become user 'root': ", 27) ? 3 : 0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
}

static void identity_by_name(void)
{
	struct launch_identity identity;
	struct error err;

	if (getpwnam("root")) {
		CU_ASSERT_EQUAL(launch_identity(&identity, "root", &err), 0);
		CU_ASSERT_TRUE(identity.change);
		CU_ASSERT_EQUAL(identity.uid, 0);
		CU_ASSERT_STRING_EQUAL(identity.user, "root");
		CU_ASSERT_STRING_NOT_EQUAL(identity.home, "");
	}
	CU_ASSERT_EQUAL(launch_identity(&identity, "no such user", &err), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, "there is no user 'no such user'");
	CU_ASSERT_EQUAL(launch_identity(&identity, "4294967295", &err), -EINVAL);
	CU_ASSERT_EQUAL(launch_identity(&identity, "-1", &err), -EINVAL);
	if (!getpwuid(123456789)) {
		CU_ASSERT_EQUAL(launch_identity(&identity, "123456789", &err), 0);
		CU_ASSERT_EQUAL(identity.uid, 123456789);
		CU_ASSERT_EQUAL(identity.gid, 123456789);
		CU_ASSERT_STRING_EQUAL(identity.user, "");
		CU_ASSERT_STRING_EQUAL(identity.home, "");
	}
}

static void identity_of_sudo(void)
{
	struct launch_identity identity;
	struct error err;

	unsetenv("SUDO_UID");
	CU_ASSERT_EQUAL(launch_identity(&identity, NULL, &err), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err.hint, "name one: --run-as=USER");
	setenv("SUDO_UID", "12x", 1);
	CU_ASSERT_EQUAL(launch_identity(&identity, NULL, &err), -EINVAL);
	setenv("SUDO_UID", "123456789", 1);
	setenv("SUDO_GID", "77", 1);
	CU_ASSERT_EQUAL(launch_identity(&identity, NULL, &err), 0);
	CU_ASSERT_EQUAL(identity.uid, 123456789);
	CU_ASSERT_EQUAL(identity.gid, 77);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

int suite_launch(void)
{
	CU_pSuite suite = CU_add_suite("launch", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, exit_status) || !CU_ADD_TEST(suite, death_by_signal) ||
	    !CU_ADD_TEST(suite, no_such_command) || !CU_ADD_TEST(suite, not_executable) ||
	    !CU_ADD_TEST(suite, waits_for_go) || !CU_ADD_TEST(suite, never_let_go) ||
	    !CU_ADD_TEST(suite, killed_before_go) || !CU_ADD_TEST(suite, dies_with_us) ||
	    !CU_ADD_TEST(suite, descriptors) || !CU_ADD_TEST(suite, signal_state) ||
	    !CU_ADD_TEST(suite, passes_signals_on) || !CU_ADD_TEST(suite, other_identity) ||
	    !CU_ADD_TEST(suite, identity_refused) || !CU_ADD_TEST(suite, identity_by_name) ||
	    !CU_ADD_TEST(suite, identity_of_sudo))
		return CU_get_error();
	return 0;
}
