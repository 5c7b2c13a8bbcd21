/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probes that the kernel counts by itself, with hist triggers
 * (Documentation/trace/histogram.rst).
 *
 * A call is to cost little, so it hits as few probes as can be: the function that sets
 * a timer, which only valid calls reach, and the system call's return, whose filter
 * passes refused ones only. All that set a timer are in one table without a filter, those
 * that set it to zero in another one as well: a filter costs as much as half a key. Where
 * arms are told apart by kind, each trigger has a filter that no other one passes.
 *
 * A call whose old value cannot be written has set the timer all the same: it is counted
 * as an arm, and as refused.
 *
 * A timer that is just expiring elsewhere makes the kernel begin anew. Where return probes
 * know the arguments, calls are counted once they are done: such kernels may begin anew
 * without a function that tells of it (7.2 does). Elsewhere beginnings are counted, which
 * costs a third less, and those that were in vain are taken off later.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/histogram.h"
#include "timersnoop/plan_parts.h"

/* Timers that one thread sets are entries: most are of the clocks that are not CPU clocks. */
#define MANY 16384
#define FEW 4096

const char *const plan_aggregate_symbols[] = {
	"common_hrtimer_arm",           "alarm_timer_arm",
	"common_timer_wait_running",    "alarm_timer_wait_running",
	"posix_cpu_timer_wait_running", NULL,
};

/* Of the last probe; the texts are shorter than their places. */
static void add_trigger(struct plan_maker *maker, const struct aggregate_table *table,
			unsigned size, const char *keys, const char *filter)
{
	struct probe_plan *plan = maker->plan;
	struct plan_trigger *trigger = &plan->triggers[plan->trigger_count];

	if (plan->trigger_count == PLAN_TRIGGERS_MAX)
		return;
	*trigger = (struct plan_trigger){ .probe = plan->probe_count - 1,
					  .table = *table,
					  .size = size };
	snprintf(trigger->keys, sizeof(trigger->keys), "%s", keys);
	snprintf(trigger->filter, sizeof(trigger->filter), "%s", filter);
	plan->trigger_count++;
}

#define ARMED "(vn != 0 || vs != 0)"
#define DISARMED "vn == 0 && vs == 0"
#define ONE_SHOT "in == 0 && is == 0"
#define PERIODIC "(in != 0 || is != 0)"
#define RELATIVE "!(flags & 1)"
#define ABSOLUTE "flags & 1"

/* A function that sets timers. */
struct setter {
	const char *event, *symbol;
	bool returns; /* counted at its return; one that counts calls is given an id */
	int32_t clock;
	unsigned size;
};

/* Of a call that is done: accepted ones only. */
static void add_filtered(struct plan_maker *maker, const struct setter *setter,
			 const struct aggregate_table *table, const char *keys, const char *filter)
{
	char text[160];

	snprintf(text, sizeof(text), "%s%s", setter->returns ? "ret == 0 && " : "", filter);
	add_trigger(maker, table, setter->size, keys, text);
}

/*
 * Thread and timer as one key, which costs the kernel less than two: their sum, where the id
 * is read from 24 bits before it, so that it stands above every thread id. It takes the
 * upper bytes of its clock's number along, which are zero for all but CPU clocks, and one of
 * what comes behind it.
 */
#define PACKED_KEYS "common_pid+timer"
#define PACKED_BYTES 3

static bool can_pack(const struct plan_maker *maker, const struct setter *setter,
		     uint32_t histograms)
{
	const int *offset = maker->features->offset;

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && !setter->clock && !histograms &&
	       !setter->returns && !maker->wishes->aggregate_kinds &&
	       offset[OFFSET_ITIMER_CLOCK] >= 0 &&
	       offset[OFFSET_ITIMER_ID] == offset[OFFSET_ITIMER_CLOCK] + (int)sizeof(int32_t);
}

/* Each table with a filter that no other one passes. */
static void count_apart_from_others(struct plan_maker *maker, const struct setter *setter)
{
	static const struct {
		int32_t kind;
		const char *filter;
	} kinds[] = {
		{ 0, ARMED " && " ONE_SHOT " && " RELATIVE },
		{ COUNT_KIND_ABSOLUTE, ARMED " && " ONE_SHOT " && " ABSOLUTE },
		{ COUNT_KIND_PERIODIC, ARMED " && " PERIODIC " && " RELATIVE },
		{ COUNT_KIND_PERIODIC | COUNT_KIND_ABSOLUTE,
		  ARMED " && " PERIODIC " && " ABSOLUTE },
	};
	bool told_apart = maker->wishes->aggregate_kinds;
	struct aggregate_table table = { .what = COUNT_ARM, .number = setter->clock };

	if (!told_apart)
		add_filtered(maker, setter, &table, "common_pid,id", ARMED);
	for (size_t i = 0; told_apart && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		table.number = kinds[i].kind | setter->clock;
		add_filtered(maker, setter, &table, "common_pid,id", kinds[i].filter);
	}
	table = (struct aggregate_table){ .what = COUNT_DISARM, .number = setter->clock };
	add_filtered(maker, setter, &table, "common_pid,id", DISARMED);
}

static void count_sets(struct plan_maker *maker, const struct setter *setter, bool packed)
{
	const char *keys = packed ? PACKED_KEYS : "common_pid,id";
	struct aggregate_table table = { .what = COUNT_SET,
					 .number = setter->clock,
					 .packed = packed };

	add_trigger(maker, &table, setter->size, keys, "");
	table.what = COUNT_SET_ZERO;
	add_trigger(maker, &table, setter->size, keys, DISARMED);
}

/*
 * Rows of seconds and nanoseconds apart: the kernel finds the row below a second, user
 * space that of a time of more; so an entry is one time, and the table may be full soon.
 * More seconds than a product of 64 bits can hold are of the last row.
 */
static void count_apart(struct plan_maker *maker, enum count_what what, const struct setter *setter,
			const char *sec, const char *nsec, const char *filter)
{
	struct aggregate_table table = { .what = what };
	char keys[64], text[112];

	snprintf(keys, sizeof(keys), "common_pid,id,%s.log2", nsec);
	snprintf(text, sizeof(text), "%s == 0 && %s != 0 && %s", sec, nsec, filter);
	add_filtered(maker, setter, &table, keys, text);
	snprintf(keys, sizeof(keys), "common_pid,id,%s*1000000000+%s", sec, nsec);
	snprintf(text, sizeof(text), "%s > 0 && %s < 9223372036 && %s", sec, sec, filter);
	add_filtered(maker, setter, &table, keys, text);
	table.row = HISTOGRAM_ROWS - 1;
	snprintf(text, sizeof(text), "%s >= 9223372036 && %s", sec, filter);
	add_filtered(maker, setter, &table, "common_pid,id", text);
}

/* Calls, if it is the one that counts them, and values that are not counted elsewhere. */
static bool count_set(struct plan_maker *maker, const struct setter *setter, bool counts,
		      uint32_t histograms)
{
	struct probe probe = { .means = { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN },
			       .kretprobe = setter->returns };
	bool kinds = counts && maker->wishes->aggregate_kinds,
	     packed = can_pack(maker, setter, histograms);
	int id_at = maker->features->offset[OFFSET_ITIMER_ID];
	const char *flags = "", *interval = "";
	char id[40];

	if (setter->returns && counts)
		snprintf(id, sizeof(id), "id=$arg1:s32");
	else if (packed)
		snprintf(id, sizeof(id), "timer=+%d($arg1):u64", id_at - PACKED_BYTES);
	else
		snprintf(id, sizeof(id), "id=+%d($arg1):s32", id_at);
	if (kinds || histograms & HISTOGRAM_BIT(HISTOGRAM_VALUE))
		flags = " flags=$arg2:s32";
	if (kinds || histograms & HISTOGRAM_BIT(HISTOGRAM_INTERVAL))
		interval = " is=+0($arg3):s64 in=+8($arg3):s64";
	if (!plan_probe(maker, &probe, setter->event, setter->symbol,
			"counts calls that set a timer",
			"%s vs=+16($arg3):s64 vn=+24($arg3):s64%s%s%s", id, flags, interval,
			setter->returns ? " ret=$retval:s32" : ""))
		return false;
	if (counts && (kinds || setter->returns))
		count_apart_from_others(maker, setter);
	else if (counts)
		count_sets(maker, setter, packed);
	if (histograms & HISTOGRAM_BIT(HISTOGRAM_VALUE))
		count_apart(maker, COUNT_VALUE, setter, "vs", "vn", RELATIVE);
	if (histograms & HISTOGRAM_BIT(HISTOGRAM_INTERVAL))
		count_apart(maker, COUNT_INTERVAL, setter, "is", "in", ARMED);
	return true;
}

static const struct {
	const char *event, *symbol;
} arms[] = {
	{ "tally_arm", "common_hrtimer_arm" },
	{ "tally_arm_alarm", "alarm_timer_arm" },
};

#define ARMS (sizeof(arms) / sizeof(arms[0]))
#define ARM_ARGS 160

static void arm_args(const struct plan_maker *maker, char args[ARM_ARGS])
{
	const int *offset = maker->features->offset;

	snprintf(args, ARM_ARGS,
		 "id=+%d($arg1):s32 value=$arg2:s64 absolute=$arg3:u8 interval=+%d($arg1):s64",
		 offset[OFFSET_ITIMER_ID], offset[OFFSET_ITIMER_INTERVAL]);
}

/* Can the values of all timers but those of CPU clocks be counted where they are armed? */
static bool arms_can_count(const struct plan_maker *maker)
{
	char args[ARM_ARGS];

	if (maker->features->offset[OFFSET_ITIMER_INTERVAL] < 0)
		return false;
	arm_args(maker, args);
	for (size_t i = 0; i < ARMS; i++)
		if (!kernel_features_absent(maker->features, arms[i].symbol) &&
		    !kernel_features_usable(maker->features, arms[i].symbol, args))
			return false;
	/* Without alarms nobody misses theirs. */
	return !kernel_features_absent(maker->features, arms[0].symbol);
}

/* There, a value is one number, which the kernel can find the row of. */
static void count_values(struct plan_maker *maker, uint32_t histograms)
{
	static const struct aggregate_table value = { .what = COUNT_VALUE },
					    interval = { .what = COUNT_INTERVAL };
	char args[ARM_ARGS];

	arm_args(maker, args);
	for (size_t i = 0; i < ARMS; i++) {
		struct probe probe = { .means = { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } };

		if (!plan_probe(maker, &probe, arms[i].event, arms[i].symbol,
				"counts values of timers by power of two", "%s", args))
			continue;
		if (histograms & HISTOGRAM_BIT(HISTOGRAM_VALUE))
			add_trigger(maker, &value, MANY, "common_pid,id,value.log2",
				    "absolute == 0");
		if (histograms & HISTOGRAM_BIT(HISTOGRAM_INTERVAL))
			add_trigger(maker, &interval, MANY, "common_pid,id,interval.log2",
				    "interval != 0");
	}
}

/*
 * When a timer is just expiring elsewhere, the function that sets it is called once more.
 * It waits in between, as timer_delete(2) does too, if seldom.
 */
static void count_again(struct plan_maker *maker)
{
	static const struct {
		const char *event, *symbol, *clocks;
	} waits[] = {
		{ "tally_again", "common_timer_wait_running", "ordinary" },
		{ "tally_again_alarm", "alarm_timer_wait_running", "alarm" },
		{ "tally_again_cpu", "posix_cpu_timer_wait_running", "CPU" },
	};
	static const struct aggregate_table table = { .what = COUNT_AGAIN };

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct probe probe = { .means = { USE_TALLY, EVENT_TIMER_SETTIME, ABI_UNKNOWN } };

		if (plan_probe(maker, &probe, waits[i].event, waits[i].symbol,
			       "calls that the kernel takes up twice", "id=+%d($arg1):s32",
			       maker->features->offset[OFFSET_ITIMER_ID]))
			add_trigger(maker, &table, FEW, "common_pid,id", "id >= 0");
		else if (!kernel_features_absent(maker->features, waits[i].symbol))
			plan_note(maker,
				  "a call that finds its timer of %s clocks expiring is counted "
				  "twice: %s cannot be probed",
				  waits[i].clocks, waits[i].symbol);
	}
}

static int count_refused(struct plan_maker *maker, struct error *err)
{
	static const struct aggregate_table table = { .what = COUNT_REFUSED };
	const struct arch *arch = maker->arch;
	char name[40];

	for (enum call_abi abi = ABI_64; abi < ABI_COUNT; abi++) {
		const char *symbol = arch->symbols[EVENT_TIMER_SETTIME][abi];
		struct probe probe = { .means = { USE_TALLY, EVENT_TIMER_SETTIME,
						  arch_tells(arch, EVENT_TIMER_SETTIME, abi) },
				       .kretprobe = true };

		if (arch_comes_elsewhere(arch, EVENT_TIMER_SETTIME, abi))
			continue;
		snprintf(name, sizeof(name), "tally_exit%s",
			 arch_suffix(arch, EVENT_TIMER_SETTIME, abi));
		if (plan_probe(maker, &probe, name, symbol, "counts refused calls",
			       "ret=$retval:s32")) {
			add_trigger(maker, &table, FEW, "common_pid,ret", "ret < 0");
			maker->plan->abi_seen[abi] = true;
			continue;
		}
		if (abi == ABI_64)
			return error_set(err, ENOTSUP, "%s cannot be probed", symbol);
		if (!kernel_features_absent(maker->features, symbol))
			plan_note(maker,
				  "refused 32-bit calls are not counted: %s cannot be probed",
				  symbol);
	}
	return 0;
}

/* Where return probes are not given arguments: the functions that valid calls reach. */
static int count_beginnings(struct plan_maker *maker, uint32_t histograms, bool at_arms,
			    struct error *err)
{
	static const struct setter common = { .event = "tally_set",
					      .symbol = "common_timer_set",
					      .size = MANY },
				   cpu = { .event = "tally_set_cpu",
					   .symbol = "posix_cpu_timer_set",
					   .clock = COUNT_KIND_CPU,
					   .size = FEW };

	count_again(maker);
	if (!count_set(maker, &common, true, at_arms ? 0 : histograms))
		return error_set(err, ENOTSUP, "common_timer_set cannot be probed");
	if (!count_set(maker, &cpu, true, histograms))
		plan_note(maker, "timers of CPU clocks are not counted: posix_cpu_timer_set cannot "
				 "be probed");
	return 0;
}

static int count_calls(struct plan_maker *maker, uint32_t histograms, struct error *err)
{
	static const struct setter every = { .event = "tally_set",
					     .symbol = "do_timer_settime",
					     .returns = true,
					     .size = MANY },
				   cpu = { .event = "tally_set_cpu",
					   .symbol = "posix_cpu_timer_set",
					   .returns = true,
					   .size = FEW };
	bool at_arms = arms_can_count(maker);
	int status = 0;

	if (!maker->features->return_args ||
	    !count_set(maker, &every, true, at_arms ? 0 : histograms))
		status = count_beginnings(maker, histograms, at_arms, err);
	else if (histograms && at_arms && !count_set(maker, &cpu, false, histograms))
		plan_note(maker, "values of CPU clocks are not counted: posix_cpu_timer_set cannot "
				 "be probed");
	if (status == 0 && histograms && at_arms)
		count_values(maker, histograms);
	return status;
}

int plan_aggregate(struct plan_maker *maker, struct error *err)
{
	int status;

	if (!maker->features->hist)
		return error_set(err, ENOTSUP,
				 "this kernel does not count: it has no hist triggers");
	if (maker->features->offset[OFFSET_ITIMER_ID] < 0)
		return error_set(err, ENOTSUP,
				 "the kernel cannot count by timer: it has no type data");
	status = count_refused(maker, err);
	if (status < 0)
		return status;
	maker->plan->new_from = FROM_KERNEL;
	return count_calls(maker, maker->wishes->histograms, err);
}
