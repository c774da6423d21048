/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state of a connection, and the records of its life: opened, owned, closed, failed. */
#ifndef BN_CONNECTIONS_BPF_H
#define BN_CONNECTIONS_BPF_H
#include "bpf/lib/losses.bpf.h"
#include "bpf/lib/sockets.bpf.h"
#include "bpf/lib/tasks.bpf.h"

/* Unique, never reused, rising with time.  Atomic operations that return a value came with 5.12, and the verifier before
 * refuses them in dead branches too; but two sockets cannot be opened on one CPU in the same nanosecond. */
static __always_inline __u64 next_connection_id(void)
{
	return bpf_ktime_get_ns() * processors + bpf_get_smp_processor_id();
}

static __always_inline struct connection *find_connection(const struct sock *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&connections, &key);
}

static __always_inline void forget_connection(const struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&connections, &key);
}

/* NULL when somebody else was first, or when the map is full (a counted loss). */
static __always_inline struct connection *add_connection(const struct sock *sk, const struct connection *fresh)
{
	__u64 key = (__u64)sk;
	long failed = bpf_map_update_elem(&connections, &key, fresh, BPF_NOEXIST);

	if (failed && failed != -17 /* EEXIST */)
		count(BN_COUNT_CONNECTION_MAP_FULL, 1);
	return failed ? NULL : bpf_map_lookup_elem(&connections, &key);
}

/* Positions count from here: both ends agree on these sequence numbers, whatever NAT does to addresses. */
static __always_inline void begin_streams(struct connection *c, const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;

	c->sent_next = BPF_CORE_READ(tcp, write_seq);
	c->received_next = BPF_CORE_READ(tcp, copied_seq);
	c->flags |= CONNECTION_SEQUENCED;
}

static __always_inline void fill_opened(struct bn_connection_opened *e, const struct connection *c, const struct sock *sk,
					__u64 cookie)
{
	__builtin_memset(e, 0, sizeof(*e));
	fill_lifecycle_header(&e->header, BN_KIND_CONNECTION_OPENED);
	e->connection = c->id;
	e->cookie = cookie;
	e->task = c->task;
	e->connect_began_ns = c->began_ns;
	e->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	e->side = c->side;
	e->existed = c->flags & CONNECTION_EXISTED ? 1 : 0;
	read_tuple(&e->tuple, sk);
}

static __always_inline void announce_opened(struct connection *c, const struct sock *sk)
{
	struct bn_connection_opened *e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);

	c->flags |= CONNECTION_ANNOUNCED;
	if (!e) {
		lifecycle_lost();
		return;
	}
	fill_opened(e, c, sk, cookie_of(sk));
	submit_lifecycle(e);
}

static __always_inline void announce_owned(struct connection *c, const struct bn_task *task)
{
	struct bn_connection_owned *e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);

	if (!e) {
		lifecycle_lost();
		return;
	}
	fill_lifecycle_header(&e->header, BN_KIND_CONNECTION_OWNED);
	e->connection = c->id;
	e->task = *task;
	submit_lifecycle(e);
}

/* Bytes between the last one that we accounted for and `end` went another way than through a call that we read:
 * sendfile, splice, io_uring, zero-copy receive.  A negative gap is a transfer whose tracepoint is still to come. */
static __always_inline __u32 gap_before(__u32 next, __u32 end)
{
	__s32 gap = end - next;

	return gap > 0 && gap < 1 << 30 ? gap : 0;
}

static __always_inline void account_unseen_sent(struct connection *c, __u32 bytes)
{
	__sync_fetch_and_add(&c->payload.seen_sent, bytes);
	__sync_fetch_and_add(&c->payload.unseen_sent, bytes);
	count(BN_COUNT_PAYLOAD_UNSEEN_BYTES, bytes);
}

static __always_inline void account_unseen_received(struct connection *c, __u32 bytes)
{
	__sync_fetch_and_add(&c->payload.seen_received, bytes);
	__sync_fetch_and_add(&c->payload.unseen_received, bytes);
	count(BN_COUNT_PAYLOAD_UNSEEN_BYTES, bytes);
}

/* kTLS and its like sit between the program's bytes and TCP's: sequence numbers count something else there. */
static __always_inline bool has_upper_protocol(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;

	return BPF_CORE_READ(tcp, inet_conn.icsk_ulp_ops) != NULL;
}

/* Before the FIN takes a sequence number, or at an abort: what was sent unseen is known now. */
static __always_inline void finish_sending(struct connection *c, const struct sock *sk)
{
	__u32 end = BPF_CORE_READ((const struct tcp_sock *)sk, write_seq);
	__u32 gap = gap_before(c->sent_next, end);

	if (!(c->flags & CONNECTION_SEQUENCED) || has_upper_protocol(sk))
		return;
	c->sent_next = end;
	if (gap)
		account_unseen_sent(c, gap);
}

static __always_inline void finish_receiving(struct connection *c, const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u32 end = BPF_CORE_READ(tcp, copied_seq);
	__u32 gap;

	if (!(c->flags & CONNECTION_SEQUENCED) || has_upper_protocol(sk))
		return;
	if (peer_finished(sk) && end == BPF_CORE_READ(tcp, rcv_nxt))
		end--; /* the FIN was read */
	gap = gap_before(c->received_next, end);
	c->received_next = end;
	if (gap)
		account_unseen_received(c, gap);
}

/* A function of its own for the verifier (global, a plain number as its argument): checked once, whoever calls it. */
__attribute__((weak, noinline)) int tell_closed(__u64 key)
{
	const struct sock *sk = (const struct sock *)key;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);
	struct bn_connection_closed *e;

	if (!c)
		return 0;
	finish_receiving(c, sk);
	e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);
	if (!e)
		return lifecycle_lost();
	__builtin_memset(e, 0, sizeof(*e));
	fill_lifecycle_header(&e->header, BN_KIND_CONNECTION_CLOSED);
	e->connection = c->id;
	e->before = c->before;
	e->error = c->error;
	e->reset_sent = c->flags & CONNECTION_RESET_SENT ? 1 : 0;
	e->reset_received = c->flags & CONNECTION_RESET_RECEIVED ? 1 : 0;
	e->payload = c->payload;
	read_tcp_counters(&e->tcp, sk);
	submit_lifecycle(e);
	return 0;
}

/* A global function takes plain numbers only; a socket pointer whose type the verifier knows is read back from the stack. */
static __always_inline __u64 as_number(const struct sock *sk)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &sk);
	return number;
}

static __always_inline void announce_closed(struct connection *c, const struct sock *sk)
{
	if (!(c->flags & CONNECTION_ANNOUNCED) || c->flags & CONNECTION_CLOSED)
		return;
	c->flags |= CONNECTION_CLOSED;
	tell_closed(as_number(sk));
}

#endif
