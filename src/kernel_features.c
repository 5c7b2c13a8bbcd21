/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_features.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void kernel_features_readme(struct kernel_features *features, const char *readme)
{
	features->arg_n = strstr(readme, "$arg<N>") != NULL;
	features->user_memory = strstr(readme, "[u]<offset>") != NULL;
	features->ustring = strstr(readme, "ustring") != NULL;
	features->arrays = strstr(readme, "[<array-size>") != NULL;
}

static struct feature_symbol *find_symbol(struct kernel_features *features, const char *name,
					  size_t length)
{
	for (size_t i = 0; i < features->symbol_count; i++) {
		struct feature_symbol *symbol = &features->symbols[i];

		if (strncmp(symbol->name, name, length) == 0 && symbol->name[length] == '\0')
			return symbol;
	}
	return NULL;
}

static void learn_names(struct kernel_features *features, const char *const *names)
{
	if (features->symbol_count)
		return;
	for (; *names && features->symbol_count < FEATURE_SYMBOLS_MAX; names++)
		features->symbols[features->symbol_count++] =
			(struct feature_symbol){ .name = *names };
}

void kernel_features_kallsyms(struct kernel_features *features, const char *text, size_t length,
			      const char *const *names)
{
	const char *end = text + length;

	learn_names(features, names);
	/* A line is "ADDRESS TYPE NAME", with "\t[MODULE]" behind a module's. */
	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		const char *name = text;
		struct feature_symbol *symbol;

		if (!line_end)
			line_end = end;
		for (int field = 0; field < 2 && name; field++) {
			name = memchr(name, ' ', (size_t)(line_end - name));
			name = name ? name + 1 : NULL;
		}
		/* Kprobes go into functions: types t and T, w and W. */
		if (name && strchr("tTwW", name[-2])) {
			const char *tab = memchr(name, '\t', (size_t)(line_end - name));

			symbol = find_symbol(features, name,
					     (size_t)((tab ? tab : line_end) - name));
			if (symbol)
				symbol->count++;
		}
		text = line_end + 1;
	}
}

bool kernel_features_absent(const struct kernel_features *features, const char *symbol)
{
	for (size_t i = 0; i < features->symbol_count; i++)
		if (strcmp(features->symbols[i].name, symbol) == 0)
			return features->symbols[i].count == 0;
	return false;
}

bool kernel_features_usable(const struct kernel_features *features, const char *symbol,
			    const char *args)
{
	for (size_t i = 0; i < features->symbol_count; i++)
		if (strcmp(features->symbols[i].name, symbol) == 0 &&
		    features->symbols[i].count != 1)
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
