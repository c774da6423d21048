/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Concern: where the kernel maps its pages, so that payload_socket can read what was sent from the kernel's own copy.
 * Attaches: nothing.  User space sends bytes of its own choice over TCP and runs the program (BPF_PROG_TEST_RUN of a raw tracepoint) in
 * the same thread: first to find, then to be sure.  Oldest kernel: 6.3, as payload_socket.
 *
 * No address is guessed, since memory that is mapped need not be memory that may be touched (a confidential machine's that was not
 * accepted yet): an address and the description of its page are taken from the allocator.  Of the slabs that are partly free it keeps
 * both, mm/slub.c: the struct slab, which is the struct page by another name, and in it the address of a free object. */
#include "bpf/lib/sent_copy.bpf.h"
#include "bpf/lib/sockets.bpf.h"
#include "bpf/abi/sent_copy.h"

#define MOST_CACHES 32 /* beginning with that of TCP sockets */
#define ORDER_SHIFT 16 /* OO_SHIFT */

struct pattern {
	__u64 words[BN_SENT_PATTERN / 8];
};

struct search {
	struct pattern wanted;
	__u64 described; /* the struct page's address, times 64 */
	__u64 offset;    /* of the pattern behind the page's beginning */
	struct kmem_cache *cache;
	__u64 found;     /* the bias */
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

/* The bias by a partly free slab of the cache; 0 = there is none.  A slab has the cache's usual order if it has its usual number of
 * objects, and begins at a multiple of its size. */
static __always_inline __u64 bias_by(const struct kmem_cache *cache)
{
	unsigned int usual = BPF_CORE_READ(cache, oo.x);
	struct list_head *next = BPF_CORE_READ(cache, node[0], partial.next);
	struct slab *slab = (void *)next - bpf_core_field_offset(struct slab, slab_list);
	__u64 object = (__u64)BPF_CORE_READ(slab, freelist);
	__u64 bytes = (__u64)PAGE_SIZE << ((usual >> ORDER_SHIFT) & 15);

	if (!next || !object || BPF_CORE_READ(slab, slab_cache) != cache)
		return 0; /* an empty list leads back to its head, which is no slab */
	if (BPF_CORE_READ_BITFIELD_PROBED(slab, objects) != (usual & ((1 << ORDER_SHIFT) - 1)))
		return 0;
	return (object & ~(bytes - 1)) - (__u64)slab * PAGE_BYTES_PER_DESCRIPTION;
}

static long look_at_cache(__u32 step, void *context)
{
	struct search *s = context;
	const struct kmem_cache *cache = s->cache;
	__u64 bias = bias_by(cache);
	struct list_head *next;

	if (bias && is_at(&s->wanted, s->described + bias + s->offset)) {
		s->found = bias;
		return 1;
	}
	next = BPF_CORE_READ(cache, list.next);
	s->cache = (void *)next - bpf_core_field_offset(struct kmem_cache, list);
	return !next;
}

static __always_inline int answer(enum bn_sent_copy what, __u64 described)
{
	return what | (__u32)(described / PAGE_SIZE) << 8;
}

/* -- entry point: args[0] is where the question is -- */
SEC("raw_tp")
int find_sent_copy(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cpu_state *cpu = this_cpu();
	struct bn_sent_question question;
	struct search s = {};
	struct sock *sk;
	__u64 copy;

	if (!cpu || bpf_core_type_size(struct page) * PAGE_BYTES_PER_DESCRIPTION != PAGE_SIZE)
		return BN_SENT_COPY_UNKNOWN;
	if (bpf_probe_read_user(&question, sizeof(question), (void *)ctx->args[0]) ||
	    bpf_probe_read_user(&s.wanted, sizeof(s.wanted), (void *)question.pattern))
		return BN_SENT_COPY_NO_ANSWER;
	if (task->task_frag.offset < BN_SENT_PATTERN || !task->task_frag.page)
		return BN_SENT_COPY_IN_PIECES;
	s.described = as_number_of(cpu, task->task_frag.page) * PAGE_BYTES_PER_DESCRIPTION;
	copy = sent_copy(cpu, task, BN_SENT_PATTERN);
	if (copy)
		return answer(is_at(&s.wanted, copy) ? BN_SENT_COPY_READ : BN_SENT_COPY_UNKNOWN, s.described);
	sk = tcp_socket_of(task, question.descriptor);
	if (!sk)
		return BN_SENT_COPY_NO_ANSWER;
	s.offset = task->task_frag.offset - BN_SENT_PATTERN;
	s.cache = BPF_CORE_READ(sk, __sk_common.skc_prot, slab);
	bpf_loop(MOST_CACHES, look_at_cache, &s, 0);
	page_address_bias = s.found;
	return answer(s.found ? BN_SENT_COPY_READ : BN_SENT_COPY_UNKNOWN, s.described);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
