/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store: a file without a name, for what becomes one later. */
#ifndef TIMERSNOOP_STORE_H
#define TIMERSNOOP_STORE_H

#include "timersnoop/error.h"

/*
 * Opens one to read and write: beside `near`, so that it is on the same file
 * system; or where temporary files are (TMPDIR), when that is NULL or no regular file.
 * The descriptor, or -errno.
 */
int store_open(const char *near, struct error *err);

#endif
