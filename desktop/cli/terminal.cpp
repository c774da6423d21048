// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/terminal.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <utility>

namespace binnacle::desktop {

namespace {

std::atomic<const Cancellation*> active = nullptr; // of the CancelOnSignal that lives

extern "C" void cancelActive(int signal)
{
    if (const Cancellation* cancellation = active.load())
        cancellation->cancel(); // an atomic store: a handler may
    std::signal(signal, SIG_DFL);
}

} // namespace

CancelOnSignal::CancelOnSignal(Cancellation cancellation) : m_cancellation(std::move(cancellation))
{
    active = &m_cancellation;
    m_interrupt = std::signal(SIGINT, cancelActive);
    m_terminate = std::signal(SIGTERM, cancelActive);
}

CancelOnSignal::~CancelOnSignal()
{
    std::signal(SIGINT, m_interrupt);
    std::signal(SIGTERM, m_terminate);
    active = nullptr;
}

bool isConfirmed(const std::string& question)
{
    std::fprintf(stderr, "%s [y/N] ", question.c_str());
    std::fflush(stderr);
    std::string answer;
    if (!std::getline(std::cin, answer)) {
        std::fputc('\n', stderr);
        return false;
    }
    return answer == "y" || answer == "Y" || answer == "yes";
}

} // namespace binnacle::desktop
