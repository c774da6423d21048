/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps that the programs share.  Weak: every program declares what it uses and the linker keeps one of each. */
#ifndef BN_MAPS_BPF_H
#define BN_MAPS_BPF_H
#include "bpf/lib/kernel_types.h"
#include <bpf/bpf_helpers.h>
#include "bpf/abi/data_event.h"
#include "bpf/abi/loss_counter.h"
#include "bpf/abi/socket_event.h"
#include "bpf/lib/transfer.h"

/* What we know of one socket, from its first sight to tcp_destroy_sock. */
enum connection_flag {
	CONNECTION_ANNOUNCED = 1,  /* user space was told that it is open */
	CONNECTION_OWNED = 2,      /* its first transfer named the task that uses it */
	CONNECTION_EXISTED = 4,
	CONNECTION_IGNORED = 8,    /* agent, desktop, kernel, or a task outside our PID namespace */
	CONNECTION_CLOSED = 16,    /* user space was told that it is closed */
	CONNECTION_RESET_SENT = 32,
	CONNECTION_RESET_RECEIVED = 64,
	CONNECTION_LISTENER = 128,
	CONNECTION_SEQUENCED = 256, /* *_next are valid */
	CONNECTION_ENDED = 512,     /* TCP is done with it, the program may still have bytes to read */
};

/* An element of the hash is three whole cache lines: 48 bytes of the kernel's, the key, this.  What each transfer touches lies in
 * the first of its words and in the line behind it. */
struct connection {
	__u64 id;
	struct bn_payload_counters payload;
	__u32 flags;           /* enum connection_flag */
	__u32 sent_next;       /* TCP sequence after the last byte that is accounted for */
	__u32 received_next;
	__u32 error;           /* sk_err on entering TCP_CLOSE */
	__u64 began_ns;        /* SYN_SENT; 0 = unknown */
	struct bn_task task;   /* who called connect() or listen() */
	__u8 side;             /* enum bn_side */
	__u8 before;           /* TCP state that it left for TCP_CLOSE */
	__u8 pad[22];
};
_Static_assert(sizeof(struct connection) == 136, "an element of the hash is no longer three cache lines");

struct {
	__uint(type, BPF_MAP_TYPE_HASH); /* LRU would evict without a word */
	__uint(max_entries, 65536);      /* --max-connections */
	__type(key, __u64);              /* struct sock * */
	__type(value, struct connection);
} connections __weak SEC(".maps");

/* Several rings, since two CPUs that write into one hand its lock and its end to each other with each record.  Whoever reads
 * puts their records into the order of time. */
#define DATA_RINGS 16 /* at most; a power of two */
struct data_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* --ring-bytes, shared out */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, DATA_RINGS);
	__type(key, __u32);
	__array(values, struct data_ring);
} data_rings __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} lifecycle_ring __weak SEC(".maps");

struct cpu_state {
	__u64 counters[BN_COUNTERS];
	__u32 data_sequence;
	__u32 lifecycle_sequence;
	__u64 pointer;            /* as_number_of() */
	struct transfer transfer; /* payload programs: process context, not preempted */
	struct connection fresh;  /* the same: a connection's first sight; the stack is too small for it */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_state);
} cpu_states __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BN_VERDICT_SLOTS);
	__type(key, __u32);
	__type(value, struct bn_verdict_slot);
} verdicts __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BN_SAMPLE_SLOTS);
	__type(key, __u32);
	__type(value, struct bn_sample_slot);
} sample_slots __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32); /* pid, as the agent's PID namespace numbers it */
	__type(value, __u8);
} ignored_processes __weak SEC(".maps");

#endif
