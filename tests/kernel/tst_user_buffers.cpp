// SPDX-License-Identifier: Apache-2.0
// The kernel side's own way from a system call to its buffers, compiled natively.
#include "tests/kernel/support/user_buffers_native.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

namespace {

std::uint64_t address(const void* p) { return reinterpret_cast<std::uint64_t>(p); }

TEST(UserBuffers, namesEverySystemCallAsThisMachineNumbersIt)
{
    for (const long number : {SYS_read, SYS_readv, SYS_preadv2, SYS_recvfrom, SYS_recvmsg})
        EXPECT_EQ(native_transfer_kind(number), NATIVE_RECEIVED) << number;
    for (const long number : {SYS_write, SYS_writev, SYS_pwritev2, SYS_sendto, SYS_sendmsg})
        EXPECT_EQ(native_transfer_kind(number), NATIVE_SENT) << number;
    EXPECT_EQ(native_transfer_kind(SYS_sendmmsg), NATIVE_SENT_MANY);
    EXPECT_EQ(native_transfer_kind(SYS_recvmmsg), NATIVE_RECEIVED_MANY);
    EXPECT_EQ(native_transfer_kind(SYS_sendfile), NATIVE_FROM_FILE);
    EXPECT_EQ(native_transfer_kind(SYS_splice), NATIVE_SPLICED);
    for (const long number : {SYS_getppid, SYS_pread64, SYS_io_uring_enter, SYS_openat})
        EXPECT_EQ(native_transfer_kind(number), NATIVE_NONE) << number;
}

TEST(UserBuffers, plainCallsHaveOneBuffer)
{
    for (const long number : {SYS_read, SYS_write, SYS_sendto, SYS_recvfrom}) {
        const native_buffers found = native_buffers_of_syscall(number, 0x1000, 7);
        EXPECT_EQ(found.base, 0x1000u);
        EXPECT_EQ(found.iovec_count, 0u);
        EXPECT_EQ(found.known, 1u);
    }
}

TEST(UserBuffers, vectoredCallsHaveTheirArray)
{
    for (const long number : {SYS_readv, SYS_writev, SYS_preadv2, SYS_pwritev2}) {
        const native_buffers found = native_buffers_of_syscall(number, 0x2000, 3);
        EXPECT_EQ(found.base, 0x2000u);
        EXPECT_EQ(found.iovec_count, 3u);
        EXPECT_EQ(found.known, 1u);
    }
    EXPECT_EQ(native_buffers_of_syscall(SYS_writev, 0x2000, 0).known, 0u);
}

TEST(UserBuffers, messagesLeadToTheirArray)
{
    iovec parts[2] = {};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const native_buffers found = native_buffers_of_syscall(SYS_sendmsg, address(&message), 0);
    EXPECT_EQ(found.base, address(parts));
    EXPECT_EQ(found.iovec_count, 2u);
    EXPECT_EQ(native_buffers_of_syscall(SYS_recvmsg, 0, 0).known, 0u); // a page that is not there
}

TEST(UserBuffers, severalMessagesInOneCallAreNotGuessed)
{
    mmsghdr messages[2] = {};
    iovec part{};
    messages[0].msg_hdr.msg_iov = &part;
    messages[0].msg_hdr.msg_iovlen = 1;
    EXPECT_EQ(native_buffers_of_syscall(SYS_sendmmsg, address(messages), 1).base, address(&part));
    EXPECT_EQ(native_buffers_of_syscall(SYS_sendmmsg, address(messages), 2).known, 0u);
}

TEST(UserBuffers, onlyCallsThatCopyLeaveACopy)
{
    for (const long number : {SYS_write, SYS_writev, SYS_pwritev2, SYS_sendto, SYS_sendmsg, SYS_sendmmsg})
        EXPECT_TRUE(native_syscall_copies(number, 0, MSG_NOSIGNAL)) << number;
    for (const long number : {SYS_sendfile, SYS_splice, SYS_io_uring_enter, SYS_read, SYS_recvfrom, SYS_getppid})
        EXPECT_FALSE(native_syscall_copies(number, 0, 0)) << number;
    for (const int flag : {MSG_ZEROCOPY, MSG_FASTOPEN}) {
        EXPECT_FALSE(native_syscall_copies(SYS_sendto, 0, static_cast<std::uint64_t>(flag)));
        EXPECT_FALSE(native_syscall_copies(SYS_sendmmsg, 0, static_cast<std::uint64_t>(flag)));
        EXPECT_FALSE(native_syscall_copies(SYS_sendmsg, static_cast<std::uint64_t>(flag), 0));
        EXPECT_TRUE(native_syscall_copies(SYS_write, static_cast<std::uint64_t>(flag), 0)) << "the third argument is a size there";
    }
}

TEST(UserBuffers, otherCallsHaveNone)
{
    EXPECT_EQ(native_buffers_of_syscall(SYS_sendfile, 0x1000, 1).known, 0u);
    EXPECT_EQ(native_buffers_of_syscall(SYS_io_uring_enter, 0x1000, 1).known, 0u);
}

} // namespace
