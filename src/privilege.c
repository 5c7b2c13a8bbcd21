/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <mntent.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/privilege_filter.h"

/* Checkers of a build for tests do what no filter lets pass. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECKED_BUILD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define CHECKED_BUILD 1
#endif
#endif
#ifndef CHECKED_BUILD
#define CHECKED_BUILD 0
#endif

/* The same numbers on every architecture; headers older than the calls lack them. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* linux/landlock.h, which not every machine has. */
#define LANDLOCK_GET_VERSION 1
#define LANDLOCK_BENEATH 1
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_TRUNCATE (1ULL << 14)
/* What each version knows, as the bits below this one. */
static const unsigned fs_bits[] = { 13, 14, 15, 15, 16 };

struct landlock_ruleset {
	uint64_t handled;
};

struct landlock_beneath {
	uint64_t allowed;
	int32_t dir;
} __attribute__((packed));

/* --- capabilities -------------------------------------------------------------- */

struct capabilities {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static int read_capabilities(struct capabilities *caps)
{
	caps->header = (struct __user_cap_header_struct){ _LINUX_CAPABILITY_VERSION_3, 0 };
	return syscall(SYS_capget, &caps->header, caps->words) < 0 ? -errno : 0;
}

static int write_capabilities(struct capabilities *caps)
{
	return syscall(SYS_capset, &caps->header, caps->words) < 0 ? -errno : 0;
}

/* Of those that we have, these alone. */
static int keep_capabilities(uint64_t kept)
{
	struct capabilities caps;
	int status = read_capabilities(&caps);

	if (status < 0)
		return status;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		caps.words[i].permitted &= (uint32_t)(kept >> 32 * i);
		caps.words[i].effective = caps.words[i].permitted;
		caps.words[i].inheritable = 0;
	}
	return write_capabilities(&caps);
}

int privilege_clear_inherited(void)
{
	struct capabilities caps;
	int status = read_capabilities(&caps);

	/* Where there is no such thing as ambient ones there are none. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned i = 0; status == 0 && i < _LINUX_CAPABILITY_U32S_3; i++)
		caps.words[i].inheritable = 0;
	return status ? status : write_capabilities(&caps);
}

#define CAP_BIT(name) (1ULL << (name))

static uint64_t needed_capabilities(const struct privilege_request *request)
{
	struct stat info;
	uint64_t needed = 0;

	if (request->use == PRIVILEGE_REPLAY)
		return 0;
	if (request->use == PRIVILEGE_LIST || request->others)
		needed |= CAP_BIT(CAP_SYS_PTRACE) | CAP_BIT(CAP_DAC_READ_SEARCH);
	if (request->command)
		needed |= CAP_BIT(CAP_KILL);
	if (request->symbols)
		needed |= CAP_BIT(CAP_SYSLOG);
	/* Its owner needs none. */
	if (request->tracefs && (stat(request->tracefs, &info) < 0 || info.st_uid != geteuid()))
		needed |= CAP_BIT(CAP_DAC_OVERRIDE);
	return needed;
}

/* --- rights that are lent ------------------------------------------------------- */

bool privilege_is_lent(void)
{
	/* A security module may say so to root, too, who has them all. */
	return getauxval(AT_SECURE) && getuid() != 0;
}

int privilege_return(void)
{
	if (!privilege_is_lent())
		return 0;
	if (setresgid(getgid(), getgid(), getgid()) || setresuid(getuid(), getuid(), getuid()))
		return -errno;
	return keep_capabilities(0);
}

int privilege_suspend(struct privilege_lent *lent)
{
	struct capabilities caps;
	int status = 0;

	*lent = (struct privilege_lent){ privilege_is_lent(), geteuid(), getegid(), { 0 } };
	if (!lent->lent)
		return 0;
	status = read_capabilities(&caps);
	if (status < 0)
		return status;
	lent->effective[0] = caps.words[0].effective;
	lent->effective[1] = caps.words[1].effective;
	if (setegid(getgid()) || seteuid(getuid()))
		return -errno;
	caps.words[0].effective = caps.words[1].effective = 0;
	return write_capabilities(&caps);
}

int privilege_resume(const struct privilege_lent *lent)
{
	struct capabilities caps;
	int status;

	if (!lent->lent)
		return 0;
	if (seteuid(lent->uid) || setegid(lent->gid))
		return -errno;
	status = read_capabilities(&caps);
	caps.words[0].effective = lent->effective[0];
	caps.words[1].effective = lent->effective[1];
	return status ? status : write_capabilities(&caps);
}

/* --- files: Landlock ------------------------------------------------------------ */

static int allow_beneath(int rules, const char *dir, uint64_t allowed)
{
	struct landlock_beneath rule = { .allowed = allowed };
	int status;

	rule.dir = open(dir, O_PATH | O_CLOEXEC);
	if (rule.dir < 0)
		return -errno;
	status = syscall(SYS_landlock_add_rule, rules, LANDLOCK_BENEATH, &rule, 0) < 0 ? -errno : 0;
	close(rule.dir);
	return status;
}

/*
 * Where /proc hides the processes of others (hidepid), it shows them to whoever may
 * trace them, which nobody may from within Landlock.
 */
static bool proc_hides(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	bool hides = false;

	while (mounts && !hides && (mount = getmntent(mounts)))
		hides = strcmp(mount->mnt_type, "proc") == 0 && hasmntopt(mount, "hidepid");
	if (mounts)
		endmntent(mounts);
	return hides;
}

static int restrict_to_tracing(int rules, const char *tracefs, uint64_t handled)
{
	const uint64_t reads = FS_READ_FILE | FS_READ_DIR;
	const uint64_t undoes = reads | FS_WRITE_FILE | FS_REMOVE_DIR | (FS_TRUNCATE & handled);
	int status = allow_beneath(rules, tracefs, undoes);

	return status ? status : allow_beneath(rules, "/proc", reads);
}

/* NULL, or why not. Needs no_new_privs. */
static const char *restrict_files(const struct privilege_request *request)
{
	struct landlock_ruleset wanted;
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_GET_VERSION);
	size_t known = sizeof(fs_bits) / sizeof(fs_bits[0]);
	int rules, status = 0;

	if (version < 1)
		return "this kernel has no Landlock, or it is not switched on";
	if (request->others || request->use == PRIVILEGE_LIST)
		return "it reads what only who may trace a process may read";
	wanted.handled =
		(1ULL << fs_bits[(size_t)version > known ? known - 1 : (size_t)version - 1]) - 1;
	rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof(wanted), 0);
	if (rules < 0)
		return "Landlock takes no rules";
	if (request->use == PRIVILEGE_LIVE)
		status = restrict_to_tracing(rules, request->tracefs, wanted.handled);
	if (status == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		status = -errno;
	close(rules);
	return status ? "Landlock does not take its rules" : NULL;
}

/* --- system calls: seccomp ------------------------------------------------------- */

/* Reached by a bug, ours or a library's, that somebody has made use of. */
static void tell_and_end(int number, siginfo_t *info, void *context)
{
	char text[160], digits[12], *at = text, *digit = digits + sizeof(digits) - 1;
	unsigned call = (unsigned)info->si_syscall;

	(void)number;
	(void)context;
	*digit = '\0';
	do
		*--digit = (char)('0' + call % 10);
	while (call /= 10);
	at = stpcpy(at, "timersnoop: stopped at a system call that it has no need of (number ");
	at = stpcpy(stpcpy(at, digit), "), see SECURITY in the manual\n");
	if (write(STDERR_FILENO, text, (size_t)(at - text)) < 0)
		_exit(125);
	_exit(125);
}

static const char *restrict_calls(const struct privilege_request *request)
{
	struct sigaction action = { .sa_sigaction = tell_and_end, .sa_flags = SA_SIGINFO };
	struct sock_filter program[PRIVILEGE_FILTER_MAX];
	struct sock_fprog filter = { .filter = program };
	/* Who is killed while it traces leaves its probes behind. */
	uint32_t denied =
		request->use == PRIVILEGE_LIVE ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_TRAP;

	if (!privilege_filter_known())
		return "not known for this architecture";
	filter.len =
		(unsigned short)privilege_filter_make(program, request, (int32_t)getpid(), denied);
	if (denied == SECCOMP_RET_TRAP)
		sigaction(SIGSYS, &action, NULL);
	/* Without the flag some kernels slow down all that we do. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) <
	    0)
		return "this kernel has no seccomp filters";
	return NULL;
}

void privilege_drop(const struct privilege_request *request, struct privilege_state *state)
{
	struct privilege_request known = *request;

	/* It reads a file when it is first needed. */
	tzset();
	if (known.use == PRIVILEGE_LIVE && !known.others)
		known.others = proc_hides();
	state->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (CHECKED_BUILD)
		state->files_why_not = "it is built with a sanitizer";
	else
		state->files_why_not = restrict_files(&known);
	state->capabilities = keep_capabilities(needed_capabilities(&known)) == 0;
	if (CHECKED_BUILD)
		state->calls_why_not = "it is built with a sanitizer";
	else
		state->calls_why_not = restrict_calls(&known);
	state->files = !state->files_why_not;
	state->calls = !state->calls_why_not;
}
