/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_fed: what happens to the kernel's timers, told to what counts it, and what there
 * is in that, in words.
 */
#ifndef TIMERSNOOP_TESTS_KERNEL_FED_H
#define TIMERSNOOP_TESTS_KERNEL_FED_H

#include "timersnoop/kernel_stats.h"

/* Functions of a kernel: the first three are looked for by name. */
#define FN_SLEEP 0xffffffff81001000ULL /* process_timeout */
#define FN_TICK 0xffffffff81002000ULL  /* tick_nohz_handler */
#define FN_OLD_TICK 0xffffffff81003000ULL
#define FN_TCP 0xffffffff81004000ULL /* tcp_write_timer */
#define FN_WAKE 0xffffffff81005000ULL
#define FN_WORK 0xffffffff81006000ULL  /* delayed_work_timer_fn */
#define FN_MOD 0xffffffff81007000ULL   /* mod_timer */
#define FN_SEND 0xffffffff81008000ULL  /* tcp_send */
#define FN_POLL 0xffffffffc0001000ULL  /* drv_poll of drv */
#define FN_WATCH 0xffffffffc0002000ULL /* drv_watch of drv */
#define FN_OTHER 0xffffffffc0400000ULL /* net_poll of net */
#define FN_NOWHERE 0xffffffff90000000ULL

/* The caller frees. */
struct symbols *fed_symbols(void);

extern struct kernel_stats_scene fed_scene;
extern struct finding_limits fed_limits; /* the usual ones, until a test changes them */
extern struct kernel_stats *fed_stats;
extern uint64_t fed_now; /* trace clock; 1 ms more with each change */

/*
 * Figures by `by`, from fed_now on: with all histograms, a tick of 4 ms, and idle periods.
 * What fed_scene is changed to before fed_open is used.
 */
void fed_begin(uint32_t by);
void fed_prepare(uint32_t by);
void fed_open(void);
/* Checks that rows and sums agree, and frees. */
void fed_end(void);

/* Armed by task 42, app, on CPU 1, for a second; the timer's address. */
struct kernel_arm fed_list(uint64_t function, uint64_t address);
struct kernel_arm fed_hrtimer(uint64_t function, uint64_t address);
/* One from before tracing began. */
struct kernel_arm fed_older(struct kernel_arm arm);
struct kernel_arm fed_by_task(struct kernel_arm arm, int32_t pid, const char *comm);
struct kernel_arm fed_by_interrupt(struct kernel_arm arm);

/* On CPU 1; of an expiry nothing is known but that it was. */
struct kernel_change fed_change_of(enum kernel_what what, const struct kernel_arm *arm);
void fed_tell(const struct kernel_change *change);
void fed(enum kernel_what what, const struct kernel_arm *arm);
void fed_expire(const struct kernel_arm *arm, int64_t late_ns, int64_t beyond_ns, int64_t run_ns);
/* An idle period of a CPU. */
void fed_wake(int cpu, enum kernel_waker waker, const struct kernel_arm *arm, int64_t idle_ns);

/* So many rows, by what they say; valid until the next call or fed_end. */
const struct kernel_row *fed_rows(size_t expected);
/*
 * All that is known of a row and not zero: "callback=tcp_write_timer module=kernel started=2
 * timeout_ns=1/2/3/4" (the least, the median, what 99 % do not exceed, the greatest); rates,
 * times and mechanism are not in it.
 */
#define FED_TEXT_MAX 4096
void fed_text(char text[FED_TEXT_MAX], const struct kernel_row *row);
/* Every row, a line each, in the order of their texts. */
void fed_expect(const char *expected);
void fed_expect_total(const char *expected);
/* The same of idle CPUs. */
void fed_expect_cpus(const char *expected);

/* Of this row everything that was pending has come to an end, or still is. */
void fed_balance(const struct kernel_row *row);

#endif
