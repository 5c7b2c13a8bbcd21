/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/timers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "timersnoop/timers_parts.h"

const char *signal_result_name(enum signal_result result)
{
	static const char *const names[SIGNAL_RESULTS] = {
		[SIGNAL_DELIVERED] = "delivered", [SIGNAL_IGNORED] = "ignored",
		[SIGNAL_PENDING] = "pending",     [SIGNAL_LOST] = "lost",
		[SIGNAL_HANDLER] = "handler",     [SIGNAL_DEFAULT] = "default",
		[SIGNAL_DROPPED] = "dropped",     [SIGNAL_WAITED] = "sigwait",
		[SIGNAL_SIGNALFD] = "signalfd",
	};

	return names[result];
}

struct timers *timers_new(const struct calls *calls, const struct tasks *tasks,
			  timers_receiver *receiver, void *context)
{
	struct timers *timers = calloc(1, sizeof(*timers));

	if (!timers)
		return NULL;
	timers->calls = calls;
	timers->tasks = tasks;
	timers->receiver = receiver;
	timers->context = context;
	timers->table = timer_table_new();
	if (!timers->table) {
		free(timers);
		return NULL;
	}
	return timers;
}

void timers_free(struct timers *timers)
{
	if (!timers)
		return;
	timer_table_free(timers->table);
	free(timers->cpus);
	free(timers->deliveries);
	timers_free_waits(timers);
	free(timers);
}

struct cpu *timers_cpu(struct timers *timers, int number)
{
	size_t count = (size_t)number + 1;
	struct cpu *larger;

	if (count > timers->cpu_count) {
		larger = realloc(timers->cpus, count * sizeof(*larger));
		if (!larger)
			return NULL;
		memset(larger + timers->cpu_count, 0,
		       (count - timers->cpu_count) * sizeof(*larger));
		timers->cpus = larger;
		timers->cpu_count = count;
	}
	return &timers->cpus[number];
}

bool timers_traced(const struct known_timer *timer)
{
	return timer->arm.seen || timer->coming.seen || timer->ours;
}

static bool accepted(const struct call *call)
{
	if (call->missing & CALL_NO_RETURN)
		return false;
	return call->ret >= 0 || calls_set_anyhow(call);
}

/* There may be no such timer. */
static void refuse(struct timers *timers, struct known_timer *timer)
{
	timer->coming.seen = false;
	if (!timer->ours && !timer->arm.seen && !timer->expired && !timer->address)
		timer_table_forget(timers->table, timer);
}

static int take_settime(struct timers *timers, int32_t pid, const struct call *call)
{
	struct known_timer *timer;

	if (!call->has_id && call->event != EVENT_ALARM)
		return 0;
	/* Whether it took effect is then told by an expiry that fits. */
	if (call->missing & CALL_NO_RETURN)
		return 0;
	if (!accepted(call)) {
		timer = timer_table_find(timers->table, pid, event_family(call->event),
					 call->timer_id);
		if (timer)
			refuse(timers, timer);
		return 0;
	}
	if (call->new_value.from == FROM_NONE)
		return 0;
	timer = timer_table_get(timers->table, pid, event_family(call->event), call->timer_id);
	if (!timer)
		return -ENOMEM;
	/* What /proc has told of it means nothing any more, also when it is disarmed. */
	timers_stop_expecting(timers, timer, call->start_ns);
	if (timer->coming.seen)
		timers_activate(timer);
	else if (!timer->arm.seen || timer->arm.start_ns < call->start_ns)
		timer->arm = timers_make_arm(call->start_ns, call->flags & 1, &call->new_value);
	return 0;
}

static int take_create(struct timers *timers, int32_t pid, const struct call *call)
{
	enum timer_family family = event_family(call->event);
	struct known_timer *timer;

	if (!call->has_id || call->missing & CALL_NO_RETURN)
		return 0;
	timer = timer_table_find(timers->table, pid, family, call->timer_id);
	if (timer)
		timer_table_forget(timers->table, timer);
	timer = timer_table_get(timers->table, pid, family, call->timer_id);
	if (!timer)
		return -ENOMEM;
	timer->ours = true;
	timer->has_clock = call->has_args;
	timer->clock = call->clock;
	if (family == TIMER_FD)
		timer_table_place(timers->table, timer, call->timer);
	return 0;
}

int timers_call(struct timers *timers, int32_t pid, const struct call *call)
{
	struct known_timer *timer;

	switch (call->event) {
	case EVENT_TIMER_CREATE:
	case EVENT_TIMERFD_CREATE:
		return take_create(timers, pid, call);
	case EVENT_TIMER_SETTIME:
	case EVENT_TIMERFD_SETTIME:
	case EVENT_SETITIMER:
	case EVENT_ALARM:
		return take_settime(timers, pid, call);
	case EVENT_TIMER_DELETE:
		timer = timer_table_find(timers->table, pid, TIMER_POSIX, call->timer_id);
		if (timer && accepted(call))
			timer_table_forget(timers->table, timer);
		return 0;
	default:
		return 0;
	}
}

void timers_forget(struct timers *timers, int32_t pid, bool exec)
{
	struct known_timer *timer = timer_table_of_pid(timers->table, pid);

	while (timer) {
		struct known_timer *next = timer->next_of_pid;

		if (timer->pid == pid && (!exec || timer->family == TIMER_POSIX))
			timer_table_forget(timers->table, timer);
		timer = next;
	}
}

/* One whose address was never learned: it may be any of those that are expected. */
static void release_unknown(struct timers *timers, int32_t pid)
{
	for (struct known_timer *timer = timer_table_of_pid(timers->table, pid); timer;
	     timer = timer->next_of_pid)
		if (timer->pid == pid)
			timer->expected = false;
}

static void take_release(struct timers *timers, const struct record *record)
{
	struct known_timer *timer = timer_table_at(timers->table, record->object.timer);

	if (timer && timer->family == TIMER_FD)
		timer_table_forget(timers->table, timer);
	else if (timers->expecting)
		release_unknown(timers, tasks_process(timers->tasks, record->tid));
}

bool timers_closed(const struct timers *timers, uint64_t address, int32_t *pid, int32_t *fd)
{
	const struct known_timer *timer = timer_table_at(timers->table, address);

	if (!timer || timer->family != TIMER_FD)
		return false;
	*pid = timer->pid;
	*fd = timer->id;
	return true;
}

/* Does the record come from what the running task does, not from an interrupt? */
static bool by_task(const struct record *record)
{
	enum probe_use kind = record->kind;

	return !record->interrupt && kind != USE_EXPIRY && kind != USE_QUEUE &&
	       kind != USE_SIGNAL && kind != USE_ITIMER_EXPIRE && kind != USE_HRTIMER_EXPIRE;
}

/* What waits for a record that this one shows not to have come. */
static int settle(struct timers *timers, const struct record *record)
{
	if (timers->delivery_count && by_task(record) && record->kind != USE_HANDLED &&
	    record->kind != USE_FETCHED)
		timers_settle_delivery(timers, record->tid);
	/* These two follow an hrtimer's expiry. */
	if (record->kind == USE_EXPIRY ||
	    (record->kind == USE_ITIMER_EXPIRE && record->itimer.which == ITIMER_REAL))
		return 0;
	return timers_settle_expiry(timers, record->cpu);
}

int timers_record(struct timers *timers, const struct record *record)
{
	int status = settle(timers, record);

	if (status < 0)
		return status;
	timers->last_ns = record->ts;
	switch (record->kind) {
	case USE_COPY:
	case USE_COPIED:
		return timers_take_copy(timers, record);
	case USE_EXPIRY:
		return timers_take_expiry(timers, record);
	case USE_HRTIMER_START:
		return timers_take_start(timers, record);
	case USE_HRTIMER_EXPIRE:
		return timers_take_entered(timers, record);
	case USE_HRTIMER_EXPIRED:
		return timers_take_expired(timers, record);
	case USE_ITIMER_EXPIRE:
		return timers_take_itimer(timers, record);
	case USE_QUEUE:
		return timers_take_queue(timers, record);
	case USE_SIGNAL:
		return timers_take_signal(timers, record);
	case USE_DELIVER:
		return timers_take_deliver(timers, record);
	case USE_HANDLED:
		timers_take_handled(timers, record);
		return 0;
	case USE_FETCHED:
	case USE_SIGNALFD:
		timers_take_fetched(timers, record);
		return 0;
	case USE_WAIT:
		return timers_take_wait(timers, record);
	case USE_WAITED:
		timers_take_waited(timers, record);
		return 0;
	case USE_RELEASE:
		take_release(timers, record);
		return 0;
	case USE_EXIT:
		timers_forget_wait(timers, record->task.tid);
		return 0;
	default:
		return 0;
	}
}

int timers_finish(struct timers *timers)
{
	uint64_t missed = timers->missed;
	int status = 0;

	for (size_t i = 0; i < timers->cpu_count && status == 0; i++)
		status = timers_settle_expiry(timers, (int)i);
	/* Recording may have stopped between the two records of an expiry. */
	timers->missed = missed;
	timers_count_overdue(timers);
	while (timers->delivery_count)
		timers_settle_delivery(timers, timers->deliveries[0].tid);
	return status;
}

void timers_set_scene(struct timers *timers, const struct timers_scene *scene)
{
	timers->scene = *scene;
}

uint64_t timers_missed(const struct timers *timers)
{
	return timers->missed;
}

void timers_lost(struct timers *timers, int cpu)
{
	if ((size_t)cpu < timers->cpu_count)
		memset(&timers->cpus[cpu], 0, sizeof(timers->cpus[cpu]));
	for (size_t i = timers->delivery_count; i > 0; i--)
		if (timers->deliveries[i - 1].cpu == cpu)
			timers_settle_delivery(timers, timers->deliveries[i - 1].tid);
}
