// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/environment.h"

extern char** environ; // POSIX.1: no header declares it

namespace binnacle::platform {

Environment environment()
{
    Environment all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos && equals > 0)
            all.emplace(text.substr(0, equals), text.substr(equals + 1)); // the first of equal names counts, as for getenv
    }
    return all;
}

} // namespace binnacle::platform
