/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/btf.h"

void kernel_features_readme(struct kernel_features *features, const char *readme)
{
	features->arg_n = strstr(readme, "$arg<N>") != NULL;
	features->user_memory = strstr(readme, "[u]<offset>") != NULL;
	features->ustring = strstr(readme, "ustring") != NULL;
	features->arrays = strstr(readme, "[<array-size>") != NULL;
	features->return_args = strstr(readme, "return probes support: $retval, $arg<N>") != NULL;
	/* The text of the expressions is of the kernel that can multiply in them. */
	features->hist = strstr(readme, "hist:keys=<field1") != NULL &&
			 strstr(readme, "multiplication(*)") != NULL;
}

const struct feature_member feature_members[OFFSET_COUNT] = {
	[OFFSET_CRED_UID] = { "cred", "uid" },
	[OFFSET_ITIMER_ID] = { "k_itimer", "it_id" },
	[OFFSET_ITIMER_CLOCK] = { "k_itimer", "it_clock" },
	[OFFSET_ITIMER_INTERVAL] = { "k_itimer", "it_interval" },
	[OFFSET_ITIMER_PID] = { "k_itimer", "it_pid" },
	[OFFSET_ITIMER_IT] = { "k_itimer", "it" },
	[OFFSET_HRTIMER_ASKED] = { "hrtimer", "_softexpires" },
	[OFFSET_HRTIMER_BASE] = { "hrtimer", "base" },
	[OFFSET_BASE_OFFSET] = { "hrtimer_clock_base", "offset" },
	[OFFSET_BASE_CLOCK] = { "hrtimer_clock_base", "clockid" },
	[OFFSET_ALARM_TIMER] = { "alarm", "timer" },
	[OFFSET_PID_NUMBERS] = { "pid", "numbers" },
	[OFFSET_SIGNAL_REAL] = { "signal_struct", "real_timer" },
	[OFFSET_SIGNAL_INCR] = { "signal_struct", "it_real_incr" },
	[OFFSET_SIGNAL_PIDS] = { "signal_struct", "pids" },
	[OFFSET_KSIGNAL_INFO] = { "ksignal", "info" },
	[OFFSET_FILE_PRIVATE] = { "file", "private_data" },
	[OFFSET_TIMERFD_CLOCK] = { "timerfd_ctx", "clockid" },
	[OFFSET_TIMERFD_INTERVAL] = { "timerfd_ctx", "tintv" },
	[OFFSET_SLEEPER_TASK] = { "hrtimer_sleeper", "task" },
	[OFFSET_TIMEOUT_TASK] = { "process_timer", "task" },
	[OFFSET_TASK_PID] = { "task_struct", "pid" },
};

void kernel_features_init(struct kernel_features *features)
{
	memset(features, 0, sizeof(*features));
	for (int i = 0; i < OFFSET_COUNT; i++)
		features->offset[i] = -1;
	features->copied_at = -1;
}

void kernel_features_types(struct kernel_features *features, const void *data, size_t size)
{
	struct btf_query queries[OFFSET_COUNT];

	for (int i = 0; i < OFFSET_COUNT; i++)
		queries[i] = (struct btf_query){ .structure = feature_members[i].structure,
						 .member = feature_members[i].member };
	if (btf_member_offsets(data, size, queries, OFFSET_COUNT) < 0)
		return;
	for (int i = 0; i < OFFSET_COUNT; i++)
		features->offset[i] = queries[i].offset < 0 ? -1 : queries[i].offset;
}

const struct feature_event_name feature_events[FEATURE_EVENTS] = {
	[FEATURE_TIMER_START] = { "timer", "timer_start" },
	[FEATURE_HRTIMER_START] = { "timer", "hrtimer_start" },
	[FEATURE_HRTIMER_INIT] = { "timer", "hrtimer_init" },
	[FEATURE_HRTIMER_SETUP] = { "timer", "hrtimer_setup" },
	[FEATURE_HRTIMER_START_EXPIRED] = { "timer", "hrtimer_start_expired" },
	[FEATURE_TICK_STOP] = { "timer", "tick_stop" },
	[FEATURE_TIMER_BASE_IDLE] = { "timer", "timer_base_idle" },
	[FEATURE_CPU_IDLE] = { "power", "cpu_idle" },
	[FEATURE_LOCAL_TIMER] = { "irq_vectors", "local_timer_entry" },
	[FEATURE_RESCHEDULE] = { "irq_vectors", "reschedule_entry" },
	[FEATURE_CALL_FUNCTION] = { "irq_vectors", "call_function_entry" },
	[FEATURE_CALL_FUNCTION_SINGLE] = { "irq_vectors", "call_function_single_entry" },
	[FEATURE_IRQ_WORK] = { "irq_vectors", "irq_work_entry" },
	[FEATURE_IRQ_HANDLER] = { "irq", "irq_handler_entry" },
};

/* Names are looked up for every line of kallsyms: by length and last byte first. */
#define BUCKETS 64

struct lookup {
	struct feature_symbol *first[BUCKETS];
	struct feature_symbol *next[FEATURE_SYMBOLS_MAX];
};

static size_t bucket(const char *name, size_t length)
{
	return (length * 7 + (unsigned char)name[length - 1]) % BUCKETS;
}

static void make_lookup(struct lookup *lookup, struct kernel_features *features)
{
	memset(lookup, 0, sizeof(*lookup));
	for (size_t i = 0; i < features->symbol_count; i++) {
		struct feature_symbol *symbol = &features->symbols[i];
		size_t at = bucket(symbol->name, strlen(symbol->name));

		lookup->next[i] = lookup->first[at];
		lookup->first[at] = symbol;
	}
}

static struct feature_symbol *find_symbol(const struct lookup *lookup,
					  const struct kernel_features *features, const char *name,
					  size_t length)
{
	struct feature_symbol *symbol = length ? lookup->first[bucket(name, length)] : NULL;

	while (symbol && (strncmp(symbol->name, name, length) != 0 || symbol->name[length] != '\0'))
		symbol = lookup->next[symbol - features->symbols];
	return symbol;
}

static void learn_names(struct kernel_features *features, const char *const *names)
{
	if (features->symbol_count)
		return;
	for (; *names && features->symbol_count < FEATURE_SYMBOLS_MAX; names++)
		features->symbols[features->symbol_count++] =
			(struct feature_symbol){ .name = *names };
}

/* The symbol of "ADDRESS TYPE NAME", with "\t[MODULE]" behind a module's; NULL: not wanted. */
static struct feature_symbol *read_symbol(const struct lookup *lookup,
					  const struct kernel_features *features, const char *line,
					  const char *end)
{
	const char *name = line, *tab;

	for (int field = 0; field < 2 && name; field++) {
		name = memchr(name, ' ', (size_t)(end - name));
		name = name ? name + 1 : NULL;
	}
	/* Kprobes go into functions: types t and T, w and W. */
	if (!name || !strchr("tTwW", name[-2]))
		return NULL;
	tab = memchr(name, '\t', (size_t)(end - name));
	return find_symbol(lookup, features, name, (size_t)((tab ? tab : end) - name));
}

static void read_symbols(struct kernel_features *features, const char *text, size_t length,
			 bool counted)
{
	const char *end = text + length;
	struct lookup lookup;

	make_lookup(&lookup, features);
	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		struct feature_symbol *symbol;

		if (!line_end)
			line_end = end;
		symbol = read_symbol(&lookup, features, text, line_end);
		if (symbol) {
			symbol->count += !counted;
			symbol->address = strtoull(text, NULL, 16);
		}
		text = line_end + 1;
	}
}

void kernel_features_kallsyms(struct kernel_features *features, const char *text, size_t length,
			      const char *const *names)
{
	learn_names(features, names);
	read_symbols(features, text, length, false);
}

static const struct feature_symbol *known_symbol(const struct kernel_features *features,
						 const char *name)
{
	for (size_t i = 0; i < features->symbol_count; i++)
		if (strcmp(features->symbols[i].name, name) == 0)
			return &features->symbols[i];
	return NULL;
}

bool kernel_features_addresses(struct kernel_features *features, const char *text, size_t length,
			       const char *const *names)
{
	bool all = true;

	read_symbols(features, text, length, true);
	for (; *names && all; names++) {
		const struct feature_symbol *symbol = known_symbol(features, *names);

		all = !symbol || symbol->count != 1 || symbol->address;
	}
	return all;
}

uint64_t kernel_features_address(const struct kernel_features *features, const char *symbol)
{
	const struct feature_symbol *known = known_symbol(features, symbol);

	return known && known->count == 1 ? known->address : 0;
}

bool kernel_features_absent(const struct kernel_features *features, const char *symbol)
{
	const struct feature_symbol *known = known_symbol(features, symbol);

	return known && known->count == 0;
}

bool kernel_features_usable(const struct kernel_features *features, const char *symbol,
			    const char *args)
{
	const struct feature_symbol *known = known_symbol(features, symbol);

	if (known && known->count != 1)
		return false;
	for (size_t i = 0; i < features->refused_count; i++)
		if (strcmp(features->refused[i].symbol, symbol) == 0 &&
		    strcmp(features->refused[i].args, args) == 0)
			return false;
	return true;
}

const char *kernel_features_reason(const struct kernel_features *features, const char *symbol)
{
	for (size_t i = 0; i < features->refused_count; i++)
		if (strcmp(features->refused[i].symbol, symbol) == 0)
			return features->refused[i].reason;
	return NULL;
}

int kernel_features_refuse(struct kernel_features *features, const char *symbol, const char *args,
			   const char *reason)
{
	struct feature_refusal *refusal;

	if (features->refused_count == FEATURE_REFUSED_MAX)
		return -ENOSPC;
	refusal = &features->refused[features->refused_count++];
	snprintf(refusal->symbol, sizeof(refusal->symbol), "%s", symbol);
	snprintf(refusal->args, sizeof(refusal->args), "%s", args);
	snprintf(refusal->reason, sizeof(refusal->reason), "%s", reason);
	return 0;
}
