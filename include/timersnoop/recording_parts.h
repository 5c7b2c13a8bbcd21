/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording_parts: names of trace-cmd.dat.v6(5) and .v7(5). For recording's sources alone. */
#ifndef TIMERSNOOP_RECORDING_PARTS_H
#define TIMERSNOOP_RECORDING_PARTS_H

#define RECORDING_MAGIC "\x17\x08\x44tracing"

enum recording_option {
	OPTION_DONE = 0,
	OPTION_DATE = 1,
	OPTION_CPUSTAT = 2,
	OPTION_BUFFER = 3,
	OPTION_TRACECLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_CPUCOUNT = 8,
	OPTION_VERSION = 9,
	/* version 7: where sections are */
	OPTION_HEADER_INFO = 16,
	OPTION_EVENT_FORMATS = 18,
	OPTION_CMDLINES = 21,
};

#endif
