/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Type data of any bytes. */
#include <stdint.h>

#include "timersnoop/btf.h"
#include "timersnoop/kernel_features.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_features features;
	struct btf_query query = { .structure = "cred", .member = "uid" };

	btf_member_offsets(data, size, &query, 1);
	kernel_features_init(&features);
	kernel_features_types(&features, data, size);
	return 0;
}
