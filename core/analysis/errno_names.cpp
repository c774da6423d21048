// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/errno_names.h"

#include <array>

namespace binnacle::analysis {

namespace {

struct ErrnoFacts {
    std::uint32_t number;
    std::string_view name;
    std::string_view words; // empty: the name is enough
};

// Numbers of the generic ABI (x86-64, arm64, riscv64): those that connect() and socket calls return.
constexpr std::array kErrors{
    ErrnoFacts{1, "EPERM", "not permitted"},
    ErrnoFacts{4, "EINTR", "interrupted"},
    ErrnoFacts{9, "EBADF", ""},
    ErrnoFacts{11, "EAGAIN", "no local port left"},
    ErrnoFacts{12, "ENOMEM", "out of memory"},
    ErrnoFacts{13, "EACCES", "access denied"},
    ErrnoFacts{22, "EINVAL", ""},
    ErrnoFacts{23, "ENFILE", "too many open files on the host"},
    ErrnoFacts{24, "EMFILE", "too many open files in the process"},
    ErrnoFacts{32, "EPIPE", "connection was closed by the peer"},
    ErrnoFacts{71, "EPROTO", ""},
    ErrnoFacts{97, "EAFNOSUPPORT", "address family not supported"},
    ErrnoFacts{98, "EADDRINUSE", "address in use"},
    ErrnoFacts{99, "EADDRNOTAVAIL", "no local address or port left"},
    ErrnoFacts{100, "ENETDOWN", "network is down"},
    ErrnoFacts{101, "ENETUNREACH", "network unreachable"},
    ErrnoFacts{103, "ECONNABORTED", "connection aborted"},
    ErrnoFacts{104, "ECONNRESET", "connection reset by the peer"},
    ErrnoFacts{105, "ENOBUFS", "no buffer space"},
    ErrnoFacts{110, "ETIMEDOUT", "timed out"},
    ErrnoFacts{111, "ECONNREFUSED", "connection refused"},
    ErrnoFacts{112, "EHOSTDOWN", "host is down"},
    ErrnoFacts{113, "EHOSTUNREACH", "no route to host"},
    ErrnoFacts{114, "EALREADY", ""},
    ErrnoFacts{115, "EINPROGRESS", ""},
    ErrnoFacts{125, "ECANCELED", "given up by the caller"},
};

constexpr std::array<std::string_view, 13> kTcpStates{"NONE",       "ESTABLISHED", "SYN_SENT",  "SYN_RECV",   "FIN_WAIT1",
                                                      "FIN_WAIT2",  "TIME_WAIT",   "CLOSE",     "CLOSE_WAIT", "LAST_ACK",
                                                      "LISTEN",     "CLOSING",     "NEW_SYN_RECV"};

} // namespace

std::string errnoName(std::uint32_t number)
{
    for (const ErrnoFacts& facts : kErrors) {
        if (facts.number == number)
            return std::string(facts.name);
    }
    return "errno " + std::to_string(number);
}

std::optional<std::string_view> errnoWords(std::string_view name)
{
    for (const ErrnoFacts& facts : kErrors) {
        if (facts.name == name && !facts.words.empty())
            return facts.words;
    }
    return std::nullopt;
}

std::string tcpStateName(std::uint8_t state)
{
    if (state < kTcpStates.size())
        return std::string(kTcpStates[state]);
    return "state " + std::to_string(state);
}

} // namespace binnacle::analysis
