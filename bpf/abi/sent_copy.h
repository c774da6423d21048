/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What find_sent_copy (bpf/programs/sent_copy.bpf.c) is asked by the agent's start, and answers. */
#ifndef BN_ABI_SENT_COPY_H
#define BN_ABI_SENT_COPY_H
#include "bpf/abi/abi.h"

#define BN_SENT_PATTERN 64 /* bytes, of no meaning and not found anywhere else */

/* In args[0] is where this is. */
struct bn_sent_question {
	__u64 pattern;    /* where the thread has the bytes that were the last it sent */
	__u32 descriptor; /* of the TCP socket that it sent them to */
	__u32 pad;
};
BN_ABI_SIZE(struct bn_sent_question, 16);

/* The lowest byte of the result.  Above it stand 24 bits of the page's number, so that pages can be told apart. */
enum bn_sent_copy {
	BN_SENT_COPY_UNKNOWN = 0, /* nowhere, or not where it should be */
	BN_SENT_COPY_READ,        /* found, or found again */
	BN_SENT_COPY_IN_PIECES,   /* it does not lie in one piece; ask with the next one */
	BN_SENT_COPY_NO_ANSWER,   /* the question could not be read */
};

#endif
