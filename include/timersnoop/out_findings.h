/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_findings: findings and expectations -> text and JSON. */
#ifndef TIMERSNOOP_OUT_FINDINGS_H
#define TIMERSNOOP_OUT_FINDINGS_H

#include "timersnoop/findings.h"
#include "timersnoop/out.h"
#include "timersnoop/sink.h"

/* Text and JSON. */
void out_findings(struct sink *sink, const struct out_style *style,
		  const struct findings *findings);
/* --expect: `why` it does not hold, or NULL. JSON alone. */
void out_findings_expectation(struct sink *sink, const struct out_style *style, const char *text,
			      const char *why);

/* "app (4242) timer 0", "app (4242), 3 timers", "callback it_real_fn on CPU 3": what a finding
 * is about; empty when it is of all. */
#define OUT_FINDINGS_SUBJECT_MAX 448
void out_findings_subject(char text[OUT_FINDINGS_SUBJECT_MAX], const struct finding *finding);

/* The same in JSON: ,"pid":1,"comm":"app","timer":"0"; null for what it is not of. When it
 * has a callback or a CPU, ,"callback":"it_real_fn","cpu":3 as well. As line.h writes. */
char *out_findings_json_subject(char *at, const struct finding *of);
/* ,"key":"text"; null for NULL. */
char *out_findings_json_text(char *at, const char *key, const char *text);

#endif
