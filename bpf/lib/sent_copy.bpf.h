/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own copy of what a call has sent.
 *
 * tcp_sendmsg() copies the program's buffers, however many, one behind the other into a piece of memory that the task owns
 * (task_struct.task_frag) and that only this task writes: when the call ends, what it sent lies right before task_frag.offset.  One
 * read of kernel memory, where the program's memory costs one read a buffer and one for their list, each at three times the price.
 * (Measured with nginx at full load: a fifth of what the programs take of a server.)
 *
 * A page's address is 64 times that of its struct page, plus a number that is the same for all pages until the machine stops: the kernel
 * maps all memory in one run, and describes it in another (arch/x86/include/asm/page_64.h, asm-generic/memory_model.h).  That
 * number, page_address_bias, has no name that a program may ask for; sent_copy.bpf.c finds it. */
#ifndef BN_SENT_COPY_BPF_H
#define BN_SENT_COPY_BPF_H
#include "bpf/lib/losses.bpf.h"
#include "bpf/lib/user_buffers.bpf.h"

#define PAGE_SIZE 4096
#define PAGE_BYTES_PER_DESCRIPTION 64 /* of the 64 that a struct page has, which find_sent_copy makes sure of */

/* A pointer that can be reckoned with: the verifier keeps it a pointer until it has been in memory. */
static __always_inline __u64 as_number_of(struct cpu_state *cpu, const void *pointer)
{
	volatile __u64 *there = &cpu->pointer;

	*there = (__u64)pointer;
	return *there;
}

/* Where the last `size` bytes begin that the task sent; 0 = they are not in one piece, or nobody knows where.  The offset begins again at
 * 0 with each new piece, so that it cannot be `size` or more when the bytes lie in two. */
static __always_inline __u64 sent_copy(struct cpu_state *cpu, const struct task_struct *task, __u32 size)
{
	__u64 bias = page_address_bias;
	__u32 end = task->task_frag.offset;
	__u64 page;

	if (!bias || end < size)
		return 0;
	page = as_number_of(cpu, task->task_frag.page);
	return page ? page * PAGE_BYTES_PER_DESCRIPTION + bias + end - size : 0; /* a forked task has an offset and no page */
}

/* Whether what a call sends here is copied to where sent_copy() looks, and sent as it is.  Sockets of the kernel's own users keep pieces of
 * their own; what is between the program and TCP may change the bytes (sk_user_data: sockmap and its like; upper protocols: kTLS
 * encrypts in the same piece); and before 6.5 the bytes that go with the SYN took another way. */
static __always_inline bool keeps_sent_copy(const struct sock *sk, const struct tcp_sock *tcp)
{
	return sk->sk_use_task_frag && !sk->sk_user_data && !tcp->inet_conn.icsk_ulp_ops && !BPF_CORE_READ_BITFIELD(tcp, syn_fastopen);
}

/* Where the `size` bytes are that the task has just moved by `call`. */
static __always_inline struct user_buffers memory_of_call(struct cpu_state *cpu, const struct tcp_sock *tcp, const struct sock *sk,
							  const struct task_struct *task, const struct syscall_arguments *call, __u32 size,
							  bool sent)
{
	__u64 copy = 0;

	if (has_sent_copy && sent && syscall_copies(call->number, call->a2, call->a3) && keeps_sent_copy(sk, tcp))
		copy = sent_copy(cpu, task, size);
	if (copy)
		return (struct user_buffers){ .base = copy, .known = 1, .in_kernel = 1 };
	return buffers_of_syscall(call->number, call->a1, call->a2);
}

#endif
