/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scene's text of any bytes: what is taken of it is written and taken again as it is. */
#include <stdlib.h>
#include <string.h>

#include "timersnoop/scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scene scene = { .self = 0 }, again = { .self = 0 };
	struct error err;
	char *text, *other;

	if (scene_parse(&scene, (const char *)data, size, &err) < 0)
		return 0;
	text = scene_text(&scene);
	if (!text || scene_parse(&again, text, strlen(text), &err) < 0)
		abort();
	other = scene_text(&again);
	if (!other || strcmp(text, other) != 0)
		abort();
	scene_free(&scene);
	scene_free(&again);
	free(text);
	free(other);
	return 0;
}
