// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/core/kube/doubles/api_double.h"
#include "tests/desktop/ingest/fake_host.h"

#include <string>

namespace binnacle::desktop {

/// Agents behind the double of an API server: each pod is a FakeHost of the test.
class FakeCluster {
public:
    explicit FakeCluster(const nlohmann::json& script = nlohmann::json::object()) : m_double(script) {}

    std::string kubeconfig() const { return m_double["kubeconfig"]; }
    kube::test::ApiDouble& server() { return m_double; }

    /// The pod runs on `node`, and its port leads to `host`.
    void putPod(const std::string& name, const std::string& node, const FakeHost& host)
    {
        leadTo(name, host);
        m_double.order("POST", "/object", {{"action", "put"}, {"object", pod(name, node)}});
    }
    void leadTo(const std::string& pod, const FakeHost& host)
    {
        m_double.order("POST", "/script", {{"portforward", {{"ports", {{"binnacle/" + pod + ":9465", host.port()}}}}}});
    }
    void removePod(const std::string& name)
    {
        m_double.order("POST", "/object", {{"action", "delete"}, {"object", {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", "binnacle"}}}}}});
    }
    void cutTunnels() { m_double.order("POST", "/cut", {{"what", "tunnels"}, {"how", "eof"}}); }

    static nlohmann::json pod(const std::string& name, const std::string& node)
    {
        return {{"apiVersion", "v1"},
                {"kind", "Pod"},
                {"metadata", {{"name", name}, {"namespace", "binnacle"}, {"creationTimestamp", "2026-11-23T04:05:06Z"}, {"labels", {{"app.kubernetes.io/name", "binnacle-agent"}}}}},
                {"spec", {{"nodeName", node}, {"containers", {{{"name", "agent"}, {"image", "agent:0.1.0"}, {"ports", {{{"name", "grpc"}, {"containerPort", 9465}}}}}}}}},
                {"status", {{"phase", "Running"}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
    }

private:
    kube::test::ApiDouble m_double;
};

} // namespace binnacle::desktop
