// SPDX-License-Identifier: Apache-2.0
// A kubeconfig of any bytes: read, listed and resolved without a file being opened that it names (the fuzzer may read no stranger's path).
#include "core/kube/config/contexts.h"
#include "core/kube/config/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace binnacle::kube;
    auto config = parseKubeconfig({reinterpret_cast<const char*>(data), size}, "/nonexistent/config");
    if (!config)
        return 0;
    for (auto& [name, cluster] : config->clusters)
        cluster.certificateAuthority.file.clear();
    for (auto& [name, user] : config->users) {
        for (auto* material : {&user.credentials.token, &user.credentials.clientCertificate, &user.credentials.clientKey})
            material->file.clear();
    }
    (void)contexts(*config, binnacle::utcTime(0));
    (void)resolve(*config, "");
    return 0;
}
