// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/http/frames.h"

namespace binnacle::protocols {

void Http::pair(const Request& request, const Response* response, Exchange& out)
{
    out.route = request.route.view();
    out.method = out.route.substr(0, request.methodLength);
    out.version = request.version;
    out.hasTraceparent = request.hasTraceparent;
    if (request.hasTraceparent) {
        out.traceId = request.traceId;
        out.parentSpanId = request.parentSpanId;
    }
    out.requestIdHash = request.requestIdHash;
    out.status = response ? std::string_view(response->status.data(), response->status.size()) : std::string_view{};
    out.error = !response || response->status[0] == '5';
}

} // namespace binnacle::protocols
