/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is it?  Process ids are those of the agent's own PID namespace; a task that is not in it has none (0). */
#ifndef BN_TASKS_BPF_H
#define BN_TASKS_BPF_H
#include "bpf/lib/core_compat.bpf.h"
#include "bpf/lib/maps.bpf.h"

#define DEEPEST_PIDNS 8 /* the kernel allows 32; kind and minikube nest once or twice */

/* What the namespace at `level` calls `pid`, when that namespace is ours; else 0. */
static __always_inline __u32 number_at_level(const struct pid *pid, __u32 level)
{
	struct upid number;

	/* Each element of the flexible array has the size that it has here: it never changed. */
	if (bpf_core_read(&number, sizeof(number), &pid->numbers[level & (DEEPEST_PIDNS - 1)]))
		return 0;
	return BPF_CORE_READ(number.ns, ns.inum) == own_pidns_inode ? number.nr : 0;
}

/* The number that our PID namespace gives to `task`; 0 = it is not in it. */
static __always_inline __u32 number_in_own_namespace(const struct task_struct *task)
{
	const struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 deepest = BPF_CORE_READ(pid, level);

	if (own_pidns_level)
		return deepest < own_pidns_level ? 0 : number_at_level(pid, own_pidns_level);
#pragma clang loop unroll(disable)
	for (__u32 level = 1; level < DEEPEST_PIDNS && level <= deepest; level++) {
		__u32 number = number_at_level(pid, level);

		if (number) {
			own_pidns_level = level;
			return number;
		}
	}
	return 0;
}

static __always_inline __u32 process_number(const struct task_struct *task)
{
	return own_pidns_inode ? number_in_own_namespace(BPF_CORE_READ(task, group_leader)) : BPF_CORE_READ(task, tgid);
}

static __always_inline __u32 thread_number(const struct task_struct *task)
{
	return own_pidns_inode ? number_in_own_namespace(task) : BPF_CORE_READ(task, pid);
}

static __always_inline void fill_task(struct bn_task *described, const struct task_struct *task)
{
	described->pid = process_number(task);
	described->tid = thread_number(task);
	described->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_INTO(&described->name, task, comm);
}

static __always_inline struct bn_task describe_task(const struct task_struct *task)
{
	struct bn_task described;

	fill_task(&described, task);
	return described;
}

/* The agent itself, a desktop on the same host, and what our procfs cannot show. */
static __always_inline bool is_ignored(__u32 pid)
{
	if (pid == 0 || pid == own_pid)
		return true;
	return ignored_process_count && bpf_map_lookup_elem(&ignored_processes, &pid);
}

#endif
