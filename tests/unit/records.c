/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "records.h"

#include <signal.h>
#include <string.h>
#include <time.h>

struct itimerspec_seen spec_of(enum value_source from, int64_t interval_ns, int64_t value_ns)
{
	return (struct itimerspec_seen){ from,
					 { interval_ns / NSEC_PER_SEC, interval_ns % NSEC_PER_SEC },
					 { value_ns / NSEC_PER_SEC, value_ns % NSEC_PER_SEC } };
}

struct record entry_of(enum event event, int32_t id)
{
	return (struct record){
		.kind = USE_ENTRY,
		.event = event,
		.cpu = 1,
		.entry = { .abi = ABI_64, .id = id, .new_ptr = 0x1000, .old_ptr = 0x2000 },
	};
}

struct record return_of(enum event event, int64_t ret)
{
	return (struct record){
		.kind = USE_RETURN, .event = event, .cpu = 1, .ret = { .abi = ABI_64, .ret = ret }
	};
}

struct record copy_of(enum event event, int32_t id, uint32_t flags, struct itimerspec_seen value)
{
	return (struct record){ .kind = USE_COPY,
				.event = event,
				.cpu = 1,
				.copy = { .has_id = true,
					  .id = id,
					  .has_flags = event != EVENT_SETITIMER,
					  .flags = flags,
					  .value = value,
					  .old_at = -1 } };
}

struct record old_of(int64_t interval_ns, int64_t value_ns)
{
	return (struct record){ .kind = USE_OLD,
				.cpu = 1,
				.old = spec_of(FROM_KERNEL, interval_ns, value_ns) };
}

struct record made_of(int32_t id, uint64_t timer)
{
	return (struct record){ .kind = USE_MADE,
				.event = EVENT_TIMER_CREATE,
				.cpu = 1,
				.object = { .timer = timer, .id = id } };
}

struct record file_of(uint64_t timer)
{
	return (struct record){ .kind = USE_FILE,
				.event = EVENT_TIMERFD_CREATE,
				.cpu = 1,
				.object = { .timer = timer } };
}

struct record release_of(uint64_t timer)
{
	struct record record = file_of(timer);

	record.kind = USE_RELEASE;
	return record;
}

struct record user_of(enum probe_use use, enum event event, struct itimerspec_seen value)
{
	return (struct record){ .kind = use,
				.event = event,
				.cpu = 1,
				.user = value,
				.user_ptr = use == USE_USER_OLD ? 0x2000 : 0x1000 };
}

struct record expiry_of(int32_t pid, int32_t id, uint64_t address, int64_t asked_ns,
			int64_t interval_ns)
{
	return (struct record){ .kind = USE_EXPIRY,
				.event = EVENT_TIMER_EXPIRE,
				.cpu = 1,
				.timer = { .address = address,
					   .has_id = true,
					   .id = id,
					   .pid = pid,
					   .has_clock = true,
					   .clock = CLOCK_MONOTONIC,
					   .has_interval = true,
					   .interval_ns = interval_ns,
					   .has_asked = true,
					   .asked_ns = asked_ns,
					   .asked_clock = CLOCK_MONOTONIC } };
}

struct record fd_expiry_of(uint64_t address, int64_t asked_ns, int64_t interval_ns)
{
	struct record record = expiry_of(0, 0, address, asked_ns, interval_ns);

	record.event = EVENT_TIMERFD_EXPIRE;
	record.timer.has_id = false;
	return record;
}

struct record real_expiry_of(int32_t pid, uint64_t address, int64_t asked_ns, int64_t interval_ns)
{
	struct record record = expiry_of(pid, 0, address, asked_ns, interval_ns);

	record.event = EVENT_ITIMER_EXPIRE;
	record.timer.has_id = record.timer.has_clock = false;
	record.timer.clock = 0;
	return record;
}

struct record itimer_of(int32_t which, int32_t pid)
{
	return (struct record){ .kind = USE_ITIMER_EXPIRE,
				.cpu = 1,
				.itimer = { .which = which, .pid = pid } };
}

struct record queue_of(int32_t pid, int32_t id)
{
	return (struct record){ .kind = USE_QUEUE,
				.event = EVENT_TIMER_EXPIRE,
				.cpu = 1,
				.timer = { .has_id = true, .id = id, .pid = pid } };
}

struct record full_queue_of(int32_t pid, int32_t id, int64_t asked_ns, int64_t interval_ns)
{
	struct record record = expiry_of(pid, id, 0, asked_ns, interval_ns);

	record.kind = USE_QUEUE;
	return record;
}

struct record signal_of(int32_t pid, int32_t signo, int32_t code, int32_t result)
{
	return (struct record){ .kind = USE_SIGNAL,
				.cpu = 1,
				.signal = { .info = { .signo = signo, .code = code },
					    .pid = pid,
					    .group = true,
					    .result = result } };
}

struct record deliver_of(int32_t signo, int32_t code, uint64_t handler)
{
	return (struct record){ .kind = USE_DELIVER,
				.cpu = 1,
				.deliver = { .info = { .signo = signo, .code = code },
					     .handler = handler } };
}

struct record info_of(enum probe_use use, int32_t signo, int32_t id, int32_t overrun,
		      uint64_t value)
{
	return (struct record){ .kind = use,
				.event = EVENT_SIGNAL_DELIVER,
				.cpu = 1,
				.info = { .signo = signo,
					  .code = SI_TIMER,
					  .has_timer = true,
					  .id = id,
					  .overrun = overrun,
					  .value = value } };
}

struct record kernel_info_of(enum probe_use use, int32_t signo)
{
	return (struct record){ .kind = use,
				.event = EVENT_SIGNAL_DELIVER,
				.cpu = 1,
				.info = { .signo = signo, .code = SI_KERNEL } };
}

struct record wait_of(int64_t at)
{
	return (struct record){ .kind = USE_WAIT, .cpu = 1, .copy = { .old_at = at } };
}

struct record waited_of(int64_t at, int32_t signo, int32_t id, int32_t overrun, uint64_t value)
{
	struct record record = { .kind = USE_WAITED, .cpu = 1, .waited = { .signo = signo } };
	int64_t *words = record.waited.stack + at / (int64_t)sizeof(*words);

	memset(record.waited.stack, 0xa5, sizeof(record.waited.stack));
	words[0] = signo;
	words[1] = (uint32_t)SI_TIMER;
	words[2] = (int64_t)((uint64_t)(uint32_t)overrun << 32 | (uint32_t)id);
	words[3] = (int64_t)value;
	return record;
}

struct record hrtimer_of(enum probe_use use, uint64_t address, int64_t ns)
{
	return (struct record){ .kind = use,
				.cpu = 1,
				.hrtimer = { .address = address, .ns = ns } };
}

struct record exit_of(int32_t tid)
{
	return (struct record){ .kind = USE_EXIT, .cpu = 1, .task = { .tid = tid } };
}
