// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"

#include <string>

namespace binnacle::desktop {

/// Cancels on the first Ctrl-C (or SIGTERM) while it lives; the second ends the program as usual.  One at a time.
class CancelOnSignal {
public:
    explicit CancelOnSignal(Cancellation cancellation);
    ~CancelOnSignal();
    CancelOnSignal(const CancelOnSignal&) = delete;
    CancelOnSignal& operator=(const CancelOnSignal&) = delete;

private:
    Cancellation m_cancellation;
    void (*m_interrupt)(int);
    void (*m_terminate)(int);
};

/// Asks on the terminal; anything but y or yes is no, and so is no terminal.
bool isConfirmed(const std::string& question);

} // namespace binnacle::desktop
