// SPDX-License-Identifier: GPL-2.0-or-later
/* A program with what each kind of hardening is for, and no more than the strongest of
 * each kind is for: hardening.sh looks for it there, with the flag and without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* -fstack-protector-strong protects this, -fstack-protector only arrays of char. */
static int __attribute__((noinline)) small_array(int fd)
{
	int pair[2];

	return pipe(pair) == 0 && fd != pair[0];
}

/* More than the guard below a stack, of any architecture. */
static long __attribute__((noinline)) large_frame(int fd)
{
	long words[32 * 1024];

	return read(fd, words, sizeof(words)) + words[fd];
}

#if __USE_FORTIFY_LEVEL > 2
/* Known when it runs: from level 3 on. */
static long __attribute__((noinline)) unknown_size(int fd, size_t size)
{
	void *bytes = malloc(size / 2);
	long got = read(fd, bytes, size);

	free(bytes);
	return got;
}
#else
static long __attribute__((noinline)) unknown_size(int fd, size_t size)
{
	char bytes[8];

	return read(fd, bytes, size) + bytes[0];
}
#endif

int main(int argc, char **argv)
{
	(void)argv;
	printf("%ld\n", small_array(argc) + large_frame(argc) + unknown_size(argc, argc));
	return 0;
}
