/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/privilege_filter.h"

#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Those with the calls that the lists below name, and their arguments in that order. */
#if defined(__x86_64__) && defined(__LP64__)
#define FILTER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && !defined(__AARCH64EB__)
#define FILTER_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && defined(__LP64__)
#define FILTER_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define FILTER_ARCH AUDIT_ARCH_PPC64LE
#endif

#ifndef FILTER_ARCH
bool privilege_filter_known(void)
{
	return false;
}

size_t privilege_filter_make(struct sock_filter *program, const struct privilege_request *request,
			     int32_t self, uint32_t denied)
{
	(void)program;
	(void)request;
	(void)self;
	(void)denied;
	return 0;
}
#else

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

/* A call, and how the lower half of one of its arguments must look; mask 0: in any way.
 * All of the architectures above are little-endian. */
struct rule {
	int call;
	int argument;
	uint32_t mask, value;
};

#define ANY(name)                                                                                  \
	{                                                                                          \
		SYS_##name, 0, 0, 0                                                                \
	}
#define WITH(name, argument, mask, value)                                                          \
	{                                                                                          \
		SYS_##name, argument, (uint32_t)(mask), value                                      \
	}

/* A file without a name is made by this bit. */
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

/* Those that are called most come first. */
static const struct rule always[] = {
	ANY(read),
	ANY(write),
	ANY(pread64),
	ANY(pwrite64),
	ANY(ppoll),
#ifdef SYS_poll
	ANY(poll),
#endif
	ANY(clock_gettime),
	ANY(lseek),
	ANY(brk),
	/* Memory, but no code. */
	WITH(mmap, 2, PROT_EXEC, 0),
	WITH(mprotect, 2, PROT_EXEC, 0),
	ANY(munmap),
	ANY(mremap),
	ANY(madvise),
	ANY(writev),
	/* To whom a socket is connected, and to nobody else. */
	WITH(sendto, 4, UINT32_MAX, 0),
	ANY(close),
	ANY(fstat),
	ANY(newfstatat),
	ANY(statx),
	ANY(ftruncate),
	ANY(fcntl),
	ANY(fadvise64),
	/* Is it a terminal, and how large? Not: put words into its user's mouth. */
	WITH(ioctl, 1, UINT32_MAX, TCGETS),
#ifdef TCGETS2 /* glibc's isatty() from 2.42 on */
	WITH(ioctl, 1, UINT32_MAX, TCGETS2),
#endif
	WITH(ioctl, 1, UINT32_MAX, TIOCGWINSZ),
	ANY(futex),
	ANY(getrandom),
	ANY(gettimeofday),
	ANY(clock_nanosleep),
	ANY(rt_sigaction),
	ANY(rt_sigprocmask),
	ANY(rt_sigreturn),
	ANY(restart_syscall),
	ANY(getpid),
	ANY(gettid),
	ANY(geteuid),
	ANY(sysinfo),
	ANY(uname),
	ANY(wait4),
	ANY(exit),
	ANY(exit_group),
};

static const struct rule files[] = {
	ANY(getdents64), ANY(readlinkat), ANY(faccessat),
	ANY(faccessat2), ANY(fstatfs),    ANY(statfs),
#ifdef SYS_readlink
	ANY(readlink),
#endif
#ifdef SYS_access
	ANY(access),
#endif
#ifdef SYS_stat
	ANY(stat),       ANY(lstat),
#endif
};

static const struct rule list[] = {
	WITH(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT, O_RDONLY),
};

static const struct rule live[] = {
	WITH(openat, 2, O_CREAT | TMPFILE_BIT, 0),
	WITH(unlinkat, 2, AT_REMOVEDIR, AT_REMOVEDIR),
#ifdef SYS_rmdir
	ANY(rmdir),
#endif
#ifdef SYS_epoll_wait
	ANY(epoll_wait),
#endif
	ANY(epoll_pwait),
	ANY(epoll_pwait2),
	ANY(epoll_ctl),
	ANY(timerfd_settime),
	ANY(flock),
	/* Whether COMMAND could be run. */
	ANY(recvfrom),
	ANY(waitid),
	/* command_die_of() */
	WITH(prlimit64, 0, UINT32_MAX, 0),
};

struct writer {
	struct sock_filter *program;
	size_t length;
};

static void add(struct writer *to, uint16_t code, uint32_t value, uint8_t yes, uint8_t no)
{
	to->program[to->length++] = (struct sock_filter){ code, yes, no, value };
}

static void add_load(struct writer *to, size_t offset)
{
	add(to, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_rule(struct writer *to, const struct rule *rule)
{
	if (!rule->mask) {
		add(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0, 1);
		add(to, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		return;
	}
	add(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0, 5);
	add_load(to, offsetof(struct seccomp_data, args) + 8 * (size_t)rule->argument);
	add(to, BPF_ALU | BPF_AND | BPF_K, rule->mask, 0, 0);
	add(to, BPF_JMP | BPF_JEQ | BPF_K, rule->value, 0, 1);
	add(to, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	add_load(to, offsetof(struct seccomp_data, nr));
}

#define ADD_RULES(to, rules)                                                                       \
	for (size_t i = 0; i < sizeof(rules) / sizeof((rules)[0]); i++)                            \
	add_rule(to, &(rules)[i])

bool privilege_filter_known(void)
{
	return true;
}

size_t privilege_filter_make(struct sock_filter *program, const struct privilege_request *request,
			     int32_t self, uint32_t denied)
{
	const struct rule to_self = WITH(tgkill, 0, UINT32_MAX, (uint32_t)self);
	const struct rule to_command = WITH(kill, 0, UINT32_MAX, (uint32_t)request->command);
	struct writer to = { program, 0 };

	add_load(&to, offsetof(struct seccomp_data, arch));
	add(&to, BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCH, 1, 0);
	add(&to, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add_load(&to, offsetof(struct seccomp_data, nr));
	ADD_RULES(&to, always);
	add_rule(&to, &to_self);
	if (request->use != PRIVILEGE_REPLAY)
		ADD_RULES(&to, files);
	if (request->use == PRIVILEGE_LIST)
		ADD_RULES(&to, list);
	if (request->use == PRIVILEGE_LIVE)
		ADD_RULES(&to, live);
	if (request->use == PRIVILEGE_LIVE && request->command)
		add_rule(&to, &to_command);
	add(&to, BPF_RET | BPF_K, denied, 0, 0);
	return to.length;
}

#endif
