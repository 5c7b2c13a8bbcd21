/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/memfile.h"

/* More than the kernel's MODULE_NAME_LEN. */
#define MODULE_MAX_LENGTH 63

/* There are 100,000 and more: 16 bytes each, and its name. */
struct entry {
	uint64_t address;
	uint32_t name, module; /* where in `texts`; module 0: the kernel itself */
};

struct symbols {
	char *texts; /* one behind the other, each with its NUL; an empty one first */
	size_t texts_used, texts_room;
	struct entry *entries;
	size_t count, room;
	uint32_t module; /* that of the line before: a module's lines stand together */
};

struct symbols *symbols_new(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->texts = calloc(1, 1);
	symbols->texts_used = symbols->texts_room = 1;
	if (symbols->texts)
		return symbols;
	free(symbols);
	return NULL;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->texts);
	free(symbols->entries);
	free(symbols);
}

/* --- a line ------------------------------------------------------------------- */

/* What a line tells; in its text. */
struct line {
	uint64_t address;
	const char *name, *module; /* NULL: the kernel itself */
	size_t name_length, module_length;
};

/* Up to 16 digits: where they end, NULL when there are none. */
static const char *take_address(const char *at, const char *end, uint64_t *address)
{
	const char *from = at;

	*address = 0;
	for (; at < end && at - from < 16; at++) {
		int digit = *at >= '0' && *at <= '9'   ? *at - '0'
			    : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10
			    : *at >= 'A' && *at <= 'F' ? *at - 'A' + 10
						       : -1;

		if (digit < 0)
			break;
		*address = *address << 4 | (uint64_t)digit;
	}
	return at == from ? NULL : at;
}

static size_t word_length(const char *at, const char *end)
{
	const char *from = at;

	while (at<end && * at> ' ' && *at <= '~')
		at++;
	return (size_t)(at - from);
}

/* "\t[module]", and nothing behind it. */
static bool take_module(const char *at, const char *end, struct line *line)
{
	if (end - at < 4 || at[0] != '\t' || at[1] != '[' || end[-1] != ']')
		return false;
	line->module = at + 2;
	line->module_length = (size_t)(end - 1 - line->module);
	return line->module_length <= MODULE_MAX_LENGTH &&
	       word_length(line->module, end - 1) == line->module_length;
}

/* Bytes before a function, that are no code of it. */
static bool is_padding(const char *name, size_t length)
{
	return length >= 6 && (memcmp(name, "__pfx_", 6) == 0 || memcmp(name, "__cfi_", 6) == 0);
}

/* False: it is none of a function, or not to be kept. */
static bool parse_line(const char *at, const char *end, struct line *line)
{
	at = take_address(at, end, &line->address);
	if (!at || !line->address || end - at < 4)
		return false;
	if (at[0] != ' ' || !memchr("tTwW", at[1], 4) || at[2] != ' ')
		return false;
	line->name = at + 3;
	line->name_length = word_length(line->name, end);
	line->module = NULL;
	if (!line->name_length || line->name_length > SYMBOL_NAME_MAX ||
	    is_padding(line->name, line->name_length))
		return false;
	at = line->name + line->name_length;
	return at == end || take_module(at, end, line);
}

/* --- what is kept --------------------------------------------------------------- */

/* The array with room for `wanted` elements in all; NULL when out of memory. */
static void *reserve(void *array, size_t *room, size_t wanted, size_t size)
{
	size_t more = *room < 1024 ? 1024 : *room;

	if (wanted <= *room)
		return array;
	while (more < wanted)
		more *= 2;
	array = reallocarray(array, more, size);
	if (array)
		*room = more;
	return array;
}

static int add_text(struct symbols *symbols, const char *text, size_t length, uint32_t *at)
{
	size_t end = symbols->texts_used + length + 1;
	char *texts = NULL;

	if (end <= UINT32_MAX)
		texts = reserve(symbols->texts, &symbols->texts_room, end, 1);
	if (!texts)
		return -ENOMEM;
	*at = (uint32_t)symbols->texts_used;
	memcpy(texts + *at, text, length);
	texts[end - 1] = '\0';
	symbols->texts = texts;
	symbols->texts_used = end;
	return 0;
}

static int add_module(struct symbols *symbols, const struct line *line)
{
	const char *before = symbols->texts + symbols->module;

	if (symbols->module && strncmp(before, line->module, line->module_length) == 0 &&
	    !before[line->module_length])
		return 0;
	return add_text(symbols, line->module, line->module_length, &symbols->module);
}

static int add_line(struct symbols *symbols, const struct line *line)
{
	struct entry *entries =
		reserve(symbols->entries, &symbols->room, symbols->count + 1, sizeof(*entries));
	struct entry entry = { .address = line->address };
	int status = 0;

	if (!entries)
		return -ENOMEM;
	symbols->entries = entries;
	if (line->module) {
		status = add_module(symbols, line);
		entry.module = symbols->module;
	}
	if (status == 0)
		status = add_text(symbols, line->name, line->name_length, &entry.name);
	if (status == 0)
		entries[symbols->count++] = entry;
	return status;
}

int symbols_add(struct symbols *symbols, const char *text, size_t length)
{
	const char *end = text + length;
	int status = 0;

	while (text < end && status == 0) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		struct line line;

		if (!line_end)
			line_end = end;
		if (parse_line(text, line_end, &line))
			status = add_line(symbols, &line);
		text = line_end + 1;
	}
	return status;
}

/* How much a name tells of a function. Where a section begins or ends is no name of one. */
static int usefulness(const char *name)
{
	if (*name != '_')
		return 2;
	return !strstr(name, "_text_start") && !strstr(name, "_text_end");
}

/* By address; of several names the best one is the last. */
static int compare(const void *a, const void *b, void *context)
{
	const struct entry *one = a, *other = b;
	const char *texts = context, *name = texts + one->name, *other_name = texts + other->name;
	size_t length, other_length;
	int order;

	if (one->address != other->address)
		return one->address < other->address ? -1 : 1;
	order = usefulness(name) - usefulness(other_name);
	if (order)
		return order;
	length = strlen(name);
	other_length = strlen(other_name);
	if (length != other_length)
		return length > other_length ? -1 : 1;
	order = strcmp(other_name, name);
	return order ? order : strcmp(texts + other->module, texts + one->module);
}

static void *shrink(void *array, size_t *room, size_t used, size_t size)
{
	void *smaller = reallocarray(array, used, size);

	if (!smaller)
		return array;
	*room = used;
	return smaller;
}

int symbols_end(struct symbols *symbols)
{
	struct entry *entries = symbols->entries;
	size_t kept = 1;

	if (!symbols->count)
		return 0;
	qsort_r(entries, symbols->count, sizeof(*entries), compare, symbols->texts);
	for (size_t i = 1; i < symbols->count; i++)
		if (compare(&entries[kept - 1], &entries[i], symbols->texts) != 0)
			entries[kept++] = entries[i];
	symbols->count = kept;
	symbols->entries = shrink(entries, &symbols->room, kept, sizeof(*entries));
	symbols->texts = shrink(symbols->texts, &symbols->texts_room, symbols->texts_used, 1);
	return 0;
}

/* --- lookups -------------------------------------------------------------------- */

size_t symbols_count(const struct symbols *symbols)
{
	return symbols->count;
}

static struct symbol symbol_of(const struct symbols *symbols, const struct entry *entry)
{
	return (struct symbol){ .name = symbols->texts + entry->name,
				.module = entry->module ? symbols->texts + entry->module : NULL,
				.address = entry->address };
}

bool symbols_find(const struct symbols *symbols, uint64_t address, struct symbol *found)
{
	size_t from = 0, to = symbols->count;

	/* All before `from` begin there or before, all from `to` on behind it. */
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (symbols->entries[middle].address <= address)
			from = middle + 1;
		else
			to = middle;
	}
	if (!from || address - symbols->entries[from - 1].address > SYMBOL_SIZE_MAX)
		return false;
	*found = symbol_of(symbols, &symbols->entries[from - 1]);
	return true;
}

/* What the last '*' stands for grows until the rest matches. */
static bool matches(const char *pattern, const char *name)
{
	const char *star = NULL, *resume = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

int symbols_match(const struct symbols *symbols, const char *pattern,
		  int (*each)(void *context, const struct symbol *symbol), void *context)
{
	int status = 0;

	for (size_t i = 0; i < symbols->count && status == 0; i++) {
		struct symbol symbol = symbol_of(symbols, &symbols->entries[i]);

		if (matches(pattern, symbol.name))
			status = each(context, &symbol);
	}
	return status;
}

static void print_line(FILE *to, const struct symbol *symbol)
{
	fprintf(to, "%016" PRIx64 " t %s", symbol->address, symbol->name);
	if (symbol->module)
		fprintf(to, "\t[%s]", symbol->module);
	fputc('\n', to);
}

char *symbols_text(const struct symbols *symbols,
		   bool (*wanted)(void *context, const struct symbol *symbol), void *context)
{
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);

	for (size_t i = 0; to && i < symbols->count; i++) {
		const struct symbol symbol = symbol_of(symbols, &symbols->entries[i]);

		if (!wanted || wanted(context, &symbol))
			print_line(to, &symbol);
	}
	memfile_close(&file, to);
	return file.text;
}
