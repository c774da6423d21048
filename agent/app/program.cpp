// SPDX-License-Identifier: Apache-2.0
#include "agent/app/program.h"

#include <csignal>
#include <cstdio>
#include <malloc.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace binnacle::agent {

StopSignals::StopSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    m_descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    std::signal(SIGPIPE, SIG_IGN);
}

StopSignals::~StopSignals() { ::close(m_descriptor); }

void keepMemorySmall()
{
    ::mallopt(M_ARENA_MAX, 2);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
    ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

int failed(const Error& error)
{
    std::fprintf(stderr, "binnacle-agent: %s\n", error.what.c_str());
    return 1;
}

} // namespace binnacle::agent
