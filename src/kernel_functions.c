/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the kernel that mean something to us, by name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/kernel_view.h"
#include "timersnoop/plan_parts.h"

/* The tick's, by two names, and that of schedule_timeout(). */
const char *const kernel_functions_names[] = { "tick_nohz_handler", "tick_sched_timer",
					       "process_timeout", NULL };

static int take_first(void *context, const struct symbol *symbol)
{
	*(uint64_t *)context = symbol->address;
	return 1;
}

static uint64_t address_of(const struct symbols *symbols, const char *name)
{
	uint64_t address = 0;

	symbols_match(symbols, name, take_first, &address);
	return address;
}

static int choose(void *context, const struct symbol *symbol)
{
	struct kernel_functions *functions = context;
	uint64_t *larger = realloc(functions->chosen,
				   (functions->chosen_count + 1) * sizeof(*functions->chosen));

	if (!larger)
		return -ENOMEM;
	functions->chosen = larger;
	functions->chosen[functions->chosen_count++] = symbol->address;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

/* Ascending, each once. */
static void sort(struct kernel_functions *functions)
{
	size_t kept = 0;

	qsort(functions->chosen, functions->chosen_count, sizeof(*functions->chosen), compare);
	for (size_t i = 0; i < functions->chosen_count; i++)
		if (!kept || functions->chosen[i] != functions->chosen[kept - 1])
			functions->chosen[kept++] = functions->chosen[i];
	functions->chosen_count = kept;
}

int kernel_functions_find(struct kernel_functions *functions, const struct symbols *symbols,
			  const char *const *names, size_t count, bool some, struct error *err)
{
	int status = 0;

	*functions = (struct kernel_functions){ .symbols = symbols, .chooses = count > 0 };
	functions->ticks[0] = address_of(symbols, kernel_functions_names[0]);
	functions->ticks[1] = address_of(symbols, kernel_functions_names[1]);
	functions->sleep = address_of(symbols, kernel_functions_names[2]);
	if (count && !symbols_count(symbols)) {
		error_set(err, ENOTSUP, "--callback: the kernel hides where its functions are");
		error_hint(err, "be root, and set kernel.kptr_restrict to 0 or 1, see sysctl(8)");
		return -ENOTSUP;
	}
	for (size_t i = 0; i < count && status == 0; i++) {
		size_t before = functions->chosen_count;

		status = symbols_match(symbols, names[i], choose, functions);
		if (status < 0)
			error_errno(err, ENOMEM, "functions");
		else if (functions->chosen_count == before && !some)
			status = error_set(err, EINVAL, "--callback: there is no function '%s'",
					   names[i]);
	}
	if (status < 0)
		kernel_functions_free(functions);
	else if (functions->chosen_count)
		sort(functions);
	return status;
}

void kernel_functions_free(struct kernel_functions *functions)
{
	free(functions->chosen);
	functions->chosen = NULL;
	functions->chosen_count = 0;
}

bool kernel_functions_choose(const struct kernel_functions *functions, uint64_t function)
{
	size_t first = 0, end = functions->chosen_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (functions->chosen[middle] == function)
			return true;
		if (functions->chosen[middle] < function)
			first = middle + 1;
		else
			end = middle;
	}
	return !functions->chooses;
}

bool kernel_functions_is_tick(void *context, uint64_t function)
{
	const struct kernel_functions *functions = context;

	return function && (function == functions->ticks[0] || function == functions->ticks[1]);
}

bool kernel_functions_is_sleep(void *context, uint64_t function)
{
	const struct kernel_functions *functions = context;

	return function && function == functions->sleep;
}

bool kernel_functions_is_wrapper(void *context, uint64_t place)
{
	const struct kernel_functions *functions = context;
	struct symbol symbol;

	if (!symbols_find(functions->symbols, place, &symbol))
		return false;
	for (const char *const *name = plan_kernel_symbols; *name; name++)
		if (strcmp(*name, symbol.name) == 0)
			return true;
	return false;
}
