/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Type data of any bytes. */
#include <stdint.h>

#include "timersnoop/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	btf_member_offset(data, size, "cred", "uid");
	return 0;
}
