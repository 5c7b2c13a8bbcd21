/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_features: what tracefs README and kallsyms say, and which probes the
 * kernel refused -> a value that probe_plan reads. Pure: texts come in.
 */
#ifndef TIMERSNOOP_KERNEL_FEATURES_H
#define TIMERSNOOP_KERNEL_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#define FEATURE_SYMBOLS_MAX 32
#define FEATURE_REFUSED_MAX 16

struct feature_symbol {
	const char *name; /* a literal of probe_plan_symbols() */
	unsigned count;   /* how often kallsyms lists it; more than 1 is ambiguous */
};

struct feature_refusal {
	char symbol[64];
	char args[640]; /* the fetch-args it was refused with */
	char reason[200];
};

struct kernel_features {
	char machine[65]; /* uname(2): "x86_64" */
	char release[65];
	bool arg_n;          /* $argN at function entry */
	bool user_memory;    /* +u0(...): reads of user memory */
	bool ustring;        /* a string type that tells a failed read */
	bool arrays;         /* NAME=...:s64[4] */
	int cred_uid_offset; /* of uid in struct cred, bytes; -1 when not known */
	struct feature_symbol symbols[FEATURE_SYMBOLS_MAX];
	size_t symbol_count;
	struct feature_refusal refused[FEATURE_REFUSED_MAX];
	size_t refused_count;
};

/* Reads the fetch-arg syntax out of the text of tracefs's README. */
void kernel_features_readme(struct kernel_features *features, const char *readme);

/*
 * Counts the `names` (ends with NULL; literals, kept by pointer) in text of
 * /proc/kallsyms; may be called once for each block that ends with a newline.
 */
void kernel_features_kallsyms(struct kernel_features *features, const char *text, size_t length,
			      const char *const *names);

/* May this symbol be probed: there, unique, not refused with these args? */
bool kernel_features_usable(const struct kernel_features *features, const char *symbol,
			    const char *args);
/* Is it known not to be in this kernel at all? */
bool kernel_features_absent(const struct kernel_features *features, const char *symbol);

/* What the kernel said when it refused a probe on this symbol, or NULL. */
const char *kernel_features_reason(const struct kernel_features *features, const char *symbol);

/* Notes that the kernel said no. -ENOSPC when too many were refused. */
int kernel_features_refuse(struct kernel_features *features, const char *symbol, const char *args,
			   const char *reason);

#endif
