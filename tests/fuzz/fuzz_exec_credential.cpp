// SPDX-License-Identifier: Apache-2.0
// What an exec plugin may print, and a token that an issuer may give.
#include "core/kube/credentials/exec_credential.h"
#include "core/kube/credentials/oidc_provider.h"
#include "core/kube/credentials/printable.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace binnacle::kube;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ExecPlugin plugin;
    plugin.apiVersion = "client.authentication.k8s.io/v1";
    (void)parseExecCredential(text, plugin);
    (void)tokenExpiry(text);
    (void)printable(text);
    return 0;
}
