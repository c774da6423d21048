/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: the bytes of finished socket transfers, taken inside the call, with the socket in hand.
 * Attaches: tp_btf/sock_send_length, sock_recv_length.  Oldest kernel: 6.3 (6e6eda44b939).  Replaced by payload_syscall. */
#define BN_TYPED_SOCKETS
#define BN_RETURNING_ATOMICS
#include "bpf/lib/usual_transfer.bpf.h"

/* -- logic: direct loads, since the verifier knows the type of sk -- */

static __always_inline bool is_payload(const struct sock *sk, int result)
{
	__u16 family;

	if (result <= 0)
		return false;
	family = sk->__sk_common.skc_family;
	return (family == AF_INET || family == AF_INET6) && sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM;
}

/* Kernel threads and io_uring's workers carry no system call of their own in their registers. */
static __always_inline bool call_of(const struct task_struct *task, struct syscall_arguments *call)
{
	const struct pt_regs *regs;

	if (task->flags & (PF_KTHREAD | PF_IO_WORKER) || is_compat(task))
		return false;
	regs = (struct pt_regs *)bpf_task_pt_regs((struct task_struct *)task);
	*call = arguments_of(regs);
	return is_inside_call(regs);
}

static __always_inline struct user_buffers memory_of_current(struct cpu_state *cpu, const struct tcp_sock *tcp, const struct sock *sk,
							     __u32 size, bool sent)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	struct syscall_arguments call;

	if (!call_of(task, &call))
		return (struct user_buffers){ 0 };
	return memory_of_call(cpu, tcp, sk, task, &call, size, sent);
}

static __always_inline __u32 received_end(const struct sock *sk, const struct tcp_sock *tcp)
{
	__u32 end = tcp->copied_seq;

	if (end == tcp->rcv_nxt && sk->__sk_common.skc_state != TCP_ESTABLISHED && peer_finished(sk))
		end--;
	return end;
}

/* The long way.  A function of its own, so that the instructions of the short one lie together. */
static __noinline int transferred_unusually(struct sock *sk, int result, bool sent)
{
	struct cpu_state *cpu;
	struct tcp_sock *tcp;
	__u32 end;

	if (!is_payload(sk, result))
		return 0;
	tcp = bpf_skc_to_tcp_sock(sk);
	cpu = begin_transfer(result, sent);
	if (!tcp || !cpu)
		return 0;
	end = sent ? tcp->write_seq - sent_fin(sk->__sk_common.skc_state) : received_end(sk, tcp);
	cpu->transfer.sequence = end - result;
	cpu->transfer.framed = tcp->inet_conn.icsk_ulp_ops != NULL;
	cpu->transfer.buffers = memory_of_current(cpu, tcp, sk, result, sent);
	return on_transfer(sk, cpu);
}

/* Nothing to look up of the task: its numbers are those of the first PID namespace, and nobody asked to be left out. */
static __always_inline bool transferred_usually(struct sock *sk, int size, bool sent)
{
	struct usual_transfer t = { .task = bpf_get_current_task_btf(), .size = size, .sent = sent };
	struct syscall_arguments call;
	struct tcp_sock *tcp;

	if (own_pidns_inode || ignored_process_count)
		return false;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || tcp->inet_conn.icsk_ulp_ops || !call_of(t.task, &call))
		return false;
	return ship_whole(sk, tcp, &t, sent ? tcp->write_seq : tcp->copied_seq, &call);
}

static __always_inline int transferred(struct sock *sk, int result, bool sent)
{
	if (result <= 0 || transferred_usually(sk, result, sent))
		return 0;
	return transferred_unusually(sk, result, sent);
}

/* -- entry points -- */
SEC("tp_btf/sock_send_length")
int BPF_PROG(payload_sent, struct sock *sk, int result, int flags)
{
	return transferred(sk, result, true);
}

/* MSG_PEEK leaves the bytes where they are; MSG_TRUNC throws TCP's bytes away without copying: the gap in the sequence
 * counts them. */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(payload_received, struct sock *sk, int result, int flags)
{
	if (flags & (MSG_PEEK | MSG_OOB | MSG_TRUNC | MSG_ERRQUEUE))
		return 0;
	return transferred(sk, result, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
