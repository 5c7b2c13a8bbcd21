/* SPDX-License-Identifier: GPL-2.0-or-later */
/* records: what the probes tell, as tests of calls and timers have it. Each is on CPU 1
 * and of no time; where and when and of whom, a test says. */
#ifndef TIMERSNOOP_TESTS_RECORDS_H
#define TIMERSNOOP_TESTS_RECORDS_H

#include "timersnoop/decode.h"

#define US 1000LL
#define MS 1000000LL

struct itimerspec_seen spec_of(enum value_source from, int64_t interval_ns, int64_t value_ns);

/* 64-bit; pointers are 0x1000 and 0x2000 */
struct record entry_of(enum event event, int32_t id);
struct record return_of(enum event event, int64_t ret);
/* The kernel's copy, with id and flags, and no old value on the stack. */
struct record copy_of(enum event event, int32_t id, uint32_t flags, struct itimerspec_seen value);
struct record old_of(int64_t interval_ns, int64_t value_ns);
struct record made_of(int32_t id, uint64_t timer);
struct record file_of(uint64_t timer);
struct record release_of(uint64_t timer);
struct record user_of(enum probe_use use, enum event event, struct itimerspec_seen value);

/* A POSIX timer's, with an hrtimer at `address`, on CLOCK_MONOTONIC. */
struct record expiry_of(int32_t pid, int32_t id, uint64_t address, int64_t asked_ns,
			int64_t interval_ns);
struct record fd_expiry_of(uint64_t address, int64_t asked_ns, int64_t interval_ns);
struct record real_expiry_of(int32_t pid, uint64_t address, int64_t asked_ns, int64_t interval_ns);
struct record itimer_of(int32_t which, int32_t pid);
/* As Linux up to 6.12 tells of it: id and pid alone. */
struct record queue_of(int32_t pid, int32_t id);
/* From 6.13 on. */
struct record full_queue_of(int32_t pid, int32_t id, int64_t asked_ns, int64_t interval_ns);
/* result: TRACE_SIGNAL_*; of a process's signal */
struct record signal_of(int32_t pid, int32_t signo, int32_t code, int32_t result);
struct record deliver_of(int32_t signo, int32_t code, uint64_t handler);
/* HANDLED, FETCHED or SIGNALFD of a POSIX timer; of an itimer */
struct record info_of(enum probe_use use, int32_t signo, int32_t id, int32_t overrun,
		      uint64_t value);
struct record kernel_info_of(enum probe_use use, int32_t signo);
struct record wait_of(int64_t at);
/* Its siginfo lies `at` bytes up the stack; the rest of it is garbage. */
struct record waited_of(int64_t at, int32_t signo, int32_t id, int32_t overrun, uint64_t value);
struct record hrtimer_of(enum probe_use use, uint64_t address, int64_t ns);
struct record exit_of(int32_t tid);

#endif
