/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One JSON object (RFC 8259) a line. What is not known is null, or its key is
 * left out; `incomplete` is there only when a half of the call was not seen.
 *
 * Text must be Unicode and the name of a task is any bytes: valid UTF-8 stays
 * as it is, control characters become \u00XX, and so does a byte that is no
 * UTF-8, as if it were Latin-1. So "\u00ff" may be the byte 0xff.
 */
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out.h"

/* Length of the UTF-8 character that starts here (RFC 3629), or 0 for none. */
static unsigned out_json_utf8(const unsigned char *byte)
{
	unsigned char low = 0x80, high = 0xbf;
	unsigned length, i;

	if (byte[0] >= 0xc2 && byte[0] <= 0xdf)
		length = 2;
	else if (byte[0] >= 0xe0 && byte[0] <= 0xef)
		length = 3;
	else if (byte[0] >= 0xf0 && byte[0] <= 0xf4)
		length = 4;
	else
		return 0;
	/* no overlong forms, no surrogates, nothing above U+10FFFF */
	if (byte[0] == 0xe0)
		low = 0xa0;
	else if (byte[0] == 0xed)
		high = 0x9f;
	else if (byte[0] == 0xf0)
		low = 0x90;
	else if (byte[0] == 0xf4)
		high = 0x8f;
	if (byte[1] < low || byte[1] > high)
		return 0;
	for (i = 2; i < length; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static char *out_json_escape(char *at, unsigned char byte)
{
	at = line_text(at, "\\u00");
	at = line_byte(at, "0123456789abcdef"[byte >> 4]);
	return line_byte(at, "0123456789abcdef"[byte & 15]);
}

/* The characters inside a string; U+0080 to U+009F are control characters too. */
char *out_json_string(char *at, const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	unsigned length;

	while (*byte) {
		length = 1;
		if (*byte == '"' || *byte == '\\') {
			at = line_byte(line_byte(at, '\\'), (char)*byte);
		} else if (*byte >= 0x20 && *byte < 0x7f) {
			*at++ = (char)*byte;
		} else if (*byte < 0x80 || !(length = out_json_utf8(byte))) {
			length = 1;
			at = out_json_escape(at, *byte);
		} else if (*byte == 0xc2 && byte[1] < 0xa0) {
			at = out_json_escape(at, byte[1]);
		} else {
			memcpy(at, byte, length);
			at += length;
		}
		byte += length;
	}
	return at;
}

char *out_json_flags(char *at, const struct flag_name *names, uint32_t flags)
{
	if (!flags)
		return line_text(at, ",\"flags\":0,\"flag_names\":[]");
	at = line_text(line_u64(line_text(at, ",\"flags\":"), flags), ",\"flag_names\":[");
	for (; flags && names->name; names++) {
		if (!(flags & names->bit))
			continue;
		flags &= ~names->bit;
		at = line_byte(line_text(line_byte(at, '"'), names->name), '"');
		if (flags)
			*at++ = ',';
	}
	if (flags)
		at = line_byte(line_hex(line_byte(at, '"'), flags), '"');
	return line_byte(at, ']');
}

static char *out_json_abi(char *at, enum call_abi abi)
{
	switch (abi) {
	case ABI_64:
		return line_text(at, ",\"abi\":\"64\"");
	case ABI_32:
		return line_text(at, ",\"abi\":\"32\",\"time_bits\":64");
	case ABI_32_TIME32:
		return line_text(at, ",\"abi\":\"32\",\"time_bits\":32");
	case ABI_UNKNOWN:
		break;
	}
	return line_text(at, ",\"abi\":null");
}

static char *out_json_pointer(char *at, uint64_t pointer)
{
	if (!pointer)
		return line_text(at, "null");
	return line_byte(line_hex(line_byte(at, '"'), pointer), '"');
}

char *out_json_timerspec(char *at, struct timerspec ts)
{
	at = line_s64(line_text(at, "{\"sec\":"), ts.sec);
	return line_byte(line_s64(line_text(at, ",\"nsec\":"), ts.nsec), '}');
}

static char *out_json_itimerspec(char *at, const struct itimerspec_seen *seen)
{
	if (seen->from == FROM_NONE)
		return line_text(at, "null");
	at = out_json_timerspec(line_text(at, "{\"interval\":"), seen->interval);
	at = out_json_timerspec(line_text(at, ",\"value\":"), seen->value);
	if (seen->from == FROM_KERNEL)
		return line_text(at, ",\"from\":\"kernel\"}");
	return line_text(at, ",\"from\":\"user\"}");
}

static char *out_json_result(char *at, const struct call *call)
{
	int64_t duration;

	if (call->missing & CALL_NO_RETURN) {
		at = line_text(at, ",\"ret\":null,\"error\":null,\"duration_ns\":");
	} else if (call->ret < 0) {
		at = line_s64(line_text(at, ",\"ret\":"), call->ret);
		at = out_error(line_text(at, ",\"error\":\""), call->ret);
		at = line_text(at, "\",\"duration_ns\":");
	} else {
		at = line_s64(line_text(at, ",\"ret\":"), call->ret);
		at = line_text(at, ",\"error\":null,\"duration_ns\":");
	}
	return out_duration(call, &duration) ? line_s64(at, duration) : line_text(at, "null");
}

static char *out_json_incomplete(char *at, unsigned missing)
{
	at = line_text(at, ",\"incomplete\":[");
	if (missing & CALL_NO_ENTRY)
		at = line_text(at, "\"entry\"");
	if ((missing & CALL_NO_ENTRY) && (missing & CALL_NO_RETURN))
		*at++ = ',';
	if (missing & CALL_NO_RETURN)
		at = line_text(at, "\"return\"");
	return line_byte(at, ']');
}

static char *out_json_caller(char *at, const struct out_style *style, const struct caller *caller)
{
	(void)style;
	at = line_text(at, ",\"pid\":");
	at = caller->pid ? line_s64(at, caller->pid) : line_text(at, "null");
	at = line_s64(line_text(at, ",\"tid\":"), caller->tid);
	at = out_json_string(line_text(at, ",\"comm\":\""), caller->comm);
	return line_byte(at, '"');
}

static void out_json_header(struct sink *sink, const struct out_style *style)
{
	(void)sink;
	(void)style;
}

static void out_json_call(struct sink *sink, const struct out_style *style,
			  const struct caller *caller, const struct call *call)
{
	char *at = sink_line(sink);

	at = line_text(at, "{\"event\":\"timer_settime\",\"time\":\"");
	at = out_utc(at, style, call->start_ns);
	at = line_u64(line_text(at, "\",\"mono_ns\":"), call->start_ns);
	at = line_s64(line_text(at, ",\"cpu\":"), call->cpu);
	at = out_caller(at, style, caller, out_json_caller);
	if (call->has_args) {
		at = line_s64(line_text(at, ",\"timer_id\":"), call->timer_id);
		at = out_json_flags(at, timer_settime_flags, call->flags);
	}
	at = out_json_abi(at, call->abi);
	if (call->has_pointers) {
		at = out_json_pointer(line_text(at, ",\"new_ptr\":"), call->new_ptr);
		at = out_json_pointer(line_text(at, ",\"old_ptr\":"), call->old_ptr);
	}
	at = out_json_itimerspec(line_text(at, ",\"new\":"), &call->new_value);
	at = out_json_itimerspec(line_text(at, ",\"old\":"), &call->old_value);
	at = out_json_result(at, call);
	if (call->missing)
		at = out_json_incomplete(at, call->missing);
	sink_line_end(sink, line_text(at, "}\n"));
}

static void out_json_lost(struct sink *sink, const struct out_style *style, const struct loss *loss)
{
	char *at = sink_line(sink);

	at = line_text(at, "{\"event\":\"lost\",\"time\":");
	if (loss->ts) {
		at = line_byte(out_utc(line_byte(at, '"'), style, loss->ts), '"');
		at = line_u64(line_text(at, ",\"mono_ns\":"), loss->ts);
	} else {
		at = line_text(at, "null,\"mono_ns\":null");
	}
	at = line_s64(line_text(at, ",\"cpu\":"), loss->cpu);
	at = line_text(at, ",\"records\":");
	at = loss->counted ? line_u64(at, loss->records) : line_text(at, "null");
	sink_line_end(sink, line_text(at, "}\n"));
}

const struct out out_json = {
	.header = out_json_header,
	.call = out_json_call,
	.lost = out_json_lost,
};
