/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: how our connections are, once a second, those that still wait for an answer among them.
 * Attaches: nothing.  User space lists the connections and runs the program over them (BPF_PROG_TEST_RUN of a raw tracepoint, 5.10:
 * 1b4d60ec162f), since hardened kernels refuse iterators over maps.  Oldest kernel: 5.10. */
#include "bpf/lib/connections.bpf.h"

#define PENDING_NS 1000000000ULL /* a connect() that has waited for longer is told of */

/* -- logic -- */
static __always_inline void sample(struct bn_socket_sample *e, const struct sock *sk, const struct connection *c)
{
	e->header.at_ns = bpf_ktime_get_ns();
	e->header.kind = BN_KIND_SOCKET_SAMPLE;
	e->connection = c->id;
	e->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	e->drops = socket_drops(sk);
	e->payload = c->payload;
	if (e->state == TCP_LISTEN) {
		e->accept_queue = BPF_CORE_READ(sk, sk_ack_backlog);
		e->accept_queue_limit = BPF_CORE_READ(sk, sk_max_ack_backlog);
	} else {
		read_tcp_counters(&e->tcp, sk);
	}
}

static __always_inline void sample_pending(struct bn_connect_pending *e, const struct sock *sk, const struct connection *c)
{
	__u64 now = bpf_ktime_get_ns();

	if (now - c->began_ns < PENDING_NS || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_SYN_SENT)
		return;
	e->header.at_ns = now;
	e->header.kind = BN_KIND_CONNECT_PENDING;
	e->connection = c->id;
	e->began_ns = c->began_ns;
	e->task = c->task;
	e->syn_retransmits = BPF_CORE_READ((const struct tcp_sock *)sk, total_retrans);
	read_tuple(&e->tuple, sk);
}

/* A function of its own for the verifier (global, a plain number as its argument): checked once, not once a slot. */
__attribute__((weak, noinline)) int fill_slot(__u32 number)
{
	struct bn_sample_slot *slot = bpf_map_lookup_elem(&sample_slots, &number);
	const struct connection *c;
	const struct sock *sk;

	if (!slot)
		return 0;
	__builtin_memset(slot->record, 0, sizeof(slot->record));
	sk = (const struct sock *)slot->socket;
	c = find_connection(sk);
	if (!c || c->flags & CONNECTION_IGNORED)
		return 0;
	if (c->flags & (CONNECTION_ANNOUNCED | CONNECTION_LISTENER)) {
		if (!(c->flags & CONNECTION_CLOSED))
			sample((struct bn_socket_sample *)slot->record, sk, c);
	} else if (c->side == BN_SIDE_CLIENT) {
		sample_pending((struct bn_connect_pending *)slot->record, sk, c);
	}
	return 0;
}

/* -- entry points -- */
SEC("raw_tp")
int socket_samples(void *ctx)
{
	for (__u32 i = 0; i < BN_SAMPLE_SLOTS; i++) {
		if (i >= sample_count)
			break;
		fill_slot(i);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
