// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/platform/child_process.h"
#include "core/kube/credentials/credential_provider.h"
#include "core/kube/credentials/plugin_host.h"

#include <memory>

namespace binnacle::kube {

/// Runs an exec plugin (client.authentication.k8s.io/v1 or v1beta1) and keeps what happened.  What it gave is good until its expiry; an answer that is
/// expired when it comes is used once.
class ExecProvider : public CredentialProvider {
public:
    ExecProvider(const ClusterAccess& access, std::shared_ptr<PluginHost> host);

    Result<Answer> obtain(const Cancellation& cancellation) override;
    After401 after401() const override { return After401::Renew; }
    bool keepsLastGood() const override { return false; }
    void describe(CredentialReport& report) const override;

private:
    Result<Interactive> interactive() const;
    Result<PluginHost::Program> findProgram(const Cancellation& cancellation);
    Result<platform::Environment> pluginEnvironment(const PluginHost::Program& program, Interactive interactive) const;
    Result<void> askPerson(const Cancellation& cancellation) const;
    Result<std::string> run(const PluginHost::Program& program, Interactive interactive, const Cancellation& cancellation);
    Result<std::string> judgeEnding(const platform::ChildResult& result);
    std::string notFoundSentence(const PluginHost::Program& program);
    bool mayShowHint();
    std::string errorTail() const;

    ExecPlugin m_plugin;
    ClusterEndpoint m_cluster;
    std::string m_user;
    std::filesystem::path m_origin;
    std::shared_ptr<PluginHost> m_host;
    ExecReport m_report;
    UtcTime m_hintsSince{};
    int m_hints = 0;
};

} // namespace binnacle::kube
