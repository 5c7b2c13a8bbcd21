/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inheriting COMMAND [ARG...]: runs it with every capability passed on to what it runs. */
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];

	if (argc < 2 || syscall(SYS_capget, &header, words) < 0)
		return 125;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		words[i].inheritable = words[i].permitted;
	if (syscall(SYS_capset, &header, words) < 0)
		return 125;
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 125;
}
