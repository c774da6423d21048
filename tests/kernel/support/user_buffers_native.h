/* SPDX-License-Identifier: Apache-2.0 */
/* bpf/lib/user_buffers.bpf.h, compiled natively: the kernel's helper is a copy of our own memory. */
#ifndef BN_USER_BUFFERS_NATIVE_H
#define BN_USER_BUFFERS_NATIVE_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
struct native_buffers {
	uint64_t base;
	uint32_t iovec_count;
	uint32_t known;
};
enum native_kind { NATIVE_NONE, NATIVE_SENT, NATIVE_RECEIVED, NATIVE_SENT_MANY, NATIVE_RECEIVED_MANY, NATIVE_FROM_FILE, NATIVE_SPLICED };

struct native_buffers native_buffers_of_syscall(long number, uint64_t a1, uint64_t a2);
enum native_kind native_transfer_kind(long number);
int native_syscall_copies(long number, uint64_t a2, uint64_t a3);
#ifdef __cplusplus
}
#endif
#endif
