/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outs.h"

#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* 2026-11-21T12:00:00Z at 100 seconds of the trace clock */
#define WALL_OFFSET_NS ((1795262400LL - 100) * NSEC_PER_SEC)

const struct out_style plain = {
	.time = TIME_RELATIVE,
	.wall_offset_ns = WALL_OFFSET_NS,
	.start_ns = 99000000000,
};
const struct caller app = { .pid = 4242, .tid = 4242, .comm = "app" };
const struct call usual = {
	.event = EVENT_TIMER_SETTIME,
	.start_ns = START_NS,
	.end_ns = START_NS + 1234,
	.cpu = 1,
	.tid = 4242,
	.abi = ABI_64,
	.has_args = true,
	.has_pointers = true,
	.new_ptr = 0x7ffc12345678,
	.new_value = { FROM_KERNEL, { 0, 0 }, { 0, 10000000 } },
};

static const struct itimerspec_seen two_seconds = { FROM_KERNEL, { 1, 500 }, { 2, 750 } };

char written[8192];

struct sink *open_sink(int *fd)
{
	*fd = memfd_create("out", 0);
	return sink_new(*fd, -1);
}

void expect(struct sink *sink, int fd, const char *expected)
{
	ssize_t size;

	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, written, sizeof(written) - 1, 0);
	written[size > 0 ? size : 0] = '\0';
	CU_ASSERT_STRING_EQUAL(written, expected);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "\n  written:  %s  expected: %s", written, expected);
	sink_free(sink);
	close(fd);
}

void expect_call(const struct out *out, const struct out_style *style, const struct caller *caller,
		 const struct call *call, const char *expected)
{
	int fd;
	struct sink *sink = open_sink(&fd);

	out->call(sink, style, caller, call);
	expect(sink, fd, expected);
}

void expect_occurrence(const struct out *out, const struct out_style *style,
		       const struct occurrence *occurrence, const char *expected)
{
	struct caller caller = { .pid = 4242, .tid = occurrence->tid, .comm = "app" };
	int fd;
	struct sink *sink = open_sink(&fd);

	out->occurrence(sink, style, &caller, occurrence);
	expect(sink, fd, expected);
}

void expect_life(const struct out *out, const struct out_style *style, const struct life *life,
		 const char *expected)
{
	int fd;
	struct sink *sink = open_sink(&fd);

	out->life(sink, style, life);
	expect(sink, fd, expected);
}

/* The next field, which no test has quoted; *at moves behind it. */
static char *csv_field(char **at)
{
	char *field = *at;

	*at += strcspn(*at, ",\n");
	if (**at)
		*(*at)++ = '\0';
	return field;
}

void expect_csv(struct sink *sink, int fd, const char *expected)
{
	char found[2 * sizeof(written)] = "";
	char *names = written, *values, *end = found;
	ssize_t size;

	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, written, sizeof(written) - 1, 0);
	written[size > 0 ? size : 0] = '\0';
	values = written + strcspn(written, "\n");
	CU_ASSERT_EQUAL_FATAL(*values, '\n');
	*values++ = '\0';
	while (*names) {
		char *name = csv_field(&names);
		char *value = csv_field(&values);

		if (*value)
			end += sprintf(end, "%s%s=%s", end == found ? "" : " ", name, value);
	}
	CU_ASSERT_EQUAL(*values, '\0'); /* as many fields as names */
	CU_ASSERT_STRING_EQUAL(found, expected);
	if (strcmp(found, expected) != 0)
		fprintf(stderr, "\n  written:  %s\n  expected: %s\n", found, expected);
	sink_free(sink);
	close(fd);
}

static struct sink *open_csv(int *fd, struct out_style *style)
{
	struct sink *sink = open_sink(fd);

	*style = plain;
	style->header = true;
	out_csv.header(sink, style);
	return sink;
}

void expect_csv_call(const struct call *call, const char *expected)
{
	struct out_style style;
	int fd;
	struct sink *sink = open_csv(&fd, &style);

	out_csv.call(sink, &style, &app, call);
	expect_csv(sink, fd, expected);
}

void expect_csv_occurrence(const struct occurrence *occurrence, const char *expected)
{
	struct out_style style;
	int fd;
	struct sink *sink = open_csv(&fd, &style);

	out_csv.occurrence(sink, &style, &app, occurrence);
	expect_csv(sink, fd, expected);
}

void expect_header(const struct out *out, const struct out_style *style, const char *expected)
{
	int fd;
	struct sink *sink = open_sink(&fd);

	out->header(sink, style);
	expect(sink, fd, expected);
}

void expect_lost(const struct out *out, const struct loss *loss, const char *expected)
{
	int fd;
	struct sink *sink = open_sink(&fd);

	out->lost(sink, &plain, loss);
	expect(sink, fd, expected);
}

struct call whole(enum event event)
{
	struct call call = usual;

	call.event = event;
	call.new_ptr = 0;
	call.new_value = (struct itimerspec_seen){ .from = FROM_NONE };
	return call;
}

struct call created(enum event event, int32_t id)
{
	struct call call = whole(event);

	call.has_id = true;
	call.timer_id = id;
	call.clock = CLOCK_MONOTONIC;
	if (event == EVENT_TIMER_CREATE) {
		call.new_ptr = 0x7ffc12345678;
		call.old_ptr = 0x7ffc12345698;
		call.sigevent = (struct sigevent_seen){
			.from = FROM_KERNEL, .value = 0x4d, .signo = SIGUSR1, .tid = 4243
		};
	} else {
		call.ret = id;
	}
	return call;
}

struct call with_old(void)
{
	struct call call = usual;

	call.flags = 1;
	call.old_ptr = 0x7ffc12345698;
	call.new_value = two_seconds;
	call.old_value = (struct itimerspec_seen){ FROM_KERNEL, { 0, 500 }, { 0, 997866370 } };
	return call;
}

struct call refused(void)
{
	struct call call = usual;

	call.ret = -EINVAL;
	call.timer_id = -1;
	call.flags = 6;
	call.old_ptr = UINT64_MAX;
	call.new_value =
		(struct itimerspec_seen){ FROM_USER, { INT64_MIN, INT64_MAX }, { -5, 2000000000 } };
	return call;
}

struct call without_entry(void)
{
	struct call call = usual;

	call.missing = CALL_NO_ENTRY;
	call.abi = ABI_UNKNOWN;
	call.has_pointers = false;
	call.new_ptr = 0;
	return call;
}

struct call bare(unsigned missing)
{
	return (struct call){
		.event = EVENT_TIMER_SETTIME,
		.start_ns = START_NS,
		.cpu = 1,
		.tid = 4242,
		.missing = missing,
		.abi = ABI_UNKNOWN,
	};
}

struct call without_return(void)
{
	struct call call = usual;

	call.missing = CALL_NO_RETURN;
	call.end_ns = 0;
	return call;
}
