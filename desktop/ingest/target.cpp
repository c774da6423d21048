// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/target.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace binnacle::desktop {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kForms = "an agent is named HOST:PORT (127.0.0.1:9465) or unix:PATH (unix:/run/binnacle/agent.sock)";

Error notATarget(std::string_view text) { return {ErrorCode::Invalid, '`' + std::string(text) + "` is no agent's address; " + std::string(kForms)}; }

} // namespace

Result<Target> Target::parse(std::string_view text)
{
    Target target;
    if (text.starts_with(kUnixPrefix)) {
        target.kind = Kind::Unix;
        target.path = text.substr(kUnixPrefix.size());
        return target.path.empty() ? Result<Target>(std::unexpected(notATarget(text))) : target;
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return std::unexpected(notATarget(text));
    const std::string_view port = text.substr(colon + 1);
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), target.port);
    if (problem != std::errc{} || end != port.data() + port.size() || target.port == 0)
        return std::unexpected(notATarget(text));
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return std::unexpected(notATarget(text)); // ::1:80 could mean two things
    if (host.empty() || host.find('/') != std::string_view::npos)
        return std::unexpected(notATarget(text));
    target.host = host;
    return target;
}

std::string Target::toText() const
{
    if (kind == Kind::Unix)
        return std::string(kUnixPrefix) + path;
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<Target> findLocalAgent()
{
    std::vector<std::string> candidates;
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && *runtime)
        candidates.push_back(std::string(runtime) + "/binnacle/agent.sock");
    candidates.emplace_back("/run/binnacle/agent.sock");
    for (const std::string& path : candidates) {
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored))
            return Target::parse(std::string(kUnixPrefix) + path);
    }
    return failure(ErrorCode::NotFound, "no agent listens on this machine; start one with `sudo binnacle-agent run`, or name one with --agent");
}

} // namespace binnacle::desktop
