// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMetaObject>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace binnacle::desktop {

/// Where work that may outlive an object of the UI thread leaves word for it.  A value: its copies share one box.
///
/// Once closed, nothing that was left there runs any more; close() takes place on the owner's thread, at the latest in its destructor.
/// Thread: post() any, the rest the owner's.
template <class Owner>
class Mailbox {
public:
    explicit Mailbox(Owner* owner) : m_box(std::make_shared<Box>()) { m_box->owner = owner; }

    void post(std::function<void(Owner&)> word) const
    {
        const std::lock_guard lock(m_box->mutex); // so that the owner does not end meanwhile
        if (!m_box->owner)
            return;
        QMetaObject::invokeMethod(
            m_box->owner,
            [box = m_box, word = std::move(word)] {
                if (Owner* owner = box->reach())
                    word(*owner);
            },
            Qt::QueuedConnection);
    }

    void close() const
    {
        const std::lock_guard lock(m_box->mutex);
        m_box->owner = nullptr;
    }

private:
    struct Box {
        std::mutex mutex;
        Owner* owner = nullptr; // guarded by mutex; written on its own thread only
        Owner* reach()
        {
            const std::lock_guard lock(mutex);
            return owner;
        }
    };
    std::shared_ptr<Box> m_box;
};

} // namespace binnacle::desktop
