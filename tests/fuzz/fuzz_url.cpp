// SPDX-License-Identifier: Apache-2.0
// URLs and NO_PROXY: what is read must read the same when it is written again, and no password may show.
#include "core/kube/net/proxy_rules.h"

#include <cstdlib>

using namespace binnacle::kube;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto url = parseServerUrl(text);
    if (url) {
        const auto again = parseServerUrl(url->toText());
        if (!again || again->toText() != url->toText() || again->host != url->host || again->port != url->port || again->path != url->path)
            std::abort();
        (void)NoProxy::parse(text).matches(url->host, url->port);
    }
    (void)parseProxyUrl(text, "proxy-url");
    const std::string_view host = text.substr(0, text.find('|'));
    const NoProxy rules = NoProxy::parse(text.substr(std::min(host.size() + 1, text.size())));
    if (rules.matches(host, 443) != rules.matches(host, 443) || percentDecode(percentEncode(text)) != text)
        std::abort();
    return 0;
}
