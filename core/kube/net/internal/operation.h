// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/kube/net/internal/asio.h"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace binnacle::kube {

/// Something being done that can be told to give up: whoever waits inside it says how to be woken.
///
/// Once stopped it stays so; the first reason counts.  Thread: the reactor's.
class Operation {
public:
    enum class Stop : std::uint8_t { No, Cancelled, TimedOut };

    void stop(Stop why);
    bool isStopped() const { return m_stop != Stop::No; }
    Stop whyStopped() const { return m_stop; }
    /// The error of a stopped operation; `doing` is the phase that did not end in time.
    Error stopError(std::string_view doing) const;

    /// While it lives, stop() calls `wake`.
    class Waker {
    public:
        Waker(Operation& operation, std::function<void()> wake);
        ~Waker();
        Waker(const Waker&) = delete;
        Waker& operator=(const Waker&) = delete;

    private:
        Operation& m_operation;
        std::list<std::function<void()>>::iterator m_place;
    };

private:
    Stop m_stop = Stop::No;
    std::list<std::function<void()>> m_wakers;
};
using OperationPointer = std::shared_ptr<Operation>;

/// Stops the operation as timed out unless it is destroyed before.
class Deadline {
public:
    Deadline(OperationPointer operation, asio::io_context& context, std::chrono::milliseconds patience);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

private:
    Timer m_timer;
    std::shared_ptr<bool> m_armed = std::make_shared<bool>(true);
};

/// False when the operation was stopped meanwhile.
Task<bool> sleepFor(OperationPointer operation, asio::io_context& context, std::chrono::milliseconds time);

/// Runs `work` on a thread of its own and awaits its answer; nothing when the operation was stopped first.  The thread is then
/// left to end by itself: there is no way to interrupt a name look-up, so whatever `work` needs it must own.
template <class T>
Task<std::optional<T>> offload(OperationPointer operation, asio::io_context& context, std::function<T()> work)
{
    struct Shared {
        std::mutex mutex;
        bool awaited = true; // guarded by mutex, as is `answer`
        std::optional<T> answer;
        std::shared_ptr<Timer> wake;
    };
    struct Awaiting { // whatever ends the coroutine: the thread must not touch the context any more
        std::shared_ptr<Shared> shared;
        ~Awaiting()
        {
            const std::lock_guard lock(shared->mutex);
            shared->awaited = false;
            shared->wake.reset();
        }
    };
    if (operation->isStopped())
        co_return std::nullopt;
    const auto shared = std::make_shared<Shared>();
    shared->wake = std::make_shared<Timer>(context, Timer::time_point::max());
    const Awaiting awaiting{shared};
    std::thread([shared, work = std::move(work), &context] {
        std::optional<T> answer(work());
        const std::lock_guard lock(shared->mutex);
        if (!shared->awaited)
            return;
        shared->answer = std::move(answer);
        asio::post(context, [wake = shared->wake] { wake->cancel(); });
    }).detach();
    const Operation::Waker waker(*operation, [wake = shared->wake] { wake->cancel(); });
    Failure ignored;
    co_await shared->wake->async_wait(into(ignored));
    const std::lock_guard lock(shared->mutex);
    co_return operation->isStopped() ? std::nullopt : std::move(shared->answer);
}

} // namespace binnacle::kube
