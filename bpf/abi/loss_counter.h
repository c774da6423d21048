/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Per-CPU counters of everything the kernel side could not do.  The first members are rows of proto/catalog/losses.def
 * with the same meaning; the rest is arithmetic for tests and for the agent's own cost. */
#ifndef BN_LOSS_COUNTER_H
#define BN_LOSS_COUNTER_H
#include "bpf/abi/abi.h"

enum bn_counter {
	BN_COUNT_DATA_RING_FULL_BYTES = 0,
	BN_COUNT_DATA_RING_FULL_RECORDS,
	BN_COUNT_LIFECYCLE_RING_FULL,
	BN_COUNT_CONNECTION_MAP_FULL,
	BN_COUNT_PAYLOAD_FAULT_BYTES,
	BN_COUNT_PAYLOAD_UNSEEN_BYTES,
	BN_COUNT_DATA_RECORDS,
	BN_COUNT_LIFECYCLE_RECORDS,
	BN_COUNTERS,
};
#endif
