// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/hooks.h"

namespace binnacle::agent {

const std::array<HookFacts, kHookCount> kHooks{{
    {Hook::SocketState, "socket_state", "connections opened, failed connects, listeners", "inet_sock_set_state",
     "connections appear with their first transfer; failed connects and new listeners are not seen"},
    {Hook::SocketDestroy, "socket_destroy", "the end of a socket and its final counters", "tcp_destroy_sock",
     "a connection is forgotten when TCP is done with it; bytes that were still unread are not counted"},
    {Hook::ResetSent, "reset_sent", "resets sent", "tcp_send_reset", "resets sent are not told apart from other closes"},
    {Hook::ResetReceived, "reset_received", "resets received", "tcp_receive_reset",
     "resets received are known by errno only"},
    {Hook::PayloadSocket, "payload_socket", "request and response bytes, at the socket", "sock_send_length sock_recv_length",
     "payload_syscall: bytes are taken at the exit of system calls, which costs every system call a little"},
    {Hook::PayloadSyscall, "payload_syscall", "request and response bytes, at the exit of system calls", "sys_exit",
     "no requests: connections and their byte counts only"},
    {Hook::SentCopy, "sent_copy", "what is sent, from the kernel's own copy", "",
     "it is read from the program's memory, which costs a server some tenths of a microsecond a request"},
    {Hook::ProcessFork, "process_fork", "processes that begin", "sched_process_fork", "processes are found in /proc when they talk"},
    {Hook::ProcessExec, "process_exec", "programs that start", "sched_process_exec", "programs are found in /proc when they talk"},
    {Hook::ProcessExit, "process_exit", "processes that end", "sched_process_exit", "ended processes are noticed in /proc"},
    {Hook::ExistingSockets, "existing_sockets", "connections and listeners that were there before", "bpf_iter_task_file",
     "they appear with their next transfer; idle listeners are not seen"},
    {Hook::SocketSamples, "socket_samples", "round trip, windows and queues of live sockets and connects that hang, each second", "",
     "these figures come only when a connection closes; connects that hang are seen when they fail"},
    {Hook::SocketCookie, "socket_cookie", "the kernel's own number of a connection", "",
     "connections are numbered by the agent; the number does not survive its restart"},
    {Hook::SocketFromFile, "socket_from_file", "a descriptor's socket, by the kernel's helper", "",
     "the socket is read from the file structure"},
}};

const HookFacts& factsOf(Hook hook) { return kHooks[indexOf(hook)]; }

std::optional<Hook> findHook(std::string_view name)
{
    for (const HookFacts& facts : kHooks) {
        if (facts.name == name)
            return facts.hook;
    }
    return std::nullopt;
}

} // namespace binnacle::agent
