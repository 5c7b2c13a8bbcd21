/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a running process call the kernel, as somebody would who has taken it over:
 *   inject PID CALL [ARG...]
 * prints "ok RESULT", or the name of the error, or "killed by SIGNAL" or "exited with
 * STATUS" when the process did not survive it. CALL is a name of the table below; an
 * argument is a number or, behind '@', text. x86_64 alone.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} calls[] = {
	{ "bpf", SYS_bpf },
	{ "chmod", SYS_chmod },
	{ "execve", SYS_execve },
	{ "fork", SYS_fork },
	{ "getpid", SYS_getpid },
	{ "init_module", SYS_init_module },
	{ "ioctl", SYS_ioctl },
	{ "kill", SYS_kill },
	{ "link", SYS_link },
	{ "mmap", SYS_mmap },
	{ "mount", SYS_mount },
	{ "openat", SYS_openat },
	{ "prlimit64", SYS_prlimit64 },
	{ "ptrace", SYS_ptrace },
	{ "rmdir", SYS_rmdir },
	{ "setuid", SYS_setuid },
	{ "socket", SYS_socket },
	{ "unlink", SYS_unlink },
	{ "unshare", SYS_unshare },
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static long number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	fprintf(stderr, "inject: no call '%s'\n", name);
	exit(2);
}

static void wait_for_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFSTOPPED(status))
		return;
	if (WIFSIGNALED(status))
		printf("killed by %d\n", WTERMSIG(status));
	else
		printf("exited with %d\n", WEXITSTATUS(status));
	exit(0);
}

/* Below its stack, and what the ABI lets it use below that. */
static uint64_t put_text(pid_t pid, uint64_t *below, const char *text)
{
	size_t size = strlen(text) + 1;
	struct iovec ours = { (void *)text, size }, theirs;

	*below = (*below - size) & ~15ULL;
	theirs = (struct iovec){ (void *)(uintptr_t)*below, size };
	if (process_vm_writev(pid, &ours, 1, &theirs, 1, 0) != (ssize_t)size)
		die("process_vm_writev");
	return *below;
}

static void prepare(pid_t pid, struct user_regs_struct *regs, char **words, int count)
{
	unsigned long long *const places[] = { &regs->rdi, &regs->rsi, &regs->rdx,
					       &regs->r10, &regs->r8,  &regs->r9 };
	uint64_t below = regs->rsp - 512;

	regs->rax = (unsigned long long)number_of(words[0]);
	regs->orig_rax = -1ULL; /* no call of its own goes on */
	for (int i = 0; i < 6; i++)
		*places[i] = 0;
	for (int i = 1; i < count && i < 7; i++)
		*places[i - 1] = words[i][0] == '@' ? put_text(pid, &below, words[i] + 1)
						    : strtoull(words[i], NULL, 0);
}

int main(int argc, char **argv)
{
	struct user_regs_struct before, regs;
	pid_t pid = argc > 2 ? atoi(argv[1]) : 0;
	siginfo_t info;

	if (!pid)
		return 2;
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
		die("ptrace");
	wait_for_stop(pid);
	if (ptrace(PTRACE_GETREGS, pid, 0, &before) < 0)
		die("registers");
	/* It sleeps in a call, which is the instruction before. */
	regs = before;
	prepare(pid, &regs, argv + 2, argc - 2);
	regs.rip -= 2;
	if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0 || ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0)
		die("registers");
	wait_for_stop(pid);
	if (ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0 && info.si_signo != SIGTRAP) {
		ptrace(PTRACE_CONT, pid, 0, info.si_signo);
		for (;;) {
			wait_for_stop(pid);
			ptrace(PTRACE_CONT, pid, 0, 0);
		}
	}
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0 ||
	    ptrace(PTRACE_SETREGS, pid, 0, &before) < 0 || ptrace(PTRACE_DETACH, pid, 0, 0) < 0)
		die("registers");
	if ((long long)regs.rax < 0 && (long long)regs.rax > -4096)
		puts(strerrorname_np((int)-(long long)regs.rax));
	else
		printf("ok %lld\n", (long long)regs.rax);
	return 0;
}
