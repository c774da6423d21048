// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/operation.h"

namespace binnacle::kube {

void Operation::stop(Stop why)
{
    if (isStopped())
        return;
    m_stop = why;
    const std::list<std::function<void()>> wakers = m_wakers; // a woken one may leave the list
    for (const auto& wake : wakers)
        wake();
}

Error Operation::stopError(std::string_view doing) const
{
    if (m_stop == Stop::TimedOut)
        return {ErrorCode::Unavailable, std::string(doing) + ": no answer in time"};
    return {ErrorCode::Cancelled, std::string(doing) + ": cancelled"};
}

Operation::Waker::Waker(Operation& operation, std::function<void()> wake) : m_operation(operation)
{
    m_place = operation.m_wakers.insert(operation.m_wakers.end(), std::move(wake));
}

Operation::Waker::~Waker() { m_operation.m_wakers.erase(m_place); }

Deadline::Deadline(OperationPointer operation, asio::io_context& context, std::chrono::milliseconds patience) : m_timer(context, patience)
{
    m_timer.async_wait([operation = std::move(operation), armed = m_armed](const Failure& failure) {
        if (!failure && *armed)
            operation->stop(Operation::Stop::TimedOut);
    });
}

Deadline::~Deadline() { *m_armed = false; }

Task<bool> sleepFor(OperationPointer operation, asio::io_context& context, std::chrono::milliseconds time)
{
    if (operation->isStopped())
        co_return false;
    Timer timer(context, time);
    const Operation::Waker waker(*operation, [&timer] { timer.cancel(); });
    Failure ignored;
    co_await timer.async_wait(into(ignored));
    co_return !operation->isStopped();
}

} // namespace binnacle::kube
