/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: what was there before us.  existing_sockets walks every task's files once at start, in all network namespaces, and writes to
 * the file that user space reads, not to a ring.
 * Attaches: iter/task_file.  Oldest kernel: 5.8. */
#include "bpf/lib/connections.bpf.h"

/* -- logic -- */
static __always_inline struct sock *socket_of(struct file *file, __u64 *cookie)
{
	struct socket *socket;
	struct sock *sk;

	if (has_sock_from_file) {
		socket = bpf_sock_from_file(file);
		if (!socket)
			return NULL;
		sk = socket->sk;
		if (!sk)
			return NULL;
		if (has_socket_cookie && sk->sk_protocol == IPPROTO_TCP)
			*cookie = bpf_get_socket_cookie(sk);
		return sk;
	}
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	*cookie = sk ? BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) : 0;
	return sk;
}

/* States in which bytes may still go by. */
static __always_inline bool is_open(__u32 state)
{
	return 1 << state & (1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT | 1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2 | 1 << TCP_CLOSING |
			     1 << TCP_LAST_ACK);
}

static __always_inline int tell_listener(struct seq_file *out, const struct sock *sk, const struct connection *c)
{
	struct bn_listen e = {
		.header = next_lifecycle_header(BN_KIND_LISTEN_STARTED),
		.connection = c->id,
		.task = c->task,
		.backlog_limit = BPF_CORE_READ(sk, sk_max_ack_backlog),
		.existed = 1,
	};

	read_listener_tuple(&e.tuple, sk);
	return bpf_seq_write(out, &e, sizeof(e));
}

static __always_inline int tell_connection(struct seq_file *out, const struct sock *sk, const struct connection *c, __u64 cookie)
{
	struct bn_connection_opened e;

	fill_opened(&e, c, sk, cookie);
	return bpf_seq_write(out, &e, sizeof(e));
}

/* A connect() that began before us and waits for its answer: the samples and the tracepoints tell of it from here on. */
static __always_inline int found_connecting(const struct sock *sk, struct connection *fresh)
{
	fresh->side = BN_SIDE_CLIENT;
	fresh->flags = 0;
	fresh->began_ns = first_syn_ns(sk);
	add_connection(sk, fresh);
	return 0;
}

/* The tracepoints are attached already: whoever adds the state first, tells of the socket.  When the output is full the
 * kernel comes again with the same file, so the state must be gone then. */
static __always_inline int found(struct seq_file *out, const struct sock *sk, const struct task_struct *task, __u64 cookie)
{
	__u32 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	struct connection fresh = {
		.id = next_connection_id(),
		.task = describe_task(task),
		.flags = CONNECTION_EXISTED | CONNECTION_ANNOUNCED,
	};
	struct connection *c;
	long failed;

	if ((state != TCP_LISTEN && state != TCP_SYN_SENT && !is_open(state)) || is_ignored(fresh.task.pid))
		return 0; /* the same socket may come again, with a task that is ours to tell */
	if (state == TCP_LISTEN)
		fresh.flags = CONNECTION_EXISTED | CONNECTION_LISTENER;
	if (is_kernel_socket(sk))
		return 0;
	if (state == TCP_SYN_SENT)
		return found_connecting(sk, &fresh);
	begin_streams(&fresh, sk);
	c = add_connection(sk, &fresh);
	if (!c)
		return 0;
	failed = state == TCP_LISTEN ? tell_listener(out, sk, &fresh) : tell_connection(out, sk, &fresh, cookie);
	if (failed)
		forget_connection(sk);
	return 0;
}

/* -- entry points -- */
SEC("iter/task_file")
int existing_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct sock *sk;
	__u64 cookie = 0;

	if (!task || !file)
		return 0;
	sk = socket_of(file, &cookie);
	if (sk)
		sk = below_multipath_listener(sk);
	return sk && is_tcp(sk) ? found(ctx->meta->seq, sk, task, cookie) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
