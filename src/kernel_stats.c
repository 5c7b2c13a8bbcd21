/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/table.h"

/* Timers that are told apart: a little memory for each. */
#define TIMERS_MAX 1000000

struct row {
	struct link link;
	struct kernel_row figures;
};

/* A timer that is counted among a row's. */
struct counted_timer {
	struct link link;
	const struct row *row;
	uint64_t address;
};

struct kernel_stats {
	struct kernel_stats_scene scene;
	struct table rows;
	struct table callbacks; /* rows by callback; unused when `rows` are */
	struct table timers;    /* of struct counted_timer */
	struct row total;
	struct kernel_cpu_row *cpus; /* by number */
	size_t cpu_count;
	struct kernel_cpu_row *idle_cpus; /* of these, those that were idle */
};

struct kernel_stats *kernel_stats_new(const struct kernel_stats_scene *scene)
{
	struct kernel_stats *stats = calloc(1, sizeof(*stats));

	if (!stats)
		return NULL;
	stats->scene = *scene;
	stats->total.figures.sum = true;
	stats->total.figures.cpu = -1;
	stats->total.figures.wakes = scene->wakes;
	stats->total.figures.counted = scene->counted;
	stats->idle_cpus = calloc(1, sizeof(*stats->idle_cpus));
	if (stats->idle_cpus && table_init(&stats->rows) == 0 &&
	    table_init(&stats->callbacks) == 0 && table_init(&stats->timers) == 0)
		return stats;
	kernel_stats_free(stats);
	return NULL;
}

static void free_figures(struct kernel_row *row)
{
	distribution_free(&row->timeout);
	distribution_free(&row->late);
	distribution_free(&row->beyond);
	distribution_free(&row->run);
	distribution_free(&row->timeout_jiffies);
	distribution_free(&row->late_jiffies);
	free(row->histograms);
}

/* Calls `each` for every row of a table. */
static void walk(const struct table *table, void (*each)(struct kernel_row *row))
{
	for (size_t i = 0; table->heads && i < table->capacity; i++)
		for (struct link *link = table->heads[i]; link; link = link->next)
			each(&((struct row *)link)->figures);
}

void kernel_stats_free(struct kernel_stats *stats)
{
	if (!stats)
		return;
	walk(&stats->rows, free_figures);
	walk(&stats->callbacks, free_figures);
	free_figures(&stats->total.figures);
	table_free(&stats->rows);
	table_free(&stats->callbacks);
	table_free(&stats->timers);
	free(stats->cpus);
	free(stats->idle_cpus);
	free(stats);
}

/* What it is of, and the arms that are pending. */
static void reset_row(struct kernel_row *row)
{
	struct kernel_row bare = {
		.by = row->by,
		.has_mechanism = row->has_mechanism,
		.mechanism = row->mechanism,
		.function = row->function,
		.callback = row->callback,
		.armer = row->armer,
		.pid = row->pid,
		.cpu = row->cpu,
		.caller = row->caller,
		.caller_symbol = row->caller_symbol,
		.address = row->address,
		.pending = row->pending,
		.older = row->pending,
		.sum = row->sum,
		.counted = row->counted,
		.wakes = row->wakes,
	};

	memcpy(bare.comm, row->comm, sizeof(bare.comm));
	free_figures(row);
	*row = bare;
}

/* Rows of what is over are not kept for ever. */
static void reset_rows(struct table *table)
{
	for (size_t i = 0; i < table->capacity; i++) {
		struct link **place = &table->heads[i];

		while (*place) {
			struct row *row = (struct row *)*place;

			if (row->figures.pending) {
				reset_row(&row->figures);
				place = &row->link.next;
				continue;
			}
			*place = row->link.next;
			table->count--;
			free_figures(&row->figures);
			free(row);
		}
	}
}

void kernel_stats_reset(struct kernel_stats *stats)
{
	reset_rows(&stats->rows);
	reset_rows(&stats->callbacks);
	reset_row(&stats->total.figures);
	table_free(&stats->timers);
	/* Without it all are new, which they are. */
	if (table_init(&stats->timers) < 0)
		stats->timers.capacity = 0;
	for (size_t i = 0; i < stats->cpu_count; i++)
		stats->cpus[i] = (struct kernel_cpu_row){ .cpu = stats->cpus[i].cpu };
}

/* --- which row ------------------------------------------------------------------------- */

/* What an arm is of: a bare row. */
static struct kernel_row identity_of(const struct kernel_stats *stats, const struct kernel_arm *arm,
				     uint32_t by)
{
	struct kernel_row row = {
		.by = by, .cpu = -1, .wakes = stats->scene.wakes, .counted = stats->scene.counted
	};
	struct symbol symbol;

	if (by & (KERNEL_BY_CALLBACK | KERNEL_BY_MODULE)) {
		symbols_find(stats->scene.symbols, arm->function, &row.callback);
		row.function = arm->function;
	}
	if (by & (KERNEL_BY_CALLBACK | KERNEL_BY_MECHANISM)) {
		row.has_mechanism = true;
		row.mechanism = arm->mechanism;
	}
	/* Of a module's functions, only which module it is. */
	if (!(by & KERNEL_BY_CALLBACK)) {
		row.function = row.callback.name && !row.callback.module;
		row.callback.name = NULL;
		row.callback.address = 0;
	}
	if (by & (KERNEL_BY_PROCESS | KERNEL_BY_COMM)) {
		row.armer = arm->armer;
		if (arm->armer == ARMER_TASK) {
			row.pid = by & KERNEL_BY_PROCESS ? arm->who.pid : 0;
			memcpy(row.comm, arm->who.comm, sizeof(row.comm));
		}
	}
	if (by & KERNEL_BY_CPU && !arm->older)
		row.cpu = arm->cpu;
	if (by & KERNEL_BY_CALLER && arm->caller) {
		row.caller = arm->caller;
		if (symbols_find(stats->scene.symbols, arm->caller, &symbol)) {
			row.caller = symbol.address;
			row.caller_symbol = symbol;
		}
	}
	if (by & KERNEL_BY_TIMER)
		row.address = arm->address;
	return row;
}

static uint32_t mix(uint32_t hash, uint64_t value)
{
	return table_hash((int32_t)hash, (uint32_t)(value >> 32), (int32_t)value);
}

static uint32_t hash_of(const struct kernel_row *row)
{
	uint32_t hash = mix(row->mechanism, row->function);

	hash = mix(hash, (uint64_t)row->armer << 32 | (uint32_t)row->pid);
	for (size_t i = 0; i < sizeof(row->comm) && row->comm[i]; i++)
		hash = hash * 31 + (unsigned char)row->comm[i];
	hash = mix(hash, (uint64_t)row->cpu);
	return mix(mix(hash, row->caller), row->address);
}

static bool same_module(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

static bool is_same(const struct kernel_row *one, const struct kernel_row *other)
{
	return one->mechanism == other->mechanism && one->function == other->function &&
	       same_module(one->callback.module, other->callback.module) &&
	       one->armer == other->armer && one->pid == other->pid &&
	       strncmp(one->comm, other->comm, sizeof(one->comm)) == 0 && one->cpu == other->cpu &&
	       one->caller == other->caller && one->address == other->address;
}

/* The row, known or new; NULL when out of memory. */
static struct row *row_of(struct kernel_stats *stats, struct table *table,
			  const struct kernel_arm *arm, uint32_t by)
{
	const struct kernel_row wanted = identity_of(stats, arm, by);
	uint32_t hash = hash_of(&wanted);
	struct row *row;

	for (struct link *link = *table_chain(table, hash); link; link = link->next) {
		row = (struct row *)link;
		if (link->hash == hash && is_same(&row->figures, &wanted))
			return row;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->figures = wanted;
	if (table_add(table, &row->link, hash) == 0)
		return row;
	free(row);
	return NULL;
}

/* Counts a timer once among those of its row. */
static int count_timer(struct kernel_stats *stats, struct row *row, uint64_t address)
{
	uint32_t hash = mix((uint32_t)(uintptr_t)row, address);
	struct counted_timer *timer;

	if (!stats->timers.capacity || row->figures.timers_unknown)
		return 0;
	for (struct link *link = *table_chain(&stats->timers, hash); link; link = link->next) {
		timer = (struct counted_timer *)link;
		if (timer->row == row && timer->address == address)
			return 0;
	}
	if (stats->timers.count >= TIMERS_MAX) {
		row->figures.timers_unknown = true;
		return 0;
	}
	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return -ENOMEM;
	timer->row = row;
	timer->address = address;
	row->figures.timers++;
	if (table_add(&stats->timers, &timer->link, hash) == 0)
		return 0;
	free(timer);
	return -ENOMEM;
}

/* --- counting ------------------------------------------------------------------------------ */

static int add_histogram(struct kernel_stats *stats, struct kernel_row *row,
			 enum kernel_histogram_of of, int64_t ns)
{
	if (!(stats->scene.histograms & 1u << of))
		return 0;
	if (!row->histograms)
		row->histograms = calloc(KERNEL_HISTOGRAM_COUNT, sizeof(*row->histograms));
	if (!row->histograms)
		return -ENOMEM;
	histogram_add(&row->histograms[of], ns);
	return 0;
}

/* Was its instant gone by when it was armed? How late it expires is not the kernel's doing then. */
static bool is_past(const struct kernel_arm *arm)
{
	return arm->has_timeout && arm->timeout_ns < 0;
}

static int start(struct kernel_stats *stats, struct kernel_row *row, const struct kernel_arm *arm)
{
	bool list = arm->mechanism == KERNEL_TIMER_LIST;
	int64_t jiffy_ns = stats->scene.tick_ns;
	int status = 0;

	row->started++;
	row->pending++;
	row->rearmed += arm->rearmed;
	row->past += is_past(arm);
	row->from_interrupt += arm->interrupt;
	row->deferrable += list && arm->flags & TIMER_FLAG_DEFERRABLE;
	row->irqsafe += list && arm->flags & TIMER_FLAG_IRQSAFE;
	row->pinned += list ? (arm->flags & TIMER_FLAG_PINNED) != 0
			    : (arm->mode & HRTIMER_MODE_PINNED) != 0;
	row->soft += !list && arm->mode & HRTIMER_MODE_SOFT;
	row->absolute += !list && !arm->immediate && !(arm->mode & HRTIMER_MODE_RELATIVE);
	row->evidence.outside += !arm->rearmed;
	/* The tick is what it is for. */
	if (arm->has_timeout && jiffy_ns && arm->timeout_ns <= jiffy_ns &&
	    !(stats->scene.is_tick && stats->scene.is_tick(stats->scene.context, arm->function))) {
		if (!row->evidence.next_jiffy++)
			row->evidence.first_ns = arm->ts;
		row->evidence.last_ns = arm->ts;
	}
	if (list)
		status = distribution_add(&row->timeout_jiffies, arm->timeout_jiffies);
	if (status == 0 && arm->has_timeout && !is_past(arm))
		status = distribution_add(&row->timeout, arm->timeout_ns);
	if (status == 0 && arm->has_timeout && !is_past(arm))
		status = add_histogram(stats, row, KERNEL_HISTOGRAM_TIMEOUT, arm->timeout_ns);
	return status;
}

/* One that is pending is so no more. */
static void end(struct kernel_row *row, const struct kernel_arm *arm)
{
	if (arm->older || !row->pending)
		row->older++;
	else
		row->pending--;
}

static int add_lateness(struct kernel_stats *stats, struct kernel_row *row,
			const struct kernel_change *change)
{
	const struct kernel_arm *arm = change->arm;
	bool deferrable = arm->mechanism == KERNEL_TIMER_LIST && arm->flags & TIMER_FLAG_DEFERRABLE;
	int status = 0;

	/* Those that can be put off are. */
	row->evidence.overdue += change->has_beyond && !deferrable &&
				 change->beyond_ns > stats->scene.limits->overdue_ns;
	if (change->has_late)
		status = distribution_add(&row->late, change->late_ns);
	if (status == 0 && change->has_late)
		status = add_histogram(stats, row, KERNEL_HISTOGRAM_LATE, change->late_ns);
	if (status == 0 && change->has_beyond)
		status = distribution_add(&row->beyond, change->beyond_ns);
	if (status == 0 && change->has_jiffies)
		status = distribution_add(&row->late_jiffies, change->late_jiffies);
	return status;
}

static int fire(struct kernel_stats *stats, struct kernel_row *row,
		const struct kernel_change *change)
{
	row->fired++;
	row->immediate += change->arm->immediate;
	end(row, change->arm);
	row->migrations += change->migrated;
	if (!change->arm->immediate && change->cpu >= 0 && change->cpu < KERNEL_CPUS_MAX)
		row->cpus[change->cpu / 64] |= 1ULL << change->cpu % 64;
	return is_past(change->arm) ? 0 : add_lateness(stats, row, change);
}

static int run(struct kernel_stats *stats, struct kernel_row *row,
	       const struct kernel_change *change)
{
	int status;

	if (!change->has_run)
		return 0;
	row->evidence.slow += change->run_ns > stats->scene.limits->run_ns;
	status = distribution_add(&row->run, change->run_ns);
	return status < 0 ? status
			  : add_histogram(stats, row, KERNEL_HISTOGRAM_RUN, change->run_ns);
}

static int count(struct kernel_stats *stats, struct row *of, const struct kernel_change *change)
{
	struct kernel_row *row = &of->figures;
	/* Of all together nobody asks. */
	int status = row->sum ? 0 : count_timer(stats, of, change->arm->address);

	if (status < 0)
		return status;
	switch (change->what) {
	case KERNEL_STARTED:
		return start(stats, row, change->arm);
	case KERNEL_REPLACED:
		row->replaced++;
		end(row, change->arm);
		return 0;
	case KERNEL_CANCELLED:
		row->cancelled++;
		end(row, change->arm);
		return 0;
	case KERNEL_VANISHED:
		row->unknown++;
		end(row, change->arm);
		return 0;
	case KERNEL_FIRED:
		return fire(stats, row, change);
	case KERNEL_RAN:
		return run(stats, row, change);
	case KERNEL_WAKEUP:
		row->wakeups += !change->alongside;
		row->alongside += change->alongside;
		return 0;
	default:
		return 0;
	}
}

/* NULL when out of memory. */
static struct kernel_cpu_row *cpu_of(struct kernel_stats *stats, int cpu)
{
	size_t at = cpu < 0 ? 0 : (size_t)cpu, count = at + 1;
	struct kernel_cpu_row *larger;

	if (at < stats->cpu_count)
		return &stats->cpus[at];
	/* Room for the answer is made now: when it is asked for, nobody can be told. */
	larger = realloc(stats->idle_cpus, count * sizeof(*larger));
	if (!larger)
		return NULL;
	stats->idle_cpus = larger;
	larger = realloc(stats->cpus, count * sizeof(*larger));
	if (!larger)
		return NULL;
	stats->cpus = larger;
	for (; stats->cpu_count < count; stats->cpu_count++)
		larger[stats->cpu_count] = (struct kernel_cpu_row){ .cpu = (int)stats->cpu_count };
	return &larger[at];
}

static int count_idle(struct kernel_stats *stats, const struct kernel_change *change)
{
	struct kernel_cpu_row *cpu = cpu_of(stats, change->cpu);

	if (!cpu)
		return -ENOMEM;
	if (change->what == KERNEL_WAKEUP) {
		cpu->periods++;
		cpu->by[change->waker]++;
		if (__builtin_add_overflow(cpu->idle_ns, change->idle_ns, &cpu->idle_ns))
			cpu->idle_ns = INT64_MAX;
	} else if (change->idle) {
		cpu->tick_stopped++;
	} else {
		cpu->tick_kept++;
		for (unsigned bit = 0; bit < KERNEL_TICK_DEPENDENCIES; bit++)
			cpu->kept_by[bit] += (uint32_t)change->dependency >> bit & 1;
	}
	return 0;
}

int kernel_stats_change(struct kernel_stats *stats, const struct kernel_change *change)
{
	bool idle = change->what == KERNEL_TICK_STOP ||
		    (change->what == KERNEL_WAKEUP && !change->alongside);
	struct row *row;
	int status = idle ? count_idle(stats, change) : 0;

	if (status < 0 || !change->arm || change->what == KERNEL_MADE ||
	    change->what == KERNEL_OWNED)
		return status;
	row = row_of(stats, &stats->rows, change->arm, stats->scene.by);
	status = row ? count(stats, row, change) : -ENOMEM;
	if (status == 0 && stats->scene.by != KERNEL_BY_CALLBACK) {
		row = row_of(stats, &stats->callbacks, change->arm, KERNEL_BY_CALLBACK);
		status = row ? count(stats, row, change) : -ENOMEM;
	}
	return status < 0 ? status : count(stats, &stats->total, change);
}

static void add_counts(struct kernel_row *row, uint64_t started, uint64_t fired)
{
	row->started += started;
	row->fired += fired;
}

int kernel_stats_add(struct kernel_stats *stats, const struct kernel_arm *arm, uint64_t started,
		     uint64_t fired)
{
	struct row *row = row_of(stats, &stats->rows, arm, stats->scene.by);

	if (!row)
		return -ENOMEM;
	add_counts(&row->figures, started, fired);
	add_counts(&stats->total.figures, started, fired);
	return 0;
}

static void mark_incomplete(struct kernel_row *row)
{
	row->incomplete = true;
}

void kernel_stats_lost(struct kernel_stats *stats)
{
	walk(&stats->rows, mark_incomplete);
	walk(&stats->callbacks, mark_incomplete);
	mark_incomplete(&stats->total.figures);
}

void kernel_stats_set_span(struct kernel_stats *stats, uint64_t from_ns, uint64_t to_ns)
{
	struct kernel_row *total = &stats->total.figures;

	total->seconds = to_ns > from_ns ? (double)(to_ns - from_ns) / 1e9 : 0;
	total->end_ns = to_ns;
}

/* --- what there is ---------------------------------------------------------------------------- */

const struct kernel_row *kernel_stats_total(const struct kernel_stats *stats)
{
	struct kernel_row *total = (struct kernel_row *)&stats->total.figures;

	total->cpu_rows = kernel_stats_cpus(stats, &total->cpu_row_count);
	return total;
}

bool kernel_row_any(const struct kernel_row *row)
{
	return row->started || row->fired || row->cancelled || row->replaced || row->unknown ||
	       row->wakeups || row->alongside;
}

static struct kernel_row *list_rows(const struct kernel_stats *stats, const struct table *table,
				    size_t *count)
{
	struct kernel_row *rows = calloc(table->count + 1, sizeof(*rows));

	*count = 0;
	for (size_t i = 0; rows && i < table->capacity; i++)
		for (struct link *link = table->heads[i]; link; link = link->next) {
			const struct kernel_row *row = &((struct row *)link)->figures;

			if (!kernel_row_any(row))
				continue;
			rows[*count] = *row;
			rows[*count].seconds = stats->total.figures.seconds;
			rows[*count].end_ns = stats->total.figures.end_ns;
			rows[(*count)++].incomplete |= stats->total.figures.incomplete;
		}
	return rows;
}

struct kernel_row *kernel_stats_rows(const struct kernel_stats *stats, size_t *count)
{
	return list_rows(stats, &stats->rows, count);
}

struct kernel_row *kernel_stats_callbacks(const struct kernel_stats *stats, size_t *count)
{
	return list_rows(stats,
			 stats->scene.by == KERNEL_BY_CALLBACK ? &stats->rows : &stats->callbacks,
			 count);
}

void kernel_stats_rows_free(struct kernel_row *rows)
{
	free(rows);
}

const struct kernel_cpu_row *kernel_stats_cpus(const struct kernel_stats *stats, size_t *count)
{
	struct kernel_cpu_row *list = stats->idle_cpus;

	*count = 0;
	for (size_t i = 0; i < stats->cpu_count; i++) {
		const struct kernel_cpu_row *cpu = &stats->cpus[i];

		if (!cpu->periods && !cpu->tick_stopped && !cpu->tick_kept)
			continue;
		list[*count] = *cpu;
		list[(*count)++].seconds = stats->total.figures.seconds;
	}
	return list;
}
