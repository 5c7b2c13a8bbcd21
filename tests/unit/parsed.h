/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parsed: a command line for tests, as options has read it. */
#ifndef TIMERSNOOP_TESTS_PARSED_H
#define TIMERSNOOP_TESTS_PARSED_H

#include "timersnoop/options.h"

extern struct options parsed;
extern struct error parsed_error;

/* Words without argv[0], up to NULL: what options_parse returns, which fills the two
 * above. parsed_done() lets go of it all. */
int parse_words(const char *const *words);
void parsed_done(void);

#define PARSE(...) parse_words((const char *const[]){ __VA_ARGS__, NULL })

#endif
