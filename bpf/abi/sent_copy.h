/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What find_sent_copy (bpf/programs/sent_copy.bpf.c) answers to the agent's start. */
#ifndef BN_ABI_SENT_COPY_H
#define BN_ABI_SENT_COPY_H

#define BN_SENT_PATTERN 64 /* bytes, of no meaning and not found anywhere else */

enum bn_sent_copy {
	BN_SENT_COPY_UNKNOWN = 0, /* nowhere, or not where it should be */
	BN_SENT_COPY_READ,        /* found, or found again */
	BN_SENT_COPY_IN_PIECES,   /* it lies across two pages; ask with the next one */
};

#endif
