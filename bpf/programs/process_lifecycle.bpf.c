/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: processes that begin, become another program, and end.  Threads are left out.
 * Attaches: tp_btf/sched_process_fork, sched_process_exec, sched_process_exit.  Oldest kernel: 5.8. */
#include "bpf/lib/losses.bpf.h"
#include "bpf/lib/tasks.bpf.h"
#include "bpf/abi/process_event.h"

/* -- logic -- */
static __always_inline __u32 netns_of(const struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
}

static __always_inline __u64 start_of(const struct task_struct *task)
{
	return BPF_CORE_READ(task, group_leader, start_boottime);
}

static __always_inline bool is_thread(const struct task_struct *task)
{
	return BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid);
}

static __always_inline int forked(const struct task_struct *parent, const struct task_struct *child)
{
	struct bn_process_forked *e;

	if (is_thread(child) || !process_number(child))
		return 0;
	e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);
	if (!e)
		return lifecycle_lost();
	*e = (struct bn_process_forked){
		.header = next_lifecycle_header(BN_KIND_PROCESS_FORKED),
		.task = describe_task(child),
		.start_ns = start_of(child),
		.parent_pid = process_number(parent),
		.netns = netns_of(child),
	};
	submit_lifecycle(e);
	return 0;
}

/* The new program's own memory: the kernel has just written argv there. */
static __always_inline void read_arguments(struct bn_process_execed *e, const struct task_struct *task)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	__u32 size = BPF_CORE_READ(task, mm, arg_end) - start;

	if (size > BN_PROCESS_ARGUMENTS)
		size = BN_PROCESS_ARGUMENTS;
	if (!bpf_probe_read_user(e->arguments, size, (void *)start))
		e->arguments_size = size;
}

static __always_inline int execed(const struct task_struct *task, const struct linux_binprm *program)
{
	struct bn_process_execed *e;

	if (!process_number(task))
		return 0;
	e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);
	if (!e)
		return lifecycle_lost();
	__builtin_memset(e, 0, sizeof(*e));
	e->header = next_lifecycle_header(BN_KIND_PROCESS_EXECED);
	e->task = describe_task(task);
	e->start_ns = start_of(task);
	e->parent_pid = process_number(BPF_CORE_READ(task, real_parent));
	e->netns = netns_of(task);
	bpf_probe_read_kernel_str(e->executable, sizeof(e->executable), BPF_CORE_READ(program, filename));
	read_arguments(e, task);
	submit_lifecycle(e);
	return 0;
}

/* The process is over with its last thread, which need not be the first one: signal->live has been counted down. */
static __always_inline int exited(const struct task_struct *task)
{
	const struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct bn_process_exited *e;
	int code;

	if (BPF_CORE_READ(signal, live.counter) != 0 || !process_number(task))
		return 0;
	e = bpf_ringbuf_reserve(&lifecycle_ring, sizeof(*e), 0);
	if (!e)
		return lifecycle_lost();
	code = BPF_CORE_READ(signal, group_exit_code);
	*e = (struct bn_process_exited){
		.header = next_lifecycle_header(BN_KIND_PROCESS_EXITED),
		.task = describe_task(task),
		.start_ns = start_of(task),
		.exit_code = code ? code : BPF_CORE_READ(task, exit_code),
	};
	submit_lifecycle(e);
	return 0;
}

/* -- entry points -- */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	return forked(parent, child);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *program)
{
	return execed(task, program);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	return exited(task);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
