// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QThreadPool;

namespace binnacle::desktop {

/// For work that waits for servers, plugins and people, for minutes: not the pool that draws the pages.  At the program's end it waits for what
/// was cancelled.  Thread: any.
QThreadPool& waitingThreads();

} // namespace binnacle::desktop
