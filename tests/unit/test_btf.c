/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "suites.h"
#include "timersnoop/btf.h"

/* Type data as it is built: types one behind the other, then their strings. */
static uint8_t types[4096];
static size_t types_size;
static char strings[1024];
static size_t strings_size;

static uint8_t data[8192];
static size_t data_size;

static void begin(void)
{
	types_size = 0;
	strings_size = 1; /* the empty one */
}

static uint32_t name(const char *text)
{
	uint32_t at = (uint32_t)strings_size;

	if (!*text)
		return 0;
	strcpy(strings + strings_size, text);
	strings_size += strlen(text) + 1;
	return at;
}

static void put(const void *bytes, size_t size)
{
	memcpy(types + types_size, bytes, size);
	types_size += size;
}

static void put_word(uint32_t word)
{
	put(&word, sizeof(word));
}

static void type(uint32_t kind, const char *text, uint32_t count, uint32_t size)
{
	struct btf_type head = { .name_off = name(text), .info = kind << 24 | count, .size = size };

	put(&head, sizeof(head));
}

static void member(const char *text, uint32_t of, uint32_t bits)
{
	struct btf_member entry = { .name_off = name(text), .type = of, .offset = bits };

	put(&entry, sizeof(entry));
}

#define KFLAG (1U << 7) /* in the place of a kind: offsets hold the bits' count, too */

static void end(void)
{
	struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(header),
		.type_len = (uint32_t)types_size,
		.str_off = (uint32_t)types_size,
		.str_len = (uint32_t)strings_size,
	};

	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header), types, types_size);
	memcpy(data + sizeof(header) + types_size, strings, strings_size);
	data_size = sizeof(header) + types_size + strings_size;
}

/* Looks into a copy of just this size, so that a read behind it is found out. */
static int look(size_t size, const char *structure, const char *wanted)
{
	struct btf_query query = { structure, wanted, 12345 };
	uint8_t *copy = malloc(size ? size : 1);
	int status;

	memcpy(copy, data, size);
	status = btf_member_offsets(copy, size, &query, 1);
	free(copy);
	if (status == 0)
		return query.offset;
	CU_ASSERT_EQUAL(status, -EINVAL);
	CU_ASSERT_EQUAL(query.offset, 12345); /* no answer */
	return status;
}

#define EXPECT(structure, wanted, offset)                                                          \
	CU_ASSERT_EQUAL(look(data_size, structure, wanted), offset)

/* One of every kind, none of them asked for, each with what stands behind it. */
static void put_every_kind(void)
{
	static const uint32_t words[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0 };

	type(BTF_KIND_INT, "int", 0, 4);
	put(words, 4);
	type(BTF_KIND_PTR, "", 0, 1);
	type(BTF_KIND_ARRAY, "", 0, 0);
	put(words, sizeof(struct btf_array));
	type(BTF_KIND_ENUM, "colour", 2, 4);
	put(words, 2 * sizeof(struct btf_enum));
	type(BTF_KIND_FWD, "cred", 0, 0);
	type(BTF_KIND_TYPEDEF, "cred", 0, 1);
	type(BTF_KIND_VOLATILE, "", 0, 1);
	type(BTF_KIND_CONST, "", 0, 1);
	type(BTF_KIND_RESTRICT, "", 0, 1);
	type(BTF_KIND_FUNC, "cred", 0, 1);
	type(BTF_KIND_FUNC_PROTO, "", 3, 1);
	put(words, 3 * sizeof(struct btf_param));
	type(BTF_KIND_VAR, "cred", 0, 1);
	put(words, 4);
	type(BTF_KIND_DATASEC, "cred", 2, 8);
	put(words, 2 * sizeof(struct btf_var_secinfo));
	type(BTF_KIND_FLOAT, "float", 0, 4);
	type(BTF_KIND_DECL_TAG, "cred", 0, 1);
	put(words, 4);
	type(BTF_KIND_TYPE_TAG, "cred", 0, 1);
	type(BTF_KIND_ENUM64, "large", 3, 8);
	put(words, 3 * sizeof(struct btf_enum64));
}

#define KINDS 17 /* so many types of them */

static void put_cred(void)
{
	type(BTF_KIND_STRUCT, "cred", 3, 24);
	member("usage", 1, 0);
	member("uid", 1, 64);
	member("gid", 1, 96);
}

static void structures(void)
{
	begin();
	put_every_kind();
	type(BTF_KIND_UNION, "cred", 1, 8); /* a union of the same name is another thing */
	member("uid", 1, 32);
	put_cred();
	type(BTF_KIND_STRUCT, "cred_more", 1, 8);
	member("uid", 1, 128);
	type(BTF_KIND_STRUCT, "empty", 0, 0);
	end();
	EXPECT("cred", "usage", 0);
	EXPECT("cred", "uid", 8);
	EXPECT("cred", "gid", 12);
	EXPECT("cred", "ui", -ENOENT);
	EXPECT("cred", "uid_more", -ENOENT);
	EXPECT("cred_more", "uid", 16);
	EXPECT("cre", "uid", -ENOENT);
	EXPECT("empty", "uid", -ENOENT);
	EXPECT("colour", "uid", -ENOENT);
}

/*
 * struct timer {				bits
 *	int id;					0
 *	union { int a; struct { int x; int b; }; };	64
 *	struct { union { long c; int d; }; int e; };	128
 *	struct deep named;			256: not looked through
 * };
 */
static void anonymous_members(void)
{
	begin();
	put_every_kind();
	type(BTF_KIND_STRUCT, "timer", 4, 40);
	member("id", 1, 0);
	member("", KINDS + 3, 64);
	member("", KINDS + 5, 128);
	member("named", KINDS + 2, 256);
	type(BTF_KIND_STRUCT, "deep", 1, 4);
	member("inner", 1, 0);
	type(BTF_KIND_UNION, "", 2, 8);
	member("a", 1, 0);
	member("", KINDS + 4, 0);
	type(BTF_KIND_STRUCT, "", 2, 8);
	member("x", 1, 0);
	member("b", 1, 32);
	type(BTF_KIND_STRUCT, "", 2, 16);
	member("", KINDS + 6, 0);
	member("e", 1, 64);
	type(BTF_KIND_UNION, "", 2, 8);
	member("c", 1, 0);
	member("d", 1, 0);
	end();
	EXPECT("timer", "id", 0);
	EXPECT("timer", "a", 8);
	EXPECT("timer", "x", 8);
	EXPECT("timer", "b", 12);
	EXPECT("timer", "c", 16);
	EXPECT("timer", "d", 16);
	EXPECT("timer", "e", 24);
	EXPECT("timer", "named", 32);
	EXPECT("timer", "inner", -ENOENT);
	EXPECT("timer", "f", -ENOENT);
}

/* All in one pass; the same one may be asked for again. */
static void many_questions(void)
{
	struct btf_query queries[] = {
		{ "cred_more", "uid", 0 }, { "cred", "gid", 0 },  { "cred", "no", 0 },
		{ "no", "uid", 0 },        { "cred", "uid", -7 }, { "cred", "uid", 0 },
	};
	static const int answers[] = { 16, 12, -ENOENT, -ENOENT, 8, 8 };

	begin();
	put_every_kind();
	put_cred();
	type(BTF_KIND_STRUCT, "cred_more", 1, 8);
	member("uid", 1, 128);
	end();
	CU_ASSERT_EQUAL(btf_member_offsets(data, data_size, queries, 6), 0);
	for (int i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(queries[i].offset, answers[i]);
	CU_ASSERT_EQUAL(btf_member_offsets(data, data_size, queries, 0), 0);
	CU_ASSERT_EQUAL(btf_member_offsets(data, 10, queries, 6), -EINVAL);
	for (int i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(queries[i].offset, answers[i]);
}

/* Of two structures of a name the first that has the member counts. */
static void structures_of_one_name(void)
{
	begin();
	type(BTF_KIND_INT, "int", 0, 4);
	put_word(32);
	type(BTF_KIND_STRUCT, "timer", 1, 8);
	member("a", 1, 32);
	type(BTF_KIND_STRUCT, "timer", 2, 8);
	member("a", 1, 64);
	member("b", 1, 96);
	end();
	EXPECT("timer", "a", 4);
	EXPECT("timer", "b", 12);
}

/* With bitfields the high byte of an offset is a count of bits. */
static void bitfields(void)
{
	begin();
	type(BTF_KIND_INT, "int", 0, 4);
	put_word(32);
	type(BTF_KIND_STRUCT | KFLAG, "flags", 4, 16);
	member("whole", 1, 32);
	member("some", 1, 3U << 24 | 67);
	member("", 3, 96);
	member("last", 1, 1U << 24 | 0xffffff);
	type(BTF_KIND_STRUCT | KFLAG, "", 1, 4);
	member("inner", 1, 2U << 24 | 9);
	end();
	EXPECT("flags", "whole", 4);
	EXPECT("flags", "some", 8);
	EXPECT("flags", "inner", 13);
	EXPECT("flags", "last", 0xffffff / 8);
}

/* What cannot be true leads nowhere, and ends. */
static void nonsense(void)
{
	begin();
	type(BTF_KIND_STRUCT, "itself", 2, 4);
	member("", 1, 0);
	member("", 1, 8);
	type(BTF_KIND_STRUCT, "void", 1, 4);
	member("", 0, 0);
	type(BTF_KIND_STRUCT, "beyond", 1, 4);
	member("", 1000, 0);
	type(BTF_KIND_STRUCT, "far", 1, 4);
	member("uid", 1, UINT32_MAX);
	end();
	EXPECT("itself", "uid", -ENOENT);
	EXPECT("void", "uid", -ENOENT);
	EXPECT("beyond", "uid", -ENOENT);
	EXPECT("far", "uid", (int)(UINT32_MAX / 8));
}

static void names_beyond_the_strings(void)
{
	struct btf_type head = { .name_off = 5000, .info = BTF_KIND_STRUCT << 24 | 1, .size = 4 };
	struct btf_member entry = { .name_off = UINT32_MAX };

	begin();
	put(&head, sizeof(head));
	put(&entry, sizeof(entry));
	put_cred();
	end();
	EXPECT("cred", "uid", 8);
	/* the last string has no end */
	data[data_size - 1] = 'x';
	EXPECT("cred", "uid", -EINVAL);
}

/* How long it is nobody knows, so nothing behind it can be read. */
static void unknown_kind(void)
{
	begin();
	put_cred();
	type(BTF_KIND_MAX + 1, "news", 0, 4);
	type(BTF_KIND_STRUCT, "behind", 1, 4);
	member("uid", 0, 0);
	end();
	EXPECT("cred", "uid", 8);
	EXPECT("behind", "uid", -ENOENT);
	begin();
	type(0, "", 0, 0);
	put_cred();
	end();
	EXPECT("cred", "uid", -ENOENT);
}

static void headers(void)
{
	static const struct {
		size_t offset, size;
		uint64_t value;
	} wrong[] = {
		{ 0, 2, 0x9feb }, /* the other byte order */
		{ 0, 2, 0 },
		{ 2, 1, 2 },
		{ offsetof(struct btf_header, str_len), 4, 0 },
		{ offsetof(struct btf_header, str_len), 4, UINT32_MAX },
		{ offsetof(struct btf_header, type_len), 4, UINT32_MAX },
		{ offsetof(struct btf_header, str_off), 4, UINT32_MAX },
		{ offsetof(struct btf_header, type_off), 4, UINT32_MAX },
		{ offsetof(struct btf_header, hdr_len), 4, UINT32_MAX },
	};
	const uint32_t longer = sizeof(struct btf_header) + 8;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin();
		put_cred();
		end();
		memcpy(data + wrong[i].offset, &wrong[i].value, wrong[i].size);
		EXPECT("cred", "uid", -EINVAL);
	}
	/* a header that has grown is no obstacle */
	end();
	memmove(data + longer, data + sizeof(struct btf_header), types_size + strings_size);
	memcpy(data + offsetof(struct btf_header, hdr_len), &longer, 4);
	data_size += 8;
	EXPECT("cred", "uid", 8);
}

/* Cut anywhere, and types that end anywhere: a wrong answer is never given. */
static void cut_anywhere(void)
{
	begin();
	put_every_kind();
	put_cred();
	end();
	for (size_t size = 0; size < data_size; size++)
		CU_ASSERT_EQUAL(look(size, "cred", "uid"), -EINVAL);
	EXPECT("cred", "uid", 8);
	for (uint32_t size = 0; size < types_size; size++) {
		memcpy(data + offsetof(struct btf_header, type_len), &size, 4);
		CU_ASSERT_EQUAL(look(data_size, "cred", "uid"), -ENOENT);
	}
}

/* Any one bit: whatever it says then, it is read within bounds. */
static void any_flipped_bit(void)
{
	int same = 0;

	begin();
	put_every_kind();
	type(BTF_KIND_STRUCT, "cred", 2, 16);
	member("", KINDS + 2, 32);
	member("euid", 1, 96);
	type(BTF_KIND_UNION, "", 1, 4);
	member("uid", 1, 0);
	end();
	EXPECT("cred", "uid", 4);
	for (size_t bit = 0; bit < data_size * 8; bit++) {
		int offset;

		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		offset = look(data_size, "cred", "uid");
		CU_ASSERT_TRUE(offset >= 0 || offset == -ENOENT || offset == -EINVAL);
		same += offset == 4;
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_TRUE(same > 0 && same < (int)data_size * 8);
}

static int offset_in(const void *all, size_t size, const char *structure, const char *wanted)
{
	struct btf_query query = { .structure = structure, .member = wanted };

	CU_ASSERT_EQUAL(btf_member_offsets(all, size, &query, 1), 0);
	return query.offset;
}

/* That of the running kernel, where it has any: what holds in all of them. */
static void of_this_kernel(void)
{
	FILE *file = fopen("/sys/kernel/btf/vmlinux", "re");
	const size_t room = 64 << 20;
	struct utsname kernel;
	uint8_t *all;
	size_t size;
	int pid;

	if (!file) {
		printf("(skipped: this kernel has no /sys/kernel/btf/vmlinux) ");
		return;
	}
	all = malloc(room);
	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	size = fread(all, 1, room, file);
	fclose(file);
	CU_ASSERT_FATAL(size > 0 && size < room);
	/* struct list_head is as old as Linux */
	CU_ASSERT_EQUAL(offset_in(all, size, "list_head", "next"), 0);
	CU_ASSERT_EQUAL(offset_in(all, size, "list_head", "prev"), sizeof(void *));
	/* struct pt_regs of x86-64 is what ptrace shows */
	if (uname(&kernel) == 0 && strcmp(kernel.machine, "x86_64") == 0) {
		CU_ASSERT_EQUAL(offset_in(all, size, "pt_regs", "di"), 112);
		CU_ASSERT_EQUAL(offset_in(all, size, "pt_regs", "r10"), 56);
	}
	pid = offset_in(all, size, "task_struct", "pid");
	CU_ASSERT_TRUE(pid > 0);
	CU_ASSERT_EQUAL(offset_in(all, size, "task_struct", "tgid"), pid + 4);
	CU_ASSERT_TRUE(offset_in(all, size, "cred", "uid") > 0);
	CU_ASSERT_EQUAL(offset_in(all, size, "cred", "no_such"), -ENOENT);
	CU_ASSERT_EQUAL(offset_in(all, size, "no_such", "uid"), -ENOENT);
	free(all);
}

int suite_btf(void)
{
	CU_pSuite suite = CU_add_suite("btf", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, structures) || !CU_ADD_TEST(suite, anonymous_members) ||
	    !CU_ADD_TEST(suite, many_questions) || !CU_ADD_TEST(suite, structures_of_one_name) ||
	    !CU_ADD_TEST(suite, bitfields) || !CU_ADD_TEST(suite, nonsense) ||
	    !CU_ADD_TEST(suite, names_beyond_the_strings) || !CU_ADD_TEST(suite, unknown_kind) ||
	    !CU_ADD_TEST(suite, headers) || !CU_ADD_TEST(suite, cut_anywhere) ||
	    !CU_ADD_TEST(suite, any_flipped_bit) || !CU_ADD_TEST(suite, of_this_kernel))
		return (int)CU_get_error();
	return 0;
}
