/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How programs reach the entries of system calls. On x86-64 one program reaches all of
 * them, the 32-bit ones by int $0x80; on arm64 these take a 32-bit program, which is the same
 * source and has "32" behind its name.
 */
#ifndef ENTRIES_H
#define ENTRIES_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* 64-bit callers; 32-bit ones with 64-bit times, and with 32-bit times. */
enum abi { ABI_64, ABI_32, ABI_32_TIME32 };

/* A system call's numbers, by enum abi: of 64-bit programs, and of 32-bit ones of each
 * architecture, with 64-bit times and without. */
#if defined(__x86_64__)

#define ENTRIES(wide, x86, x86_time32, arm, arm_time32)                                            \
	{                                                                                          \
		wide, x86, x86_time32                                                              \
	}
#define ABI_PLAIN ABI_64 /* of this program's own calls */
#define MAP_LOW MAP_32BIT

static inline long narrow_call(long number, uint64_t b, uint64_t c, uint64_t d, uint64_t s)
{
	int result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(b), "c"(c), "d"(d), "S"(s)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return result;
}

#else

#define ENTRIES(wide, x86, x86_time32, arm, arm_time32)                                            \
	{                                                                                          \
		wide, arm, arm_time32                                                              \
	}
#define MAP_LOW 0

#if defined(__LP64__)
#define ABI_PLAIN ABI_64
#else
#define ABI_PLAIN ABI_32
#endif

static inline long narrow_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	long result;

	if (ABI_PLAIN == ABI_64) {
		fputs("a 64-bit program makes no 32-bit calls here\n", stderr);
		_exit(99);
	}
	result = syscall(number, (uint32_t)a, (uint32_t)b, (uint32_t)c, (uint32_t)d);
	return result < 0 ? -errno : result;
}

#endif

/* A program that has the 32-bit entries within reach. */
static inline bool reaches_narrow(void)
{
#if defined(__aarch64__)
	return false;
#else
	return true;
#endif
}

/* Lets the program of that name do it; false when that did not end with STATUS. */
static inline bool leave_to(const char *program, char *const *arguments, int status)
{
	pid_t child = fork();
	int ended;

	if (!child) {
		execvp(program, arguments);
		perror(program);
		_exit(98);
	}
	return child > 0 && waitpid(child, &ended, 0) == child && WIFEXITED(ended) &&
	       WEXITSTATUS(ended) == status;
}

#endif
