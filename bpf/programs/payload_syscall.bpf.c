/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: the same as payload_socket, where the kernel lacks its tracepoints: every system call's exit is looked at, the
 * arguments are still in the saved registers and lead to the socket.
 * Attaches: tp_btf/sys_exit.  Oldest kernel: 5.8. */
#include "bpf/lib/payload.bpf.h"

#define CAPTURED_MESSAGES 4 /* of one sendmmsg or recvmmsg */
#define COUNTED_MESSAGES 16

/* -- logic -- */

/* The TCP sequence after the last byte that was sent or read. */
static __always_inline __u32 stream_end(const struct sock *sk, bool sent)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u32 end;

	if (sent)
		return BPF_CORE_READ(tcp, write_seq) - sent_fin(BPF_CORE_READ(sk, __sk_common.skc_state));
	end = BPF_CORE_READ(tcp, copied_seq);
	return end == BPF_CORE_READ(tcp, rcv_nxt) && peer_finished(sk) ? end - 1 : end;
}

/* A function of its own for the verifier: checked once for all its callers. */
__attribute__((noinline)) int transferred(__u64 socket)
{
	struct sock *sk = (struct sock *)socket;
	struct cpu_state *cpu = this_cpu();

	if (!cpu)
		return 0;
	cpu->transfer.framed = has_upper_protocol(sk);
	return on_transfer(sk, cpu);
}

static __always_inline int transferred_one(struct sock *sk, const struct syscall_arguments *a, __u32 bytes, bool sent)
{
	struct cpu_state *cpu = sk ? begin_transfer(bytes, sent) : NULL;

	if (!cpu)
		return 0;
	cpu->transfer.sequence = stream_end(sk, sent) - bytes;
	cpu->transfer.buffers = buffers_of_syscall(a->number, a->a1, a->a2);
	return transferred((__u64)sk);
}

static __always_inline __u32 message_length(__u64 messages, __u32 index)
{
	struct user_multi_message *m = (struct user_multi_message *)messages + index;
	__u32 length = 0;

	bpf_probe_read_user(&length, sizeof(length), &m->length);
	return length;
}

static __always_inline __u32 total_length(__u64 messages, __u32 count)
{
	__u32 total = 0;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < COUNTED_MESSAGES && i < count; i++)
		total += message_length(messages, i);
	return total;
}

static __always_inline int transferred_message(struct sock *sk, __u64 message, __u32 bytes, __u32 sequence, bool sent)
{
	struct cpu_state *cpu = bytes ? begin_transfer(bytes, sent) : NULL;

	if (!cpu)
		return 0;
	cpu->transfer.sequence = sequence;
	cpu->transfer.buffers = buffers_of_message(message);
	return transferred((__u64)sk);
}

/* The first messages by their buffers; what is over, the next gap in the sequence counts as unseen. */
__attribute__((noinline)) int transferred_many(__u64 socket, __u64 messages, __u32 count, __u32 sent)
{
	struct sock *sk = (struct sock *)socket;
	__u32 sequence;

	sequence = stream_end(sk, sent) - total_length(messages, count);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < CAPTURED_MESSAGES && i < count; i++) {
		__u32 bytes = message_length(messages, i);

		transferred_message(sk, messages + i * sizeof(struct user_multi_message), bytes, sequence, sent);
		sequence += bytes;
	}
	return 0;
}

/* Sizes only: the bytes go from page to page and are in no buffer of the program's. */
static __always_inline int moved_without_buffer(struct sock *sk, __u32 bytes, bool sent)
{
	struct cpu_state *cpu = sk ? begin_transfer(bytes, sent) : NULL;

	if (!cpu)
		return 0;
	cpu->transfer.sequence = stream_end(sk, sent) - bytes;
	cpu->transfer.buffers = (struct user_buffers){ 0 };
	return transferred((__u64)sk);
}

/* recvfrom and recvmsg have flags; MSG_TRUNC throws TCP's bytes away, the gap in the sequence counts them. */
static __always_inline bool leaves_bytes(const struct syscall_arguments *a)
{
	__u64 flags = a->number == BN_SYS_RECVFROM || a->number == BN_SYS_RECVMMSG ? a->a3
		      : a->number == BN_SYS_RECVMSG				   ? a->a2
										   : 0;

	return flags & (MSG_PEEK | MSG_OOB | MSG_TRUNC | MSG_ERRQUEUE);
}

static __always_inline int returned(struct task_struct *task, const struct syscall_arguments *a, __u32 result)
{
	enum bn_transfer_kind kind = transfer_kind(a->number);
	struct sock *sk = tcp_socket_of(task, a->a0);
	bool sent = kind == BN_TRANSFER_SENT || kind == BN_TRANSFER_SENT_MANY || kind == BN_TRANSFER_FROM_FILE;

	if (kind == BN_TRANSFER_SPLICED)
		moved_without_buffer(tcp_socket_of(task, a->a2), result, true);
	if (!sk || leaves_bytes(a))
		return 0;
	if (kind == BN_TRANSFER_SENT_MANY || kind == BN_TRANSFER_RECEIVED_MANY)
		return transferred_many((__u64)sk, a->a1, result, sent);
	if (kind == BN_TRANSFER_FROM_FILE || kind == BN_TRANSFER_SPLICED)
		return moved_without_buffer(sk, result, sent);
	return transferred_one(sk, a, result, sent);
}

/* -- entry point -- */
SEC("tp_btf/sys_exit")
int BPF_PROG(payload_syscall, struct pt_regs *regs, long result)
{
	struct syscall_arguments arguments;
	struct task_struct *task;

	if (result <= 0)
		return 0;
	arguments = arguments_of(regs);
	if (transfer_kind(arguments.number) == BN_TRANSFER_NONE)
		return 0;
	task = current_task();
	/* A 32-bit program's bytes are counted by the gap that they leave in the sequence. */
	return is_compat(task) ? 0 : returned(task, &arguments, result);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
