// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/redis/frames.h"

namespace binnacle::protocols {

void Redis::pair(const Request& request, const Response* response, Exchange& out)
{
    out.route = request.route.view();
    out.method = out.route.substr(0, request.nameLength);
    if (response && response->unknownCommand) // then its name is whatever somebody typed
        out.method = out.route = "OTHER";
    out.error = !response || response->isError;
    out.status = !response ? std::string_view{} : response->isError ? response->error.view() : std::string_view("OK");
}

} // namespace binnacle::protocols
