/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/btf.h"

#include <errno.h>
#include <limits.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NESTING_MAX 8

/* The two sections, whose bounds were checked against the data. */
struct btf {
	const uint8_t *types;
	size_t types_size;
	const char *strings;
	size_t strings_size;
};

static int open_btf(struct btf *btf, const void *data, size_t size)
{
	struct btf_header header;
	uint64_t types, strings;

	if (size < sizeof(header))
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	types = (uint64_t)header.hdr_len + header.type_off;
	strings = (uint64_t)header.hdr_len + header.str_off;
	if (header.magic != BTF_MAGIC || header.version != BTF_VERSION || header.str_len == 0 ||
	    types + header.type_len > size || strings + header.str_len > size)
		return -EINVAL;
	btf->types = (const uint8_t *)data + types;
	btf->types_size = header.type_len;
	btf->strings = (const char *)data + strings;
	btf->strings_size = header.str_len;
	return btf->strings[btf->strings_size - 1] == '\0' ? 0 : -EINVAL;
}

/* Bytes behind a struct btf_type; -1 for a kind that is not known. */
static long trailing_bytes(const struct btf_type *type)
{
	unsigned long count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return (long)(count * sizeof(struct btf_member));
	case BTF_KIND_ENUM:
		return (long)(count * sizeof(struct btf_enum));
	case BTF_KIND_FUNC_PROTO:
		return (long)(count * sizeof(struct btf_param));
	case BTF_KIND_DATASEC:
		return (long)(count * sizeof(struct btf_var_secinfo));
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ENUM64:
		return (long)(count * sizeof(struct btf_enum64));
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	}
	return -1;
}

/* Reads the type at *offset and moves on to the next; false at the end. */
static bool next_type(const struct btf *btf, size_t *offset, struct btf_type *type,
		      const uint8_t **members)
{
	long trailing;

	if (btf->types_size - *offset < sizeof(*type))
		return false;
	memcpy(type, btf->types + *offset, sizeof(*type));
	trailing = trailing_bytes(type);
	*members = btf->types + *offset + sizeof(*type);
	if (trailing < 0 || btf->types_size - *offset - sizeof(*type) < (size_t)trailing)
		return false;
	*offset += sizeof(*type) + (size_t)trailing;
	return true;
}

static bool is_named(const struct btf *btf, uint32_t offset, const char *name)
{
	return offset < btf->strings_size && strcmp(btf->strings + offset, name) == 0;
}

static int find_member(const struct btf *btf, const struct btf_type *type, const uint8_t *members,
		       const char *member, int depth);

static int find_in_type(const struct btf *btf, uint32_t id, const char *member, int depth)
{
	struct btf_type type;
	const uint8_t *members;
	size_t offset = 0;

	if (id == 0)
		return -ENOENT;
	for (uint32_t at = 0; at < id; at++) {
		if (!next_type(btf, &offset, &type, &members))
			return -ENOENT;
	}
	return find_member(btf, &type, members, member, depth);
}

static int find_member(const struct btf *btf, const struct btf_type *type, const uint8_t *members,
		       const char *member, int depth)
{
	unsigned kind = BTF_INFO_KIND(type->info);

	if ((kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION) || depth > NESTING_MAX)
		return -ENOENT;
	for (unsigned i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		struct btf_member entry;
		uint32_t bits;
		int inner;

		memcpy(&entry, members + i * sizeof(entry), sizeof(entry));
		bits = BTF_INFO_KFLAG(type->info) ? BTF_MEMBER_BIT_OFFSET(entry.offset)
						  : entry.offset;
		if (bits / 8 > INT_MAX / 2)
			return -EINVAL;
		if (is_named(btf, entry.name_off, member))
			return (int)(bits / 8);
		if (!is_named(btf, entry.name_off, ""))
			continue;
		inner = find_in_type(btf, entry.type, member, depth + 1);
		if (inner >= 0)
			return (int)(bits / 8) + inner;
	}
	return -ENOENT;
}

int btf_member_offsets(const void *data, size_t size, struct btf_query *queries, size_t count)
{
	struct btf_type type;
	const uint8_t *members;
	struct btf btf;
	size_t offset = 0;

	if (open_btf(&btf, data, size) < 0)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		queries[i].offset = -ENOENT;
	while (next_type(&btf, &offset, &type, &members)) {
		if (BTF_INFO_KIND(type.info) != BTF_KIND_STRUCT)
			continue;
		for (size_t i = 0; i < count; i++)
			if (queries[i].offset < 0 &&
			    is_named(&btf, type.name_off, queries[i].structure))
				queries[i].offset =
					find_member(&btf, &type, members, queries[i].member, 0);
	}
	return 0;
}
