/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nothing longer is a name of ours. */
#define NAME_MAX_LENGTH 47

/* As it is compared: '_' for '.', and without the part "ns". */
static bool normalize(char normal[NAME_MAX_LENGTH + 1], const char *name, size_t length)
{
	size_t used = 0;

	if (length > NAME_MAX_LENGTH)
		return false;
	for (size_t at = 0; at < length;) {
		size_t part = 0;

		while (at + part < length && name[at + part] != '.' && name[at + part] != '_')
			part++;
		if (!(part == 2 && memcmp(name + at, "ns", 2) == 0 && used)) {
			if (used)
				normal[used++] = '_';
			memcpy(normal + used, name + at, part);
			used += part;
		}
		at += part + 1;
	}
	normal[used] = '\0';
	return true;
}

const struct field *fields_find(const struct field_table *table, const char *name, size_t length)
{
	char wanted[NAME_MAX_LENGTH + 1], there[NAME_MAX_LENGTH + 1];

	if (!length || !normalize(wanted, name, length))
		return NULL;
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];

		if (normalize(there, field->name, strlen(field->name)) &&
		    strcmp(wanted, there) == 0)
			return field;
	}
	return NULL;
}

static unsigned least_of(unsigned one, unsigned other)
{
	return one < other ? one : other;
}

/*
 * Letters to change, add or take away, or neighbours to exchange, to make one of the
 * other (Damerau and Levenshtein, no letter touched twice).
 */
static unsigned distance(const char *one, const char *other)
{
	unsigned rows[3][NAME_MAX_LENGTH + 1];
	unsigned *row = rows[0], *above = rows[1], *twice_above = rows[2];
	size_t width = strlen(other);

	for (unsigned i = 0; i <= width; i++)
		row[i] = i;
	for (unsigned line = 1; one[line - 1]; line++) {
		unsigned *free_row = twice_above;

		twice_above = above;
		above = row;
		row = free_row;
		row[0] = line;
		for (size_t i = 1; i <= width; i++) {
			row[i] = above[i - 1] + (one[line - 1] != other[i - 1]);
			row[i] = least_of(row[i], least_of(above[i], row[i - 1]) + 1);
			if (line > 1 && i > 1 && one[line - 1] == other[i - 2] &&
			    one[line - 2] == other[i - 1])
				row[i] = least_of(row[i], twice_above[i - 2] + 1);
		}
	}
	return row[width];
}

const struct field *fields_nearest(const struct field_table *table, const char *name, size_t length)
{
	char wanted[NAME_MAX_LENGTH + 1], there[NAME_MAX_LENGTH + 1];
	const struct field *nearest = NULL;
	unsigned least;

	if (!normalize(wanted, name, length))
		return NULL;
	/* The beginning of a name that has parts behind it. */
	for (size_t i = 0; i < table->count && *wanted; i++) {
		normalize(there, table->fields[i].name, strlen(table->fields[i].name));
		if (strncmp(there, wanted, strlen(wanted)) == 0 && there[strlen(wanted)] == '_')
			return &table->fields[i];
	}
	/* More than a third of its letters wrong is another word. */
	least = (unsigned)strlen(wanted) / 3 + 1;
	for (size_t i = 0; i < table->count; i++) {
		unsigned changes;

		normalize(there, table->fields[i].name, strlen(table->fields[i].name));
		changes = distance(wanted, there);
		if (changes < least) {
			least = changes;
			nearest = &table->fields[i];
		}
	}
	return nearest;
}

void field_get(const struct field *field, const void *of, struct field_value *value)
{
	/* Not the buffer: that is for whom it concerns. */
	value->known = false;
	value->number = 0;
	value->count = 0;
	value->rate = 0;
	value->text = NULL;
	field->get(of, value);
}

static bool is_chosen(const struct fields_chosen *chosen, const struct field *field)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->list[i] == field)
			return true;
	return false;
}

int fields_choose(struct fields_chosen *chosen, const struct field_table *table, const char *text,
		  const char *what, struct error *err)
{
	chosen->count = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		const struct field *field = fields_find(table, text, length);

		if (!field) {
			const struct field *nearest = fields_nearest(table, text, length);

			error_set(err, EINVAL, "%s: no field '%.*s'%s%s%s", what,
				  (int)(length < 64 ? length : 64), text,
				  nearest ? "; did you mean '" : "", nearest ? nearest->name : "",
				  nearest ? "'?" : "");
			error_hint(err, "--fields help lists them");
			return -EINVAL;
		}
		if (is_chosen(chosen, field))
			return error_set(err, EINVAL, "%s has '%s' twice", what, field->name);
		chosen->list[chosen->count++] = field;
		if (!text[length])
			return 0;
		text += length + 1;
	}
}
