/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figured.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/out.h"
#include "timersnoop/sink.h"

struct report *figured;
struct diagnosis_loss figured_loss;
char figured_written[65536];

static struct options options;
static struct stats_scene stats_scene;
static struct out_style style;
static struct sink *sink;
static char words_copy[512];
static int fd;

static bool clock_at(void *context, int32_t clock, uint64_t ts, int64_t *ns)
{
	CU_ASSERT_PTR_EQUAL(context, &options);
	*ns = (int64_t)ts;
	return clock == CLOCK_MONOTONIC;
}

static int take_change(void *context, const struct life_change *change)
{
	return report_stat_change(context, change);
}

static int take_call(void *context, const struct caller *who, const struct call *call)
{
	return report_stat_call(context, who, call);
}

static int make(const char *words, struct error *err)
{
	char name[] = "timersnoop", command[] = "stat";
	char *argv[24] = { name, command };
	int argc = 2;

	snprintf(words_copy, sizeof(words_copy), "%s", words);
	for (char *at = words_copy; *at && argc < 23;) {
		bool quoted = *at == '\'';

		argv[argc++] = at += quoted;
		at += strcspn(at, quoted ? "'" : " ");
		if (quoted && *at)
			*at++ = '\0';
		while (*at == ' ')
			*at++ = '\0';
	}
	CU_ASSERT_EQUAL_FATAL(options_parse(&options, argc, argv, err), 0);
	return report_new(&figured, &options, &stat_figures, err);
}

void figured_begin(const char *words)
{
	struct report_scene scene = { .figures = &stats_scene,
				      .since_ns = 1000 * MS,
				      .style = &style };
	struct error err;

	CU_ASSERT_EQUAL_FATAL(make(words, &err), 0);
	figured_loss = (struct diagnosis_loss){ .incomplete = false };
	fd = memfd_create("figured", 0);
	sink = sink_new(fd, -1);
	style = (struct out_style){ .format = options.format,
				    .time = options.time,
				    .wide = options.wide,
				    .header = options.header,
				    .null = options.null,
				    .no_wall = true };
	stats_scene = (struct stats_scene){ .limits = &options.limits,
					    .clock_at = clock_at,
					    .context = &options,
					    .histograms = options.histograms,
					    .events = options.events };
	scene.by = options.by;
	scene.sink = options.quiet ? NULL : sink;
	CU_ASSERT_EQUAL_FATAL(report_begin(figured, &scene), 0);
	feed_begin_watched(take_change, take_call, figured);
}

int figured_refuse(const char *words, struct error *err)
{
	int status = make(words, err);

	CU_ASSERT_PTR_NULL(figured);
	report_free(figured);
	options_free(&options);
	return status;
}

void figured_finish(uint64_t now_ms)
{
	ssize_t size;

	CU_ASSERT_EQUAL(report_pass(figured, now_ms * MS), 0);
	report_ask(figured, now_ms * MS);
	report_ending(figured, now_ms * MS);
	lives_finish(feed_lives);
	lives_free(feed_lives);
	CU_ASSERT_EQUAL(report_finish(figured, now_ms * MS, &figured_loss), 0);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, figured_written, sizeof(figured_written) - 1, 0);
	figured_written[size > 0 ? size : 0] = '\0';
}

static void expect(const char *written, const char *expected)
{
	CU_ASSERT_STRING_EQUAL(written, expected);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "\n  written:\n%s  expected:\n%s", written, expected);
}

void figured_expect(const char *expected)
{
	static char squeezed[sizeof(figured_written)];
	char *to = squeezed;

	for (const char *at = figured_written; *at; at++)
		if (*at != ' ' || (to > squeezed && to[-1] != ' ' && to[-1] != '\n'))
			*to++ = *at;
	*to = '\0';
	expect(squeezed, expected);
}

void figured_expect_last(size_t lines, const char *expected)
{
	const char *at = figured_written + strlen(figured_written);

	for (size_t ends = 0; at > figured_written; at--)
		if (at[-1] == '\n' && ends++ == lines)
			break;
	expect(at, expected);
}

void figured_end(const char *on_stderr)
{
	int said = memfd_create("said", 0), kept = dup(STDERR_FILENO);
	char text[4096];
	ssize_t size;

	fflush(stderr);
	dup2(said, STDERR_FILENO);
	report_tell(figured);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	size = pread(said, text, sizeof(text) - 1, 0);
	text[size > 0 ? size : 0] = '\0';
	close(said);
	expect(text, on_stderr);
	report_free(figured);
	options_free(&options);
	sink_free(sink);
	close(fd);
}
