/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Written by bpf/programs/payload_socket.bpf.c (tp_btf/sock_send_length, sock_recv_length) and by
 * bpf/programs/payload_syscall.bpf.c (tp_btf/sys_exit): the same record, so that user space cannot tell them apart.
 * Read by agent/probes/payload/.  Ring: data. */
#ifndef BN_DATA_EVENT_H
#define BN_DATA_EVENT_H
#include "bpf/abi/abi.h"

enum bn_data_flag {
	BN_DATA_SENT = 1,     /* else received */
	BN_DATA_UNSEEN = 2,   /* sizes only: the bytes were not in a buffer that can be read */
	BN_DATA_EXISTED = 4,  /* the connection was there before the agent: positions are relative */
};

/* A part of one socket transfer.  A transfer longer than one record is written as several with rising `position`.
 * `bytes[0 .. captured_size)` follows the struct. */
struct bn_data {
	struct bn_header header;
	__u64 connection;
	__u64 position;       /* in this direction's stream: bytes before this record since the connection was first seen */
	__u32 tcp_sequence;   /* of the first byte; write_seq - size or copied_seq - size */
	__u32 size;           /* bytes of the stream that this record stands for */
	__u32 captured_size;  /* how many of them follow, from the first on */
	__u32 tid;
	__u32 pid;
	__u8 flags;           /* enum bn_data_flag */
	__u8 pad[3];
};
BN_ABI_SIZE(struct bn_data, 56);

/* What user space wants of a connection, in a memory-mapped array that it writes without a system call.
 * Slot = connection % BN_VERDICT_SLOTS; it counts only when `connection` (low 32 bits) agrees. */
enum bn_verdict {
	BN_VERDICT_CAPTURE = 0,
	BN_VERDICT_COUNT_ONLY = 1, /* sizes and times, no bytes */
	BN_VERDICT_OFF = 2,        /* count in the kernel, write nothing */
};
#define BN_VERDICT_SLOTS 65536
struct bn_verdict_slot {
	__u32 connection;
	__u16 verdict;
	__u16 pad;
};
BN_ABI_SIZE(struct bn_verdict_slot, 8);
#endif
