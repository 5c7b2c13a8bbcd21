/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * onpty COMMAND [ARG...]: runs COMMAND with a terminal of its own as standard
 * input, output and error, passes on what it writes there, byte for byte, and
 * what comes on standard input; ends with COMMAND's status (128+N for a signal).
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(125);
}

static void become(const char *terminal, char **argv)
{
	struct termios modes;
	int fd;

	setsid();
	fd = open(terminal, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0 || tcgetattr(fd, &modes) < 0)
		die(terminal);
	/* Output as it is written; what is typed is not shown. */
	modes.c_oflag &= ~OPOST;
	modes.c_lflag &= ~ECHO;
	tcsetattr(fd, TCSANOW, &modes);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
	execvp(argv[0], argv);
	die(argv[0]);
}

static int pass(int from, int to)
{
	char bytes[4096];
	ssize_t got = read(from, bytes, sizeof(bytes));

	return got > 0 && write(to, bytes, (size_t)got) == got;
}

int main(int argc, char **argv)
{
	struct pollfd fds[] = { { .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int status;
	pid_t pid;

	if (argc < 2 || master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		die("onpty");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		become(ptsname(master), argv + 1);
	fds[0].fd = master;
	while (poll(fds, 2, -1) > 0) {
		if (fds[1].revents && !pass(STDIN_FILENO, master))
			fds[1].fd = -1;
		/* EIO: nobody has the terminal open any more. */
		if (fds[0].revents && !pass(master, STDOUT_FILENO))
			break;
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
