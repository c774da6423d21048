/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every record that crosses from the kernel shares.  Included by BPF C and by C++ (agent/probes only). */
#ifndef BN_ABI_H
#define BN_ABI_H

#ifdef __cplusplus
#include <linux/types.h>
#define BN_ABI_SIZE(type, size) static_assert(sizeof(type) == (size), "the layout of " #type " moved")
#else
#define BN_ABI_SIZE(type, size) _Static_assert(sizeof(type) == (size), "the layout of " #type " moved")
#endif

/* First bytes of every record in every ring.  `sequence` counts the records that this CPU wanted to write to this ring,
 * those that found no room included: a jump is a loss, and its size is known. */
struct bn_header {
	__u64 at_ns;    /* CLOCK_MONOTONIC */
	__u32 sequence; /* per CPU and ring */
	__u16 cpu;
	__u16 kind;     /* enum bn_kind */
};
BN_ABI_SIZE(struct bn_header, 16);

enum bn_kind {
	BN_KIND_NONE = 0,
	BN_KIND_CONNECTION_OPENED = 1,
	BN_KIND_CONNECTION_CLOSED = 2,
	BN_KIND_CONNECT_FAILED = 3,
	BN_KIND_LISTEN_STARTED = 4,
	BN_KIND_LISTEN_ENDED = 5,
	BN_KIND_PROCESS_FORKED = 6,
	BN_KIND_PROCESS_EXECED = 7,
	BN_KIND_PROCESS_EXITED = 8,
	BN_KIND_DATA = 9,
	BN_KIND_SOCKET_SAMPLE = 10,
	BN_KIND_CONNECTION_OWNED = 11, /* first transfer told which task uses an accepted socket */
	BN_KIND_CONNECT_PENDING = 12,
};

/* Both addresses of a socket; IPv4 is mapped (::ffff:a.b.c.d).  Ports in host order. */
struct bn_tuple {
	__u8 local_address[16];
	__u8 remote_address[16];
	__u16 local_port;
	__u16 remote_port;
	__u32 netns; /* inode number of the network namespace */
};
BN_ABI_SIZE(struct bn_tuple, 40);

/* Who was on the CPU, or who owns the socket.  `pid` is the thread-group id as the agent's own PID namespace numbers it;
 * 0 where the kernel did not know (softirq). */
struct bn_task {
	__u32 pid;
	__u32 tid;
	__u64 cgroup; /* inode of the v2 directory; 0 = unknown */
	__u8 name[16]; /* comm */
};
BN_ABI_SIZE(struct bn_task, 32);

#endif
