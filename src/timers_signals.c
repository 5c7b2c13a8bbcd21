/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers' signals: sent, and what became of them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "timersnoop/timers_parts.h"

/*
 * Is it an expiry that no other probe saw? On CPU clocks there is none; and a
 * timer armed in the past may send its signal within the call. A timer also
 * sends one again, without an expiry, once it is no longer ignored.
 */
static bool expires_here(const struct timers *timers, const struct record *record,
			 const struct known_timer *timer)
{
	const struct call *call;

	if (!record->timer.has_asked)
		return true;
	call = calls_open(timers->calls, record->tid);
	if (call && call->event == EVENT_TIMER_SETTIME)
		return true;
	return !timer->expired || timer->asked_ns != record->timer.asked_ns;
}

int timers_take_queue(struct timers *timers, const struct record *record)
{
	const struct record_timer *seen = &record->timer;
	struct cpu *cpu = timers_cpu(timers, record->cpu);
	struct known_timer *timer;
	struct sending *sending;
	int32_t pid;

	if (!cpu)
		return -ENOMEM;
	if (cpu->expired && cpu->expired_id == seen->id && cpu->expired_target == seen->pid) {
		cpu->expired = false;
		pid = cpu->expired_pid;
		timer = timer_table_find(timers->table, pid, TIMER_POSIX, seen->id);
	} else if (timers_find_posix(timers, seen, &pid, &timer) < 0) {
		return -ENOMEM;
	} else if (timer && expires_here(timers, record, timer)) {
		timers_tell_posix(timers, record, timer);
	}
	/* One whose fate was not told stays on the stack: the oldest goes. */
	if (cpu->count == SENDING_MAX)
		memmove(cpu->sending, cpu->sending + 1, --cpu->count * sizeof(cpu->sending[0]));
	sending = &cpu->sending[cpu->count++];
	*sending = (struct sending){ .pid = pid, .id = seen->id, .ts = record->ts };
	if (!timer)
		return 0;
	timer->target = seen->pid;
	sending->cause_ns = timer->expired ? timer->expiry_ns : 0;
	return 0;
}

static enum signal_result generated_result(int32_t result)
{
	switch (result) {
	case 0:
		return SIGNAL_DELIVERED;
	case 1:
		return SIGNAL_IGNORED;
	case 2:
		return SIGNAL_PENDING;
	default:
		return SIGNAL_LOST;
	}
}

static int32_t itimer_of(int32_t signo)
{
	return signo == SIGALRM ? ITIMER_REAL : signo == SIGVTALRM ? ITIMER_VIRTUAL : ITIMER_PROF;
}

/* What comes between a timer's sending its signal and its fate takes microseconds. */
#define SENDING_NS (NSEC_PER_SEC / 10)

/* The timer that has just sent a signal, and the expiry that made it do so. False
 * when the probes before it were missed, or it is no timer's at all. */
static bool find_sender(const struct record *record, struct cpu *cpu, struct sending *sender)
{
	/* One whose signal came to nothing has left its note behind. */
	while (cpu->count && record->ts - cpu->sending[cpu->count - 1].ts > SENDING_NS)
		cpu->count--;
	if (cpu->count) {
		*sender = cpu->sending[--cpu->count];
		return true;
	}
	if (!cpu->expired || record->ts - cpu->expired_ns > SENDING_NS)
		return false;
	/* The probe between them was missed. */
	cpu->expired = false;
	*sender = (struct sending){ .pid = cpu->expired_pid,
				    .id = cpu->expired_id,
				    .cause_ns = cpu->expired_ns };
	return true;
}

/* Signals of a code of ours that no timer sends (rt_sigqueueinfo(2)) come from tasks. */
static void count_missed(struct timers *timers, const struct record *record)
{
	if (record->interrupt && record->ts >= timers->scene.since_ns + SENDING_NS)
		timers->missed++;
}

/* Whose signal it is, as far as that is known: fills in pid, has_id, id. */
static uint64_t find_cause(struct timers *timers, const struct record *record, struct cpu *cpu,
			   struct occurrence *occurrence)
{
	const struct known_timer *timer;
	struct sending sender;

	if (occurrence->family == TIMER_ITIMER) {
		occurrence->has_id = true;
		occurrence->id = itimer_of(occurrence->signo);
		timer = timer_table_find(timers->table, occurrence->pid, TIMER_ITIMER,
					 occurrence->id);
		return timer && timer->expired ? timer->expiry_ns : 0;
	}
	if (!find_sender(record, cpu, &sender)) {
		count_missed(timers, record);
		return 0;
	}
	occurrence->pid = sender.pid;
	occurrence->has_id = true;
	occurrence->id = sender.id;
	return sender.cause_ns;
}

/*
 * The expiry whose signal a thread took at `ts`; 0 when it is not known. The timer is
 * armed again when its signal is taken, which is told a little later: by then it may
 * have sent the next one.
 */
static uint64_t cause_of_delivery(struct known_timer *timer, uint64_t ts)
{
	if (timer->pending > 1) {
		timer->pending--;
		return timer->earlier_cause_ns;
	}
	if (timer->pending && timer->queued_ns <= ts) {
		timer->pending = 0;
		return timer->cause_ns;
	}
	/* One that was ignored for a while is queued again without a word. */
	return !timer->pending && timer->expired && timer->expiry_ns <= ts ? timer->expiry_ns : 0;
}

/* A timer has one signal at most in the queue: one before it was taken by now, or
 * dropped when the timer was set anew. */
static void note_pending(struct known_timer *timer, const struct record *record, uint64_t cause_ns)
{
	bool dropped = timer->arm.seen && timer->arm.start_ns > timer->queued_ns;

	timer->earlier_cause_ns = timer->cause_ns;
	timer->pending = timer->pending && !dropped ? 2 : 1;
	timer->signo = record->signal.info.signo;
	timer->queued_ns = record->ts;
	timer->cause_ns = cause_ns;
}

int timers_take_signal(struct timers *timers, const struct record *record)
{
	const struct record_siginfo *info = &record->signal.info;
	struct cpu *cpu = timers_cpu(timers, record->cpu);
	struct known_timer *timer = NULL;
	struct occurrence occurrence = {
		.event = EVENT_SIGNAL_GENERATE,
		.ts = record->ts,
		.cpu = record->cpu,
		.pid = tasks_process(timers->tasks, record->signal.pid),
		.tid = record->signal.pid,
		.family = info->code == SI_TIMER ? TIMER_POSIX : TIMER_ITIMER,
		.signo = info->signo,
		.result = generated_result(record->signal.result),
		.target_tid = record->signal.group ? 0 : record->signal.pid,
	};
	uint64_t cause_ns;
	int status = 0;

	if (!cpu)
		return -ENOMEM;
	cause_ns = find_cause(timers, record, cpu, &occurrence);
	occurrence.has_after = cause_ns != 0;
	occurrence.after_ns = (int64_t)(record->ts - cause_ns);
	if (occurrence.has_id)
		status = timers_get(timers, record->signal.pid, occurrence.pid, occurrence.family,
				    occurrence.id, &timer);
	if (status < 0)
		return status;
	occurrence.traced = timer && timers_traced(timer);
	if (timer && occurrence.result == SIGNAL_DELIVERED)
		note_pending(timer, record, cause_ns);
	else if (timer && occurrence.result == SIGNAL_IGNORED)
		timer->pending = 0;
	timers->receiver(timers->context, &occurrence);
	return 0;
}

/* The process's timer whose signal of this number has waited longest. */
static struct known_timer *longest_pending(const struct timers *timers, int32_t pid, int32_t signo)
{
	struct known_timer *timer = timer_table_of_pid(timers->table, pid);
	struct known_timer *found = NULL;

	for (; timer; timer = timer->next_of_pid)
		if (timer->pid == pid && timer->family == TIMER_POSIX && timer->pending &&
		    timer->signo == signo && (!found || timer->queued_ns < found->queued_ns))
			found = timer;
	return found;
}

static struct known_timer *timer_of_signal(const struct timers *timers, int32_t pid,
					   const struct record_siginfo *info)
{
	if (info->code != SI_TIMER)
		return timer_table_find(timers->table, pid, TIMER_ITIMER, itimer_of(info->signo));
	if (info->has_timer)
		return timer_table_find(timers->table, pid, TIMER_POSIX, info->id);
	return longest_pending(timers, pid, info->signo);
}

static void tell_delivery(struct timers *timers, int32_t tid, uint64_t ts, int cpu,
			  const struct record_siginfo *info, enum signal_result result)
{
	int32_t pid = tasks_process(timers->tasks, tid);
	struct known_timer *timer = timer_of_signal(timers, pid, info);
	uint64_t cause_ns;
	struct occurrence occurrence = { .event = EVENT_SIGNAL_DELIVER,
					 .ts = ts,
					 .cpu = cpu,
					 .pid = pid,
					 .tid = tid,
					 .target_tid = tid,
					 .family = TIMER_POSIX,
					 .has_id = info->has_timer,
					 .id = info->id,
					 .signo = info->signo,
					 .result = result,
					 .has_overrun = info->has_timer,
					 .overrun = info->overrun,
					 .sigev_value = info->value };

	if (info->code != SI_TIMER) {
		occurrence.family = TIMER_ITIMER;
		occurrence.has_id = true;
		occurrence.id = itimer_of(info->signo);
	}
	if (timer) {
		occurrence.has_id = true;
		occurrence.id = timer->id;
		occurrence.traced = timers_traced(timer);
		cause_ns = cause_of_delivery(timer, ts);
		occurrence.has_after = cause_ns != 0;
		occurrence.after_ns = (int64_t)(ts - cause_ns);
	}
	timers->receiver(timers->context, &occurrence);
}

static struct delivery *find_delivery(struct timers *timers, int32_t tid)
{
	for (size_t i = 0; i < timers->delivery_count; i++)
		if (timers->deliveries[i].tid == tid)
			return &timers->deliveries[i];
	return NULL;
}

static void drop_delivery(struct timers *timers, struct delivery *delivery)
{
	*delivery = timers->deliveries[--timers->delivery_count];
}

/* Its siginfo did not come: whatever the thread does next, it has its signal. */
void timers_settle_delivery(struct timers *timers, int32_t tid)
{
	struct delivery *delivery = find_delivery(timers, tid);

	if (!delivery)
		return;
	tell_delivery(timers, tid, delivery->ts, delivery->cpu, &delivery->info, SIGNAL_HANDLER);
	drop_delivery(timers, delivery);
}

int timers_take_deliver(struct timers *timers, const struct record *record)
{
	const struct record_siginfo *info = &record->deliver.info;
	struct delivery *larger;
	size_t room;

	if (record->deliver.handler == (uintptr_t)SIG_DFL ||
	    record->deliver.handler == (uintptr_t)SIG_IGN) {
		tell_delivery(timers, record->tid, record->ts, record->cpu, info,
			      record->deliver.handler == (uintptr_t)SIG_DFL ? SIGNAL_DEFAULT
									    : SIGNAL_DROPPED);
		return 0;
	}
	if (timers->delivery_count == timers->delivery_room) {
		room = timers->delivery_room ? 2 * timers->delivery_room : 16;
		larger = realloc(timers->deliveries, room * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		timers->deliveries = larger;
		timers->delivery_room = room;
	}
	timers->deliveries[timers->delivery_count++] = (struct delivery){
		.tid = record->tid, .cpu = record->cpu, .ts = record->ts, .info = *info
	};
	return 0;
}

void timers_take_handled(struct timers *timers, const struct record *record)
{
	struct delivery *delivery = find_delivery(timers, record->tid);

	if (!delivery)
		return;
	tell_delivery(timers, record->tid, delivery->ts, delivery->cpu, &record->info,
		      SIGNAL_HANDLER);
	drop_delivery(timers, delivery);
}

/* Copied out: for the handler that is just being set up, for a tracer that looks
 * at another's signal, or for who has waited for it. */
void timers_take_fetched(struct timers *timers, const struct record *record)
{
	struct known_timer *timer;

	if (find_delivery(timers, record->tid))
		return;
	timer = timer_of_signal(timers, tasks_process(timers->tasks, record->tid), &record->info);
	if (timer && timer->pending)
		tell_delivery(timers, record->tid, record->ts, record->cpu, &record->info,
			      record->kind == USE_SIGNALFD ? SIGNAL_SIGNALFD : SIGNAL_WAITED);
}

/* --- threads that wait for a signal ----------------------------------------- */

static struct wait **find_wait(struct timers *timers, int32_t tid)
{
	struct wait **link = &timers->waits[(uint32_t)tid % WAIT_BUCKETS];

	while (*link && (*link)->tid != tid)
		link = &(*link)->next;
	return link;
}

int timers_take_wait(struct timers *timers, const struct record *record)
{
	struct wait **link = find_wait(timers, record->tid);

	if (!*link)
		*link = calloc(1, sizeof(**link));
	if (!*link)
		return -ENOMEM;
	(*link)->tid = record->tid;
	(*link)->at = record->copy.old_at;
	return 0;
}

void timers_forget_wait(struct timers *timers, int32_t tid)
{
	struct wait **link = find_wait(timers, tid);
	struct wait *wait = *link;

	if (!wait)
		return;
	*link = wait->next;
	free(wait);
}

void timers_free_waits(struct timers *timers)
{
	for (size_t i = 0; i < WAIT_BUCKETS; i++)
		while (timers->waits[i])
			timers_forget_wait(timers, timers->waits[i]->tid);
}

/* siginfo as the kernel has it on LP64: signo, errno, code, padding; of SI_TIMER
 * id, overrun, value. */
static bool read_stack(const struct record *record, int64_t at, struct record_siginfo *info)
{
	const int64_t *words = record->waited.stack;

	if (at < 0 || at % (int64_t)sizeof(*words) ||
	    at / (int64_t)sizeof(*words) > STACK_WORDS - 4)
		return false;
	words += at / (int64_t)sizeof(*words);
	if ((int32_t)words[0] != record->waited.signo)
		return false;
	*info = (struct record_siginfo){ .signo = (int32_t)words[0], .code = (int32_t)words[1] };
	if (info->code == SI_TIMER) {
		info->has_timer = true;
		info->id = (int32_t)words[2];
		info->overrun = (int32_t)(words[2] >> 32);
		info->value = (uint64_t)words[3];
	}
	return info->code == SI_TIMER || info->code == SI_KERNEL;
}

void timers_take_waited(struct timers *timers, const struct record *record)
{
	struct wait *wait = *find_wait(timers, record->tid);
	struct record_siginfo info = { .signo = record->waited.signo, .code = SI_TIMER };
	struct known_timer *timer;
	bool known = true;

	if (wait) {
		known = read_stack(record, wait->at, &info);
		timers_forget_wait(timers, record->tid);
	}
	timer = known ? timer_of_signal(timers, tasks_process(timers->tasks, record->tid), &info)
		      : NULL;
	if (timer && timer->pending)
		tell_delivery(timers, record->tid, record->ts, record->cpu, &info, SIGNAL_WAITED);
}
