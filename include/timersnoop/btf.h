/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * btf: where a member lies in a kernel structure, from BPF Type Format data
 * (/sys/kernel/btf/vmlinux, Documentation/bpf/btf.rst). Pure. Type data only: nothing
 * here has to do with running BPF.
 */
#ifndef TIMERSNOOP_BTF_H
#define TIMERSNOOP_BTF_H

#include <stddef.h>

/* A question: where is `member` in `struct structure`? */
struct btf_query {
	const char *structure;
	const char *member;
	int offset; /* the answer: bytes, or -ENOENT */
};

/*
 * Answers all questions in one pass; anonymous members are looked through. 0, or
 * -EINVAL for data that is not BTF of this byte order (no answer is set then).
 */
int btf_member_offsets(const void *data, size_t size, struct btf_query *queries, size_t count);

#endif
