// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/waiting_threads.h"

#include <QThreadPool>

namespace binnacle::desktop {

QThreadPool& waitingThreads()
{
    constexpr int kMost = 16; // cancelled ones that have not noticed yet
    static QThreadPool pool;
    static const bool isSet = (pool.setMaxThreadCount(kMost), true);
    static_cast<void>(isSet);
    return pool;
}

} // namespace binnacle::desktop
