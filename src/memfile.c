/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/memfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int grow(struct memfile *file, size_t more)
{
	size_t room = file->room ? file->room : 512;
	char *larger;

	while (room < file->size + more + 1)
		room *= 2;
	if (room == file->room)
		return 0;
	larger = realloc(file->text, room);
	if (!larger)
		return -ENOMEM;
	file->text = larger;
	file->room = room;
	return 0;
}

static ssize_t take(void *cookie, const char *bytes, size_t count)
{
	struct memfile *file = cookie;

	if (file->failed || grow(file, count) < 0) {
		file->failed = true;
		errno = ENOMEM;
		return 0;
	}
	memcpy(file->text + file->size, bytes, count);
	file->size += count;
	return (ssize_t)count;
}

FILE *memfile_open(struct memfile *file)
{
	return fopencookie(file, "w", (cookie_io_functions_t){ .write = take });
}

int memfile_close(struct memfile *file, FILE *to)
{
	bool whole = to && fclose(to) == 0 && !file->failed && grow(file, 0) == 0;

	if (whole) {
		file->text[file->size] = '\0';
		return 0;
	}
	free(file->text);
	*file = (struct memfile){ .failed = true };
	return -ENOMEM;
}
