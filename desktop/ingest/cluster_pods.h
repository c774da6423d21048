// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/api/watched_list.h"
#include "core/kube/diagnose/agent_pods.h"

#include <functional>
#include <string>

namespace binnacle::desktop {

/// The pods of one installation, from one list: agents and gateways.  Thread: any; as WatchSink the reactor's.
class ClusterPods final : public kube::WatchSink {
public:
    /// Of the list that this wants to be told.
    static std::string labels();

    /// `changed` is called on the reactor after each change; it must not block.
    explicit ClusterPods(const std::function<void()>& changed) : agents(changed), gateways(changed) {}

    void added(const kube::WatchedObject& object) override { of(object).added(object); }
    void updated(const kube::WatchedObject& object) override { of(object).updated(object); }
    void deleted(const kube::WatchedObject& object) override;
    void synced() override;
    void gap(const std::string&) override {} // the differences follow
    void troubled(const Error& error) override;
    void beginAnew();

    kube::AgentPods agents, gateways;

private:
    kube::AgentPods& of(const kube::WatchedObject& object);
};

} // namespace binnacle::desktop
