/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures of recordings of real kernels: however they are grouped they add up, they are those
 * of the events, and those that the program knows that made them.
 */
#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "replayed.h"
#include "suites.h"

/* --- lines of JSON ----------------------------------------------------------------------------- */

/* What is behind a key of this line, as it is written; empty: it is not there. */
static void value_of(const char *line, const char *key, char value[128])
{
	char wanted[64];
	const char *found;

	snprintf(wanted, sizeof(wanted), "\"%s\":", key);
	found = memmem(line, strcspn(line, "\n"), wanted, strlen(wanted));
	memset(value, 0, 128);
	if (!found)
		return;
	found += strlen(wanted);
	if (*found == '"')
		snprintf(value, 128, "%.*s", (int)strcspn(found + 1, "\""), found + 1);
	else
		snprintf(value, 128, "%.*s", (int)strcspn(found, ",}"), found);
}

static long long number_of(const char *line, const char *key)
{
	char value[128];

	value_of(line, key, value);
	return strtoll(value, NULL, 10);
}

static bool is(const char *line, const char *key, const char *wanted)
{
	char value[128];

	value_of(line, key, value);
	return strcmp(value, wanted) == 0;
}

static const char *next_line(const char *line)
{
	return line + strcspn(line, "\n") + 1;
}

/* --- figures -------------------------------------------------------------------------------------- */

static const char *const counts[] = {
	"started", "older",      "replaced",  "cancelled",  "fired",          "pending", "unknown",
	"rearmed", "past",       "immediate", "deferrable", "pinned",         "irqsafe", "absolute",
	"soft",    "migrations", "wakeups",   "alongside",  "from_interrupt",
};
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

struct figures {
	long long counts[COUNTS];
	size_t rows;
};

static void add(struct figures *figures, const char *line)
{
	for (size_t i = 0; i < COUNTS; i++)
		figures->counts[i] += number_of(line, counts[i]);
	figures->rows++;
}

static void expect_balance(const char *line)
{
	long long begun = number_of(line, "started") + number_of(line, "older");
	long long ended = number_of(line, "fired") + number_of(line, "cancelled") +
			  number_of(line, "replaced") + number_of(line, "unknown") +
			  number_of(line, "pending");

	CU_ASSERT_EQUAL(begun, ended);
	if (begun != ended)
		fprintf(stderr, "\n%.*s\n", (int)strcspn(line, "\n"), line);
}

static void expect_same(const struct figures *rows, const struct figures *total, const char *what)
{
	for (size_t i = 0; i < COUNTS; i++) {
		CU_ASSERT_EQUAL(rows->counts[i], total->counts[i]);
		if (rows->counts[i] != total->counts[i])
			fprintf(stderr, "\n%s: %s %lld, not %lld\n", what, counts[i],
				rows->counts[i], total->counts[i]);
	}
}

static struct replayed run(const char *series, const char *recording, const char *words)
{
	char path[128], all[256];
	struct replayed said;

	snprintf(path, sizeof(path), "tests/fixtures/%s/%s", series, recording);
	snprintf(all, sizeof(all), "--format json %s", words);
	said = replayed_kernel(path, all);
	CU_ASSERT_EQUAL(said.status, 0);
	CU_ASSERT_STRING_EQUAL(said.err, "");
	return said;
}

/* The sum of all rows; each of them balances, and so does the total, which it is. */
static struct figures sum(const char *series, const char *recording, const char *words)
{
	struct replayed said = run(series, recording, words);
	struct figures rows = { .rows = 0 }, total = { .rows = 0 };

	for (const char *line = said.out; *line; line = next_line(line)) {
		if (is(line, "event", "kernel"))
			add(&rows, line);
		else if (is(line, "event", "total"))
			add(&total, line);
		else
			continue;
		expect_balance(line);
		CU_ASSERT_TRUE(is(line, "incomplete", "false"));
		CU_ASSERT_EQUAL(number_of(line, "unknown"), 0);
	}
	CU_ASSERT_EQUAL(total.rows, 1);
	expect_same(&rows, &total, words);
	replayed_free(&said);
	return rows;
}

static void adds_up(void)
{
	static const char *const selections[] = { "", "-n ktimers", "--callback process_*,hrtimer*",
						  "--wakeups", "--wakeups -n ktimers" };
	static const char *const groups[] = {
		"callback",
		"module",
		"mechanism",
		"process",
		"comm",
		"cpu",
		"caller",
		"timer",
		"callback,process",
		"module,comm",
		"cpu,mechanism",
		"caller,timer",
		"process,cpu,timer",
		"callback,module,mechanism,process,comm,cpu,caller,timer",
	};

	for (int i = 0; i < FIXTURE_SERIES; i++)
		for (size_t j = 0; j < sizeof(selections) / sizeof(selections[0]); j++) {
			struct figures first = { .rows = 0 };

			for (size_t k = 0; k < sizeof(groups) / sizeof(groups[0]); k++) {
				char words[200];
				struct figures figures;

				snprintf(words, sizeof(words), "--callers --by %s %s", groups[k],
					 selections[j]);
				figures = sum(fixture_series[i], "kernel.dat", words);
				if (!k)
					first = figures;
				expect_same(&figures, &first, words);
				CU_ASSERT_TRUE(figures.rows > 0);
			}
			CU_ASSERT_TRUE(first.counts[0] > 25);
		}
}

/* Tables of a part of the time: what happened in them is what happened. */
static void intervals(void)
{
	static const char *const words[] = { "--interval 50ms", "--interval 10ms --by process",
					     "--interval 1s" };

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		const struct figures whole = sum(fixture_series[i], "kernel.dat", "--by callback");

		for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
			struct replayed said = run(fixture_series[i], "kernel.dat", words[j]);
			struct figures rows = { .rows = 0 };

			for (const char *line = said.out; *line; line = next_line(line)) {
				if (!is(line, "event", "kernel") && !is(line, "event", "total"))
					continue;
				expect_balance(line);
				if (is(line, "event", "kernel"))
					add(&rows, line);
			}
			/* what is pending is so in each of them */
			for (size_t k = 0; k < COUNTS; k++)
				if (strcmp(counts[k], "pending") && strcmp(counts[k], "older"))
					CU_ASSERT_EQUAL(rows.counts[k], whole.counts[k]);
			replayed_free(&said);
		}
	}
}

/* --- figures and events ------------------------------------------------------------------------- */

#define CALLBACKS_MAX 64

struct counted {
	char callback[128], mechanism[128];
	long long started, replaced, cancelled, fired, immediate, rearmed, migrations, wakeups;
};

struct all_counted {
	struct counted list[CALLBACKS_MAX];
	size_t count;
};

static struct counted *counted_of(struct all_counted *all, const char *line)
{
	char callback[128], mechanism[128];
	struct counted *counted;

	value_of(line, "callback", callback);
	value_of(line, "mechanism", mechanism);
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].callback, callback) == 0 &&
		    strcmp(all->list[i].mechanism, mechanism) == 0)
			return &all->list[i];
	CU_ASSERT_TRUE_FATAL(all->count < CALLBACKS_MAX);
	counted = &all->list[all->count++];
	*counted = (struct counted){ .started = 0 };
	memcpy(counted->callback, callback, sizeof(callback));
	memcpy(counted->mechanism, mechanism, sizeof(mechanism));
	return counted;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void count_events(struct all_counted *all, const char *text)
{
	for (const char *line = text; *line; line = next_line(line)) {
		struct counted *counted;
		char event[128];

		value_of(line, "event", event);
		if (is(line, "mechanism", "null"))
			continue;
		if (ends_with(event, "_start")) {
			counted = counted_of(all, line);
			counted->started++;
			counted->replaced += is(line, "replaces", "true");
			counted->rearmed += is(line, "rearmed", "true");
		} else if (ends_with(event, "_cancel")) {
			counted_of(all, line)->cancelled++;
		} else if (ends_with(event, "_expire")) {
			counted = counted_of(all, line);
			counted->fired++;
			counted->immediate += is(line, "immediate", "true");
			counted->migrations += is(line, "migrated", "true");
		} else if (strcmp(event, "wakeup") == 0) {
			counted_of(all, line)->wakeups++;
		}
	}
}

static void count_rows(struct all_counted *all, const char *text)
{
	for (const char *line = text; *line; line = next_line(line)) {
		struct counted *counted;

		if (!is(line, "event", "kernel"))
			continue;
		counted = counted_of(all, line);
		counted->started += number_of(line, "started");
		counted->replaced += number_of(line, "replaced");
		counted->cancelled += number_of(line, "cancelled");
		counted->fired += number_of(line, "fired");
		counted->immediate += number_of(line, "immediate");
		counted->rearmed += number_of(line, "rearmed");
		counted->migrations += number_of(line, "migrations");
		counted->wakeups += number_of(line, "wakeups");
	}
}

static void compare_counted(const char *series, struct all_counted *rows,
			    struct all_counted *events)
{
	CU_ASSERT_EQUAL(rows->count, events->count);
	for (size_t i = 0; i < rows->count; i++) {
		struct counted *row = &rows->list[i], *event = NULL;

		for (size_t j = 0; j < events->count; j++)
			if (strcmp(events->list[j].callback, row->callback) == 0 &&
			    strcmp(events->list[j].mechanism, row->mechanism) == 0)
				event = &events->list[j];
		CU_ASSERT_PTR_NOT_NULL(event);
		/* who takes the place of another's may not be asked for: as timersnoop itself
		 * when it is its turn to run */
		if (event && strcmp(row->callback, "hrtick") == 0)
			event->replaced = row->replaced;
		if (!event || memcmp(row, event, sizeof(*row)) != 0)
			fprintf(stderr, "\n%s: %s %s: %lld %lld %lld %lld %lld %lld %lld %lld\n",
				series, row->callback, row->mechanism, row->started, row->replaced,
				row->cancelled, row->fired, row->immediate, row->rearmed,
				row->migrations, row->wakeups);
		CU_ASSERT_TRUE(event && memcmp(row, event, sizeof(*row)) == 0);
	}
}

/* By callback, each figure is what the lines of events tell. */
static void same_as_events(void)
{
	static const char *const selections[] = { "", "-n ktimers" };

	for (int i = 0; i < FIXTURE_SERIES; i++)
		for (size_t j = 0; j < sizeof(selections) / sizeof(selections[0]); j++) {
			struct all_counted *rows = calloc(1, sizeof(*rows));
			struct all_counted *events = calloc(1, sizeof(*events));
			char words[100];
			struct replayed said;

			snprintf(words, sizeof(words), "--wakeups --by callback,cpu %s",
				 selections[j]);
			said = run(fixture_series[i], "kernel.dat", words);
			count_rows(rows, said.out);
			replayed_free(&said);
			snprintf(words, sizeof(words), "-e all %s", selections[j]);
			said = run(fixture_series[i], "kernel.dat", words);
			count_events(events, said.out);
			replayed_free(&said);
			CU_ASSERT_TRUE(rows->count > 4);
			compare_counted(fixture_series[i], rows, events);
			free(rows);
			free(events);
		}
}

/* --- figures and what the program knows ----------------------------------------------------------- */

/* What its account says of a callback, in all; and how many more there may be. */
static void account_of(const char *text, const char *callback, const char *key, long long *sum,
		       long long *more)
{
	*sum = *more = 0;
	for (const char *line = text; *line; line = next_line(line)) {
		bool wakes = strcmp(callback, "hrtimer_wakeup") == 0;
		char value[128];

		if (wakes && strcmp(key, "cancelled") != 0)
			*sum += number_of(line, "naps");
		if (!is(line, "callback", callback))
			continue;
		value_of(line, key, value);
		*sum += number_of(line, key);
		*more += number_of(line, "_more");
		/* not known */
		if (!value[0])
			*more = -1;
	}
}

static void compare_account(const char *series, const char *account, const char *row)
{
	/* 7.2 does not have a callback called for what had expired when it was armed */
	static const char *const keys[] = { "started", "fired", "cancelled" };
	char callback[128];

	value_of(row, "callback", callback);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		long long known, more, seen = number_of(row, keys[i]);

		account_of(account, callback, keys[i], &known, &more);
		if (more < 0 || (strcmp(keys[i], "fired") == 0 && number_of(row, "past")))
			continue;
		CU_ASSERT_TRUE(seen >= known && seen <= known + more);
		if (seen < known || seen > known + more)
			fprintf(stderr, "\n%s: %s %s: %lld, not %lld (and up to %lld more)\n",
				series, callback, keys[i], seen, known, more);
	}
}

static void same_as_account(void)
{
	static const char *const callbacks[] = { "hrtimer_wakeup", "timerfd_tmrproc",
						 "posix_timer_fn", "it_real_fn",
						 "process_timeout" };

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		size_t size, compared = 0;
		char *account = fixture_read(fixture_series[i], "kernel.account", &size);
		struct replayed said = run(fixture_series[i], "kernel.dat",
					   "-n ktimers --by callback,comm --where comm==ktimers");

		for (const char *line = said.out; *line; line = next_line(line))
			for (size_t j = 0; j < sizeof(callbacks) / sizeof(callbacks[0]); j++)
				if (is(line, "event", "kernel") &&
				    is(line, "callback", callbacks[j])) {
					compare_account(fixture_series[i], account, line);
					compared++;
				}
		CU_ASSERT_EQUAL(compared, sizeof(callbacks) / sizeof(callbacks[0]));
		/* what its peer answered, and nobody did */
		CU_ASSERT_PTR_NOT_NULL(strstr(said.out, "\"callback\":\"tcp_write_timer\""));
		replayed_free(&said);
		free(account);
	}
}

/* Each command's own, and nothing of others. */
static void of_one_command(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		struct figures figures =
			sum(fixture_series[i], "kernel-command.dat", "--by callback,process");
		struct replayed said =
			run(fixture_series[i], "kernel-command.dat", "--by comm --top 0");
		size_t rows = 0;

		for (const char *line = said.out; *line; line = next_line(line))
			if (is(line, "event", "kernel")) {
				CU_ASSERT_TRUE(is(line, "comm", "ktimers"));
				rows++;
			}
		CU_ASSERT_EQUAL(rows, 1);
		/* 3 sleeps, a receive that times out, 3 periods or one less, of which two came
		 * at once, and one that is called off */
		CU_ASSERT_TRUE(figures.counts[0] >= 7);
		CU_ASSERT_EQUAL(figures.counts[1], 0);
		CU_ASSERT_TRUE(figures.counts[3] >= 1);
		CU_ASSERT_TRUE(figures.counts[4] == 6 || figures.counts[4] == 7);
		replayed_free(&said);
	}
}

int suite_replay_kernel_sums(void)
{
	CU_pSuite suite = CU_add_suite("replay_kernel_sums", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, adds_up) || !CU_ADD_TEST(suite, intervals) ||
	    !CU_ADD_TEST(suite, same_as_events) || !CU_ADD_TEST(suite, same_as_account) ||
	    !CU_ADD_TEST(suite, of_one_command))
		return (int)CU_get_error();
	return 0;
}
