/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format of an event of any bytes, as of each use, behind one of the bytes that says
 * which; and a record of zeros by it.
 */
#include <stdlib.h>
#include <string.h>

#include "timersnoop/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoder *decoder = decoder_new(8);
	struct meaning means = { .abi = ABI_64 };
	char *text = malloc(size + 1);
	uint8_t bytes[256];
	struct record record;
	struct error err;

	if (!decoder || !text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	means.use = size ? data[0] % USE_COUNT : 0;
	if (size && decoder_add(decoder, &means, "timersnoop", text + 1, &err) == 0)
		for (unsigned id = 0; id < 4096; id++) {
			const struct raw_event event = { .data = bytes, .size = sizeof(bytes) };

			memset(bytes, 0, sizeof(bytes));
			memcpy(bytes, &id, 2);
			decoder_read(decoder, &event, &record);
		}
	free(text);
	decoder_free(decoder);
	return 0;
}
