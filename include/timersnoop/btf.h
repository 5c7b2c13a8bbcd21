/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * btf: where a member lies in a kernel structure, from BPF Type Format data
 * (/sys/kernel/btf/vmlinux, Documentation/bpf/btf.rst). Pure. Type data only: nothing
 * here has to do with running BPF.
 */
#ifndef TIMERSNOOP_BTF_H
#define TIMERSNOOP_BTF_H

#include <stddef.h>

/*
 * Byte offset of `member` in `struct name`, anonymous members looked through.
 * -ENOENT when there is no such structure or member, -EINVAL for data that
 * is not BTF of this byte order.
 */
int btf_member_offset(const void *data, size_t size, const char *name, const char *member);

#endif
