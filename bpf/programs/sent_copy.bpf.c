/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: where the kernel maps its pages, so that payload_socket can read what was sent from the kernel's own copy.
 * Attaches: nothing.  User space sends bytes of its own choice over TCP and runs the program (BPF_PROG_TEST_RUN of a raw tracepoint) in
 * the same thread: first to search, then to be sure.  Oldest kernel: 6.3, as payload_socket. */
#include "bpf/lib/sent_copy.bpf.h"
#include "bpf/abi/sent_copy.h"

#define GIBIBYTE_SHIFT 30
#define MOST_GIBIBYTES 4096 /* looked at, on both sides of a known address taken together */

struct pattern {
	__u64 words[BN_SENT_PATTERN / 8];
};

struct search {
	struct pattern wanted;
	__u64 described; /* the struct page's address, times 64 */
	__u64 offset;    /* of the pattern in the page */
	__u64 around;    /* some address of the kernel's map, in GiB */
	__u64 found;     /* the origin */
};

/* -- logic -- */
static __always_inline bool is_at(const struct pattern *wanted, __u64 address)
{
	struct pattern there;

	if (bpf_probe_read_kernel(&there, sizeof(there), (void *)address))
		return false;
	for (int i = 0; i < BN_SENT_PATTERN / 8; i++) {
		if (there.words[i] != wanted->words[i])
			return false;
	}
	return true;
}

/* Both runs begin at a whole GiB (CONFIG_RANDOMIZE_MEMORY moves them by PUD_SIZE), so that only the GiB is unknown: 0, +1, -1, +2 … away
 * from `around`. */
static long look_near(__u32 step, void *context)
{
	struct search *s = context;
	__s64 away = step & 1 ? (step + 1) / 2 : -(__s64)(step / 2);
	__u64 page = (s->around + away) << GIBIBYTE_SHIFT | (s->described & ((1ULL << GIBIBYTE_SHIFT) - 1));

	if (!is_at(&s->wanted, page + s->offset))
		return 0;
	s->found = page - s->described;
	return 1;
}

/* -- entry point: args[0] is where the thread has the BN_SENT_PATTERN bytes that were the last it sent -- */
SEC("raw_tp")
int find_sent_copy(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cpu_state *cpu = this_cpu();
	struct search s = {};
	__u64 copy;

	if (!cpu || bpf_core_type_size(struct page) != 4096 / PAGE_BYTES_PER_DESCRIPTION)
		return BN_SENT_COPY_UNKNOWN;
	if (bpf_probe_read_user(&s.wanted, sizeof(s.wanted), (void *)ctx->args[0]))
		return BN_SENT_COPY_UNKNOWN;
	if (task->task_frag.offset < BN_SENT_PATTERN)
		return BN_SENT_COPY_IN_PIECES;
	copy = sent_copy(cpu, task, BN_SENT_PATTERN);
	if (copy)
		return is_at(&s.wanted, copy) ? BN_SENT_COPY_READ : BN_SENT_COPY_UNKNOWN;
	s.described = as_address(cpu, task->task_frag.page) * PAGE_BYTES_PER_DESCRIPTION;
	s.offset = task->task_frag.offset - BN_SENT_PATTERN;
	s.around = bpf_get_current_task() >> GIBIBYTE_SHIFT; /* task_struct comes from the slab, thus from that map */
	bpf_loop(MOST_GIBIBYTES, look_near, &s, 0);
	direct_map_origin = s.found;
	return s.found ? BN_SENT_COPY_READ : BN_SENT_COPY_UNKNOWN;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
