/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: the private tracefs instance and probe group of one run: made,
 * enabled, and undone in reverse. What a killed run left is swept by its name and
 * by its lock, which the kernel released with the process.
 */
#ifndef TIMERSNOOP_SESSION_H
#define TIMERSNOOP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tracefs.h>

#include "timersnoop/error.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/probe_plan.h"

struct session;

struct session_request {
	struct plan_wishes wishes;
	bool follows;          /* session_follow will be called */
	uint64_t buffer_bytes; /* ring buffer of each CPU; 0: leave the kernel's */
	const uint64_t *
		cpus; /* what goes anywhere: only on these, a bit each, of `cpu_words` words; NULL: all */
	size_t cpu_words;
	bool in_bulk;       /* wake the reader for half a buffer, not for the first record */
	bool *has_instance; /* becomes true when the instance stands; NULL: nobody asks */
};

/*
 * Makes the instance and the probes, disabled. A probe that the kernel
 * refuses is noted in `features` and the next best is planned, until the plan stands.
 */
int session_open(struct session **session, const struct session_request *request,
		 struct kernel_features *features, struct error *err);

/*
 * Undoes everything. Takes NULL and half-made sessions. 0, or the first
 * failure with what was left behind in `err`.
 */
int session_close(struct session *session, struct error *err);

const struct probe_plan *session_plan(const struct session *session);
/* What is recorded to: one instance, or two. They belong to the session. */
#define SESSION_INSTANCES 2
size_t session_instances(const struct session *session,
			 struct tracefs_instance *instances[SESSION_INSTANCES]);
const char *session_group(const struct session *session);

/*
 * Restricts the instance to these tasks and all that they will make
 * (set_event_pid with event-fork). Called again, it adds. What comes in interrupts
 * is not restricted: a filter of pids looks at the task that was interrupted.
 */
int session_follow(struct session *session, const int32_t *tids, size_t count, struct error *err);

/* Restricts the probes of calls with an event filter ('comm == "app"'). */
int session_filter(struct session *session, const char *filter, struct error *err);

/* Switches on the events that tell of tasks, so that none is missed. */
int session_watch_tasks(struct session *session, struct error *err);
/* Switches on the probes of calls but for their entries; then the entries: so
 * whatever enters is seen to its end. */
int session_enable(struct session *session, struct error *err);
int session_enable_entries(struct session *session, struct error *err);
/* From now on, what others do to the instances is noticed. */
int session_guard(struct session *session, struct error *err);
/* Names the files that others have written to or that are not as they were, separated by
 * commas; "" when there is none. Before session_stop. */
void session_disturbed(const struct session *session, char *text, size_t size);
/* Nothing more is recorded or counted; what was stays to be read. */
int session_stop(struct session *session, struct error *err);

/* The format text of an event of the plan; the caller frees. NULL with errno. */
char *session_format(const struct session *session, const char *system, const char *event);

/* What the triggers of a probe of the plan have counted so far (aggregate.h); the caller frees.
 * NULL with errno. */
char *session_hist(const struct session *session, size_t probe);

/* The same of a tracepoint of the plan. */
char *session_event_hist(const struct session *session, size_t event);

/* Hits that the session's probes missed so far (kprobe_profile), of any process. */
int session_missed(const struct session *session, uint64_t *missed, struct error *err);

/*
 * Removes what runs that are no longer alive left behind, never what belongs
 * to a live one. *removed counts instances and orphaned groups.
 */
int session_sweep(unsigned *removed, struct error *err);

#endif
