/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wakeups: everything a trace sleeps for, in one poll: the pipes, signals, the
 * end of the traced processes, a reader that went away, a deadline.
 */
#ifndef TIMERSNOOP_WAKEUPS_H
#define TIMERSNOOP_WAKEUPS_H

#include <stddef.h>
#include <stdint.h>

#include "timersnoop/capture.h"
#include "timersnoop/error.h"
#include "timersnoop/launch.h"

struct wakeups;

/* Why wakeups_wait returned, as bits. */
enum wakeup {
	WAKE_DATA = 1,    /* a pipe has something */
	WAKE_SIGNAL = 2,  /* one that ends programs; see wakeups_signal */
	WAKE_COMMAND = 4, /* COMMAND has ended */
	WAKE_GONE = 8,    /* the last watched process has ended */
	WAKE_CLOSED = 16, /* nobody reads the output any more */
	WAKE_DEADLINE = 32,
};

/*
 * Blocks the signals that end programs for this process, those that it was
 * started with as ignored too (a shell does that to SIGINT of what it runs in
 * the background; only an ignored SIGHUP, by nohup, stays ignored), and opens
 * a signalfd for them. SIGPIPE and SIGXFSZ are ignored: their write fails.
 * *before gets what COMMAND is to inherit.
 */
int wakeups_new(struct wakeups **wakeups, struct launch_signals *before, struct error *err);
void wakeups_free(struct wakeups *wakeups);

/* The signalfd. */
int wakeups_signal_fd(const struct wakeups *wakeups);
/* Readable when a signal, the end of COMMAND or of a process is due: what a write
 * that has to wait must not keep from being seen. */
int wakeups_urgent_fd(const struct wakeups *wakeups);

/* After all processes. */
int wakeups_add_capture(struct wakeups *wakeups, const struct capture *capture);
void wakeups_add_output(struct wakeups *wakeups, int fd);
void wakeups_add_command(struct wakeups *wakeups, int pidfd);
/* -ESRCH when the process is gone; it counts as ended then. */
int wakeups_add_process(struct wakeups *wakeups, int32_t pid);
/* A wait for the pipes ends after this at the latest; 0: when something has happened. */
void wakeups_set_tick(struct wakeups *wakeups, int64_t tick_ns);
/* A wait ends, for no reason that it gives, when CLOCK_REALTIME is set. 0 or -errno. */
int wakeups_watch_clock(struct wakeups *wakeups);
/* CLOCK_MONOTONIC in ns; 0: none. */
void wakeups_set_deadline(struct wakeups *wakeups, uint64_t deadline_ns);

/*
 * Sleeps until something happened, for at most `longest_ns` (-1: as long as it
 * takes; the pipes count only then). Returns enum wakeup bits, 0 after
 * longest_ns, or -errno. COMMAND and GONE are told once.
 */
int wakeups_wait(struct wakeups *wakeups, int64_t longest_ns);

/* Takes the pending signal of WAKE_SIGNAL: its number (0: none) and whether the
 * kernel sent it (a terminal, to the whole foreground group) or a process. */
int wakeups_signal(struct wakeups *wakeups, int *from_terminal);

#endif
