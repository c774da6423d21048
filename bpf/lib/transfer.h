/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One finished transfer, while a payload program works on it.  It lives in a per-CPU map and not on the stack: what is read
 * from a map is unknown to the verifier in the same way each time, so that the loop over records is checked quickly. */
#ifndef BN_TRANSFER_H
#define BN_TRANSFER_H

/* Where the bytes are.  iovec_count 0: `base` is the buffer itself; else `base` is an array of iovecs. */
struct user_buffers {
	__u64 base;
	__u32 iovec_count;
	__u16 known;     /* 0 = no memory that we can name */
	__u16 in_kernel; /* one buffer, which is the kernel's own copy: bpf/lib/sent_copy.bpf.h */
};

/* The piece of memory that is being read. */
struct user_cursor {
	__u64 from;
	__u64 left;
	__u32 next; /* iovec */
	__u32 budget;
};

struct transfer {
	struct user_buffers buffers;
	struct user_cursor cursor;
	__u64 connection;
	__u64 position;
	__u64 at_ns;
	__u32 lost;     /* outcome: bytes whose record found no room */
	__u32 unseen;   /* outcome: bytes that no buffer could be read for */
	__u32 size;     /* bytes of the stream still to be written */
	__u32 sequence; /* TCP sequence of the first of them */
	__u32 skip;     /* bytes at the front that were accounted for before */
	__u32 tid;
	__u32 pid;
	__u8 sent;
	__u8 verdict;   /* enum bn_verdict */
	__u8 framed;    /* kTLS and its like: the sequence numbers count other bytes */
	__u8 existed;
};

#endif
