/* SPDX-License-Identifier: GPL-2.0-or-later */
/* format_texts: formats of events as tests write them. */
#ifndef TIMERSNOOP_TESTS_FORMAT_TEXTS_H
#define TIMERSNOOP_TESTS_FORMAT_TEXTS_H

#define COMMON                                                                                     \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                     \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"                     \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"             \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
#define FIELD(type, name, offset, size, is_signed)                                                 \
	"\tfield:" type " " name ";\toffset:" #offset ";\tsize:" #size ";\tsigned:" #is_signed ";" \
	"\n"
#define FORMAT(name, id, fields)                                                                   \
	"name: " name "\nID: " #id "\nformat:\n" COMMON fields "\nprint fmt: \"\"\n"

#endif
