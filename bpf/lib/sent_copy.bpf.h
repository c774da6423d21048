/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own copy of what a call has sent.
 *
 * tcp_sendmsg() copies the program's buffers, however many, one behind the other into a piece of memory that the task owns
 * (task_struct.task_frag) and that only this task writes: when the call ends, what it sent lies right before task_frag.offset.  One
 * read of kernel memory, where the program's memory costs one read a buffer and one for their list, each at three times the price
 * (measured: a fifth of what the programs take of a server).
 *
 * A page's address is its struct page's, times 64, plus a number that is the same for all pages until the machine stops: the kernel
 * maps all memory in one run, and describes it in another (arch/x86/include/asm/page_64.h, asm-generic/memory_model.h).  That
 * number, direct_map_origin, has no name that a program may ask for; sent_copy.bpf.c finds it. */
#ifndef BN_SENT_COPY_BPF_H
#define BN_SENT_COPY_BPF_H
#include "bpf/lib/losses.bpf.h"
#include "bpf/lib/user_buffers.bpf.h"

#define PAGE_BYTES_PER_DESCRIPTION 64 /* x86: 4096 bytes a page, 64 bytes for its struct page */

/* As a number that can be reckoned with: the verifier keeps a pointer a pointer until it has been in memory. */
static __always_inline __u64 as_address(struct cpu_state *cpu, const struct page *page)
{
	volatile __u64 *there = &cpu->page;

	*there = (__u64)page;
	return *there;
}

/* Where the last `size` bytes begin that the task sent; 0 = they are not in one piece, or nobody knows where.  The offset begins again at
 * 0 with each new piece, so that it cannot be `size` or more when the bytes lie in two. */
static __always_inline __u64 sent_copy(struct cpu_state *cpu, const struct task_struct *task, __u32 size)
{
	__u64 origin = direct_map_origin;
	__u32 end = task->task_frag.offset;

	if (!origin || end < size)
		return 0;
	return as_address(cpu, task->task_frag.page) * PAGE_BYTES_PER_DESCRIPTION + origin + end - size;
}

/* Whether this socket's bytes go that way: sockets of the kernel's own users keep pieces of their own, and what is between the program
 * and TCP (sk_user_data: sockmap and its like) may change them. */
static __always_inline bool keeps_sent_copy(const struct sock *sk)
{
	return !sk->sk_user_data && BPF_CORE_READ_BITFIELD(sk, sk_use_task_frag);
}

/* Where the `size` bytes are that the task has just moved by `call`. */
static __always_inline struct user_buffers memory_of_call(struct cpu_state *cpu, const struct sock *sk, const struct task_struct *task,
							  const struct syscall_arguments *call, __u32 size, bool sent)
{
	__u64 copy = 0;

	if (sent && syscall_copies(call->number, call->a2, call->a3) && keeps_sent_copy(sk))
		copy = sent_copy(cpu, task, size);
	if (copy)
		return (struct user_buffers){ .base = copy, .known = 1, .in_kernel = 1 };
	return buffers_of_syscall(call->number, call->a1, call->a2);
}

#endif
