// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"
#include "core/base/result.h"
#include "core/kube/install/cluster_api.h"
#include "desktop/cli/install_commands.h"

#include <memory>
#include <string>

namespace binnacle::desktop {

/// One cluster of the kubeconfig, reached as its user.  Blocks; one thread.
class ClusterSession {
public:
    /// Reads the kubeconfig and makes ready; the network is first used by api().
    static Result<std::unique_ptr<ClusterSession>> open(const ClusterChoice& choice, const Cancellation& cancellation);
    virtual ~ClusterSession() = default;

    virtual kube::ClusterApi& api() = 0;
    virtual std::string words() const = 0; // `context prod (https://…) as alice`
    /// One handshake with an agent's pod, the way its data come.  Blocks up to 15 s.
    virtual Result<void> greetAgent(const std::string& nameSpace, const std::string& pod) = 0;
};

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
