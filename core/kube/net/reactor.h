// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

namespace binnacle::kube {

/// The one thread on which everything of core/kube waits for the network.
///
/// Owns the thread.  Outlives every client, list and tunnel made with it.  What runs on it must not block.
/// Its destructor ends the thread; operations that are still under way end without a word to their callers.
class Reactor {
public:
    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    void post(std::function<void()> work); // any thread
    bool isCurrent() const;                // asked from its own thread?

    struct Loop; // internal/reactor_loop.h
    Loop& loop() const { return *m_loop; }

private:
    std::unique_ptr<Loop> m_loop;
};

/// Something asked for that has not been answered yet.  A value; dropping it cancels nothing.
class PendingOperation {
public:
    PendingOperation() = default;
    explicit PendingOperation(std::function<void()> cancel) : m_cancel(std::move(cancel)) {}
    void cancel() const // any thread; the callback still comes, with ErrorCode::Cancelled
    {
        if (m_cancel)
            m_cancel();
    }

private:
    std::function<void()> m_cancel;
};

} // namespace binnacle::kube
