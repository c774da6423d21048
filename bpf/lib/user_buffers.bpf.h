/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a system call's number and arguments to the user memory that it read or filled.  Plain C: it also compiles natively,
 * with bpf_probe_read_user stubbed (tests/kernel/tst_user_buffers.cpp). */
#ifndef BN_USER_BUFFERS_BPF_H
#define BN_USER_BUFFERS_BPF_H
#include "bpf/lib/transfer.h"

#if defined(__x86_64__) || defined(__TARGET_ARCH_x86)
enum {
	BN_SYS_READ = 0, BN_SYS_WRITE = 1, BN_SYS_READV = 19, BN_SYS_WRITEV = 20, BN_SYS_SENDFILE = 40, BN_SYS_SENDTO = 44,
	BN_SYS_RECVFROM = 45, BN_SYS_SENDMSG = 46, BN_SYS_RECVMSG = 47, BN_SYS_SPLICE = 275, BN_SYS_RECVMMSG = 299,
	BN_SYS_SENDMMSG = 307, BN_SYS_PREADV2 = 327, BN_SYS_PWRITEV2 = 328,
};
#else
enum {
	BN_SYS_READ = 63, BN_SYS_WRITE = 64, BN_SYS_READV = 65, BN_SYS_WRITEV = 66, BN_SYS_SENDFILE = 71, BN_SYS_SENDTO = 206,
	BN_SYS_RECVFROM = 207, BN_SYS_SENDMSG = 211, BN_SYS_RECVMSG = 212, BN_SYS_SPLICE = 76, BN_SYS_RECVMMSG = 243,
	BN_SYS_SENDMMSG = 269, BN_SYS_PREADV2 = 286, BN_SYS_PWRITEV2 = 287,
};
#endif

enum bn_transfer_kind {
	BN_TRANSFER_NONE = 0,
	BN_TRANSFER_SENT,
	BN_TRANSFER_RECEIVED,
	BN_TRANSFER_SENT_MANY,     /* sendmmsg */
	BN_TRANSFER_RECEIVED_MANY, /* recvmmsg */
	BN_TRANSFER_FROM_FILE,     /* sendfile: sent, no user memory */
	BN_TRANSFER_SPLICED,       /* splice: either descriptor may be the socket */
};

static __always_inline enum bn_transfer_kind transfer_kind(long number)
{
	switch (number) {
	case BN_SYS_READ:
	case BN_SYS_READV:
	case BN_SYS_PREADV2:
	case BN_SYS_RECVFROM:
	case BN_SYS_RECVMSG:
		return BN_TRANSFER_RECEIVED;
	case BN_SYS_WRITE:
	case BN_SYS_WRITEV:
	case BN_SYS_PWRITEV2:
	case BN_SYS_SENDTO:
	case BN_SYS_SENDMSG:
		return BN_TRANSFER_SENT;
	case BN_SYS_RECVMMSG:
		return BN_TRANSFER_RECEIVED_MANY;
	case BN_SYS_SENDMMSG:
		return BN_TRANSFER_SENT_MANY;
	case BN_SYS_SENDFILE:
		return BN_TRANSFER_FROM_FILE;
	case BN_SYS_SPLICE:
		return BN_TRANSFER_SPLICED;
	}
	return BN_TRANSFER_NONE;
}

static __always_inline struct user_buffers buffers_of_message(__u64 message)
{
	__u64 iovecs[2] = {}; /* base and count: not the whole message, stack is short */

	if (!message || bpf_probe_read_user(iovecs, sizeof(iovecs), (void *)(message + __builtin_offsetof(struct user_message, iovecs))))
		return (struct user_buffers){ 0 };
	return (struct user_buffers){ .base = iovecs[0], .iovec_count = iovecs[1], .known = iovecs[1] != 0 };
}

/* `a1` and `a2` are the second and third argument.  sendmmsg and recvmmsg: only when they carry a single message, since one
 * transfer's tracepoint does not say which message it belongs to. */
static __always_inline struct user_buffers buffers_of_syscall(long number, __u64 a1, __u64 a2)
{
	switch (number) {
	case BN_SYS_READ:
	case BN_SYS_WRITE:
	case BN_SYS_RECVFROM:
	case BN_SYS_SENDTO:
		return (struct user_buffers){ .base = a1, .known = 1 };
	case BN_SYS_READV:
	case BN_SYS_WRITEV:
	case BN_SYS_PREADV2:
	case BN_SYS_PWRITEV2:
		return (struct user_buffers){ .base = a1, .iovec_count = a2, .known = a2 != 0 };
	case BN_SYS_RECVMSG:
	case BN_SYS_SENDMSG:
		return buffers_of_message(a1);
	case BN_SYS_RECVMMSG:
	case BN_SYS_SENDMMSG:
		return a2 == 1 ? buffers_of_message(a1) : (struct user_buffers){ 0 };
	}
	return (struct user_buffers){ 0 };
}

/* Whether the call copies what it sends.  `a2` and `a3` are the third and fourth argument.  sendfile, splice and MSG_ZEROCOPY send the
 * pages themselves; with MSG_FASTOPEN the bytes go with the SYN, another way. */
static __always_inline bool syscall_copies(long number, __u64 a2, __u64 a3)
{
	switch (number) {
	case BN_SYS_WRITE:
	case BN_SYS_WRITEV:
	case BN_SYS_PWRITEV2:
		return true;
	case BN_SYS_SENDTO:
	case BN_SYS_SENDMMSG:
		return !(a3 & (MSG_ZEROCOPY | MSG_FASTOPEN));
	case BN_SYS_SENDMSG:
		return !(a2 & (MSG_ZEROCOPY | MSG_FASTOPEN));
	}
	return false;
}

#endif
