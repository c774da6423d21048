/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/kernel/support/user_buffers_native.h"

#include <linux/types.h>
#include <stdbool.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/socket.h>

struct user_message {
	__u64 name;
	__u32 name_size;
	__u32 pad0;
	__u64 iovecs;
	__u64 iovec_count;
	__u64 control;
	__u64 control_size;
	__u32 flags;
	__u32 pad1;
};
_Static_assert(sizeof(struct user_message) == sizeof(struct msghdr), "the layout of the system-call interface");

static long bpf_probe_read_user(void *to, unsigned size, const void *from)
{
	if (!from)
		return -14; /* EFAULT */
	memcpy(to, from, size);
	return 0;
}

#include "bpf/lib/user_buffers.bpf.h"

struct native_buffers native_buffers_of_syscall(long number, uint64_t a1, uint64_t a2)
{
	struct user_buffers found = buffers_of_syscall(number, a1, a2);

	return (struct native_buffers){ .base = found.base, .iovec_count = found.iovec_count, .known = found.known };
}

enum native_kind native_transfer_kind(long number)
{
	return (enum native_kind)transfer_kind(number);
}

int native_syscall_copies(long number, uint64_t a2, uint64_t a3)
{
	return syscall_copies(number, a2, a3);
}
