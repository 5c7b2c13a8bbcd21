/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outs.h"

#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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
