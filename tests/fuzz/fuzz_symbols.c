/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kallsyms of any bytes, in two blocks, the first of which ends by a line's end. */
#include <stdlib.h>
#include <string.h>

#include "timersnoop/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t matched;

/* Each function is found by where it begins, under a name that is as good or better. */
static int check(void *context, const struct symbol *symbol)
{
	const struct symbols *symbols = context;
	struct symbol found;

	matched++;
	if (!symbol->address || !*symbol->name || (symbol->module && !*symbol->module))
		abort();
	if (!symbols_find(symbols, symbol->address, &found) || found.address != symbol->address ||
	    (*symbol->name != '_' && strlen(found.name) > strlen(symbol->name)))
		abort();
	if (symbols_find(symbols, symbol->address - 1, &found) &&
	    symbol->address - 1 - found.address > SYMBOL_SIZE_MAX)
		abort();
	return 0;
}

/* What is written of them is read as the same. */
static void check_text(const struct symbols *symbols)
{
	struct symbols *again = symbols_new();
	char *text = symbols_text(symbols, NULL, NULL), *same;

	if (!text || !again || symbols_add(again, text, strlen(text)) < 0 || symbols_end(again) < 0)
		abort();
	same = symbols_text(again, NULL, NULL);
	if (!same || strcmp(text, same) != 0)
		abort();
	free(text);
	free(same);
	symbols_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct symbols *symbols = symbols_new();
	/* Nothing is read behind the end: no NUL is there. */
	char *text = malloc(size ? size : 1), *middle;
	size_t first;

	if (!symbols || !text)
		abort();
	memcpy(text, data, size);
	middle = memchr(text + size / 2, '\n', size - size / 2);
	first = middle ? (size_t)(middle + 1 - text) : 0;
	if (symbols_add(symbols, text, first) < 0 ||
	    symbols_add(symbols, text + first, size - first) < 0 || symbols_end(symbols) < 0)
		abort();
	free(text);
	matched = 0;
	symbols_match(symbols, "*", check, symbols);
	if (matched != symbols_count(symbols))
		abort();
	check_text(symbols);
	symbols_free(symbols);
	return 0;
}
