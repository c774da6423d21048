// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"
#include "desktop/workspace/mailbox.h"
#include "desktop/workspace/waiting_threads.h"

#include <QThreadPool>

#include <functional>
#include <optional>
#include <utility>

namespace binnacle::desktop {

/// Work of an object of the UI thread, on a waiting thread, that tells its news as it goes.
///
/// At most one at a time; a new one lets go of the one before.  What was let go of is cancelled and tells nothing any more, however long its
/// thread still takes to notice; nobody waits for it.  Thread: the owner's.
template <class Owner>
class CancellableRun {
public:
    using Word = std::function<void(Owner&)>; // said on the owner's thread

    /// What the work is given.  Thread: the work's.
    class Job {
    public:
        Job(Cancellation cancellation, Owner* owner) : m_cancellation(std::move(cancellation)), m_mailbox(owner) {}
        const Cancellation& cancellation() const { return m_cancellation; }
        void tell(Word news) const { m_mailbox.post(std::move(news)); }

    private:
        friend class CancellableRun;
        Cancellation m_cancellation;
        Mailbox<Owner> m_mailbox;
    };
    using Work = std::function<Word(const Job&)>; // returns its last word, said when nothing runs any more

    /// A member of its owner.
    explicit CancellableRun(Owner* owner) : m_owner(owner) {}
    ~CancellableRun() { letGo(); }
    CancellableRun(const CancellableRun&) = delete;
    CancellableRun& operator=(const CancellableRun&) = delete;

    void start(Cancellation cancellation, Work work)
    {
        letGo();
        m_current.emplace(std::move(cancellation), m_owner);
        waitingThreads().start([this, job = *m_current, work = std::move(work)] {
            job.tell([this, last = work(job)](Owner& owner) { // reached only as long as this is there
                m_current.reset();
                last(owner);
            });
        });
    }
    bool isRunning() const { return m_current.has_value(); }
    /// It ends when it notices, and still tells.
    void cancel() const
    {
        if (m_current)
            m_current->m_cancellation.cancel();
    }
    void letGo()
    {
        if (!m_current)
            return;
        m_current->m_cancellation.cancel();
        m_current->m_mailbox.close();
        m_current.reset();
    }

private:
    Owner* const m_owner; // outlives this, which is its member
    std::optional<Job> m_current;
};

} // namespace binnacle::desktop
