// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/config/contexts.h"
#include "core/kube/credentials/credential_provider.h"

#include <functional>
#include <string>
#include <vector>

namespace binnacle::kube {

/// The token and the client certificate that a kubeconfig gives, inline or as files.  Files are read again each minute (tokens of service accounts and
/// certificates are exchanged in place); a token file that is there but empty gives no credentials, as with client-go.
class FileProvider : public CredentialProvider {
public:
    FileProvider(const UserCredentials& user, std::function<UtcTime()> now);

    Result<Answer> obtain(const Cancellation& cancellation) override;
    After401 after401() const override { return m_hasFiles ? After401::Reread : After401::Nothing; }
    bool keepsLastGood() const override { return true; }
    void describe(CredentialReport& report) const override;

private:
    Result<std::string> readToken();
    Result<void> readPair(IssuedCredentials& issued);
    Result<std::string> read(const InlineOrFile& material, const char* what);

    InlineOrFile m_token, m_certificate, m_key;
    std::string m_user;
    bool m_hasFiles;
    std::function<UtcTime()> m_now;
    std::vector<std::filesystem::path> m_read;
    std::vector<std::string> m_notes;
};

} // namespace binnacle::kube
