/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Written by bpf/programs/process_lifecycle.bpf.c, read by agent/probes/process_lifecycle/.  Ring: lifecycle. */
#ifndef BN_PROCESS_EVENT_H
#define BN_PROCESS_EVENT_H
#include "bpf/abi/abi.h"

#define BN_PROCESS_ARGUMENTS 256

struct bn_process_forked {
	struct bn_header header;
	struct bn_task task;     /* the child's */
	__u64 start_ns;          /* task_struct.start_boottime: identity together with the pid */
	__u32 parent_pid;
	__u32 netns;
};
BN_ABI_SIZE(struct bn_process_forked, 64);

struct bn_process_execed {
	struct bn_header header;
	struct bn_task task;
	__u64 start_ns;
	__u32 parent_pid;
	__u32 netns;
	__u32 arguments_size;    /* of the bytes below; the true length may be larger */
	__u32 pad;
	__u8 executable[128];    /* bprm->filename, zero-terminated when shorter */
	__u8 arguments[BN_PROCESS_ARGUMENTS]; /* argv, zero-separated, from the new program's memory */
};
BN_ABI_SIZE(struct bn_process_execed, 456);

struct bn_process_exited {
	struct bn_header header;
	struct bn_task task;
	__u64 start_ns;
	__u32 exit_code;         /* as wait(2) gives it: status << 8 | signal */
	__u32 pad;
};
BN_ABI_SIZE(struct bn_process_exited, 64);
#endif
