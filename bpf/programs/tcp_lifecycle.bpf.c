/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: the life of TCP sockets: opened, closed, connect failed, listen started and ended, resets.
 * Attaches: tp_btf/inet_sock_set_state, tcp_destroy_sock, tcp_send_reset, tcp_receive_reset.  Oldest kernel: 5.8. */
#define BN_TYPED_SOCKETS
#include "bpf/lib/connections.bpf.h"

/* -- logic -- */

/* Runs in the caller of connect(); every later transition may run in softirq under a random task. */
static __always_inline int connect_began(const struct sock *sk)
{
	struct connection fresh = {
		.id = next_connection_id(),
		.began_ns = bpf_ktime_get_ns(),
		.task = describe_task(current_task()),
		.side = BN_SIDE_CLIENT,
	};

	if (is_ignored(fresh.task.pid) || is_kernel_socket(sk))
		fresh.flags = CONNECTION_IGNORED;
	forget_connection(sk); /* a socket that was disconnected and connects again */
	add_connection(sk, &fresh);
	return 0;
}

/* An accepted socket, or one whose connect() began before we were attached. */
static __always_inline struct connection *add_established(const struct sock *sk, int before)
{
	struct connection fresh = {
		.id = next_connection_id(),
		.side = before == TCP_SYN_SENT ? BN_SIDE_CLIENT : BN_SIDE_SERVER,
		.flags = before == TCP_SYN_SENT && is_kernel_socket(sk) ? CONNECTION_IGNORED : 0,
	};

	return add_connection(sk, &fresh);
}

static __always_inline int established(const struct sock *sk, int before)
{
	struct connection *c = find_connection(sk);
	bool owner_decides;

	if (!c)
		c = add_established(sk, before);
	if (!c)
		return 0;
	begin_streams(c, sk);
	/* In a nested PID namespace the first transfer tells whether an accepted socket is ours; and nobody holds one of the kernel's
	 * making until it is accepted. */
	owner_decides = (own_pidns_inode || is_made_by_kernel(sk)) && c->side == BN_SIDE_SERVER;
	if (!(c->flags & CONNECTION_IGNORED) && !owner_decides)
		announce_opened(c, sk);
	return 0;
}

/* errno for a connect() that ended without the kernel giving one: no local port, or given up by the program after its SYN went
 * out.  The port itself tells nothing: tcp_set_state() gives it back before it tells of TCP_CLOSE. */
static __always_inline __u32 connect_error(const struct sock *sk)
{
	__u32 error = BPF_CORE_READ(sk, sk_err);

	if (error)
		return error;
	return BPF_CORE_READ((const struct tcp_sock *)sk, segs_out) ? 125 /* ECANCELED */ : 99 /* EADDRNOTAVAIL */;
}

static __always_inline int connect_failed(struct connection *c, const struct sock *sk)
{
	struct bn_connect_failed *e;

	if (c->flags & CONNECTION_IGNORED)
		return 0;
	e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);
	if (!e)
		return lifecycle_lost();
	*e = (struct bn_connect_failed){
		.header = next_lifecycle_header(BN_KIND_CONNECT_FAILED),
		.connection = c->id,
		.began_ns = c->began_ns,
		.task = c->task,
		.error = connect_error(sk),
		.syn_retransmits = BPF_CORE_READ((const struct tcp_sock *)sk, total_retrans),
	};
	read_tuple(&e->tuple, sk);
	submit_lifecycle(e);
	return 0;
}

static __always_inline int announce_listen(const struct sock *sk, const struct connection *c, enum bn_kind kind)
{
	struct bn_listen *e;

	if (c->flags & CONNECTION_IGNORED)
		return 0;
	e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);
	if (!e)
		return lifecycle_lost();
	*e = (struct bn_listen){
		.header = next_lifecycle_header(kind),
		.connection = c->id,
		.task = c->task,
		.backlog_limit = BPF_CORE_READ(sk, sk_max_ack_backlog),
	};
	read_listener_tuple(&e->tuple, sk);
	submit_lifecycle(e);
	return 0;
}

static __always_inline int listen_started(const struct sock *sk)
{
	struct connection fresh = {
		.id = next_connection_id(),
		.task = describe_task(current_task()),
		.flags = CONNECTION_LISTENER,
	};

	if (is_ignored(fresh.task.pid) || is_kernel_socket(sk))
		fresh.flags |= CONNECTION_IGNORED;
	add_connection(sk, &fresh);
	return announce_listen(sk, &fresh, BN_KIND_LISTEN_STARTED);
}

static __always_inline void finish_unless_fin(struct connection *c, const struct sock *sk)
{
	if (c->before == TCP_ESTABLISHED || c->before == TCP_CLOSE_WAIT)
		finish_sending(c, sk);
}

/* The peer's reset can overtake a send that has moved its bytes and not reached its tracepoint yet: its record is still to come,
 * and the books are closed after it, at the next transfer or at tcp_destroy_sock. */
static __always_inline bool may_still_send(const struct connection *c)
{
	return c->flags & CONNECTION_RESET_RECEIVED && !close_is_destroy;
}

/* TCP is done.  When the program still holds the socket (a timeout, the peer's FIN), the close is told now, unless
 * bytes wait to be read; when the program closed it, tcp_destroy_sock follows at once and tells it. */
static __always_inline int ended(const struct sock *sk, struct connection *c, int before)
{
	c->before = before;
	c->error = BPF_CORE_READ(sk, sk_err);
	c->flags |= CONNECTION_ENDED;
	if (may_still_send(c))
		return 0;
	finish_unless_fin(c, sk);
	if ((c->error || peer_finished(sk)) && !unread_bytes(sk))
		announce_closed(c, sk);
	return 0;
}

/* Our FIN takes a sequence number next.  close() after shutdown() comes here again, with the state it is in already. */
static __always_inline int finishing(const struct sock *sk, int before)
{
	struct connection *c = before != TCP_FIN_WAIT1 && before != TCP_LAST_ACK ? find_connection(sk) : NULL;

	if (c)
		finish_sending(c, sk);
	return 0;
}

static __always_inline int closed(const struct sock *sk, int before)
{
	struct connection *c = find_connection(sk);

	if (!c)
		return 0;
	if (c->flags & CONNECTION_LISTENER)
		announce_listen(sk, c, BN_KIND_LISTEN_ENDED);
	else if (!(c->flags & (CONNECTION_SEQUENCED | CONNECTION_ANNOUNCED)) && c->side == BN_SIDE_CLIENT)
		connect_failed(c, sk);
	else
		ended(sk, c, before);
	if (close_is_destroy)
		announce_closed(c, sk);
	if (close_is_destroy || !(c->flags & CONNECTION_ENDED))
		forget_connection(sk);
	return 0;
}

static __always_inline int destroyed(const struct sock *sk)
{
	struct connection *c = find_connection(sk);

	if (!c)
		return 0;
	if (may_still_send(c) && !(c->flags & CONNECTION_CLOSED))
		finish_unless_fin(c, sk);
	announce_closed(c, sk);
	forget_connection(sk);
	return 0;
}

static __always_inline int mark(const struct sock *sk, __u32 flag)
{
	struct connection *c = find_connection(sk);

	if (c)
		c->flags |= flag;
	return 0;
}

/* -- entry points -- */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, const struct sock *sk, int before, int after)
{
	if (!is_tcp(sk))
		return 0;
	switch (after) {
	case TCP_SYN_SENT:
		return connect_began(sk);
	case TCP_ESTABLISHED:
		return established(sk, before);
	case TCP_LISTEN:
		return listen_started(sk);
	case TCP_CLOSE:
		return closed(sk, before);
	case TCP_FIN_WAIT1:
	case TCP_LAST_ACK:
		return finishing(sk, before);
	}
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(socket_destroy, struct sock *sk)
{
	return destroyed(sk);
}

/* 6.10 (edefba66d929) also tells of resets that no socket sends: sk is NULL then. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(reset_sent, const struct sock *sk)
{
	return sk ? mark(sk, CONNECTION_RESET_SENT) : 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(reset_received, struct sock *sk)
{
	return sk ? mark(sk, CONNECTION_RESET_RECEIVED) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
