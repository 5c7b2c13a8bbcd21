/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_parts: what probe_plan is put together from. For its sources alone. */
#ifndef TIMERSNOOP_PLAN_PARTS_H
#define TIMERSNOOP_PLAN_PARTS_H

#include "timersnoop/plan_arch.h"
#include "timersnoop/probe_plan.h"

/* The plan at hand, and what it is made for. */
struct plan_maker {
	struct probe_plan *plan;
	const struct kernel_features *features;
	const struct plan_wishes *wishes;
	const struct arch *arch; /* NULL for plans that probe no calls, on an unknown one */
	uint32_t events;         /* that must be probed: the wishes and what they rest on */
	bool backed;             /* expiries whose probe is missed are told of by tracepoints */
};

/* Must one of these events be probed? */
bool plan_wants(const struct plan_maker *maker, uint32_t events);
/* Adds the probe if the kernel may take it; false leaves the plan as it was. */
bool plan_add(struct plan_maker *maker, const struct probe *probe);
/* The same, described: args as of printf. */
bool plan_probe(struct plan_maker *maker, struct probe *probe, const char *event,
		const char *symbol, const char *why, const char *args, ...)
	__attribute__((format(printf, 6, 7)));
void plan_event(struct plan_maker *maker, const struct plan_event *event);
void plan_note(struct plan_maker *maker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* NAME=...: four s64 of the itimerspec64 that argument `arg` points at. */
#define PLAN_ARRAY_MAX 160
void plan_array(const struct plan_maker *maker, char text[PLAN_ARRAY_MAX], const char *name,
		int arg);

/* plan_calls.c: -ENOTSUP when no 64-bit call can be shown */
int plan_calls(struct plan_maker *maker, struct error *err);
extern const char *const plan_calls_symbols[];
/* Of the probes that each system call has, by their names. */
bool plan_calls_meaning(const char *name, struct meaning *means);

/* Does its return tell its arguments as well? */
bool plan_returns_whole(const struct plan_maker *maker, enum event event);

/* plan_copies.c */
void plan_copies(struct plan_maker *maker);
bool plan_can_read_user(const struct kernel_features *features);
/* The itimerspec in the caller's memory: `at` is the pointer as a fetch-arg, `size` that of one
 * of the four fields. */
void plan_user_args(char *text, size_t length, const char *at, unsigned size);

/* plan_aggregate.c: -ENOTSUP when the kernel cannot count, or not exactly */
int plan_aggregate(struct plan_maker *maker, struct error *err);
extern const char *const plan_aggregate_symbols[];

/* plan_kernel.c: -ENOTSUP when the kernel has no such tracepoints */
int plan_kernel(struct plan_maker *maker, struct error *err);
extern const char *const plan_kernel_symbols[], *const plan_kernel_callbacks[];
/* Of the probes of functions that arm, followed by the function's name. */
#define PLAN_CALLER_PREFIX "caller_"
/* Of those of callbacks. */
#define PLAN_OWNER_PREFIX "owner_"

/* plan_timers.c: -ENOTSUP when type data is missing and only expiries or signals are wished for */
int plan_timers(struct plan_maker *maker, struct error *err);
extern const char *const plan_timers_symbols[], *const plan_timers_addressed[];

#endif
