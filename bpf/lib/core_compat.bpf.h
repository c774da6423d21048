/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One function for each difference between kernels and machines. */
#ifndef BN_CORE_COMPAT_BPF_H
#define BN_CORE_COMPAT_BPF_H
#include "bpf/lib/settings.bpf.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* io_uring's workers: 5.12 (46fe18b16c46) set PF_IO_WORKER on threads of the process; before, they were kernel threads. */
#define PF_IO_WORKER 0x00000010
#define PF_KTHREAD 0x00200000
#define ENOSYS 38
#define TS_COMPAT 0x0002 /* x86: thread_info.status inside a 32-bit system call */

/* The task on the CPU.  bpf_get_current_task_btf came with 5.11 (3ca1032ab7ab); a plain pointer serves where speed does not. */
static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/* sk_drops moved behind a pointer for some protocols in 6.18, never for TCP. */
static __always_inline __u32 socket_drops(const struct sock *sk)
{
	return bpf_core_field_exists(sk->sk_drops) ? BPF_CORE_READ(sk, sk_drops.counter) : 0;
}

/* SOCK_DONE is set by tcp_fin() alone: the peer's FIN was received. */
static __always_inline bool peer_finished(const struct sock *sk)
{
	__u64 bit = bpf_core_enum_value_exists(enum sock_flags, SOCK_DONE) ? bpf_core_enum_value(enum sock_flags, SOCK_DONE)
									   : SOCK_DONE;

	return BPF_CORE_READ(sk, __sk_common.skc_flags) & (1UL << bit);
}

/* The clock of tcp_sock's time stamps: milliseconds; since 6.7 (614e8316aa4c) microseconds where the route says so. */
static __always_inline __u64 time_stamp_tick_ns(const struct tcp_sock *tcp)
{
	return bpf_core_field_exists(tcp->tcp_usec_ts) && BPF_CORE_READ_BITFIELD_PROBED(tcp, tcp_usec_ts) ? 1000 : 1000000;
}

struct syscall_arguments {
	long number;
	__u64 a0;
	__u64 a1;
	__u64 a2;
	__u64 a3;
};

/* The registers as the program left them when it entered the kernel; they stay until it returns. */
static __always_inline struct syscall_arguments arguments_of(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return (struct syscall_arguments){
		.number = regs->orig_ax, .a0 = regs->di, .a1 = regs->si, .a2 = regs->dx, .a3 = regs->r10
	};
#elif defined(__TARGET_ARCH_arm64)
	/* x0 already holds the result at sys_exit; orig_x0 keeps the first argument. */
	return (struct syscall_arguments){
		.number = regs->syscallno, .a0 = regs->orig_x0, .a1 = regs->user_regs.regs[1],
		.a2 = regs->user_regs.regs[2], .a3 = regs->user_regs.regs[3]
	};
#endif
}

/* Whether the task is inside the call that its registers name.  io_uring and others do work on the way out of any call, which by then
 * has its result.  x86: the entry sets ax to -ENOSYS (arch/x86/entry). */
static __always_inline bool is_inside_call(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return (long)regs->ax == -ENOSYS;
#else
	return true;
#endif
}

/* A 32-bit program's system call: other numbers, other layouts. */
static __always_inline bool is_compat(const struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86) && defined(BN_TYPED_SOCKETS)
	return task->thread_info.status & TS_COMPAT; /* from bpf_get_current_task_btf: a plain load */
#elif defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#else
	return false;
#endif
}

#endif
