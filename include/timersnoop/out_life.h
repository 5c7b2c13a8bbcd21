/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_life: one timer's figures -> a block of text, a JSON object, a CSV or TSV row.
 */
#ifndef TIMERSNOOP_OUT_LIFE_H
#define TIMERSNOOP_OUT_LIFE_H

#include "timersnoop/lives.h"
#include "timersnoop/out.h"

void out_life_text(struct sink *sink, const struct out_style *style, const struct life *life);
void out_life_json(struct sink *sink, const struct out_style *style, const struct life *life);

/* CSV, or TSV if the style's format is that. The columns are the keys of the JSON
 * object, those of objects in it joined with '_'. */
void out_life_csv_header(struct sink *sink, const struct out_style *style);
void out_life_csv(struct sink *sink, const struct out_style *style, const struct life *life);
/* Records that were lost, as a row among lives. */
void out_life_csv_lost(struct sink *sink, const struct out_style *style, const struct loss *loss);

/* No expiry came of it, although it was armed. */
bool out_life_never_fired(const struct life *life);
/* It was left to the end of its process, or of the trace. */
bool out_life_never_deleted(const struct life *life);

#endif
