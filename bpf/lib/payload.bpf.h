/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What both payload sources do with a finished transfer: keep the books of the connection, and write its bytes.
 *
 * Books: captured + lost + unseen = seen = the bytes that the TCP sequence numbers say went by.  Positions advance for bytes
 * that found no room too, so that the gap is visible. */
#ifndef BN_PAYLOAD_BPF_H
#define BN_PAYLOAD_BPF_H
#include "bpf/lib/connections.bpf.h"
#include "bpf/lib/user_buffers.bpf.h"

#define PAYLOAD_CAP 65536    /* bytes read of one transfer; what is over is unseen */
#define RECORD_TINY 64       /* payload room of the four sizes of record: reserving a size that the verifier does not */
#define RECORD_SMALL 256     /* know costs a second copy.  With header and ring header, each is whole cache lines */
#define RECORD_MIDDLE 1024
#define RECORD_LARGE 4096
#define TRANSFER_IOVECS 16   /* Node.js writes a chunked answer as a head and four buffers a chunk */
#define TRANSFER_RECORDS 32  /* 16 full ones and the ends of 16 iovecs */

/* The ring of a CPU.  NULL cannot happen, but the verifier wants to be told. */
static __always_inline void *ring_of_cpu(__u32 cpu)
{
	__u32 slot = cpu & data_ring_mask;

	return bpf_map_lookup_elem(&data_rings, &slot);
}

/* Room in the ring of this CPU, or in that of its neighbour when one CPU has more to say than the reader can take at once.
 * `size` is a constant. */
static __always_inline struct bn_data *reserve_data(const __u64 size)
{
	__u32 cpu = bpf_get_smp_processor_id();
	void *ring = ring_of_cpu(cpu);
	struct bn_data *d = ring ? bpf_ringbuf_reserve(ring, size, 0) : NULL;

	if (d || !data_ring_mask)
		return d;
	ring = ring_of_cpu(cpu + 1);
	return ring ? bpf_ringbuf_reserve(ring, size, 0) : NULL;
}

static __always_inline void no_room(struct cpu_state *cpu, __u32 bytes)
{
	cpu->transfer.lost += bytes;
	cpu->data_sequence++;
	cpu->counters[BN_COUNT_DATA_RING_FULL_BYTES] += bytes;
	cpu->counters[BN_COUNT_DATA_RING_FULL_RECORDS] += 1;
}

static __always_inline void not_readable(struct cpu_state *cpu, __u32 bytes, enum bn_counter why)
{
	cpu->transfer.unseen += bytes;
	cpu->counters[why] += bytes;
}

/* Threads can move bytes of one stream at once, and tell of it in any order.  Whoever moves the stream's next sequence number on has the
 * bytes up to there.  Operations that give their result back came with 5.12, and older verifiers refuse them anywhere: programs that need
 * newer kernels anyway define BN_RETURNING_ATOMICS; with the others two calls that end in the same nanoseconds may count a gap twice. */
static __always_inline bool move_on(__u32 *next, __u32 from, __u32 to)
{
#ifdef BN_RETURNING_ATOMICS
	return __sync_val_compare_and_swap(next, from, to) == from;
#else
	*next = to;
	return true;
#endif
}

/* The position of the stream's next `bytes`, which have gone by now. */
static __always_inline __u64 pass_by(struct connection *c, bool sent, __u32 bytes)
{
	__u64 *seen = sent ? &c->payload.seen_sent : &c->payload.seen_received;
#ifdef BN_RETURNING_ATOMICS
	return __sync_fetch_and_add(seen, bytes);
#else
	__u64 position = *seen;

	__sync_fetch_and_add(seen, bytes);
	return position;
#endif
}

/* Enters what became of the bytes into the connection's books. */
static __always_inline void settle(struct cpu_state *cpu, struct connection *c)
{
	struct bn_payload_counters *p = &c->payload;
	const struct transfer *t = &cpu->transfer;

	if (t->lost)
		__sync_fetch_and_add(t->sent ? &p->lost_sent : &p->lost_received, t->lost);
	if (t->unseen)
		__sync_fetch_and_add(t->sent ? &p->unseen_sent : &p->unseen_received, t->unseen);
	cpu->transfer.lost = 0;
	cpu->transfer.unseen = 0;
}

static __always_inline void fill_data(struct bn_data *d, struct cpu_state *cpu, __u32 size, __u32 captured, __u8 flags)
{
	const struct transfer *t = &cpu->transfer;

	*d = (struct bn_data){
		.header = { .at_ns = t->at_ns, .sequence = cpu->data_sequence++,
			    .cpu = bpf_get_smp_processor_id(), .kind = BN_KIND_DATA },
		.connection = t->connection,
		.position = t->position,
		.tcp_sequence = t->sequence,
		.size = size,
		.captured_size = captured,
		.tid = t->tid,
		.pid = t->pid,
		.flags = flags | (t->sent ? BN_DATA_SENT : 0) | (t->existed ? BN_DATA_EXISTED : 0),
	};
}

/* Nobody is woken per record: the reader polls every few milliseconds.  Asking how full the ring is costs, so not each time. */
static __always_inline void submit_data(struct bn_data *d, struct cpu_state *cpu)
{
	void *ring = (cpu->data_sequence & 15) == 0 ? ring_of_cpu(bpf_get_smp_processor_id()) : NULL;
	bool filled = ring && bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > data_ring_mark;

	bpf_ringbuf_submit(d, filled ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	cpu->counters[BN_COUNT_DATA_RECORDS] += 1;
}

static __always_inline void advance(struct transfer *t, __u32 bytes)
{
	t->position += bytes;
	t->sequence += bytes;
	t->size -= bytes;
}

static __always_inline long read_memory(const struct transfer *t, void *to, __u32 n)
{
	const void *from = (const void *)t->cursor.from;

	return t->buffers.in_kernel ? bpf_probe_read_kernel(to, n, from) : bpf_probe_read_user(to, n, from);
}

/* A record that carries `n` ≤ `room` bytes of the memory at the cursor; `room` is a constant. */
static __always_inline void write_captured(struct cpu_state *cpu, __u32 n, const __u32 room)
{
	struct bn_data *d = reserve_data(sizeof(*d) + room);

	if (!d) {
		no_room(cpu, n);
		return;
	}
	asm volatile("" : "+r"(n)); /* the bound below must be checked on the register that is used */
	if (n > room)
		n = room;
	if (read_memory(&cpu->transfer, d + 1, n)) {
		fill_data(d, cpu, n, 0, BN_DATA_UNSEEN);
		not_readable(cpu, n, BN_COUNT_PAYLOAD_FAULT_BYTES);
	} else {
		fill_data(d, cpu, n, n, 0);
	}
	submit_data(d, cpu);
}

/* A record of sizes alone. */
static __always_inline void write_sizes(struct cpu_state *cpu, __u32 n, __u8 flags)
{
	struct bn_data *d = reserve_data(sizeof(*d));

	if (!d) {
		no_room(cpu, n);
		return;
	}
	fill_data(d, cpu, n, 0, flags);
	submit_data(d, cpu);
	if (flags & BN_DATA_UNSEEN)
		not_readable(cpu, n, BN_COUNT_PAYLOAD_UNSEEN_BYTES);
}

static __always_inline void write_part(struct cpu_state *cpu, __u32 n)
{
	if (n <= RECORD_TINY)
		write_captured(cpu, n, RECORD_TINY);
	else if (n <= RECORD_SMALL)
		write_captured(cpu, n, RECORD_SMALL);
	else if (n <= RECORD_MIDDLE)
		write_captured(cpu, n, RECORD_MIDDLE);
	else
		write_captured(cpu, n, RECORD_LARGE);
}

/* false when there is no further memory. */
static __always_inline bool next_piece(struct user_cursor *cursor, const struct user_buffers *buffers)
{
	struct user_iovec iovec;

	if (buffers->iovec_count == 0) { /* one plain buffer, as long as the transfer */
		cursor->from = buffers->base;
		cursor->left = ~0ULL;
		return cursor->next++ == 0;
	}
	if (cursor->next >= TRANSFER_IOVECS || cursor->next >= buffers->iovec_count)
		return false;
	if (bpf_probe_read_user(&iovec, sizeof(iovec), (void *)(buffers->base + cursor->next * sizeof(iovec))))
		return false;
	cursor->next++;
	cursor->from = iovec.base;
	cursor->left = iovec.length;
	return true;
}

static __always_inline void pass(struct user_cursor *cursor, __u64 bytes)
{
	cursor->from += bytes;
	cursor->left -= bytes;
}

/* Passes by what was accounted for before. */
static __always_inline void skip_front(struct transfer *t)
{
	__u64 step = t->skip < t->cursor.left ? t->skip : t->cursor.left;

	t->skip -= step;
	pass(&t->cursor, step);
}

/* One record, or one step to the next piece of memory.  false = nothing more can be captured. */
static __always_inline bool write_next(struct cpu_state *cpu)
{
	struct transfer *t = &cpu->transfer;
	__u32 n = t->size < RECORD_LARGE ? t->size : RECORD_LARGE;

	if (!n || !t->cursor.budget)
		return false;
	if (!t->cursor.left && !next_piece(&t->cursor, &t->buffers))
		return false;
	if (t->skip)
		skip_front(t);
	if (n > t->cursor.left)
		n = t->cursor.left;
	if (!n)
		return true; /* an empty iovec */
	write_part(cpu, n);
	pass(&t->cursor, n);
	t->cursor.budget -= n < t->cursor.budget ? n : t->cursor.budget;
	advance(t, n);
	return true;
}

/* A record that carries two pieces of memory: `head` ≤ a quarter of the room, `body` ≤ the rest of it, so that the verifier
 * sees that both fit. */
static __always_inline void write_joined(struct cpu_state *cpu, const struct user_iovec *pieces, __u64 head, __u64 body, const __u32 room)
{
	struct bn_data *d = reserve_data(sizeof(*d) + room);
	__u32 n = head + body;

	if (!d) {
		no_room(cpu, n);
		return;
	}
	asm volatile("" : "+r"(head), "+r"(body)); /* as in write_captured */
	if (head > room / 4)
		head = room / 4;
	if (body > room - room / 4)
		body = room - room / 4;
	if (bpf_probe_read_user(d + 1, head, (void *)pieces[0].base) ||
	    bpf_probe_read_user((char *)(d + 1) + head, body, (void *)pieces[1].base)) {
		fill_data(d, cpu, n, 0, BN_DATA_UNSEEN);
		not_readable(cpu, n, BN_COUNT_PAYLOAD_FAULT_BYTES);
	} else {
		fill_data(d, cpu, n, n, 0);
	}
	submit_data(d, cpu);
}

static __always_inline bool fits_joined(__u64 head, __u64 body, const __u32 room)
{
	return head <= room / 4 && body <= room - room / 4;
}

/* A head and its body in two buffers of one call, as servers write them: one record instead of two.  false = not of this shape. */
static __always_inline bool write_pair(struct cpu_state *cpu)
{
	struct transfer *t = &cpu->transfer;
	struct user_iovec pieces[2];
	__u64 head;
	__u64 body;

	if (t->buffers.iovec_count < 2 || t->skip || t->size > RECORD_LARGE)
		return false;
	if (bpf_probe_read_user(pieces, sizeof(pieces), (void *)t->buffers.base))
		return false;
	head = pieces[0].length;
	if (!head || head >= t->size)
		return false;
	body = t->size - head;
	if (body > pieces[1].length)
		return false;
	if (fits_joined(head, body, RECORD_SMALL))
		write_joined(cpu, pieces, head, body, RECORD_SMALL);
	else if (fits_joined(head, body, RECORD_MIDDLE))
		write_joined(cpu, pieces, head, body, RECORD_MIDDLE);
	else if (fits_joined(head, body, RECORD_LARGE))
		write_joined(cpu, pieces, head, body, RECORD_LARGE);
	else
		return false;
	advance(t, head + body);
	return true;
}

/* A function of its own for the verifier (global, without arguments that carry types): checked once, whoever calls it. */
__attribute__((weak, noinline)) int write_bytes(__u32 budget)
{
	struct cpu_state *cpu = this_cpu();

	if (!cpu || write_pair(cpu))
		return 0;
	cpu->transfer.cursor = (struct user_cursor){ .budget = budget };
#pragma clang loop unroll(disable)
	for (int i = 0; i < TRANSFER_RECORDS; i++) {
		if (!write_next(cpu))
			break;
	}
	return 0;
}

/* Writes the transfer as the connection's verdict wants it, and moves the stream's position. */
static __always_inline void ship(struct cpu_state *cpu, struct connection *c)
{
	struct transfer *t = &cpu->transfer;

	t->position = pass_by(c, t->sent, t->size);
	if (t->verdict == BN_VERDICT_CAPTURE && t->buffers.known)
		write_bytes(PAYLOAD_CAP);
	if (t->verdict != BN_VERDICT_OFF && t->size)
		write_sizes(cpu, t->size, t->verdict == BN_VERDICT_CAPTURE ? BN_DATA_UNSEEN : 0);
	settle(cpu, c);
}

static __always_inline __u8 verdict_of(__u64 id)
{
	__u32 slot = id & (BN_VERDICT_SLOTS - 1);
	struct bn_verdict_slot *v = bpf_map_lookup_elem(&verdicts, &slot);

	return v && v->connection == (__u32)id ? v->verdict : BN_VERDICT_CAPTURE;
}

/* Bytes that went by since the last transfer that we saw, as one record of sizes. */
static __always_inline void ship_gap(struct cpu_state *cpu, struct connection *c, __u32 gap)
{
	struct transfer *t = &cpu->transfer;

	t->position = pass_by(c, t->sent, gap);
	t->sequence -= gap;
	if (t->verdict != BN_VERDICT_OFF)
		write_sizes(cpu, gap, BN_DATA_UNSEEN);
	t->sequence += gap;
	settle(cpu, c);
}

#define FOLLOW_ATTEMPTS 8 /* each fails only if another thread got further meanwhile */

/* How far the transfer begins behind `next`; before it if negative. */
static __always_inline __s32 gap_behind(const struct connection *c, const struct transfer *t, __u32 next)
{
	__s32 gap = t->sequence - next;

	return c->flags & CONNECTION_SEQUENCED && gap < 1 << 30 && gap > -(1 << 30) ? gap : 0;
}

/* Holds the transfer against the stream's sequence numbers.  Two threads that send on one socket at once may finish in
 * another order than their bytes: what the first one counted as a gap is skipped in the second. */
static __always_inline void follow_sequence(struct cpu_state *cpu, struct connection *c)
{
	struct transfer *t = &cpu->transfer;
	__u32 *next = t->sent ? &c->sent_next : &c->received_next;
	__u32 end = t->sequence + t->size;
	__s32 gap = 0;

	if (t->framed)
		return;
#pragma clang loop unroll(disable)
	for (int i = 0; i < FOLLOW_ATTEMPTS; i++) {
		__u32 known = *(volatile __u32 *)next;

		gap = gap_behind(c, t, known);
		if (gap <= -(__s32)t->size || move_on(next, known, end))
			break;
	}
	if (gap > 0)
		ship_gap(cpu, c, gap);
	if (gap < 0) {
		t->skip = -gap < (__s32)t->size ? -gap : t->size;
		t->sequence += t->skip;
		t->size -= t->skip;
	}
}

/* First sight of a socket whose opening was missed: positions count from this transfer on.  cpu->fresh.task is filled. */
static __always_inline struct connection *discover(const struct sock *sk, struct cpu_state *cpu)
{
	const struct transfer *t = &cpu->transfer;
	struct connection *fresh = &cpu->fresh;
	struct connection *c;

	fresh->id = next_connection_id();
	fresh->flags = CONNECTION_EXISTED | CONNECTION_OWNED;
	begin_streams(fresh, sk);
	if (t->sent)
		fresh->sent_next = t->sequence;
	else
		fresh->received_next = t->sequence;
	if (is_ignored(fresh->task.pid) || is_kernel_socket(sk))
		fresh->flags |= CONNECTION_IGNORED;
	c = add_connection(sk, fresh);
	if (!c)
		return find_connection(sk);
	if (!(c->flags & CONNECTION_IGNORED))
		announce_opened(c, sk);
	return c;
}

static __always_inline void leave_out(struct connection *c, const struct sock *sk)
{
	announce_closed(c, sk);
	c->flags |= CONNECTION_IGNORED;
}

/* The first transfer of an accepted socket names the task that serves it.  In a nested PID namespace the opening waited for
 * this, since only now we know whether the connection is ours to tell. */
static __always_inline void take_ownership(struct connection *c, const struct sock *sk, const struct bn_task *task)
{
	c->flags |= CONNECTION_OWNED;
	if (is_ignored(task->pid) || is_kernel_socket(sk)) {
		leave_out(c, sk);
		return;
	}
	if (!(c->flags & CONNECTION_ANNOUNCED))
		announce_opened(c, sk);
	if (c->side != BN_SIDE_CLIENT)
		announce_owned(c, task);
}

/* Cold part of a transfer: the connection is new to us, or its owner is, or somebody asked to be left out. */
static __noinline struct connection *introduce(const struct sock *sk, struct cpu_state *cpu)
{
	struct connection *c = find_connection(sk);

	__builtin_memset(&cpu->fresh, 0, sizeof(cpu->fresh));
	fill_task(&cpu->fresh.task, current_task());
	if (!c)
		return discover(sk, cpu);
	if (!(c->flags & CONNECTION_OWNED))
		take_ownership(c, sk, &cpu->fresh.task);
	else if (is_ignored(cpu->fresh.task.pid))
		leave_out(c, sk);
	return c;
}

/* The scratch of this CPU for a transfer of `size` bytes; NULL cannot happen, but the verifier wants to be told. */
static __always_inline struct cpu_state *begin_transfer(__u32 size, bool sent)
{
	struct cpu_state *cpu = this_cpu();
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	if (!cpu)
		return NULL;
	cpu->transfer.size = size;
	cpu->transfer.sent = sent;
	cpu->transfer.skip = 0;
	cpu->transfer.lost = 0;
	cpu->transfer.unseen = 0;
	cpu->transfer.pid = own_pidns_inode ? process_number(current_task()) : pid_tgid >> 32;
	cpu->transfer.tid = own_pidns_inode ? thread_number(current_task()) : (__u32)pid_tgid;
	return cpu;
}

/* Both entry points end here, with sequence and buffers set. */
static __always_inline int on_transfer(const struct sock *sk, struct cpu_state *cpu)
{
	struct connection *c = find_connection(sk);

	if (!c || !(c->flags & CONNECTION_OWNED) || (ignored_process_count && is_ignored(cpu->transfer.pid)))
		c = introduce(sk, cpu);
	if (!c || c->flags & CONNECTION_IGNORED)
		return 0;
	cpu->transfer.connection = c->id;
	cpu->transfer.existed = c->flags & CONNECTION_EXISTED ? 1 : 0;
	cpu->transfer.verdict = verdict_of(c->id);
	cpu->transfer.at_ns = bpf_ktime_get_ns();
	follow_sequence(cpu, c);
	if (cpu->transfer.size)
		ship(cpu, c);
	/* A connection that ended while the program still had bytes to read was kept open for them. */
	if (c->flags & CONNECTION_ENDED && !(c->flags & CONNECTION_CLOSED) && !unread_bytes(sk))
		announce_closed(c, sk);
	return 0;
}

#endif
