/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_rows.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/printable.h"

/* A byte of text becomes at most so many. */
#define ROWS_ESCAPE_MAX 6
/* Longer text is cut. */
#define ROWS_TEXT_MAX (SINK_LINE_MAX / ROWS_ESCAPE_MAX + 4)
/* A number, or what is around text, and what separates it from the next. */
#define ROWS_FIELD_MAX (LINE_NUMBER_MAX + 4)
/* What is around a name in JSON, and around a group. */
#define ROWS_NAME_MAX 12
#define ROWS_END_MAX 4
/* More digits than these are written with an exponent. */
#define RATE_PLAIN_MAX 18

enum rows_form { ROWS_CSV, ROWS_TSV, ROWS_NULL, ROWS_JSON };

struct rows {
	enum rows_form form;
	const struct out_style *style;
	char *at;
	size_t room; /* for text, besides what every field has */
};

char *out_csv_text(char *at, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")])
		return line_text(at, text);
	*at++ = '"';
	for (; *text; text++) {
		if (*text == '"')
			*at++ = '"';
		*at++ = *text;
	}
	return line_byte(at, '"');
}

char *out_null_name(char *at, const struct out_style *style, const char *text)
{
	return style->terminal ? printable_copy(at, text) : line_text(at, text);
}

char *out_csv_name(char *at, const struct out_style *style, const char *text)
{
	char shown[4 * ROWS_TEXT_MAX + 1];

	if (!style->terminal)
		return out_csv_text(at, text);
	printable_copy(shown, text);
	return out_csv_text(at, shown);
}

static char *tsv_escape(char *at, unsigned char byte)
{
	switch (byte) {
	case '\t':
		return line_text(at, "\\t");
	case '\n':
		return line_text(at, "\\n");
	case '\r':
		return line_text(at, "\\r");
	case '\\':
		return line_text(at, "\\\\");
	default:
		at = line_byte(line_text(at, "\\x"), "0123456789abcdef"[byte >> 4]);
		return line_byte(at, "0123456789abcdef"[byte & 15]);
	}
}

/* The bytes at `text` that stay as they are. */
static unsigned tsv_plain(const struct out_style *style, const char *text)
{
	unsigned char byte = (unsigned char)*text;

	if (byte < ' ' || byte == 0x7f || byte == '\\')
		return 0;
	return style->terminal ? printable_length(text) : 1;
}

char *out_tsv_name(char *at, const struct out_style *style, const char *text)
{
	while (*text) {
		unsigned length = tsv_plain(style, text);

		if (!length) {
			at = tsv_escape(at, (unsigned char)*text++);
			continue;
		}
		memcpy(at, text, length);
		at += length;
		text += length;
	}
	return at;
}

/* "0.00123", "1234560", "1.5e+30": `digits` are the first of so many before the point. */
static char *rate_digits(char *at, const char *digits, int count, int before)
{
	int next = 0;

	if (before <= 0)
		*at++ = '0';
	for (; next < before; next++)
		*at++ = (char)(next < count ? digits[next] : '0');
	if (next < count)
		*at++ = '.';
	for (; before < 0; before++)
		*at++ = '0';
	for (; next < count; next++)
		*at++ = digits[next];
	return at;
}

/* Six digits, as no locale has any say in. */
static char *rows_rate(char *at, double rate)
{
	char text[32], digits[6];
	const char *exponent;
	int count = 6, power;

	snprintf(text, sizeof(text), "%.5e", fabs(rate));
	exponent = strchr(text, 'e');
	power = atoi(exponent + 1);
	digits[0] = text[0];
	memcpy(digits + 1, exponent - 5, 5);
	while (count && digits[count - 1] == '0')
		count--;
	if (!count)
		return line_byte(at, '0');
	if (rate < 0)
		*at++ = '-';
	if (power >= -5 && power < RATE_PLAIN_MAX)
		return rate_digits(at, digits, count, power + 1);
	at = line_byte(rate_digits(at, digits, count, 1), 'e');
	if (power > 0)
		*at++ = '+';
	return line_s64(at, power);
}

static void rows_escaped(struct rows *to, const char *text)
{
	switch (to->form) {
	case ROWS_CSV:
		to->at = out_csv_name(to->at, to->style, text);
		break;
	case ROWS_TSV:
		to->at = out_tsv_name(to->at, to->style, text);
		break;
	case ROWS_NULL:
		to->at = out_null_name(to->at, to->style, text);
		break;
	case ROWS_JSON:
		to->at = line_byte(out_json_string(line_byte(to->at, '"'), text), '"');
		break;
	}
}

static void rows_text(struct rows *to, const char *text)
{
	const char *before = to->at;
	char cut[ROWS_TEXT_MAX];
	size_t length = strlen(text), used;

	if (length > to->room / ROWS_ESCAPE_MAX) {
		length = to->room / ROWS_ESCAPE_MAX;
		length -= length < 3 ? length : 3;
		memcpy(cut, text, length);
		memcpy(cut + length, "...", sizeof("..."));
		text = cut;
	}
	rows_escaped(to, text);
	used = (size_t)(to->at - before);
	to->room -= used < to->room ? used : to->room;
}

static void rows_known(struct rows *to, const struct field *field, const struct field_value *value)
{
	bool json = to->form == ROWS_JSON;

	switch (field->kind) {
	case FIELD_COUNT:
		to->at = line_u64(to->at, value->count);
		break;
	case FIELD_NUMBER:
	case FIELD_DURATION:
		to->at = line_s64(to->at, value->number);
		break;
	case FIELD_RATE:
		to->at = rows_rate(to->at, value->rate);
		break;
	case FIELD_TEXT:
		rows_text(to, value->text);
		break;
	case FIELD_ADDRESS:
		to->at = json ? line_byte(line_hex(line_byte(to->at, '"'), value->count), '"')
			      : line_hex(to->at, value->count);
		break;
	case FIELD_BOOL:
		to->at = line_text(to->at, value->number ? "true" : "false");
		break;
	}
}

/* Is it known? A rate over no time at all is none. */
static bool rows_get(const struct field *field, const void *of, struct field_value *value)
{
	field_get(field, of, value);
	return value->known && (field->kind != FIELD_RATE || isfinite(value->rate));
}

static void rows_plain(struct rows *to, const struct fields_chosen *chosen, const void *of)
{
	static const char separators[] = { [ROWS_CSV] = ',', [ROWS_TSV] = '\t' };
	struct field_value value;

	for (size_t i = 0; i < chosen->count; i++) {
		if (i && to->form != ROWS_NULL)
			*to->at++ = separators[to->form];
		if (rows_get(chosen->list[i], of, &value))
			rows_known(to, chosen->list[i], &value);
		if (to->form == ROWS_NULL)
			*to->at++ = '\0';
	}
	if (to->form != ROWS_NULL)
		*to->at++ = '\n';
}

/* "name":value, without the group that the name begins with. */
static void json_member(struct rows *to, const struct field *field, const char *group,
			const void *of)
{
	struct field_value value;
	const char *name = field->name + (group ? strlen(group) + 1 : 0);

	to->at = line_text(line_text(line_byte(to->at, '"'), name), "\":");
	if (rows_get(field, of, &value))
		rows_known(to, field, &value);
	else
		to->at = line_text(to->at, "null");
}

/* How many fields from this one on are of its group; 0: it has none. */
static size_t group_size(const struct fields_chosen *chosen, size_t from)
{
	const char *group = chosen->list[from]->group;
	size_t to = from;

	while (group && to < chosen->count && chosen->list[to]->group &&
	       strcmp(chosen->list[to]->group, group) == 0)
		to++;
	return to - from;
}

static void json_group(struct rows *to, const struct field *const *list, size_t count,
		       const void *of)
{
	struct field_value value;
	bool known = false;

	for (size_t i = 0; i < count && !known; i++)
		known = rows_get(list[i], of, &value);
	to->at = line_text(line_text(line_byte(to->at, '"'), list[0]->group), "\":");
	if (!known) {
		to->at = line_text(to->at, "null");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		*to->at++ = i ? ',' : '{';
		json_member(to, list[i], list[0]->group, of);
	}
	*to->at++ = '}';
}

static void rows_json(struct rows *to, const struct fields_chosen *chosen, const void *of,
		      bool nested)
{
	for (size_t i = 0; i < chosen->count;) {
		size_t size = nested ? group_size(chosen, i) : 0;

		*to->at++ = i ? ',' : '{';
		if (size)
			json_group(to, chosen->list + i, size, of);
		else
			json_member(to, chosen->list[i], NULL, of);
		i += size ? size : 1;
	}
	to->at = line_text(to->at, "}\n");
}

static enum rows_form form_of(const struct out_style *style)
{
	if (style->format == OUT_JSON)
		return ROWS_JSON;
	if (style->format != OUT_TSV)
		return ROWS_CSV;
	return style->null ? ROWS_NULL : ROWS_TSV;
}

/* What a row leaves for text. */
static size_t room_of(enum rows_form form, const struct fields_chosen *chosen)
{
	size_t used = ROWS_END_MAX + chosen->count * ROWS_FIELD_MAX;

	for (size_t i = 0; form == ROWS_JSON && i < chosen->count; i++)
		used += strlen(chosen->list[i]->name) + ROWS_NAME_MAX;
	assert(used < SINK_LINE_MAX);
	return SINK_LINE_MAX - used;
}

void out_rows_header(struct sink *sink, const struct out_style *style,
		     const struct fields_chosen *chosen)
{
	enum rows_form form = form_of(style);
	char *at;

	if (!style->header || form == ROWS_JSON || form == ROWS_NULL)
		return;
	at = sink_line(sink);
	for (size_t i = 0; i < chosen->count; i++) {
		if (i)
			*at++ = form == ROWS_TSV ? '\t' : ',';
		at = line_text(at, chosen->list[i]->name);
	}
	sink_line_end(sink, line_byte(at, '\n'));
}

void out_rows_row(struct sink *sink, const struct out_style *style,
		  const struct fields_chosen *chosen, const void *of, bool nested)
{
	enum rows_form form = form_of(style);
	struct rows to = {
		.form = form, .style = style, .at = sink_line(sink), .room = room_of(form, chosen)
	};

	if (form == ROWS_JSON)
		rows_json(&to, chosen, of, nested);
	else
		rows_plain(&to, chosen, of);
	sink_line_end(sink, to.at);
}
