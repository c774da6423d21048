// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

namespace binnacle::agent {

/// SIGTERM and SIGINT as a descriptor; blocked in every thread that is started later.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    int descriptor() const { return m_descriptor; }

private:
    int m_descriptor = -1;
};

/// glibc gives each thread an arena that it never gives back; readers come and go, and memory has a cap.
void keepMemorySmall();

/// Says what went wrong on stderr; the exit status.
int failed(const Error& error);

} // namespace binnacle::agent
