/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "timersnoop/events.h"
#include "timersnoop/scene.h"

#define FIRST "timersnoop scene 1\n"

static struct scene scene;
static struct error err;

static int parse(const char *text)
{
	memset(&err, 0, sizeof(err));
	return scene_parse(&scene, text, strlen(text), &err);
}

static void fill(void)
{
	struct existing_timer posix = {
		.process = { .tid = 40, .tgid = 40, .uid = 1000, .comm = "app" },
		.timer = { .family = TIMER_POSIX,
			   .id = 3,
			   .clock = -6,
			   .posix = { 4, 34, 41, UINT64_MAX } },
		.earliest_ns = 90,
		.latest_ns = 95,
	};
	struct existing_timer fd = {
		.process = { .tid = 42, .tgid = 42, .uid = UINT32_MAX, .comm = "" },
		.timer = { .family = TIMER_FD,
			   .id = 5,
			   .clock = 1,
			   .timerfd = { .flags = 1,
					.ticks = 7,
					.value = { 1, 999999999 },
					.interval = { 9223372036, 854775807 },
					.cloexec = true } },
		.earliest_ns = 91,
		.latest_ns = 91,
	};

	scene = (struct scene){ .events = EVENTS_CALLS | EVENT_BIT(EVENT_SIGNAL_DELIVER),
				.lives = true,
				.followed = true,
				.cut = true,
				.self = 4242,
				.since_ns = 100,
				.end_ns = 200,
				.alarm_offset = 56,
				.tick_ns = 3999998,
				.ahead = { { 0, 1795000000000000000 }, { 7, -5 } },
				.ahead_count = 2,
				.missed = 17,
				.missed_unknown = true,
				.disturbed = "tracing_on, settime_new/enable and more",
				.plan = strdup("p:timersnoop/a b c\nr1:timersnoop/d e\n") };
	scene_add_wall(&scene, 0, 1795000000000000000);
	scene_add_wall(&scene, 150, -1);
	scene_add_wall(&scene, 160, -1); /* nothing new */
	scene_add_task(&scene.tasks, &(struct task){ .tid = 1, .tgid = 1, .comm = "init" });
	scene_add_task(
		&scene.tasks,
		&(struct task){ .tid = 2, .tgid = 1, .uid = 7, .comm = "a b\\\n\033[1m\xff" });
	scene_add_task(&scene.tasks,
		       &(struct task){ .tid = 3, .tgid = 3, .comm = "fifteen-bytes-x" });
	scene_add_task(&scene.later, &(struct task){ .tid = 9, .tgid = 9, .uid = UINT32_MAX });
	scene_add_lost(&scene, &(struct scene_lost){ 0, 1, 12 });
	scene_add_lost(&scene, &(struct scene_lost){ 1, 1, UINT64_MAX });
	scene.existing.timers = calloc(2, sizeof(posix));
	scene.existing.timers[0] = posix;
	scene.existing.timers[1] = fd;
	scene.existing.count = scene.existing.room = 2;
}

/* Field by field: what is between them is anything. */
static bool same_task(const struct task *a, const struct task *b)
{
	return a->tid == b->tid && a->tgid == b->tgid && a->uid == b->uid &&
	       strcmp(a->comm, b->comm) == 0 && a->losses == b->losses &&
	       a->timers_gone == b->timers_gone;
}

/* All that is written is read again, and nothing else. */
static void there_and_back(void)
{
	struct scene before;
	char *text, *again;

	fill();
	text = scene_text(&scene);
	before = scene;
	scene = (struct scene){ .self = 0 };
	CU_ASSERT_EQUAL_FATAL(parse(text), 0);
	again = scene_text(&scene);
	CU_ASSERT_STRING_EQUAL(text, again);
	CU_ASSERT_EQUAL(scene.events, before.events);
	CU_ASSERT_EQUAL(scene.tick_ns, 3999998);
	CU_ASSERT_EQUAL(scene.wall_count, 2);
	CU_ASSERT_EQUAL(scene.wall[1].from_ns, 150);
	CU_ASSERT_EQUAL(scene.tasks.count, 3);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_TRUE(same_task(&scene.tasks.list[i], &before.tasks.list[i]));
	CU_ASSERT_STRING_EQUAL(scene.tasks.list[1].comm, "a b\\\n\033[1m\xff");
	CU_ASSERT_EQUAL(scene.later.list[0].uid, UINT32_MAX);
	CU_ASSERT_EQUAL(scene.existing.count, 2);
	CU_ASSERT_EQUAL(scene.existing.timers[0].timer.posix.sigev_value, UINT64_MAX);
	CU_ASSERT_EQUAL(scene.existing.timers[1].timer.timerfd.value.nsec, 999999999);
	CU_ASSERT_EQUAL(scene.lost[1].records, UINT64_MAX);
	CU_ASSERT_STRING_EQUAL(scene.disturbed, before.disturbed);
	CU_ASSERT_STRING_EQUAL(scene.plan, before.plan);
	scene_free(&scene);
	scene_free(&before);
	free(text);
	free(again);
}

static void odd_names(void)
{
	CU_ASSERT_EQUAL_FATAL(parse(FIRST "task 5 5 0 \\x41\\x20b\n"), 0);
	CU_ASSERT_STRING_EQUAL(scene.tasks.list[0].comm, "A b");
	scene_free(&scene);
}

/* What a later version tells is passed over; another kind of text is none of ours. */
static void other_versions(void)
{
	CU_ASSERT_EQUAL(parse(FIRST), 0);
	scene_free(&scene);
	CU_ASSERT_EQUAL(parse(FIRST "weather 12 fine\nevent timer_sing\nself 3\n\n"), 0);
	CU_ASSERT_EQUAL(scene.self, 3);
	CU_ASSERT_EQUAL(scene.events, 0);
	scene_free(&scene);
	CU_ASSERT_EQUAL(parse(""), -EBADMSG);
	CU_ASSERT_EQUAL(parse("timersnoop scene 2\nself 3\n"), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "of another version"));
}

/* Of earlier versions nobody told it; it is a second at most. */
static void ticks(void)
{
	static const struct {
		const char *line;
		int64_t ns;
	} good[] = { { "", 0 },
		     { "tick 0\n", 0 },
		     { "tick 1\n", 1 },
		     { "tick 1000000000\n", NSEC_PER_SEC } };
	char text[64];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), FIRST "%s", good[i].line);
		CU_ASSERT_EQUAL(parse(text), 0);
		CU_ASSERT_EQUAL(scene.tick_ns, good[i].ns);
		scene_free(&scene);
	}
}

static void damaged_lines(void)
{
	static const char *const lines[] = {
		"self",
		"self ",
		"self x",
		"self 1 2",
		"self -1",
		"self 4294967296",
		"self  1",
		"lives 2",
		"since 99999999999999999999",
		"since 9223372036854775807",
		"since -5",
		"alarm 99999",
		"tick",
		"tick -1",
		"tick 1000000001",
		"tick 4000000 1",
		"tick 4ms",
		"ahead 1",
		"wall 5 6 7",
		"wall 0 9223372036854775807",
		"task 1 1 0",
		"task 1 1 -1 x",
		"task 1 x 0 x",
		"task 1 1 0 sixteen-bytes-xy",
		"task 1 1 0 a\\x00",
		"task 1 1 0 a\\x4",
		"task 1 1 0 a\\xzz",
		"task 1 1 0 a\\",
		"posix 1 1 0 5 4 0 0 0 0 0 0 late",
		"posix 1 1 0 5 5 0 0 0 0 0 app",
		"posix 1 1 0 5 5 0 0 0 0 0 -1 app",
		"fd 1 1 0 5 5 0 0 0 0 0 1000000000 0 0 0 app",
		"fd 1 1 0 5 5 0 0 0 0 -1 0 0 0 0 app",
		"fd 1 1 0 5 5 0 0 0 0 9223372037 0 0 0 0 app",
		"fd 1 1 0 5 5 0 0 0 0 0 0 0 0 2 app",
		"lost 0 0",
		"lost -1 0 5",
		"missed 5",
		"missed x 0",
		"disturbed",
		"disturbed ",
		"disturbed a\tb",
		"self 1\nwall 5 0\nwall 4 1",
	};
	char text[200];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), FIRST "followed 1\n%s\n", lines[i]);
		CU_ASSERT_EQUAL(parse(text), -EBADMSG);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is damaged (line "));
		if (err.code != EBADMSG)
			fprintf(stderr, "\ntaken: %s\n", lines[i]);
		CU_ASSERT_EQUAL(scene.followed, false);
		CU_ASSERT_PTR_NULL(scene.tasks.list);
	}
	CU_ASSERT_EQUAL(parse(FIRST "followed 1\nself 3"), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text,
			       "what it tells besides its records is damaged (line 3 of that)");
	CU_ASSERT_EQUAL(scene_parse(&scene, FIRST "a\0b\n", sizeof(FIRST "a\0b\n") - 1, &err),
			-EBADMSG);
	snprintf(text, sizeof(text), FIRST "disturbed %0*d\n", SCENE_DISTURBED, 1);
	CU_ASSERT_EQUAL(parse(text), -EBADMSG);
	snprintf(text, sizeof(text), FIRST);
	for (int i = 0; i < SCENE_CLOCKS + 1; i++)
		strcat(text, "ahead 1 0\n");
	CU_ASSERT_EQUAL(parse(text), -EBADMSG);
}

int suite_scene(void)
{
	CU_pSuite suite = CU_add_suite("scene", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, there_and_back) || !CU_ADD_TEST(suite, odd_names) ||
	    !CU_ADD_TEST(suite, other_versions) || !CU_ADD_TEST(suite, damaged_lines) ||
	    !CU_ADD_TEST(suite, ticks))
		return (int)CU_get_error();
	return 0;
}
