/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a recording as KernelShark does, and prints each entry's time, CPU, task
 * and event: of the top instance, then of the others.
 */
#include <libkshark-tepdata.h>
#include <libkshark.h>
#include <stdio.h>
#include <stdlib.h>

static void print_entries(struct kshark_context *context, int stream)
{
	struct kshark_entry **entries = NULL;
	ssize_t count = kshark_load_entries(context, stream, &entries);

	for (ssize_t i = 0; i < count; i++) {
		char *event = kshark_get_event_name(entries[i]);
		char *info = kshark_get_info(entries[i]);

		printf("%lld %d %d %s %s\n", (long long)entries[i]->ts, entries[i]->cpu,
		       (int)entries[i]->pid, event, info);
		free(event);
		free(info);
	}
}

int main(int argc, char **argv)
{
	struct kshark_context *context = NULL;
	int stream;

	if (argc != 2 || !kshark_instance(&context))
		return 2;
	stream = kshark_open(context, argv[1]);
	if (stream < 0)
		return 1;
	if (kshark_tep_init_all_buffers(context, stream) < 0)
		return 1;
	for (int i = 0; i < context->n_streams; i++)
		print_entries(context, i);
	return 0;
}
