/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output_file: the file of -o, opened with the rights of who called us, and not by way
 * of what somebody else has put there.
 */
#ifndef TIMERSNOOP_OUTPUT_FILE_H
#define TIMERSNOOP_OUTPUT_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "timersnoop/error.h"

struct output_file {
	int fd;
	bool made;   /* there was none before */
	pid_t guard; /* who is to remove it; 0: nobody */
	int talk;    /* to that process */
};

/*
 * Opens a file for writing, its content as it was, or makes one. Symbolic links count
 * only if they are the caller's own or root's; so does, in a directory where others may
 * write, a file that is there already. A file that was made is removed again unless
 * output_file_keep() is called, even when the process may no longer do that itself: a child
 * of it does. 0, or -errno.
 */
int output_file_open(struct output_file *file, const char *name, struct error *err);
/* It stays. */
void output_file_keep(struct output_file *file);
/* It goes, if it was made and is not kept. */
void output_file_drop(struct output_file *file);

#endif
