/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_figured.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "records.h"

struct report *kernel_figured;
struct options kernel_figured_options;
struct diagnosis_loss kernel_figured_loss;
char kernel_figured_written[65536];

static struct kernel_stats_scene stats_scene;
static struct symbols *symbols;
static struct out_style style;
static struct sink *sink;
static char words_copy[512];
static int fd;

static bool is_tick(void *context, uint64_t function)
{
	CU_ASSERT_PTR_EQUAL(context, &stats_scene);
	return function == FN_TICK;
}

static int make(const char *words, struct error *err)
{
	char name[] = "timersnoop", command[] = "kernel";
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
	CU_ASSERT_EQUAL_FATAL(options_parse(&kernel_figured_options, argc, argv, err), 0);
	return report_new(&kernel_figured, &kernel_figured_options, &kernel_figures, err);
}

void kernel_figured_begin(const char *words)
{
	const struct options *options = &kernel_figured_options;
	struct report_scene scene = { .figures = &stats_scene,
				      .since_ns = 1000 * MS,
				      .style = &style };
	struct error err;

	CU_ASSERT_EQUAL_FATAL(make(words, &err), 0);
	kernel_figured_loss = (struct diagnosis_loss){ .incomplete = false };
	fd = memfd_create("figured", 0);
	sink = sink_new(fd, -1);
	symbols = fed_symbols();
	fed_now = 1000 * MS;
	style = (struct out_style){ .format = options->format,
				    .time = options->time,
				    .wide = options->wide,
				    .header = options->header,
				    .null = options->null,
				    .no_wall = true };
	stats_scene = (struct kernel_stats_scene){ .symbols = symbols,
						   .by = options->kernel_by,
						   .histograms = options->histograms,
						   .limits = &options->limits,
						   .tick_ns = 4 * MS,
						   .wakes = options->wakeups,
						   .is_tick = is_tick,
						   .context = &stats_scene };
	scene.by = options->kernel_by;
	scene.sink = options->quiet ? NULL : sink;
	CU_ASSERT_EQUAL_FATAL(report_begin(kernel_figured, &scene), 0);
}

void kernel_figured_refuse(const char *words, const char *said)
{
	struct error err = { .code = 0 };

	CU_ASSERT_TRUE(make(words, &err) < 0);
	CU_ASSERT_PTR_NULL(kernel_figured);
	CU_ASSERT_EQUAL(strncmp(err.text, said, strlen(said)), 0);
	if (strncmp(err.text, said, strlen(said)) != 0)
		fprintf(stderr, "\n%s: %s\n", words, err.text);
	options_free(&kernel_figured_options);
}

void kernel_figured_tell(const struct kernel_change *change)
{
	CU_ASSERT_EQUAL(report_kernel_change(kernel_figured, change), 0);
	fed_now += MS;
}

void kernel_figured_fed(enum kernel_what what, const struct kernel_arm *arm)
{
	const struct kernel_change change = fed_change_of(what, arm);

	kernel_figured_tell(&change);
}

void kernel_figured_pass(uint64_t now_ms)
{
	CU_ASSERT_EQUAL(report_pass(kernel_figured, now_ms * MS), 0);
	report_ask(kernel_figured, now_ms * MS);
	fed_now = now_ms * MS > fed_now ? now_ms * MS : fed_now;
}

void kernel_figured_finish(uint64_t now_ms)
{
	ssize_t size;

	CU_ASSERT_EQUAL(report_pass(kernel_figured, now_ms * MS), 0);
	report_ask(kernel_figured, now_ms * MS);
	report_ending(kernel_figured, now_ms * MS);
	CU_ASSERT_EQUAL(report_finish(kernel_figured, now_ms * MS, &kernel_figured_loss), 0);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, kernel_figured_written, sizeof(kernel_figured_written) - 1, 0);
	kernel_figured_written[size > 0 ? size : 0] = '\0';
}

static void expect(const char *written, const char *expected)
{
	CU_ASSERT_STRING_EQUAL(written, expected);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "\n  written:\n%s  expected:\n%s", written, expected);
}

void kernel_figured_expect(const char *expected)
{
	static char squeezed[sizeof(kernel_figured_written)];
	char *to = squeezed;

	for (const char *at = kernel_figured_written; *at; at++)
		if (*at != ' ' || (to > squeezed && to[-1] != ' ' && to[-1] != '\n'))
			*to++ = *at;
	*to = '\0';
	expect(squeezed, expected);
}

void kernel_figured_end(const char *on_stderr)
{
	int said = memfd_create("said", 0), kept = dup(STDERR_FILENO);
	char text[4096];
	ssize_t size;

	fflush(stderr);
	dup2(said, STDERR_FILENO);
	report_tell(kernel_figured);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	size = pread(said, text, sizeof(text) - 1, 0);
	text[size > 0 ? size : 0] = '\0';
	close(said);
	expect(text, on_stderr);
	report_free(kernel_figured);
	kernel_figured = NULL;
	options_free(&kernel_figured_options);
	sink_free(sink);
	close(fd);
	symbols_free(symbols);
}
