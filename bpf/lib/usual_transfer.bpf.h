/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The short way for the usual transfer: a connection that needs no introduction, no bytes missing before it, one or two buffers,
 * and room for all of it in one record.  It keeps nothing in memory, calls as little as it can and leaves no trace when it gives
 * up, so that on_transfer() can begin from the start; what it writes is what on_transfer() would have written.
 * (Measured with nginx at full load: half of what the programs cost was to fetch their instructions.) */
#ifndef BN_USUAL_TRANSFER_BPF_H
#define BN_USUAL_TRANSFER_BPF_H
#include "bpf/lib/payload.bpf.h"
#include "bpf/lib/sent_copy.bpf.h"

struct usual_transfer {
	struct connection *connection;
	const struct task_struct *task; /* on the CPU */
	__u64 position;
	__u32 size;
	__u32 sequence; /* TCP sequence of the first byte */
	bool sent;
};

/* The second is empty for a transfer of one buffer. */
struct user_pieces {
	struct user_iovec first, second;
};

static __always_inline bool is_usual(const struct connection *c)
{
	const __u32 wanted = CONNECTION_ANNOUNCED | CONNECTION_OWNED | CONNECTION_SEQUENCED;
	const __u32 unwanted = CONNECTION_IGNORED | CONNECTION_CLOSED | CONNECTION_ENDED;

	return (c->flags & (wanted | unwanted)) == wanted;
}

/* The memory of `size` > 0 bytes; false when it is in more than two pieces, or cannot be named: it has no address then. */
static __always_inline bool pieces_of(struct user_pieces *pieces, const struct user_buffers *buffers, __u32 size)
{
	if (!buffers->base)
		return false;
	if (buffers->iovec_count == 0) {
		*pieces = (struct user_pieces){ .first = { .base = buffers->base, .length = size } };
		return true;
	}
	pieces->second.length = 0; /* stays so where there is one */
	if (bpf_probe_read_user(pieces, buffers->iovec_count == 1 ? sizeof(pieces->first) : sizeof(*pieces), (void *)buffers->base))
		return false;
	if (size <= pieces->first.length) {
		pieces->first.length = size;
		pieces->second.length = 0;
		return true;
	}
	if (size - pieces->first.length > pieces->second.length)
		return false;
	pieces->second.length = size - pieces->first.length;
	return true;
}

/* How much of each piece has room in a record; constants on each way through write_whole(), as the verifier wants them. */
struct whole_record {
	struct bn_data *data;
	__u32 first_room, second_room;
};

static __always_inline bool fits_whole(const struct user_pieces *pieces, const __u32 room)
{
	return pieces->second.length ? fits_joined(pieces->first.length, pieces->second.length, room) : pieces->first.length <= room;
}

static __always_inline struct whole_record reserve_whole(void *ring, bool joined, const __u32 room)
{
	struct whole_record record = { .data = bpf_ringbuf_reserve(ring, sizeof(struct bn_data) + room, 0) };

	record.first_room = joined ? room / 4 : room;
	record.second_room = joined ? room - room / 4 : 0;
	return record;
}

static __always_inline bool read_pieces(const struct whole_record *record, const struct user_pieces *pieces)
{
	__u64 first = pieces->first.length;
	__u64 second = pieces->second.length;
	char *bytes = (char *)(record->data + 1);

	asm volatile("" : "+r"(first), "+r"(second)); /* as in write_captured */
	if (first > record->first_room || bpf_probe_read_user(bytes, first, (void *)pieces->first.base))
		return false;
	if (!second)
		return true;
	return second <= record->second_room && first <= record->first_room &&
	       !bpf_probe_read_user(bytes + first, second, (void *)pieces->second.base);
}

static __always_inline bool read_copy(const struct whole_record *record, __u64 copy, __u64 size)
{
	asm volatile("" : "+r"(size));
	return size <= record->first_room && !bpf_probe_read_kernel(record->data + 1, size, (void *)copy);
}

static __always_inline void describe_whole(struct bn_data *d, struct cpu_state *cpu, const struct usual_transfer *t)
{
	const struct connection *c = t->connection;

	*d = (struct bn_data){
		.header = { .at_ns = bpf_ktime_get_ns(), .sequence = cpu->data_sequence++,
			    .cpu = bpf_get_smp_processor_id(), .kind = BN_KIND_DATA },
		.connection = c->id,
		.position = t->position,
		.tcp_sequence = t->sequence,
		.size = t->size,
		.captured_size = t->size,
		.tid = t->task->pid,
		.pid = t->task->tgid,
		.flags = (t->sent ? BN_DATA_SENT : 0) | (c->flags & CONNECTION_EXISTED ? BN_DATA_EXISTED : 0),
	};
}

/* Another thread's transfer may be told at the same time: who does not get the bytes goes the long way. */
static __always_inline bool claim(struct usual_transfer *t)
{
	struct connection *c = t->connection;

	if (!move_on(t->sent ? &c->sent_next : &c->received_next, t->sequence, t->sequence + t->size))
		return false;
	t->position = pass_by(c, t->sent, t->size);
	return true;
}

/* The last step of both; `filled`: the bytes are in the record.  false: nothing was written. */
static __always_inline bool tell_whole(const struct whole_record *record, struct cpu_state *cpu, struct usual_transfer *t, bool filled)
{
	if (!filled || !claim(t)) {
		bpf_ringbuf_discard(record->data, BPF_RB_NO_WAKEUP);
		return false;
	}
	describe_whole(record->data, cpu, t);
	submit_data(record->data, cpu);
	return true;
}

static __always_inline bool write_pieces(struct cpu_state *cpu, struct usual_transfer *t, const struct user_pieces *pieces)
{
	void *ring = ring_of_cpu(bpf_get_smp_processor_id());
	bool joined = pieces->second.length;
	struct whole_record record;

	if (!ring)
		return false;
	if (fits_whole(pieces, RECORD_TINY))
		record = reserve_whole(ring, joined, RECORD_TINY);
	else if (fits_whole(pieces, RECORD_SMALL))
		record = reserve_whole(ring, joined, RECORD_SMALL);
	else if (fits_whole(pieces, RECORD_MIDDLE))
		record = reserve_whole(ring, joined, RECORD_MIDDLE);
	else
		return false;
	return record.data && tell_whole(&record, cpu, t, read_pieces(&record, pieces));
}

static __always_inline bool write_copy(struct cpu_state *cpu, struct usual_transfer *t, __u64 copy)
{
	void *ring = ring_of_cpu(bpf_get_smp_processor_id());
	struct whole_record record;

	if (!ring)
		return false;
	if (t->size <= RECORD_TINY)
		record = reserve_whole(ring, false, RECORD_TINY);
	else if (t->size <= RECORD_SMALL)
		record = reserve_whole(ring, false, RECORD_SMALL);
	else if (t->size <= RECORD_MIDDLE)
		record = reserve_whole(ring, false, RECORD_MIDDLE);
	else if (t->size <= RECORD_LARGE)
		record = reserve_whole(ring, false, RECORD_LARGE);
	else
		return false;
	return record.data && tell_whole(&record, cpu, t, read_copy(&record, copy, t->size));
}

/* What a call of a program has moved; `end` is the TCP sequence after its last byte, FIN or not: one that took a number does not fit,
 * and goes the long way.  false: nothing happened. */
static __always_inline bool ship_whole(const struct sock *sk, const struct tcp_sock *tcp, struct usual_transfer *t, __u32 end,
				       const struct syscall_arguments *call)
{
	struct cpu_state *cpu = this_cpu();
	struct user_buffers memory;
	struct user_pieces pieces;

	t->sequence = end - t->size;
	t->connection = find_connection(sk);
	if (!t->connection || !cpu || !is_usual(t->connection))
		return false;
	if (t->sequence != (t->sent ? t->connection->sent_next : t->connection->received_next))
		return false;
	if (verdict_of(t->connection->id) != BN_VERDICT_CAPTURE)
		return false;
	memory = memory_of_call(cpu, tcp, sk, t->task, call, t->size, t->sent);
	if (memory.in_kernel)
		return write_copy(cpu, t, memory.base);
	return pieces_of(&pieces, &memory, t->size) && write_pieces(cpu, t, &pieces);
}

#endif
