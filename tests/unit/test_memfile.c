/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "short_memory.h"
#include "suites.h"
#include "timersnoop/memfile.h"

#define LINES 2000

static int write_lines(struct memfile *file)
{
	FILE *to = memfile_open(file);

	for (int i = 0; to && i < LINES; i++)
		fprintf(to, "line %d\n", i);
	return memfile_close(file, to);
}

static void all_of_it(void)
{
	struct memfile file = { .size = 0 };
	const char *at;

	CU_ASSERT_EQUAL_FATAL(write_lines(&file), 0);
	CU_ASSERT_EQUAL(strlen(file.text), file.size);
	at = file.text;
	for (int i = 0; i < LINES; i++) {
		char line[16];

		snprintf(line, sizeof(line), "line %d\n", i);
		CU_ASSERT_EQUAL_FATAL(strncmp(at, line, strlen(line)), 0);
		at += strlen(line);
	}
	CU_ASSERT_EQUAL(*at, '\0');
	free(file.text);
}

static void nothing(void)
{
	struct memfile file = { .size = 0 };

	CU_ASSERT_EQUAL_FATAL(memfile_close(&file, memfile_open(&file)), 0);
	CU_ASSERT_STRING_EQUAL(file.text, "");
	CU_ASSERT_EQUAL(file.size, 0);
	free(file.text);
}

/* It is there whole, or it is not there. */
static void out_of_memory(void)
{
	unsigned at = 0;
	bool failed;

	do {
		struct memfile file = { .size = 0 };
		int status;

		short_memory_begin(at++);
		status = write_lines(&file);
		failed = short_memory_end();
		CU_ASSERT_EQUAL(status, failed ? -ENOMEM : 0);
		CU_ASSERT_EQUAL(file.text == NULL, failed);
		free(file.text);
	} while (failed);
	CU_ASSERT_TRUE(at > 2);
}

int suite_memfile(void)
{
	CU_pSuite suite = CU_add_suite("memfile", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, all_of_it) || !CU_ADD_TEST(suite, nothing) ||
	    !CU_ADD_TEST(suite, out_of_memory))
		return (int)CU_get_error();
	return 0;
}
