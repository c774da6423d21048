/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting, and the way into the life-cycle ring.  No record is dropped without a counter. */
#ifndef BN_LOSSES_BPF_H
#define BN_LOSSES_BPF_H
#include "bpf/lib/core_compat.bpf.h"
#include "bpf/lib/maps.bpf.h"

static __always_inline struct cpu_state *this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_states, &zero);
}

/* Atomic: life-cycle programs run in softirq too and may interrupt one another. */
static __always_inline void count(enum bn_counter counter, __u64 by)
{
	struct cpu_state *cpu = this_cpu();

	if (cpu)
		__sync_fetch_and_add(&cpu->counters[counter], by);
}

/* The next number of this CPU's life-cycle records.  A record that interrupts another may share its number; none is missing. */
static __always_inline __u32 next_lifecycle_sequence(struct cpu_state *cpu)
{
	__sync_fetch_and_add(&cpu->lifecycle_sequence, 1);
	return cpu->lifecycle_sequence - 1;
}

static __always_inline void fill_lifecycle_header(struct bn_header *header, enum bn_kind kind)
{
	struct cpu_state *cpu = this_cpu();

	header->at_ns = bpf_ktime_get_ns();
	header->sequence = cpu ? next_lifecycle_sequence(cpu) : 0;
	header->cpu = bpf_get_smp_processor_id();
	header->kind = kind;
}

static __always_inline struct bn_header next_lifecycle_header(enum bn_kind kind)
{
	struct bn_header header;

	fill_lifecycle_header(&header, kind);
	return header;
}

/* The reader polls; it is woken only when the ring fills faster than it polls. */
static __always_inline void submit_lifecycle(void *record)
{
	bool filling = bpf_ringbuf_query(&lifecycle_ring, BPF_RB_AVAIL_DATA) > lifecycle_ring_mark;

	bpf_ringbuf_submit(record, filling ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	count(BN_COUNT_LIFECYCLE_RECORDS, 1);
}

static __always_inline int lifecycle_lost(void)
{
	count(BN_COUNT_LIFECYCLE_RING_FULL, 1);
	return 0;
}

#endif
