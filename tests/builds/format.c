// SPDX-License-Identifier: GPL-2.0-or-later
/* What -Wformat-security warns of and -Wall does not. Not of printf(): where that is
 * fortified, clang does not see it.
 */
#include <err.h>

int main(int argc, char **argv)
{
	(void)argc;
	warnx(argv[0]);
	return 0;
}
