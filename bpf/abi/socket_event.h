/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Written by bpf/programs/tcp_lifecycle.bpf.c and bpf/programs/socket_iterator.bpf.c, read by agent/probes/.
 * Ring: lifecycle. */
#ifndef BN_SOCKET_EVENT_H
#define BN_SOCKET_EVENT_H
#include "bpf/abi/abi.h"

enum bn_side {
	BN_SIDE_UNKNOWN = 0, /* found at start: user space decides by who listens */
	BN_SIDE_CLIENT = 1,
	BN_SIDE_SERVER = 2,
};

/* `connection` is ours: unique since the maps were made, never reused.  `cookie` is the kernel's (0 where the helper is missing). */
struct bn_connection_opened {
	struct bn_header header;
	__u64 connection;
	__u64 cookie;
	struct bn_tuple tuple;
	struct bn_task task;     /* client: who called connect(); server: pid 0, the listener's owner is known by address */
	__u64 connect_began_ns;  /* client: SYN_SENT; 0 when unknown */
	__u32 state;             /* TCP_* */
	__u8 side;               /* enum bn_side */
	__u8 existed;            /* 1 = found at start, positions count from there */
	__u8 pad[2];
};
BN_ABI_SIZE(struct bn_connection_opened, 120);

struct bn_tcp_counters {
	__u64 bytes_sent;     /* payload, once each: tcp_sock.bytes_sent - bytes_retrans */
	__u64 bytes_received; /* payload: tcp_sock.bytes_received without the FIN */
	__u32 segments_out;
	__u32 segments_in;
	__u32 retransmits_out;
	__u32 srtt_us;        /* smoothed round trip, microseconds */
	__u32 rttvar_us;      /* mdev, microseconds */
	__u32 min_rtt_us;
	__u32 out_of_order;   /* tcp_sock.rcv_ooopack */
	__u32 unread_bytes;   /* rcv_nxt - copied_seq */
	__u32 unsent_bytes;   /* write_seq - snd_una */
	__u32 send_window;
	__u32 receive_window;
	__u32 pad;
	__u64 rwnd_limited_us;
	__u64 sndbuf_limited_us;
};
BN_ABI_SIZE(struct bn_tcp_counters, 80);

/* What our own payload programs saw of this connection: the difference to the rows that arrived is loss. */
struct bn_payload_counters {
	__u64 seen_sent;      /* bytes of completed send calls since first seen = next send position */
	__u64 seen_received;
	__u64 lost_sent;      /* bytes whose record found no room */
	__u64 lost_received;
	__u64 unseen_sent;    /* bytes that no buffer could be read for: sendfile, splice, io_uring, over the cap */
	__u64 unseen_received;
};
BN_ABI_SIZE(struct bn_payload_counters, 48);

struct bn_connection_closed {
	struct bn_header header;
	__u64 connection;
	__u32 before;        /* TCP_* state it left */
	__u32 error;         /* errno in sk_err, 0 = orderly */
	__u8 reset_sent;
	__u8 reset_received;
	__u8 pad[6];
	struct bn_tcp_counters tcp;
	struct bn_payload_counters payload;
};
BN_ABI_SIZE(struct bn_connection_closed, 168);

/* A connect() that never became a connection. */
struct bn_connect_failed {
	struct bn_header header;
	__u64 connection;
	__u64 began_ns;
	struct bn_tuple tuple;
	struct bn_task task;
	__u32 error;           /* errno: 111 refused, 110 timed out, 113 no route, 125 given up by the program … */
	__u32 syn_retransmits;
};
BN_ABI_SIZE(struct bn_connect_failed, 112);

struct bn_listen {
	struct bn_header header;
	__u64 connection;      /* of the listening socket: its samples carry it */
	struct bn_tuple tuple; /* remote part is zero */
	struct bn_task task;
	__u32 backlog_limit;
	__u8 existed;
	__u8 pad[3];
};
BN_ABI_SIZE(struct bn_listen, 104);

/* The first send or receive of an accepted socket: the task that really serves it. */
struct bn_connection_owned {
	struct bn_header header;
	__u64 connection;
	struct bn_task task;
};
BN_ABI_SIZE(struct bn_connection_owned, 56);

/* One live connection or listener, sampled once a second.  Comes through a bn_sample_slot, not through a ring. */
struct bn_socket_sample {
	struct bn_header header;
	__u64 connection;
	__u32 state;
	__u32 accept_queue;       /* listener: sk_ack_backlog */
	__u32 accept_queue_limit; /* listener: sk_max_ack_backlog */
	__u32 drops;              /* sk_drops */
	struct bn_tcp_counters tcp;
	struct bn_payload_counters payload;
};
BN_ABI_SIZE(struct bn_socket_sample, 168);

/* A connect() that has had no answer for a second or longer.  Among the samples, once a second for as long as it waits. */
struct bn_connect_pending {
	struct bn_header header;
	__u64 connection;
	__u64 began_ns;
	struct bn_tuple tuple;
	struct bn_task task;
	__u32 syn_retransmits;
	__u32 pad;
};
BN_ABI_SIZE(struct bn_connect_pending, 112);

/* User space names a socket, and bpf/programs/socket_samples.bpf.c writes how it is: a bn_socket_sample or a bn_connect_pending, as
 * the header's kind says; BN_KIND_NONE when there is nothing to tell.  In a memory-mapped array. */
#define BN_SAMPLE_SLOTS 256
struct bn_sample_slot {
	__u64 socket;     /* a key of the connections that the kernel side keeps */
	__u64 record[21];
};
BN_ABI_SIZE(struct bn_sample_slot, 176);
#endif
