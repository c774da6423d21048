// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/credentials/credential_options.h"
#include "core/kube/credentials/credential_source.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace binnacle::kube {

class PluginHost;

/// Makes credential sources.  Who asks for the same user of the same cluster gets the same source while anybody holds it, so that a plugin runs once for
/// all of them.  One store a program.  Thread: any.
class CredentialStore {
public:
    explicit CredentialStore(CredentialOptions options);
    ~CredentialStore();

    /// Refuses an access with a fatal problem (findProblems()): reads files, runs nothing.
    Result<std::shared_ptr<CredentialSource>> sourceFor(const ClusterAccess& access);

    /// A command that was not allowed to run is asked about again.
    void forgetAnswers();

private:
    struct Known {
        ClusterEndpoint cluster;
        UserCredentials user;
        std::weak_ptr<CredentialSource> source;
    };

    std::shared_ptr<PluginHost> m_host;
    std::mutex m_mutex;
    std::vector<Known> m_known;
};

/// Of `Impersonate-Extra-…`: bytes that no header name may have are written as %XX.
std::string impersonationKey(std::string_view key);

} // namespace binnacle::kube
