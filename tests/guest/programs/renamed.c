/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls itself by each of the names, in octal escapes, that it is given, and arms a timer
 * under each: renamed NAME...
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static void take_name(const char *text)
{
	char name[16] = "";

	for (size_t i = 0; *text && i < sizeof(name) - 1; i++) {
		char *end = (char *)text + 1;

		name[i] = *text == '\\'
				  ? (char)strtol((char[]){ text[1], text[2], text[3], 0 }, NULL, 8)
				  : *text;
		text = *text == '\\' ? text + 4 : end;
	}
	prctl(PR_SET_NAME, name);
}

int main(int argc, char **argv)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	const struct itimerspec value = { .it_value = { 1000, 0 } };
	timer_t timer;

	for (int i = 1; i < argc; i++) {
		take_name(argv[i]);
		if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
		    timer_settime(timer, 0, &value, NULL) < 0)
			return 1;
	}
	return 0;
}
