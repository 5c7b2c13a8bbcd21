/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plans.h"
#include "suites.h"
#include "timersnoop/checkup.h"
#include "timersnoop/json_stream.h"
#include "timersnoop/memfile.h"

static struct checkup checkup;

static void begin(void)
{
	memset(&checkup, 0, sizeof(checkup));
	strcpy(checkup.release, "6.1.0-44-amd64");
	strcpy(checkup.machine, "x86_64");
	checkup.libraries[0] = (struct checkup_library){ "libtracefs", "1.6.4", "libtracefs.so.1" };
	checkup.libraries[1] = (struct checkup_library){ "libtraceevent", "1.7.1", "" };
}

static char *written(void (*write)(FILE *to, const struct checkup *checkup))
{
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);

	write(to, &checkup);
	CU_ASSERT_EQUAL_FATAL(memfile_close(&file, to), 0);
	return file.text;
}

static void expect_parts(const char *text, const char *const *parts)
{
	const char *at = text;

	for (; *parts; parts++) {
		const char *found = strstr(at, *parts);

		CU_ASSERT_PTR_NOT_NULL(found);
		if (!found)
			fprintf(stderr, "\nnot there, or not in this order: %s\nin: %s\n", *parts,
				text);
		else
			at = found + strlen(*parts);
	}
}
#define PARTS(text, ...) expect_parts(text, (const char *const[]){ __VA_ARGS__, NULL })

/* Each as it is told when it was not come to, then one that failed. */
static void refused(void)
{
	struct error error;
	char *text;

	begin();
	checkup_found(&checkup, CHECK_TRACEFS, CHECK_OK, "%s", "/sys/kernel/tracing");
	error_set(&error, EACCES, "no permission to use \"%s\"", "/sys");
	error_hint(&error, "run it as root");
	checkup_error(&checkup, CHECK_PERMISSION, CHECK_FAILED, &error);
	checkup_found(&checkup, CHECK_LOCKDOWN, CHECK_OK, NULL);
	checkup.error = error;
	checkup.status = 3;
	text = written(checkup_json);
	CU_ASSERT_STRING_EQUAL(
		text,
		"{\"event\":\"doctor\",\"version\":\"" TIMERSNOOP_VERSION
		"\",\"release\":\"6.1.0-44-amd64\",\"machine\":\"x86_64\",\"libraries\":["
		"{\"name\":\"libtracefs\",\"built\":\"1.6.4\",\"loaded\":\"libtracefs.so.1\"},"
		"{\"name\":\"libtraceevent\",\"built\":\"1.7.1\",\"loaded\":null}],"
		"\"can_trace\":false,\"status\":3,"
		"\"error\":{\"text\":\"no permission to use \\\"/sys\\\"\",\"hint\":\"run it as "
		"root\"},\"checks\":["
		"{\"check\":\"tracefs\",\"state\":\"ok\",\"found\":\"/sys/kernel/tracing\","
		"\"hint\":null},"
		"{\"check\":\"permission\",\"state\":\"failed\",\"found\":\"no permission to use "
		"\\\"/sys\\\"\",\"hint\":\"run it as root\"},"
		"{\"check\":\"lockdown\",\"state\":\"ok\",\"found\":null,\"hint\":null},"
		"{\"check\":\"kprobe_events\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"kprobes_on\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"pid_namespace\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"leftovers\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"functions\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"addresses\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"types\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"instance\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"probes\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"call\",\"state\":\"skipped\",\"found\":null,\"hint\":null},"
		"{\"check\":\"undone\",\"state\":\"skipped\",\"found\":null,\"hint\":null}],"
		"\"plan\":null,\"given_up\":null}\n");
	free(text);

	text = written(checkup_text);
	PARTS(text, "kernel: 6.1.0-44-amd64 x86_64\n\nChecked:\n",
	      "  tracefs is mounted              yes: /sys/kernel/tracing\n"
	      "  it may be used                  no: no permission to use \"/sys\"\n"
	      "      run it as root\n"
	      "  lockdown allows it              yes\n"
	      "  the kernel has kprobe events    not looked at\n",
	      "  libtracefs: built with 1.6.4, runs with libtracefs.so.1\n"
	      "  libtraceevent: built with 1.7.1, runs with one that is not known\n");
	free(text);
}

/* The plan, and what the kernel has not. */
static void planned(void)
{
	char *text;

	begin();
	describe();
	set_symbol("do_timer_settime", 0);
	set_symbol("posix_timer_fn", 2);
	make_whole();
	CU_ASSERT_EQUAL(kernel_features_refuse(&kernel, "commit_creds", "", "a \"bad\" one"), 0);
	checkup.features = kernel;
	checkup.plan = plan;
	checkup.planned = checkup.can_trace = true;
	checkup_found(&checkup, CHECK_CALL, CHECK_OK, NULL);
	checkup.given_up = (struct privilege_state){ .capabilities = true,
						     .no_new_privs = true,
						     .files_why_not = "no Landlock",
						     .calls = true };
	text = written(checkup_json);
	PARTS(text, "\"can_trace\":true,\"status\":0,\"error\":null,\"checks\":[",
	      "\"plan\":{\"probes\":[{\"function\":\"", "\",\"text\":\"", ":timersnoop/",
	      "\",\"filter\":null,\"why\":\"", "\"tracepoints\":[{\"tracepoint\":\"",
	      "\"new_from\":\"", "\",\"refused_new_from\":", ",\"old_from\":\"", "\"missing\":[",
	      "\"refused\":[{\"function\":\"commit_creds\",\"why\":\"a \\\"bad\\\" one\"}],"
	      "\"absent\":[\"do_timer_settime\"],\"ambiguous\":[\"posix_timer_fn\"],"
	      "\"given_up\":{\"capabilities\":true,\"no_new_privs\":true,\"files\":false,"
	      "\"files_why_not\":\"no Landlock\",\"calls\":true,\"calls_why_not\":null}}\n");
	CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}

static enum check_state state_of(enum check_id id)
{
	return checkup.checks[id].state;
}

static void features(void)
{
	begin();
	describe();
	list_symbols();
	set_symbol("posix_timer_fn", 2);
	checkup.features = kernel;
	checkup_features(&checkup, 1);
	CU_ASSERT_EQUAL(state_of(CHECK_FUNCTIONS), CHECK_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(checkup.checks[CHECK_FUNCTIONS].found, " 1 of them "));
	CU_ASSERT_EQUAL(state_of(CHECK_ADDRESSES), CHECK_OK);
	CU_ASSERT_EQUAL(state_of(CHECK_TYPES), CHECK_OK);

	/* Root does not see them either; then nobody does, whatever sysctl says. */
	checkup_features(&checkup, 2);
	CU_ASSERT_EQUAL(state_of(CHECK_ADDRESSES), CHECK_LIMITED);
	CU_ASSERT_PTR_NOT_NULL(strstr(checkup.checks[CHECK_ADDRESSES].hint, "kptr_restrict"));
	for (size_t i = 0; i < checkup.features.symbol_count; i++)
		checkup.features.symbols[i].address = 0;
	for (int i = 0; i < OFFSET_COUNT; i++)
		checkup.features.offset[i] = -1;
	checkup_features(&checkup, -1);
	CU_ASSERT_EQUAL(state_of(CHECK_ADDRESSES), CHECK_LIMITED);
	CU_ASSERT_EQUAL(state_of(CHECK_TYPES), CHECK_LIMITED);
	CU_ASSERT_PTR_NOT_NULL(strstr(checkup.checks[CHECK_TYPES].hint, "CONFIG_DEBUG_INFO_BTF"));

	for (size_t i = 0; i < checkup.features.symbol_count; i++)
		checkup.features.symbols[i].count = 0;
	checkup_features(&checkup, 0);
	CU_ASSERT_EQUAL(state_of(CHECK_FUNCTIONS), CHECK_FAILED);
}

/* Names are taken for each of the checks, and are words. */
static void names(void)
{
	for (int i = 0; i < CHECKS; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(checkup_names[i]);
		CU_ASSERT_EQUAL(strspn(checkup_names[i], "abcdefghijklmnopqrstuvwxyz_"),
				strlen(checkup_names[i]));
	}
}

/* Longer than what is escaped at a time, wherever its characters end. */
static void long_texts(void)
{
	for (size_t before = 0; before < 4; before++) {
		struct memfile file = { .size = 0 };
		FILE *to = memfile_open(&file);
		struct json_stream json = { .to = to };
		char text[1024] = "", expected[2048];

		memset(text, 'a', before);
		for (int i = 0; i < 300; i++)
			strcat(text, i == 150 ? "\n" : "\xe2\x82\xac");
		json_text(&json, NULL, text);
		CU_ASSERT_EQUAL_FATAL(memfile_close(&file, to), 0);
		*strchr(text, '\n') = '\0';
		snprintf(expected, sizeof(expected), "\"%s\\u000a%s\"", text,
			 text + strlen(text) + 1);
		CU_ASSERT_STRING_EQUAL(file.text, expected);
		free(file.text);
	}
}

static void nested(void)
{
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);
	struct json_stream json = { .to = to };

	json_open(&json, NULL, '{');
	json_open(&json, "a", '[');
	json_close(&json, ']');
	json_open(&json, "b", '[');
	json_text(&json, NULL, "x");
	json_text(&json, NULL, "");
	json_open(&json, NULL, '{');
	json_number(&json, "n", -7);
	json_bool(&json, "t", true);
	json_close(&json, '}');
	json_bool(&json, NULL, false);
	json_close(&json, ']');
	json_text(&json, "c", NULL);
	json_close(&json, '}');
	CU_ASSERT_EQUAL_FATAL(memfile_close(&file, to), 0);
	CU_ASSERT_STRING_EQUAL(
		file.text, "{\"a\":[],\"b\":[\"x\",null,{\"n\":-7,\"t\":true},false],\"c\":null}");
	free(file.text);
}

int suite_checkup(void)
{
	CU_pSuite suite = CU_add_suite("checkup", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, refused) || !CU_ADD_TEST(suite, planned) ||
	    !CU_ADD_TEST(suite, features) || !CU_ADD_TEST(suite, names) ||
	    !CU_ADD_TEST(suite, long_texts) || !CU_ADD_TEST(suite, nested))
		return CU_get_error();
	return 0;
}
