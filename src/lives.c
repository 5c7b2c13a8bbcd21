/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include "timersnoop/life.h"
#include "timersnoop/table.h"

/* About 600 bytes each. */
#define LIVES_MAX (1U << 20)

struct entry {
	struct link link;
	struct life_state state;
	struct process *process;
	struct entry *previous, *next; /* of the process */
	uint32_t losses;               /* of `lives`, when it was last looked at */
	bool cloexec;                  /* the timerfd was made to be closed by exec */
};

struct process {
	struct link link;
	int32_t pid;
	struct entry *oldest, *newest;
};

struct lives {
	struct table entries;   /* by process, family and id */
	struct table processes; /* those that have entries */
	uint32_t losses;
	lives_receiver *receiver;
	lives_watcher *watcher; /* instead of a receiver */
	void *context;
	int status; /* of what the watcher did */
};

struct lives *lives_new(lives_receiver *receiver, void *context)
{
	struct lives *lives = calloc(1, sizeof(*lives));

	if (!lives)
		return NULL;
	lives->receiver = receiver;
	lives->context = context;
	if (table_init(&lives->entries) < 0 || table_init(&lives->processes) < 0) {
		lives_free(lives);
		return NULL;
	}
	return lives;
}

struct lives *lives_new_watched(lives_watcher *watcher, void *context)
{
	struct lives *lives = lives_new(NULL, context);

	if (lives)
		lives->watcher = watcher;
	return lives;
}

void lives_free(struct lives *lives)
{
	if (!lives)
		return;
	for (size_t i = 0; lives->entries.heads && i < lives->entries.capacity; i++)
		for (struct link *link = lives->entries.heads[i]; link; link = link->next)
			life_free(&((struct entry *)link)->state);
	table_free(&lives->entries);
	table_free(&lives->processes);
	free(lives);
}

static struct process *find_process(const struct lives *lives, int32_t pid)
{
	struct link *link = *table_chain(&lives->processes, table_hash(pid, 0, 0));

	while (link && ((struct process *)link)->pid != pid)
		link = link->next;
	return (struct process *)link;
}

static void notice_losses(const struct lives *lives, struct entry *entry)
{
	if (entry->losses == lives->losses)
		return;
	entry->losses = lives->losses;
	life_lost(&entry->state);
}

static struct entry *find(const struct lives *lives, int32_t pid, enum timer_family family,
			  int32_t id)
{
	uint32_t hash = table_hash(pid, family, id);

	for (struct link *link = *table_chain(&lives->entries, hash); link; link = link->next) {
		struct entry *entry = (struct entry *)link;

		if (entry->state.life.id == id && entry->state.life.pid == pid &&
		    entry->state.life.family == family) {
			notice_losses(lives, entry);
			return entry;
		}
	}
	return NULL;
}

/* Adds it to its process's list, which may begin with it. */
static int join_process(struct lives *lives, struct entry *entry)
{
	struct process *process = find_process(lives, entry->state.life.pid);

	if (!process) {
		process = calloc(1, sizeof(*process));
		if (!process)
			return -ENOMEM;
		process->pid = entry->state.life.pid;
		if (table_add(&lives->processes, &process->link, table_hash(process->pid, 0, 0)) <
		    0) {
			free(process);
			return -ENOMEM;
		}
	}
	entry->process = process;
	entry->previous = process->newest;
	if (process->newest)
		process->newest->next = entry;
	else
		process->oldest = entry;
	process->newest = entry;
	return 0;
}

static void leave_process(struct lives *lives, struct entry *entry)
{
	struct process *process = entry->process;

	if (entry->previous)
		entry->previous->next = entry->next;
	else
		process->oldest = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		process->newest = entry->previous;
	if (!process->oldest) {
		table_remove(&lives->processes, &process->link);
		free(process);
	}
}

static struct entry *begin(struct lives *lives, int32_t pid, enum timer_family family, int32_t id,
			   enum life_origin origin, uint64_t ts)
{
	/* No machine has so many; a recording may say that it had. */
	struct entry *entry = lives->entries.count < LIVES_MAX ? calloc(1, sizeof(*entry)) : NULL;
	struct life *life;

	if (!entry)
		return NULL;
	life = &entry->state.life;
	life->pid = pid;
	life->family = family;
	life->id = id;
	life->origin = origin;
	life->born_ns = ts;
	/* What was lost may be how it began. */
	life->incomplete = origin == ORIGIN_FOUND && lives->losses;
	entry->losses = lives->losses;
	life_begin(&entry->state);
	if (table_add(&lives->entries, &entry->link, table_hash(pid, family, id)) < 0) {
		free(entry);
		return NULL;
	}
	if (join_process(lives, entry) < 0) {
		table_remove(&lives->entries, &entry->link);
		free(entry);
		return NULL;
	}
	return entry;
}

/* To the watcher, if there is one; what was told once is not told again. */
static int tell_change(struct lives *lives, struct entry *entry, const struct call *call,
		       const struct occurrence *occurrence)
{
	struct life_change change = { .life = &entry->state.life,
				      .over = !call && !occurrence,
				      .call = call,
				      .occurrence = occurrence };
	int status;

	if (!lives->watcher)
		return 0;
	status = lives->watcher(lives->context, &change);
	life_clear(&entry->state);
	if (status < 0 && lives->status == 0)
		lives->status = status;
	return status;
}

static void tell(struct lives *lives, struct entry *entry)
{
	notice_losses(lives, entry);
	if (lives->watcher)
		tell_change(lives, entry, NULL, NULL);
	else
		lives->receiver(lives->context, &entry->state.life);
	life_free(&entry->state);
	free(entry);
}

static void end(struct lives *lives, struct entry *entry, enum life_end how, uint64_t ts)
{
	struct life *life = &entry->state.life;

	life->end = how;
	life->end_ns = ts < life->born_ns ? life->born_ns : ts;
	table_remove(&lives->entries, &entry->link);
	leave_process(lives, entry);
	tell(lives, entry);
}

/* What ended before /proc was read was another one. */
static bool began_by(const struct entry *entry, uint64_t ts)
{
	return entry->state.life.born_ns <= ts;
}

static void heard(struct entry *entry, const struct caller *who)
{
	if (who->comm[0])
		memcpy(entry->state.life.comm, who->comm, sizeof(who->comm));
}

static int create(struct lives *lives, const struct caller *who, const struct call *call)
{
	enum timer_family family = event_family(call->event);
	bool fd = family == TIMER_FD && !(call->missing & CALL_NO_RETURN);
	int32_t id = fd ? (int32_t)call->ret : call->timer_id;
	struct entry *entry;

	if (life_refused(call) || (!fd && !call->has_id))
		return 0;
	entry = find(lives, who->pid, family, id);
	/* One that was made before /proc was read is the one that it told of. */
	if (entry &&
	    (began_by(entry, call->start_ns) || entry->state.life.origin != ORIGIN_EXISTED)) {
		end(lives, entry, END_REPLACED, call->start_ns);
		entry = NULL;
	}
	if (!entry)
		entry = begin(lives, who->pid, family, id, ORIGIN_CREATED, call->start_ns);
	if (!entry)
		return -ENOMEM;
	heard(entry, who);
	entry->cloexec = family == TIMER_FD && call->has_args && (call->flags & TFD_CLOEXEC);
	life_created(&entry->state, call);
	return tell_change(lives, entry, call, NULL);
}

static int take_call(struct lives *lives, const struct caller *who, const struct call *call)
{
	int32_t id = call->event == EVENT_ALARM ? ITIMER_REAL : call->timer_id;
	enum timer_family family = event_family(call->event);
	struct entry *entry = find(lives, who->pid, family, id);
	struct life *life;

	if (!entry && life_refused(call) && !calls_set_anyhow(call))
		return 0;
	if (!entry)
		entry = begin(lives, who->pid, family, id, ORIGIN_FOUND, call->start_ns);
	if (!entry)
		return -ENOMEM;
	life = &entry->state.life;
	/* It may be known by an expiry that came before the call returned. */
	if (life->origin == ORIGIN_FOUND && life->born_ns > call->start_ns)
		life->born_ns = call->start_ns;
	heard(entry, who);
	life_call(&entry->state, call);
	if (tell_change(lives, entry, call, NULL) < 0)
		return -ENOMEM;
	if (call->event == EVENT_TIMER_DELETE && !(call->missing & CALL_NO_RETURN) &&
	    call->ret >= 0 && began_by(entry, call->end_ns))
		end(lives, entry, END_DELETED, call->end_ns);
	return 0;
}

int lives_call(struct lives *lives, const struct caller *who, const struct call *call)
{
	if (who->pid <= 0)
		return 0;
	if (call->event == EVENT_TIMER_CREATE || call->event == EVENT_TIMERFD_CREATE)
		return create(lives, who, call);
	if (!call->has_id && call->event != EVENT_ALARM)
		return 0;
	return take_call(lives, who, call);
}

int lives_occurrence(struct lives *lives, const struct caller *who,
		     const struct occurrence *occurrence)
{
	enum timer_family family = occurrence->family;
	struct entry *entry;

	if (!occurrence->has_id || occurrence->pid <= 0)
		return 0;
	entry = find(lives, occurrence->pid, family, occurrence->id);
	/* A blocked signal outlives its timer. */
	if (!entry && occurrence->event == EVENT_SIGNAL_DELIVER && family == TIMER_POSIX)
		return 0;
	if (!entry)
		entry = begin(lives, occurrence->pid, family, occurrence->id, ORIGIN_FOUND,
			      occurrence->ts);
	if (!entry)
		return -ENOMEM;
	heard(entry, who);
	if (life_occurrence(&entry->state, occurrence) < 0)
		return -ENOMEM;
	return tell_change(lives, entry, NULL, occurrence);
}

int lives_existing(struct lives *lives, const struct caller *who, const struct procfs_timer *timer,
		   uint64_t now_ns)
{
	struct entry *entry;

	if (who->pid <= 0)
		return 0;
	entry = find(lives, who->pid, timer->family, timer->id);
	if (!entry)
		entry = begin(lives, who->pid, timer->family, timer->id, ORIGIN_EXISTED, now_ns);
	else if (entry->state.life.origin == ORIGIN_FOUND)
		entry->state.life.origin = ORIGIN_EXISTED;
	if (!entry)
		return -ENOMEM;
	heard(entry, who);
	entry->cloexec = timer->family == TIMER_FD && timer->timerfd.cloexec;
	life_existed(&entry->state, timer);
	return 0;
}

static int inherit(struct lives *lives, const struct entry *from, const struct caller *child,
		   uint64_t ts)
{
	const struct life *life = &from->state.life;
	struct entry *entry;

	/* /proc told of the child's own, if it was read after the fork. */
	if (life->family != TIMER_FD || !began_by(from, ts) ||
	    find(lives, child->pid, TIMER_FD, life->id))
		return 0;
	entry = begin(lives, child->pid, TIMER_FD, life->id, ORIGIN_INHERITED, ts);
	if (!entry)
		return -ENOMEM;
	entry->cloexec = from->cloexec;
	entry->state.life.inherited_from = life->pid;
	entry->state.life.has_clock = life->has_clock;
	entry->state.life.clock = life->clock;
	heard(entry, child);
	return 0;
}

static void end_process(struct lives *lives, int32_t pid, enum life_end how, uint64_t ts,
			bool unseen)
{
	struct process *process = find_process(lives, pid);
	struct entry *entry = process ? process->oldest : NULL;

	/* `process` goes with its last entry. */
	while (entry) {
		struct entry *next = entry->next;

		if (began_by(entry, ts)) {
			entry->state.life.incomplete |= unseen;
			end(lives, entry, how, ts);
		}
		entry = next;
	}
}

int lives_fork(struct lives *lives, int32_t parent, const struct caller *child, uint64_t ts)
{
	struct process *process;

	if (parent <= 0 || child->pid <= 0 || parent == child->pid)
		return 0;
	/* Its number was another's, whose exit was lost. */
	end_process(lives, child->pid, END_EXIT, ts, true);
	process = find_process(lives, parent);
	for (struct entry *entry = process ? process->oldest : NULL; entry; entry = entry->next)
		if (inherit(lives, entry, child, ts) < 0)
			return -ENOMEM;
	return 0;
}

void lives_exec(struct lives *lives, int32_t pid, uint64_t ts)
{
	struct process *process = find_process(lives, pid);
	struct entry *entry = process ? process->oldest : NULL;

	while (entry) {
		const struct life *life = &entry->state.life;
		struct entry *next = entry->next;
		/* Closed here, which lives_closed does not tell while the parent has it. */
		bool closed = life->origin == ORIGIN_INHERITED && entry->cloexec;

		if ((life->family == TIMER_POSIX || closed) && began_by(entry, ts))
			end(lives, entry, END_EXEC, ts);
		entry = next;
	}
}

void lives_exit(struct lives *lives, int32_t pid, uint64_t ts)
{
	end_process(lives, pid, END_EXIT, ts, false);
}

void lives_closed(struct lives *lives, int32_t pid, int32_t fd, uint64_t ts)
{
	struct entry *entry = find(lives, pid, TIMER_FD, fd);

	if (entry && began_by(entry, ts))
		end(lives, entry, END_CLOSED, ts);
}

void lives_lost(struct lives *lives)
{
	lives->losses++;
}

static int compare(const void *a, const void *b)
{
	const struct life *x = &(*(struct entry *const *)a)->state.life;
	const struct life *y = &(*(struct entry *const *)b)->state.life;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Takes all from their chains and sorts them into the heads, which are never fewer. */
static void sort(struct table *table)
{
	struct link *all = NULL;

	for (size_t i = 0; i < table->capacity; i++) {
		while (table->heads[i]) {
			struct link *link = table->heads[i];

			table->heads[i] = link->next;
			link->next = all;
			all = link;
		}
	}
	for (size_t i = 0; all; all = all->next)
		table->heads[i++] = all;
	qsort(table->heads, table->count, sizeof(struct link *), compare);
}

int lives_finish(struct lives *lives)
{
	struct table *entries = &lives->entries;

	sort(entries);
	for (size_t i = 0; i < entries->count; i++) {
		struct entry *entry = (struct entry *)entries->heads[i];

		entries->heads[i] = NULL;
		leave_process(lives, entry);
		tell(lives, entry);
	}
	entries->count = 0;
	return lives->status;
}
