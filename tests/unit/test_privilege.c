/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be done after privilege_drop(), each thing by a process of its own that has
 * dropped it; and the same of the filter alone, which is a value.
 */
#include <CUnit/Basic.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"
#include "timersnoop/privilege_filter.h"

#define SELF 4242

/* What the program says of a call, as the kernel would run it. */
static uint32_t ask(const struct sock_filter *program, size_t length,
		    const struct seccomp_data *data)
{
	uint32_t accumulator = 0;
	size_t at = 0;

	while (at < length) {
		const struct sock_filter *op = &program[at++];

		switch (op->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			CU_ASSERT_TRUE_FATAL(op->k % 4 == 0 && op->k + 4 <= sizeof(*data));
			memcpy(&accumulator, (const char *)data + op->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= op->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += accumulator == op->k ? op->jt : op->jf;
			break;
		case BPF_RET | BPF_K:
			return op->k;
		default:
			CU_FAIL_FATAL("no such operation");
		}
	}
	CU_FAIL_FATAL("no end");
	return 0;
}

struct filter {
	struct sock_filter program[PRIVILEGE_FILTER_MAX];
	size_t length;
	uint32_t arch;
};

static void make(struct filter *filter, enum privilege_use use, pid_t command)
{
	const struct privilege_request request = { .use = use, .command = command };

	filter->length = privilege_filter_make(filter->program, &request, SELF, SECCOMP_RET_TRAP);
	CU_ASSERT_TRUE_FATAL(filter->length > 0 && filter->length <= PRIVILEGE_FILTER_MAX);
	/* LD arch; JEQ */
	filter->arch = filter->program[1].k;
}

static bool lets(const struct filter *filter, int call, int argument, uint64_t value)
{
	struct seccomp_data data = { .nr = call, .arch = filter->arch };
	uint32_t result;

	data.args[argument] = value;
	result = ask(filter->program, filter->length, &data);
	CU_ASSERT_TRUE(result == SECCOMP_RET_ALLOW || result == SECCOMP_RET_TRAP);
	return result == SECCOMP_RET_ALLOW;
}

static void every_use(void)
{
	static const int never[] = { SYS_execve,    SYS_execveat,    SYS_ptrace,
				     SYS_socket,    SYS_connect,     SYS_bind,
				     SYS_mount,     SYS_bpf,         SYS_clone,
				     SYS_setuid,    SYS_init_module, SYS_process_vm_writev,
				     SYS_mkdirat,   SYS_fchmodat,    SYS_fchownat,
				     SYS_renameat2, SYS_symlinkat,   SYS_linkat,
				     SYS_truncate,  SYS_reboot };
	struct filter filter;

	if (!privilege_filter_known())
		return;
	for (int use = PRIVILEGE_REPLAY; use <= PRIVILEGE_LIVE; use++) {
		make(&filter, (enum privilege_use)use, 0);
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			CU_ASSERT_FALSE(lets(&filter, never[i], 0, 0));
		CU_ASSERT_TRUE(lets(&filter, SYS_read, 0, 0));
		CU_ASSERT_TRUE(lets(&filter, SYS_exit_group, 0, 0));
		CU_ASSERT_TRUE(lets(&filter, SYS_mmap, 2, PROT_READ | PROT_WRITE));
		CU_ASSERT_FALSE(lets(&filter, SYS_mmap, 2, PROT_READ | PROT_EXEC));
		CU_ASSERT_FALSE(lets(&filter, SYS_mprotect, 2, PROT_EXEC));
		CU_ASSERT_TRUE(lets(&filter, SYS_ioctl, 1, TCGETS));
#ifdef TCGETS2
		CU_ASSERT_TRUE(lets(&filter, SYS_ioctl, 1, TCGETS2));
#endif
		CU_ASSERT_FALSE(lets(&filter, SYS_ioctl, 1, TIOCSTI));
		CU_ASSERT_TRUE(lets(&filter, SYS_sendto, 4, 0));
		CU_ASSERT_FALSE(lets(&filter, SYS_sendto, 4, 0x1000));
		CU_ASSERT_TRUE(lets(&filter, SYS_tgkill, 0, SELF));
		CU_ASSERT_FALSE(lets(&filter, SYS_tgkill, 0, 1));
		CU_ASSERT_FALSE(lets(&filter, SYS_kill, 0, 1));
		CU_ASSERT_FALSE(lets(&filter, SYS_unlinkat, 2, 0));
	}
}

static void each_use(void)
{
	struct filter replay, list, live;

	if (!privilege_filter_known())
		return;
	make(&replay, PRIVILEGE_REPLAY, 0);
	make(&list, PRIVILEGE_LIST, 0);
	make(&live, PRIVILEGE_LIVE, 77);
	CU_ASSERT_FALSE(lets(&replay, SYS_openat, 2, O_RDONLY));
	CU_ASSERT_FALSE(lets(&replay, SYS_getdents64, 0, 0));
	CU_ASSERT_TRUE(lets(&list, SYS_openat, 2, O_RDONLY | O_CLOEXEC | O_DIRECTORY));
	CU_ASSERT_FALSE(lets(&list, SYS_openat, 2, O_WRONLY));
	CU_ASSERT_FALSE(lets(&list, SYS_openat, 2, O_RDWR));
	CU_ASSERT_FALSE(lets(&list, SYS_openat, 2, O_RDONLY | O_TRUNC));
	CU_ASSERT_FALSE(lets(&list, SYS_unlinkat, 2, AT_REMOVEDIR));
	CU_ASSERT_TRUE(lets(&live, SYS_openat, 2, O_WRONLY | O_APPEND));
	CU_ASSERT_TRUE(lets(&live, SYS_openat, 2, O_RDONLY | O_DIRECTORY));
	CU_ASSERT_FALSE(lets(&live, SYS_openat, 2, O_WRONLY | O_CREAT));
	CU_ASSERT_FALSE(lets(&live, SYS_openat, 2, O_RDWR | O_TMPFILE));
	CU_ASSERT_TRUE(lets(&live, SYS_unlinkat, 2, AT_REMOVEDIR));
	CU_ASSERT_TRUE(lets(&live, SYS_kill, 0, 77));
	CU_ASSERT_FALSE(lets(&live, SYS_kill, 0, (uint64_t)-1));
	CU_ASSERT_TRUE(lets(&live, SYS_prlimit64, 0, 0));
	CU_ASSERT_FALSE(lets(&live, SYS_prlimit64, 0, 1));
}

/* By the numbers of another architecture every call could be another one. */
static void other_numbers(void)
{
	struct seccomp_data data = { .nr = SYS_read };
	struct filter filter;

	if (!privilege_filter_known())
		return;
	make(&filter, PRIVILEGE_LIVE, 0);
	data.arch = filter.arch ^ 1;
	CU_ASSERT_EQUAL(ask(filter.program, filter.length, &data), SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
	/* x32 */
	CU_ASSERT_FALSE(lets(&filter, 0x40000000 | SYS_read, 0, 0));
#endif
}

static struct privilege_state state;

/* In a process that has dropped it all: what `attempt` returns, or 128 and a signal. */
static int after_drop(enum privilege_use use, int (*attempt)(void))
{
	const struct privilege_request request = { .use = use, .tracefs = "/nowhere" };
	int status;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		privilege_drop(&request, &state);
		_exit(attempt());
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int works(void)
{
	char *memory = malloc(1 << 20);
	char text[2] = "";
	int status = memory && state.capabilities && state.no_new_privs &&
		     write(STDERR_FILENO, text, 1) == 1;

	free(memory);
	return status ? 0 : 1;
}

static int opens(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1;
}

static int connects(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? 0 : 1;
}

/* Are calls confined in this build? If not, it says for what reason. */
static int confined(void)
{
	if (state.calls)
		return 0;
	return strstr(state.calls_why_not, "sanitizer") || !privilege_filter_known() ? 1 : 2;
}

static void dropped(void)
{
	CU_ASSERT_EQUAL(after_drop(PRIVILEGE_REPLAY, works), 0);
	if (after_drop(PRIVILEGE_REPLAY, confined) == 1)
		return;
	CU_ASSERT_EQUAL(after_drop(PRIVILEGE_REPLAY, confined), 0);
	CU_ASSERT_EQUAL(after_drop(PRIVILEGE_REPLAY, connects), 125);
	CU_ASSERT_EQUAL(after_drop(PRIVILEGE_REPLAY, opens), 125);
	CU_ASSERT_EQUAL(after_drop(PRIVILEGE_LIST, connects), 125);
	CU_ASSERT_EQUAL(after_drop(PRIVILEGE_LIST, opens), 1);
	/* Told by its result: to die would leave probes behind. */
	CU_ASSERT_EQUAL(after_drop(PRIVILEGE_LIVE, connects), 0);
}

int suite_privilege(void)
{
	CU_pSuite suite = CU_add_suite("privilege", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, every_use) || !CU_ADD_TEST(suite, each_use) ||
	    !CU_ADD_TEST(suite, other_numbers) || !CU_ADD_TEST(suite, dropped))
		return (int)CU_get_error();
	return 0;
}
