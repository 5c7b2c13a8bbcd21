/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/host.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <tracefs.h>
#include <unistd.h>

#include "timersnoop/ask_symbols.h"

#define DEFAULT_TRACEFS "/sys/kernel/tracing"

static bool has_file(const char *dir, const char *file)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
}

/* The first mount of `type` under which a tracefs shows. */
static int find_mount_of(const char *type, const char *below, char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	int status = -ENOENT;

	if (!mounts)
		return -errno;
	while (status && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, type) != 0)
			continue;
		snprintf(path, size, "%s%s", mount->mnt_dir, below);
		/* Covered by another mount, or a debugfs without tracing, it
		 * has no such file; unreadable, it is still the one to name. */
		if (has_file(path, "instances") ||
		    (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 && errno == EACCES))
			status = 0;
	}
	endmntent(mounts);
	return status;
}

/* tracefs_tracing_dir() would mount one itself and leave it behind. */
static int find_mount(char *path, size_t size)
{
	int status = find_mount_of("tracefs", "", path, size);

	return status == -ENOENT ? find_mount_of("debugfs", "/tracing", path, size) : status;
}

int host_lockdown(char *level, size_t size)
{
	char text[128] = "";
	int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : TEMP_FAILURE_RETRY(read(fd, text, sizeof(text) - 1));
	int status = length < 0 ? -errno : 0;
	const char *active;

	if (fd >= 0)
		close(fd);
	if (status < 0)
		return status;
	/* To its end: a compiler compares words of it. */
	memset(level, 0, size);
	/* "none [integrity] confidentiality" */
	active = strchr(text, '[');
	snprintf(level, size, "%.*s", active ? (int)strcspn(active + 1, "]") : 0,
		 active ? active + 1 : "");
	return 0;
}

static bool locked_down(void)
{
	char level[32];

	return host_lockdown(level, sizeof(level)) == 0 && strcmp(level, "confidentiality") == 0;
}

int host_kptr_restrict(void)
{
	FILE *file = fopen("/proc/sys/kernel/kptr_restrict", "re");
	int restricted = -1;

	if (file) {
		if (fscanf(file, "%d", &restricted) != 1)
			restricted = -1;
		fclose(file);
	}
	return restricted;
}

static int refuse_access(struct error *err, int code, const char *path)
{
	if (code == EPERM && (geteuid() == 0 || locked_down())) {
		error_set(err, EPERM, "the kernel is locked down: %s may not be opened", path);
		error_hint(err,
			   "tracing needs lockdown below 'confidentiality' "
			   "(see /sys/kernel/security/lockdown and the lockdown= boot option)");
		return -EPERM;
	}
	error_set(err, EACCES, "no permission to use %s", path);
	error_hint(err, geteuid() == 0 ? "tracing needs the real root user, not one of a user "
					 "namespace"
				       : "run it as root, for example with sudo");
	return -EACCES;
}

/* /sys/kernel/debug/kprobes/enabled, where debugfs is mounted. */
static bool kprobes_disarmed(void)
{
	char state = '1';
	int fd = open("/sys/kernel/debug/kprobes/enabled", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (TEMP_FAILURE_RETRY(read(fd, &state, 1)) != 1)
			state = '1';
		close(fd);
	}
	return state == '0';
}

static int check_kprobe_events(const char *dir, enum host_step *reached, struct error *err)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/kprobe_events", dir);
	/* Without O_TRUNC: that would delete everybody's probes. */
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 && (errno == EPERM || errno == EACCES))
		return refuse_access(err, errno, path);
	*reached = HOST_KPROBE_EVENTS;
	if (fd < 0 && errno == ENOENT) {
		error_set(err, ENODEV, "this kernel has no kprobe events (no %s)", path);
		error_hint(err, "it needs CONFIG_KPROBE_EVENTS=y");
		return -ENODEV;
	}
	if (fd < 0)
		return error_errno(err, errno, "cannot open %s", path);
	close(fd);
	*reached = HOST_KPROBES_ON;
	if (kprobes_disarmed()) {
		error_set(err, ENODEV, "kprobes are switched off on this machine");
		error_hint(err, "echo 1 > /sys/kernel/debug/kprobes/enabled");
		return -ENODEV;
	}
	return 0;
}

/*
 * The kernel numbers tasks as its first PID namespace does (PROC_PID_INIT_INO,
 * linux/proc_ns.h), /proc as ours: in another the two would be mixed up.
 */
int host_pid_namespace(struct error *err)
{
	struct stat info;

	if (stat("/proc/self/ns/pid", &info) < 0 || info.st_ino == 0xEFFFFFFCU)
		return 0;
	error_set(err, EXDEV, "this is not the first PID namespace, whose ids the kernel records");
	error_hint(err, "run it on the host, or in a container that shares the host's PIDs");
	return -EXDEV;
}

int host_examine(enum host_step *reached, struct error *err)
{
	char dir[512];
	int status = find_mount(dir, sizeof(dir));

	*reached = HOST_MOUNT;
	if (status == -ENOENT) {
		error_set(err, ENOENT, "tracefs is not mounted");
		error_hint(err, "mount -t tracefs nodev " DEFAULT_TRACEFS);
		return -ENOENT;
	}
	if (status < 0)
		return error_errno(err, -status, "cannot read /proc/self/mounts");
	*reached = HOST_ACCESS;
	if (faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) < 0)
		return refuse_access(err, errno, dir);
	if (tracefs_set_tracing_dir(dir) < 0)
		return error_errno(err, errno, "cannot use %s", dir);
	status = check_kprobe_events(dir, reached, err);
	if (status < 0)
		return status;
	*reached = HOST_PID_NAMESPACE;
	status = host_pid_namespace(err);
	if (status == 0)
		*reached = HOST_STEPS;
	return status;
}

int host_tracefs(struct error *err)
{
	enum host_step reached;

	return host_examine(&reached, err);
}

/* Gives all of it to take(), in blocks of whole lines. What that returns other than 0 ends it:
 * -errno, or 1 when it has enough. */
static int read_kallsyms(int (*take)(void *context, const char *text, size_t length), void *context,
			 struct error *err)
{
	enum { BLOCK = 65536 };
	char *text = malloc(BLOCK);
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	size_t held = 0;
	ssize_t got = 0;
	int status = text ? 0 : -ENOMEM;

	if (status == 0 && fd < 0)
		status = -errno;
	while (status == 0 && (got = TEMP_FAILURE_RETRY(read(fd, text + held, BLOCK - held))) > 0) {
		const char *last;

		held += (size_t)got;
		last = memrchr(text, '\n', held);
		if (!last)
			continue;
		status = take(context, text, (size_t)(last + 1 - text));
		held -= (size_t)(last + 1 - text);
		memmove(text, last + 1, held);
	}
	if (status == 0 && got < 0)
		status = -errno;
	if (fd >= 0)
		close(fd);
	free(text);
	return status < 0 ? error_errno(err, -status, "cannot read /proc/kallsyms") : 0;
}

static int take_features(void *context, const char *text, size_t length)
{
	struct kernel_features *features = context;

	kernel_features_kallsyms(features, text, length, probe_plan_symbols(features->machine));
	return 0;
}

static int take_addresses(void *features, const char *text, size_t length)
{
	return kernel_features_addresses(features, text, length, probe_plan_addressed());
}

/* Reading kallsyms takes longer than the rest of the start together. */
static int read_symbols(struct kernel_features *features, const struct plan_wishes *wishes,
			struct error *err)
{
	if (!ask_symbols(features, probe_plan_symbols(features->machine)))
		return read_kallsyms(take_features, features, err);
	/* These are in its first part: it is in the order of addresses. */
	return probe_plan_needs_addresses(wishes) ? read_kallsyms(take_addresses, features, err)
						  : 0;
}

static int take_functions(void *symbols, const char *text, size_t length)
{
	return symbols_add(symbols, text, length);
}

int host_symbols(struct symbols *symbols, struct error *err)
{
	int status = read_kallsyms(take_functions, symbols, err);

	if (status == 0 && symbols_end(symbols) < 0)
		status = error_errno(err, ENOMEM, "symbols");
	return status;
}

static void copy_types(struct kernel_features *features, int fd, size_t size)
{
	uint8_t *data = malloc(size);
	size_t held = 0;
	ssize_t got = 0;

	while (data && held < size &&
	       (got = TEMP_FAILURE_RETRY(read(fd, data + held, size - held))) > 0)
		held += (size_t)got;
	if (data && got >= 0)
		kernel_features_types(features, data, held);
	free(data);
}

/* What is not there stays unknown: the plan says what that costs. */
static void read_types(struct kernel_features *features)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat info;
	size_t size;
	void *data;

	if (fd < 0)
		return;
	/* sysfs gives the true size here. */
	if (fstat(fd, &info) == 0 && info.st_size > 0) {
		size = (size_t)info.st_size;
		/* From 6.16 on; each read(2) has a page and no more. */
		data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED) {
			copy_types(features, fd, size);
		} else {
			kernel_features_types(features, data, size);
			munmap(data, size);
		}
	}
	close(fd);
}

static int read_uname(struct kernel_features *features, struct error *err)
{
	struct utsname name;

	kernel_features_init(features);
	if (uname(&name) < 0)
		return error_errno(err, errno, "uname");
	snprintf(features->machine, sizeof(features->machine), "%s", name.machine);
	snprintf(features->release, sizeof(features->release), "%s", name.release);
	return 0;
}

static bool has_event(const struct feature_event_name *name)
{
	char file[96];

	snprintf(file, sizeof(file), "events/%s/%s/format", name->system, name->event);
	return tracefs_file_exists(NULL, file);
}

int host_features(struct kernel_features *features, const struct plan_wishes *wishes,
		  struct error *err)
{
	char *readme;
	int status = read_uname(features, err);

	if (status < 0)
		return status;
	readme = tracefs_instance_file_read(NULL, "README", NULL);
	if (!readme)
		return error_errno(err, errno ? errno : EIO, "cannot read tracefs's README");
	kernel_features_readme(features, readme);
	free(readme);
	for (unsigned i = 0; i < FEATURE_EVENTS; i++)
		features->events[i] = has_event(&feature_events[i]);
	if (probe_plan_needs_types(wishes))
		read_types(features);
	return read_symbols(features, wishes, err);
}

int host_features_guess(struct kernel_features *features, struct error *err)
{
	int status = read_uname(features, err);

	if (status < 0)
		return status;
	features->arg_n = true;
	features->user_memory = true;
	features->ustring = true;
	features->arrays = true;
	read_types(features);
	return read_kallsyms(take_features, features, err);
}
