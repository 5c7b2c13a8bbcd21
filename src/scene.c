/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line for each fact: a word, then values, one space before each. A comm is
 * last; what is not printable in it, and a backslash, is \xHH.
 */
#include "timersnoop/scene.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/memfile.h"

#define FIRST_LINE "timersnoop scene 1"

void scene_free(struct scene *scene)
{
	free(scene->wall);
	free(scene->tasks.list);
	free(scene->later.list);
	existing_free(&scene->existing);
	free(scene->lost);
	free(scene->plan);
	*scene = (struct scene){ .self = 0 };
}

/* Room for one more behind `count`: 0 or -ENOMEM. */
static int make_room(void **list, size_t size, size_t count, size_t *room)
{
	size_t wanted = *room ? 2 * *room : 16;
	void *larger;

	if (count < *room)
		return 0;
	larger = realloc(*list, wanted * size);
	if (!larger)
		return -ENOMEM;
	*list = larger;
	*room = wanted;
	return 0;
}

int scene_add_wall(struct scene *scene, uint64_t from_ns, int64_t offset_ns)
{
	void *list = scene->wall;
	int status;

	if (scene->wall_count && scene->wall[scene->wall_count - 1].offset_ns == offset_ns)
		return 0;
	status = make_room(&list, sizeof(*scene->wall), scene->wall_count, &scene->wall_room);
	scene->wall = list;
	if (status == 0)
		scene->wall[scene->wall_count++] = (struct scene_wall){ from_ns, offset_ns };
	return status;
}

int scene_add_lost(struct scene *scene, const struct scene_lost *lost)
{
	void *list = scene->lost;
	int status = make_room(&list, sizeof(*scene->lost), scene->lost_count, &scene->lost_room);

	scene->lost = list;
	if (status == 0)
		scene->lost[scene->lost_count++] = *lost;
	return status;
}

int scene_add_task(struct scene_tasks *tasks, const struct task *task)
{
	void *list = tasks->list;
	int status = make_room(&list, sizeof(*tasks->list), tasks->count, &tasks->room);

	tasks->list = list;
	if (status == 0)
		tasks->list[tasks->count++] = *task;
	return status;
}

/* --- out -------------------------------------------------------------------- */

static void write_comm(FILE *to, const char *comm)
{
	fputc(' ', to);
	for (; *comm; comm++) {
		unsigned char byte = (unsigned char)*comm;

		if (byte > ' ' && byte < 0x7f && byte != '\\')
			fputc(byte, to);
		else
			fprintf(to, "\\x%02x", byte);
	}
	fputc('\n', to);
}

static void write_tasks(FILE *to, const char *word, const struct scene_tasks *tasks)
{
	for (size_t i = 0; i < tasks->count; i++) {
		const struct task *task = &tasks->list[i];

		fprintf(to, "%s %" PRId32 " %" PRId32 " %" PRIu32, word, task->tid, task->tgid,
			task->uid);
		write_comm(to, task->comm);
	}
}

static void write_existing(FILE *to, const struct existing_timer *one)
{
	const struct procfs_timer *timer = &one->timer;
	bool fd = timer->family == TIMER_FD;

	fprintf(to, "%s %" PRId32 " %" PRId32 " %" PRIu32 " %" PRIu64 " %" PRIu64,
		fd ? "fd" : "posix", one->process.tid, one->process.tgid,
		(uint32_t)one->process.uid, one->earliest_ns, one->latest_ns);
	fprintf(to, " %" PRId32 " %" PRId32, timer->id, timer->clock);
	if (fd)
		fprintf(to,
			" %" PRIu32 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
			" %d",
			timer->timerfd.flags, timer->timerfd.ticks, timer->timerfd.value.sec,
			timer->timerfd.value.nsec, timer->timerfd.interval.sec,
			timer->timerfd.interval.nsec, timer->timerfd.cloexec);
	else
		fprintf(to, " %" PRId32 " %" PRId32 " %" PRId32 " %" PRIu64, timer->posix.notify,
			timer->posix.signo, timer->posix.target, timer->posix.sigev_value);
	write_comm(to, one->process.comm);
}

static void write_plan(FILE *to, const char *plan)
{
	while (*plan) {
		size_t length = strcspn(plan, "\n");

		fprintf(to, "probe %.*s\n", (int)length, plan);
		plan += length + (plan[length] != '\0');
	}
}

static void write_all(FILE *to, const struct scene *scene)
{
	fprintf(to, FIRST_LINE "\n");
	for (enum event event = 0; event < EVENT_COUNT; event++)
		if (scene->events & EVENT_BIT(event))
			fprintf(to, "event %s\n", event_name(event));
	fprintf(to, "lives %d\ntoctou %d\nfollowed %d\ncut %d\n", scene->lives, scene->toctou,
		scene->followed, scene->cut);
	if (scene->kernel)
		fprintf(to, "kernel 1\ncallers %d\nwakeups %d\nchosen %d\n", scene->callers,
			scene->wakeups, scene->chosen);
	fprintf(to, "self %" PRId32 "\nsince %" PRIu64 "\nend %" PRIu64 "\nalarm %d\n", scene->self,
		scene->since_ns, scene->end_ns, scene->alarm_offset);
	fprintf(to, "tick %" PRId64 "\n", scene->tick_ns);
	for (size_t i = 0; i < scene->ahead_count; i++)
		fprintf(to, "ahead %" PRId32 " %" PRId64 "\n", scene->ahead[i].clock,
			scene->ahead[i].ns);
	for (size_t i = 0; i < scene->wall_count; i++)
		fprintf(to, "wall %" PRIu64 " %" PRId64 "\n", scene->wall[i].from_ns,
			scene->wall[i].offset_ns);
	write_tasks(to, "task", &scene->tasks);
	write_tasks(to, "later", &scene->later);
	for (size_t i = 0; i < scene->existing.count; i++)
		write_existing(to, &scene->existing.timers[i]);
	for (size_t i = 0; i < scene->lost_count; i++)
		fprintf(to, "lost %u %d %" PRIu64 "\n", scene->lost[i].instance, scene->lost[i].cpu,
			scene->lost[i].records);
	fprintf(to, "missed %" PRIu64 " %d\n", scene->missed, scene->missed_unknown);
	if (scene->disturbed[0])
		fprintf(to, "disturbed %s\n", scene->disturbed);
	if (scene->plan)
		write_plan(to, scene->plan);
}

char *scene_text(const struct scene *scene)
{
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);

	if (to)
		write_all(to, scene);
	memfile_close(&file, to);
	return file.text;
}

/* --- in --------------------------------------------------------------------- */

/* What is left of one line. */
struct values {
	const char *at, *end;
	bool wrong;
};

/* The next value, a number in these bounds. */
static int64_t number(struct values *values, int64_t min, int64_t max)
{
	bool minus = false, digits = false;
	int64_t value = 0;

	if (values->at == values->end || *values->at++ != ' ')
		values->wrong = true;
	if (!values->wrong && values->at < values->end && *values->at == '-') {
		minus = true;
		values->at++;
	}
	for (; !values->wrong && values->at < values->end && *values->at != ' '; values->at++) {
		int digit = *values->at - '0';

		digits = true;
		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, minus ? -digit : digit, &value))
			values->wrong = true;
	}
	if (!digits || value < min || value > max)
		values->wrong = true;
	return values->wrong ? 0 : value;
}

/*
 * Times are added to and subtracted from each other later: none is so large
 * that this could overflow. A machine is up for less than 73 years, and its clocks
 * are less than 146 apart.
 */
#define INSTANT_MAX (INT64_MAX / 4)
#define APART_MAX (INT64_MAX / 2)
#define SECONDS_MAX (INT64_MAX / NSEC_PER_SEC) /* as the kernel caps them: KTIME_MAX */

static int64_t duration(struct values *values)
{
	return number(values, -APART_MAX, APART_MAX);
}

static uint64_t instant(struct values *values)
{
	return (uint64_t)number(values, 0, INSTANT_MAX);
}

static bool flag(struct values *values)
{
	return number(values, 0, 1);
}

static int32_t id(struct values *values)
{
	return (int32_t)number(values, 0, INT32_MAX);
}

static int32_t integer(struct values *values)
{
	return (int32_t)number(values, INT32_MIN, INT32_MAX);
}

/* 64 bits, as a decimal number without a sign. */
static uint64_t word(struct values *values)
{
	uint64_t value = 0;

	if (values->at == values->end || *values->at++ != ' ' || values->at == values->end)
		values->wrong = true;
	for (; !values->wrong && values->at < values->end && *values->at != ' '; values->at++) {
		int digit = *values->at - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			values->wrong = true;
	}
	return value;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The last value of its line. */
static void read_comm(struct values *values, char comm[16])
{
	size_t length = 0;

	memset(comm, 0, 16);
	if (values->at == values->end || *values->at++ != ' ')
		values->wrong = true;
	while (!values->wrong && values->at < values->end) {
		unsigned char byte = (unsigned char)*values->at++;

		if (byte == '\\') {
			if (values->end - values->at < 3 || values->at[0] != 'x' ||
			    hex_digit(values->at[1]) < 0 || hex_digit(values->at[2]) < 0) {
				values->wrong = true;
				return;
			}
			byte = (unsigned char)(hex_digit(values->at[1]) * 16 +
					       hex_digit(values->at[2]));
			values->at += 3;
		}
		values->wrong = !byte || length == 15;
		if (!values->wrong)
			comm[length++] = (char)byte;
	}
}

static int read_task(struct values *values, struct scene_tasks *tasks)
{
	struct task task = { .tid = id(values), .tgid = id(values) };

	task.uid = (uint32_t)number(values, 0, UINT32_MAX);
	read_comm(values, task.comm);
	return values->wrong ? 0 : scene_add_task(tasks, &task);
}

static int read_existing(struct values *values, struct existing *existing, enum timer_family family)
{
	struct existing_timer one = { .timer = { .family = family } };
	struct procfs_timer *timer = &one.timer;
	void *list = existing->timers;
	int status;

	one.process.tid = id(values);
	one.process.tgid = id(values);
	one.process.uid = (uid_t)number(values, 0, UINT32_MAX);
	one.earliest_ns = instant(values);
	one.latest_ns = instant(values);
	timer->id = id(values);
	timer->clock = integer(values);
	if (family == TIMER_FD) {
		timer->timerfd.flags = (uint32_t)number(values, 0, UINT32_MAX);
		timer->timerfd.ticks = word(values);
		timer->timerfd.value.sec = number(values, 0, SECONDS_MAX);
		timer->timerfd.value.nsec = number(values, 0, NSEC_PER_SEC - 1);
		timer->timerfd.interval.sec = number(values, 0, SECONDS_MAX);
		timer->timerfd.interval.nsec = number(values, 0, NSEC_PER_SEC - 1);
		timer->timerfd.cloexec = flag(values);
	} else {
		timer->posix.notify = integer(values);
		timer->posix.signo = integer(values);
		timer->posix.target = integer(values);
		timer->posix.sigev_value = word(values);
	}
	read_comm(values, one.process.comm);
	values->wrong |= one.latest_ns < one.earliest_ns;
	if (values->wrong)
		return 0;
	status = make_room(&list, sizeof(*existing->timers), existing->count, &existing->room);
	existing->timers = list;
	if (status == 0)
		existing->timers[existing->count++] = one;
	return status;
}

/* Names of files, for people: all of the line. */
static void read_disturbed(struct values *values, struct scene *scene)
{
	size_t length = (size_t)(values->end - values->at);

	if (length < 2 || *values->at != ' ' || length > sizeof(scene->disturbed)) {
		values->wrong = true;
		return;
	}
	for (size_t i = 1; i < length; i++)
		values->wrong |= values->at[i] < ' ' || values->at[i] > '~';
	memcpy(scene->disturbed, values->at + 1, length - 1);
	scene->disturbed[length - 1] = '\0';
	values->at = values->end;
}

static int read_lost(struct values *values, struct scene *scene)
{
	struct scene_lost lost = { .instance = (unsigned)number(values, 0, INT32_MAX),
				   .cpu = id(values),
				   .records = word(values) };

	return values->wrong ? 0 : scene_add_lost(scene, &lost);
}

static int read_wall(struct values *values, struct scene *scene)
{
	uint64_t from_ns = instant(values);
	int64_t offset_ns = duration(values);

	if (scene->wall_count && scene->wall[scene->wall_count - 1].from_ns > from_ns)
		values->wrong = true;
	return values->wrong ? 0 : scene_add_wall(scene, from_ns, offset_ns);
}

static int read_ahead(struct values *values, struct scene *scene)
{
	struct scene_ahead ahead = { .clock = integer(values), .ns = duration(values) };

	if (scene->ahead_count == SCENE_CLOCKS)
		values->wrong = true;
	if (!values->wrong)
		scene->ahead[scene->ahead_count++] = ahead;
	return 0;
}

/* Of a later version it may be one that is not known. */
static int read_event(struct values *values, struct scene *scene)
{
	for (enum event event = 0; event < EVENT_COUNT; event++) {
		const char *name = event_name(event);
		size_t length = strlen(name);

		if ((size_t)(values->end - values->at) == length + 1 && values->at[0] == ' ' &&
		    memcmp(values->at + 1, name, length) == 0)
			scene->events |= EVENT_BIT(event);
	}
	values->at = values->end;
	return 0;
}

static bool is_word(const char *line, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(line, word, length) == 0;
}

/* One fact of one number each. */
static bool read_simple(struct values *values, struct scene *scene, const char *word_at,
			size_t length)
{
	if (is_word(word_at, length, "lives"))
		scene->lives = flag(values);
	else if (is_word(word_at, length, "toctou"))
		scene->toctou = flag(values);
	else if (is_word(word_at, length, "followed"))
		scene->followed = flag(values);
	else if (is_word(word_at, length, "cut"))
		scene->cut = flag(values);
	else if (is_word(word_at, length, "kernel"))
		scene->kernel = flag(values);
	else if (is_word(word_at, length, "callers"))
		scene->callers = flag(values);
	else if (is_word(word_at, length, "wakeups"))
		scene->wakeups = flag(values);
	else if (is_word(word_at, length, "chosen"))
		scene->chosen = flag(values);
	else if (is_word(word_at, length, "self"))
		scene->self = id(values);
	else if (is_word(word_at, length, "since"))
		scene->since_ns = instant(values);
	else if (is_word(word_at, length, "end"))
		scene->end_ns = instant(values);
	else if (is_word(word_at, length, "alarm"))
		scene->alarm_offset = (int)number(values, 0, 4096);
	else if (is_word(word_at, length, "tick"))
		scene->tick_ns = number(values, 0, NSEC_PER_SEC);
	else
		return false;
	return true;
}

/* 0, -EBADMSG or -ENOMEM. */
static int read_line(struct scene *scene, const char *line, size_t size)
{
	size_t length = strnlen(line, size);
	struct values values = { .end = line + size };
	const char *space = memchr(line, ' ', size);
	int status = 0;

	if (length < size)
		return -EBADMSG;
	length = space ? (size_t)(space - line) : size;
	values.at = line + length;
	if (is_word(line, length, "task"))
		status = read_task(&values, &scene->tasks);
	else if (is_word(line, length, "later"))
		status = read_task(&values, &scene->later);
	else if (is_word(line, length, "posix"))
		status = read_existing(&values, &scene->existing, TIMER_POSIX);
	else if (is_word(line, length, "fd"))
		status = read_existing(&values, &scene->existing, TIMER_FD);
	else if (is_word(line, length, "lost"))
		status = read_lost(&values, scene);
	else if (is_word(line, length, "wall"))
		status = read_wall(&values, scene);
	else if (is_word(line, length, "ahead"))
		status = read_ahead(&values, scene);
	else if (is_word(line, length, "event"))
		status = read_event(&values, scene);
	else if (is_word(line, length, "missed")) {
		scene->missed = word(&values);
		scene->missed_unknown = flag(&values);
	} else if (is_word(line, length, "disturbed")) {
		read_disturbed(&values, scene);
	} else if (!read_simple(&values, scene, line, length)) {
		return 0;
	}
	if (status == 0 && (values.wrong || values.at != values.end))
		status = -EBADMSG;
	return status;
}

/* The probes are for people: they are kept as they are. */
static int keep_plan(struct scene *scene, const char *text, const char *end)
{
	static const char word[] = "\nprobe ";
	const char *line, *newline;
	size_t used = 0;

	scene->plan = malloc((size_t)(end - text) + 1);
	if (!scene->plan)
		return -ENOMEM;
	while ((line = memmem(text, (size_t)(end - text), word, strlen(word)))) {
		line += strlen(word);
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			break;
		memcpy(scene->plan + used, line, (size_t)(newline + 1 - line));
		used += (size_t)(newline + 1 - line);
		text = newline;
	}
	scene->plan[used] = '\0';
	return 0;
}

int scene_parse(struct scene *scene, const char *text, size_t size, struct error *err)
{
	const char *line = text, *end = text + size;
	unsigned long count = 1;
	int status = 0;

	if (size < sizeof(FIRST_LINE) || memcmp(text, FIRST_LINE "\n", sizeof(FIRST_LINE)) != 0)
		return error_set(err, EBADMSG,
				 "what it tells besides its records is of another version "
				 "of timersnoop");
	for (line += sizeof(FIRST_LINE); line < end && status == 0; count++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		status = newline ? read_line(scene, line, (size_t)(newline - line)) : -EBADMSG;
		line = newline ? newline + 1 : end;
	}
	if (status == 0)
		status = keep_plan(scene, text, end);
	if (status == 0)
		return 0;
	scene_free(scene);
	if (status == -ENOMEM)
		return error_errno(err, ENOMEM, "scene");
	return error_set(err, EBADMSG,
			 "what it tells besides its records is damaged (line %lu of that)", count);
}
