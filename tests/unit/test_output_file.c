/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As root, with what another user has put in the way; nothing of it can be tried without. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"
#include "timersnoop/output_file.h"

#define OTHER 4242

static int home = -1;

static int begin(void)
{
	char dir[] = "/tmp/output.XXXXXX";

	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return home < 0 || !mkdtemp(dir) || chdir(dir) < 0 || mkdir("shared", 0700) < 0 ||
	       chmod("shared", 01777) < 0;
}

static int end(void)
{
	char dir[4096], command[4200];

	if (!getcwd(dir, sizeof(dir)) || strncmp(dir, "/tmp/output.", 12) != 0)
		return 1;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (fchdir(home) < 0 || system(command) != 0)
		return 1;
	close(home);
	return 0;
}

static void put(const char *name, const char *text, uid_t owner)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(fchown(fd, owner, owner), 0);
	close(fd);
}

static void put_link(const char *target, const char *name, uid_t owner)
{
	CU_ASSERT_EQUAL_FATAL(symlink(target, name), 0);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(lchown(name, owner, owner), 0);
}

static void expect_content(const char *name, const char *expected)
{
	char text[64] = "";
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(read(fd, text, sizeof(text) - 1), (ssize_t)strlen(expected));
	CU_ASSERT_STRING_EQUAL(text, expected);
	close(fd);
}

static void expect_written(const char *name, const char *where, bool made)
{
	struct output_file file;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(output_file_open(&file, name, &err), 0);
	CU_ASSERT_EQUAL(file.made, made);
	output_file_keep(&file);
	CU_ASSERT_EQUAL(ftruncate(file.fd, 0), 0);
	CU_ASSERT_EQUAL(write(file.fd, "ours", 4), 4);
	CU_ASSERT_EQUAL(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
	close(file.fd);
	expect_content(where, "ours");
}

static void expect_refused(const char *name, const char *why)
{
	struct output_file file;
	struct error err;

	CU_ASSERT_EQUAL(output_file_open(&file, name, &err), -err.code);
	CU_ASSERT_NOT_EQUAL(err.code, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
	if (!strstr(err.text, why))
		printf("\n  %s: %s\n", name, err.text);
}

static void of_our_own(void)
{
	struct stat info;
	mode_t mask = umask(027);

	expect_written("new", "new", true);
	umask(mask);
	CU_ASSERT_EQUAL(stat("new", &info), 0);
	CU_ASSERT_EQUAL(info.st_mode & 0777, 0640);
	expect_written("./shared/../new", "new", false);
	expect_written("shared//new", "shared/new", true);
	put_link("new", "link", geteuid());
	expect_written("link", "new", false);
	put_link("shared/behind", "dangling", geteuid());
	expect_written("dangling", "shared/behind", true);
	put_link("shared", "dir", geteuid());
	expect_written("dir/new", "shared/new", false);
}

static void no_files(void)
{
	char name[5000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	expect_refused("", "No such file");
	expect_refused("nowhere/new", "No such file");
	expect_refused("shared", "Is a directory");
	expect_refused("shared/", "Is a directory");
	expect_refused("new/", "Is a directory");
	expect_refused("new/new", "Not a directory");
	expect_refused(name, "cannot write nnn");
	name[300] = '\0';
	expect_refused(name, "cannot write nnn");
	put_link("round", "round", geteuid());
	expect_refused("round", "Too many levels");
}

/* Some links say where they lead only to the kernel. */
static void of_the_kernel(void)
{
	struct output_file file;
	struct error err;
	int ends[2];
	char name[32], text[8] = "";

	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[1]);
	CU_ASSERT_EQUAL_FATAL(output_file_open(&file, name, &err), 0);
	CU_ASSERT_FALSE(file.made);
	CU_ASSERT_EQUAL(write(file.fd, "ours", 4), 4);
	CU_ASSERT_EQUAL(read(ends[0], text, sizeof(text)), 4);
	close(file.fd);
	close(ends[0]);
	close(ends[1]);
	CU_ASSERT_EQUAL_FATAL(output_file_open(&file, "/dev/null", &err), 0);
	close(file.fd);
}

static void of_others(void)
{
	if (geteuid() != 0)
		return;
	put("victim", "victim", 0);
	/* links, as the last name and before it, to what is there and what is not */
	put_link("../victim", "shared/link", OTHER);
	put_link("../none", "shared/dangling", OTHER);
	put_link("..", "shared/dir", OTHER);
	expect_refused("shared/link", "symbolic link of user 4242");
	expect_refused("shared/dangling", "symbolic link of user 4242");
	expect_refused("shared/dir/victim", "symbolic link of user 4242");
	expect_content("victim", "victim");
	CU_ASSERT_EQUAL(access("none", F_OK), -1);
	/* in a directory of their own as well */
	CU_ASSERT_EQUAL_FATAL(mkdir("theirs", 0755), 0);
	CU_ASSERT_EQUAL(chown("theirs", OTHER, OTHER), 0);
	put_link("../victim", "theirs/link", OTHER);
	expect_refused("theirs/link", "symbolic link of user 4242");
	/* by way of a link that is ours */
	put_link("shared/link", "by", 0);
	expect_refused("by", "symbolic link of user 4242");
	expect_content("victim", "victim");
}

static void that_are_there(void)
{
	if (geteuid() != 0)
		return;
	put("shared/file", "theirs", OTHER);
	expect_refused("shared/file", "of user 4242");
	expect_content("shared/file", "theirs");
	/* It would wait for its reader. */
	CU_ASSERT_EQUAL(mkfifo("shared/pipe", 0666), 0);
	CU_ASSERT_EQUAL(chown("shared/pipe", OTHER, OTHER), 0);
	expect_refused("shared/pipe", "of user 4242");
	/* another name of what is ours */
	CU_ASSERT_EQUAL(link("victim", "shared/hard"), 0);
	expect_refused("shared/hard", "other names");
	expect_content("victim", "victim");
	CU_ASSERT_EQUAL(unlink("shared/hard"), 0);
	/* Where others cannot put anything, it is there because it is wanted. */
	put("file", "theirs", OTHER);
	expect_written("file", "file", false);
}

static void guarded(const char *name, bool keep, bool killed)
{
	struct output_file file;
	struct error err;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (output_file_open(&file, name, &err) < 0)
			_exit(1);
		if (killed) {
			kill(getpid(), SIGKILL);
		} else if (keep) {
			output_file_keep(&file);
		}
		output_file_drop(&file);
		_exit(0);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(killed ? WIFSIGNALED(status) : WIFEXITED(status) && !WEXITSTATUS(status));
}

static bool goes(const char *name)
{
	for (int i = 0; i < 500 && access(name, F_OK) == 0; i++)
		usleep(10000);
	return access(name, F_OK) < 0;
}

static void kept_or_not(void)
{
	guarded("guarded", false, false);
	CU_ASSERT_EQUAL(access("guarded", F_OK), -1);
	guarded("guarded", true, false);
	CU_ASSERT_EQUAL(access("guarded", F_OK), 0);
	/* What was there is not what was made for nothing. */
	guarded("guarded", false, false);
	CU_ASSERT_EQUAL(access("guarded", F_OK), 0);
	guarded("killed", true, true);
	CU_ASSERT_TRUE(goes("killed"));
}

int suite_output_file(void)
{
	CU_pSuite suite = CU_add_suite("output_file", begin, end);

	if (!suite || !CU_ADD_TEST(suite, of_our_own) || !CU_ADD_TEST(suite, no_files) ||
	    !CU_ADD_TEST(suite, of_the_kernel) || !CU_ADD_TEST(suite, of_others) ||
	    !CU_ADD_TEST(suite, that_are_there) || !CU_ADD_TEST(suite, kept_or_not))
		return (int)CU_get_error();
	return 0;
}
