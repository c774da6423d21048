// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/fault.h"
#include "core/kube/net/internal/operation.h"
#include "core/kube/net/reactor.h"

#include <boost/asio/executor_work_guard.hpp>

#include <future>
#include <thread>

namespace binnacle::kube {

struct Reactor::Loop {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::thread thread;
};

/// Starts a task that nobody awaits.  An exception that leaves it is our own fault and ends the program.
void start(asio::io_context& context, std::function<Task<void>()> task);

/// Starts `make(operation)` on the reactor and hands its result to `done`, there.
template <class T>
PendingOperation request(Reactor& reactor, std::function<Task<T>(OperationPointer)> make, std::function<void(T)> done)
{
    auto operation = std::make_shared<Operation>();
    reactor.post([&context = reactor.loop().context, operation, make = std::move(make), done = std::move(done)] {
        start(context, [operation, make, done]() -> Task<void> {
            T outcome = co_await make(operation);
            done(std::move(outcome));
        });
    });
    return PendingOperation([&reactor, operation] { reactor.post([operation] { operation->stop(Operation::Stop::Cancelled); }); });
}

/// The same, awaited by the calling thread, which must not be the reactor's.
template <class T>
T requestAndWait(Reactor& reactor, std::function<Task<T>(OperationPointer)> make, const Cancellation& cancellation)
{
    BN_ASSERT(!reactor.isCurrent());
    auto answer = std::make_shared<std::promise<T>>();
    std::future<T> arriving = answer->get_future();
    const PendingOperation pending = request<T>(reactor, std::move(make), [answer](T value) { answer->set_value(std::move(value)); });
    while (arriving.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
        if (cancellation.isCancelled()) {
            pending.cancel();
            break;
        }
    }
    return arriving.get();
}

} // namespace binnacle::kube
