// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace binnacle::platform {

/// Environment variables as a value, so that what reads them can be asked with others.
using Environment = std::map<std::string, std::string, std::less<>>;

/// Of this process, now.  Not while another thread changes them.
Environment environment();

/// Empty when it is not set.
inline std::string variable(const Environment& environment, std::string_view name)
{
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

} // namespace binnacle::platform
