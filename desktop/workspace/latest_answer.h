// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFuture>
#include <QObject>
#include <QtConcurrentRun>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace binnacle::desktop {

/// Runs questions on the pool, one at a time; of those that come meanwhile only the last is kept.  Answers arrive on the
/// thread of `receiver` in the order of the questions and never after its end.
/// Thread: the one of `receiver`, which owns this object.
class LatestAnswer {
public:
    explicit LatestAnswer(QObject* receiver) : m_receiver(receiver) {}
    LatestAnswer(const LatestAnswer&) = delete;
    LatestAnswer& operator=(const LatestAnswer&) = delete;

    bool isBusy() const { return m_running; }

    template <class Work, class Then>
    void ask(Work work, Then then)
    {
        m_waiting = [this, work = std::move(work), then = std::move(then)]() mutable { start(std::move(work), std::move(then)); };
        if (!m_running)
            startWaiting();
    }

    /// Forgets the question that waits; the one that runs still answers.
    void cancelWaiting() { m_waiting = nullptr; }

private:
    void startWaiting()
    {
        auto next = std::exchange(m_waiting, nullptr);
        if (next)
            next();
    }

    template <class Work, class Then>
    void start(Work work, Then then)
    {
        using Answer = std::invoke_result_t<Work>;
        m_running = true;
        QtConcurrent::run([work = std::move(work)]() mutable { return std::make_shared<Answer>(work()); })
            .then(m_receiver, [this, then = std::move(then)](std::shared_ptr<Answer> answer) mutable {
                m_running = false;
                startWaiting();
                then(std::move(*answer));
            });
    }

    QObject* m_receiver; // owns this
    std::function<void()> m_waiting;
    bool m_running = false;
};

} // namespace binnacle::desktop
