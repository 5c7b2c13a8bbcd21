/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/stats.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/life.h"
#include "timersnoop/out.h"
#include "timersnoop/stats_parts.h"
#include "timersnoop/table.h"

/* From so many on, timers that have ended share a row with others of their kind. */
#define ROWS_MAX 16384
/* Timers that are told apart when they expire for one instant. */
#define HERD_MAX 1024

struct stored {
	struct link link;
	bool gone;    /* its process ended, or executed: the next is another one */
	bool ended;   /* nothing more comes, but a timer with the same id may */
	bool existed; /* it is one timer that is there */
	struct stat_row row;
	struct stat_state state;
};

struct herd {
	int64_t begin_ns; /* the instant, trace clock */
	uint32_t members[HERD_MAX];
	size_t count;
	struct stats_herd seen;
};

struct stats {
	const struct stats_scene *scene;
	struct table rows;
	size_t fold_at; /* so many rows */
	struct stat_row total;
	uint64_t from_ns, to_ns;
	bool attributed; /* the call at hand, to a timer */
	struct herd herd;
};

const char *stat_by_name(enum stat_by by)
{
	static const char *const names[BY_COUNT] = { "timer", "process", "comm", "signal",
						     "clock" };

	return names[by];
}

/* Of all there is, and of nothing as yet. */
static void begin_total(struct stats *stats)
{
	stat_row_free(&stats->total);
	stats->total = (struct stat_row){ .sum = true,
					  .events = stats->scene->events,
					  .no_kinds = stats->scene->no_kinds };
}

struct stats *stats_new(const struct stats_scene *scene)
{
	struct stats *stats = calloc(1, sizeof(*stats));

	if (!stats)
		return NULL;
	stats->scene = scene;
	stats->fold_at = ROWS_MAX;
	stats->herd.begin_ns = INT64_MIN;
	begin_total(stats);
	if (table_init(&stats->rows) < 0) {
		stats_free(stats);
		return NULL;
	}
	return stats;
}

void stats_free(struct stats *stats)
{
	if (!stats)
		return;
	for (size_t i = 0; stats->rows.heads && i < stats->rows.capacity; i++)
		for (struct link *link = stats->rows.heads[i]; link; link = link->next)
			stat_row_free(&((struct stored *)link)->row);
	table_free(&stats->rows);
	stat_row_free(&stats->total);
	free(stats);
}

/* What a row is found by. */
struct key {
	bool has_pid, has_family, has_id;
	int32_t pid, id;
	enum timer_family family;
	const char *comm; /* 16 bytes */
};

static uint32_t hash_of(const struct key *key)
{
	return table_hash(key->pid, key->has_id ? key->family + 1 : 0, key->id);
}

static struct stored *find(const struct stats *stats, const struct key *key)
{
	for (struct link *link = *table_chain(&stats->rows, hash_of(key)); link;
	     link = link->next) {
		struct stored *stored = (struct stored *)link;

		if (!stored->gone && stored->row.pid == key->pid &&
		    stored->row.has_pid == key->has_pid && stored->row.has_id == key->has_id &&
		    stored->row.id == key->id && stored->row.family == key->family &&
		    (key->has_id || strcmp(stored->row.comm, key->comm) == 0))
			return stored;
	}
	return NULL;
}

/* The one for this key, made when there is none; NULL when out of memory. */
static struct stored *get(struct stats *stats, const struct key *key)
{
	struct stored *stored = find(stats, key);

	if (stored)
		return stored;
	stored = calloc(1, sizeof(*stored));
	if (!stored)
		return NULL;
	stored->row = (struct stat_row){ .has_pid = key->has_pid,
					 .pid = key->pid,
					 .has_comm = key->comm[0] || key->has_pid,
					 .has_family = key->has_family,
					 .family = key->family,
					 .has_id = key->has_id,
					 .id = key->id };
	memcpy(stored->row.comm, key->comm, sizeof(stored->row.comm));
	if (table_add(&stats->rows, &stored->link, hash_of(key)) < 0) {
		free(stored);
		return NULL;
	}
	return stored;
}

/* What ended timers of one name and kind are put together as. */
static struct key kind_of(const struct stat_row *row)
{
	return (struct key){ .has_family = row->has_family,
			     .family = row->family,
			     .comm = row->comm };
}

/* A row for each timer of a program that makes new ones for ever would fill the memory. */
static int fold(struct stats *stats)
{
	struct link *folded = NULL;
	int status = 0;

	for (size_t i = 0; i < stats->rows.capacity; i++) {
		for (struct link *link = stats->rows.heads[i], *next; link; link = next) {
			const struct stored *stored = (struct stored *)link;

			next = link->next;
			/* Calls of no timer may be those of any process there was. */
			if (stored->row.has_id ? !stored->ended : !stored->row.has_pid)
				continue;
			table_remove(&stats->rows, link);
			link->next = folded;
			folded = link;
		}
	}
	while (folded) {
		struct stored *stored = (struct stored *)folded;
		struct key kind = kind_of(&stored->row);
		struct stored *into = status == 0 ? get(stats, &kind) : NULL;

		folded = folded->next;
		if (status == 0)
			status = into ? stat_row_merge(&into->row, &stored->row) : -ENOMEM;
		stat_row_free(&stored->row);
		free(stored);
	}
	/* Those that are left live: to look at them again for each new one would take for ever. */
	stats->fold_at = 2 * stats->rows.count > ROWS_MAX ? 2 * stats->rows.count : ROWS_MAX;
	return status;
}

/* One duration, into its distribution and histogram. */
static int add(const struct stats *stats, struct stat_row *row, struct distribution *distribution,
	       enum histogram_of of, int64_t ns)
{
	if (distribution_add(distribution, ns) < 0)
		return -ENOMEM;
	if (!(stats->scene->histograms & HISTOGRAM_BIT(of)))
		return 0;
	if (!stat_row_histograms(row))
		return -ENOMEM;
	histogram_add(&row->histograms[of], ns);
	return 0;
}

/* --- changes of timers ------------------------------------------------------------ */

static struct key key_of(const struct life *life)
{
	return (struct key){ .has_pid = true,
			     .pid = life->pid,
			     .has_family = true,
			     .family = life->family,
			     .has_id = true,
			     .id = life->id,
			     .comm = life->comm };
}

static void identify(struct stat_row *row, const struct life *life)
{
	const struct sigevent_seen *sigevent = &life->sigevent;
	static const int32_t itimer_signals[] = { SIGALRM, SIGVTALRM, SIGPROF };

	if (life->comm[0])
		memcpy(row->comm, life->comm, sizeof(row->comm));
	if (life->has_clock) {
		row->has_clock = true;
		row->clock = life->clock;
	}
	if (life->family == TIMER_ITIMER && (uint32_t)life->id < 3) {
		row->has_signal = true;
		row->signal = itimer_signals[life->id];
	} else if (life->family == TIMER_FD) {
		row->has_signal = true;
	} else if (life->has_sigevent) {
		row->has_signal = true;
		row->signal = sigevent->notify == SIGEV_NONE ? 0 : sigevent->signo;
	}
}

static int add_arm(const struct stats *stats, struct stat_row *row, const struct life *life)
{
	if (!life->arms)
		return 0;
	if (!life->absolute && add(stats, row, &row->value, HISTOGRAM_VALUE, life->value_ns) < 0)
		return -ENOMEM;
	if (life->periodic &&
	    add(stats, row, &row->interval, HISTOGRAM_INTERVAL, life->interval_ns) < 0)
		return -ENOMEM;
	return 0;
}

static int add_occurrence(const struct stats *stats, struct stat_row *row,
			  const struct occurrence *occurrence)
{
	if (occurrence->event == EVENT_SIGNAL_DELIVER)
		return occurrence->has_after ? add(stats, row, &row->signal_after, HISTOGRAM_SIGNAL,
						   occurrence->after_ns)
					     : 0;
	/* One that was armed too late is not served late. */
	if (occurrence->event == EVENT_SIGNAL_GENERATE || !occurrence->has_asked ||
	    occurrence->past)
		return 0;
	return add(stats, row, &row->late, HISTOGRAM_LATE, occurrence->late_ns);
}

/* Calls themselves are counted by stats_call. */
static int add_figures(const struct stats *stats, struct stat_row *row, const struct life *life,
		       const struct life_change *change)
{
	bool created = change->call && (change->call->event == EVENT_TIMER_CREATE ||
					change->call->event == EVENT_TIMERFD_CREATE);

	row->created += created;
	row->deleted += change->over && (life->end == END_DELETED || life->end == END_CLOSED);
	row->arms += life->arms;
	row->disarms += life->disarms;
	row->one_shot += life->one_shot;
	row->periodic += life->periodic;
	row->absolute += life->absolute;
	row->replaced += life->replaced;
	row->gettimes += life->gettimes;
	row->getoverruns += life->getoverruns;
	row->expiries += life->expiries;
	row->rearmed += life->rearmed;
	row->overruns += life->overruns;
	for (int result = 0; result < SIGNAL_RESULTS; result++)
		row->signals[result] += life->signals[result];
	row->incomplete |= life->incomplete;
	if (distribution_merge(&row->observed, &life->observed) < 0 ||
	    add_arm(stats, row, life) < 0)
		return -ENOMEM;
	return change->occurrence ? add_occurrence(stats, row, change->occurrence) : 0;
}

static int add_call(const struct stats *stats, struct stat_row *row, const struct call *call)
{
	int64_t ns;

	row->calls++;
	stat_evidence_call(row, call);
	if (life_refused(call)) {
		row->failed++;
		stat_row_error(row, stat_errno(call), 1);
	}
	if (call->missing)
		row->incomplete = true;
	return out_duration(call, &ns) ? add(stats, row, &row->duration, HISTOGRAM_DURATION, ns)
				       : 0;
}

static void close_instant(struct stats *stats)
{
	struct herd *herd = &stats->herd;

	if (herd->count >= stats->scene->limits->herd)
		herd->seen.times++;
	if (herd->count > herd->seen.most) {
		herd->seen.most = herd->count;
		herd->seen.ts = (uint64_t)herd->begin_ns;
	}
	herd->count = 0;
}

/* Is it for the same instant as others before it? */
static void watch_herd(struct stats *stats, const struct stored *stored,
		       const struct occurrence *occurrence)
{
	struct herd *herd = &stats->herd;
	int64_t apart_ns = stats->scene->limits->herd_ns;
	int64_t instant, since;
	bool anew;

	if (!occurrence->has_asked || occurrence->past ||
	    !(EVENT_BIT(occurrence->event) & EVENTS_EXPIRE) ||
	    __builtin_sub_overflow((int64_t)occurrence->ts, occurrence->late_ns, &instant))
		return;
	anew = herd->begin_ns == INT64_MIN ||
	       __builtin_sub_overflow(instant, herd->begin_ns, &since) || since > apart_ns ||
	       since < -apart_ns;
	/* It is so late that those for its instant have been looked at. */
	if (anew && instant < herd->begin_ns && herd->begin_ns <= (int64_t)occurrence->ts)
		return;
	if (anew) {
		close_instant(stats);
		herd->begin_ns = instant;
	}
	for (size_t i = 0; i < herd->count; i++)
		if (herd->members[i] == stored->link.hash)
			return;
	if (herd->count < HERD_MAX)
		herd->members[herd->count++] = stored->link.hash;
}

/* That a timer is closed is all that may be heard of it. */
static bool is_news(const struct stats *stats, const struct life_change *change)
{
	return change->call || change->occurrence ||
	       (change->life->end == END_CLOSED &&
		stat_knows(FIGURE_DELETED, stats->scene->events, true, TIMER_FD));
}

static void note_over(struct stored *stored, const struct life *life)
{
	stored->existed = false;
	stored->ended = life->end != END_OPEN;
	stored->gone = life->end == END_EXIT || life->end == END_EXEC;
}

int stats_change(struct stats *stats, const struct life_change *change)
{
	const struct life *life = change->life;
	const struct key key = key_of(life);
	struct stored *stored = find(stats, &key);

	if (!stored && !is_news(stats, change))
		return 0;
	if (!stored && stats->rows.count >= stats->fold_at && fold(stats) < 0)
		return -ENOMEM;
	stored = stored ? stored : get(stats, &key);
	if (!stored)
		return -ENOMEM;
	if ((!stored->existed || !stored->row.timers) && is_news(stats, change)) {
		stored->existed = true;
		stored->ended = false;
		stored->row.timers++;
		stats->total.timers++;
	}
	identify(&stored->row, life);
	if (change->occurrence)
		watch_herd(stats, stored, change->occurrence);
	stat_evidence_change(&stored->row, &stored->state, stats->scene, change, stats->to_ns);
	if (add_figures(stats, &stored->row, life, change) < 0 ||
	    add_figures(stats, &stats->total, life, change) < 0)
		return -ENOMEM;
	if (change->over)
		note_over(stored, life);
	if (!change->call)
		return 0;
	stats->attributed = true;
	return add_call(stats, &stored->row, change->call);
}

int stats_call(struct stats *stats, const struct caller *who, const struct call *call)
{
	const struct key key = { .has_pid = who->pid > 0,
				 .pid = who->pid,
				 .has_family = true,
				 .family = event_family(call->event),
				 .comm = who->comm };
	struct stored *stored;

	if (add_call(stats, &stats->total, call) < 0)
		return -ENOMEM;
	if (stats->attributed) {
		stats->attributed = false;
		return 0;
	}
	if (stats->rows.count >= stats->fold_at && fold(stats) < 0)
		return -ENOMEM;
	stored = get(stats, &key);
	return stored ? add_call(stats, &stored->row, call) : -ENOMEM;
}

int stats_add(struct stats *stats, struct stat_row *row)
{
	const struct key key = { .has_pid = row->has_pid,
				 .pid = row->pid,
				 .has_family = row->has_family,
				 .family = row->family,
				 .has_id = row->has_id,
				 .id = row->id,
				 .comm = row->comm };
	struct stored *stored;

	stored = get(stats, &key);
	if (!stored)
		return -ENOMEM;
	if (stored->row.timers)
		row->timers = 0;
	if (!stat_row_any(&stored->row)) {
		stored->row.has_clock = row->has_clock;
		stored->row.clock = row->clock;
		stored->row.has_signal = row->has_signal;
		stored->row.signal = row->signal;
	}
	memcpy(stored->row.comm, row->comm, sizeof(row->comm));
	if (stat_row_merge(&stats->total, row) < 0)
		return -ENOMEM;
	return stat_row_merge(&stored->row, row);
}

/* --- what is told ------------------------------------------------------------------ */

static double seconds(const struct stats *stats)
{
	return stats->to_ns > stats->from_ns ? (double)(stats->to_ns - stats->from_ns) / 1e9 : 0;
}

void stats_set_span(struct stats *stats, uint64_t from_ns, uint64_t to_ns)
{
	stats->from_ns = from_ns;
	stats->to_ns = to_ns;
	stats->total.seconds = seconds(stats);
	stats->total.end_ns = to_ns;
}

static void clear(struct stat_row *row)
{
	const struct stat_row bare_row = stat_row_bare(row);

	stat_row_free(row);
	*row = bare_row;
}

void stats_reset(struct stats *stats)
{
	for (size_t i = 0; i < stats->rows.capacity; i++) {
		for (struct link *link = stats->rows.heads[i], *next; link; link = next) {
			struct stored *stored = (struct stored *)link;

			next = link->next;
			clear(&stored->row);
			if (stored->existed)
				continue;
			table_remove(&stats->rows, link);
			free(stored);
		}
	}
	begin_total(stats);
	close_instant(stats);
	stats->herd.seen = (struct stats_herd){ .most = 0 };
}

const struct stat_row *stats_total(const struct stats *stats)
{
	return &stats->total;
}

void stats_herd(const struct stats *stats, struct stats_herd *herd)
{
	*herd = stats->herd.seen;
	herd->times += stats->herd.count >= stats->scene->limits->herd;
	if (stats->herd.count > herd->most) {
		herd->most = stats->herd.count;
		herd->ts = (uint64_t)stats->herd.begin_ns;
	}
}

struct stat_row *stats_rows(const struct stats *stats, enum stat_by by, size_t *count)
{
	const struct stat_row **sorted = calloc(stats->rows.count + 1, sizeof(struct stat_row *));
	struct stat_row *rows = calloc(stats->rows.count + 1, sizeof(*rows));
	size_t found = 0;

	*count = 0;
	for (size_t i = 0; sorted && i < stats->rows.capacity; i++)
		for (struct link *link = stats->rows.heads[i]; link; link = link->next) {
			const struct stored *stored = (struct stored *)link;

			if (stat_row_any(&stored->row))
				sorted[found++] = &stored->row;
		}
	if (!sorted || !rows || stat_rows_group(sorted, found, by, rows, count) < 0) {
		stats_rows_free(rows, *count);
		rows = NULL;
		*count = 0;
	}
	free(sorted);
	for (size_t i = 0; i < *count; i++) {
		rows[i].seconds = seconds(stats);
		rows[i].end_ns = stats->to_ns;
		rows[i].events = stats->scene->events;
	}
	return rows;
}

void stats_rows_free(struct stat_row *rows, size_t count)
{
	for (size_t i = 0; rows && i < count; i++)
		stat_row_free(&rows[i]);
	free(rows);
}
