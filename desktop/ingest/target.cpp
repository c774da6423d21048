// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/target.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace binnacle::desktop {
namespace {

constexpr std::string_view kUnixPrefix = "unix:", kSshPrefix = "ssh://", kSudo = "?sudo";
constexpr std::string_view kForms = "an agent is named HOST:PORT (127.0.0.1:9465), unix:PATH (unix:/run/binnacle/agent.sock) or ssh://HOST (ssh://alice@web-1)";

Error notATarget(std::string_view text) { return {ErrorCode::Invalid, '`' + std::string(text) + "` is no agent's address; " + std::string(kForms)}; }

bool readPort(std::string_view text, std::uint16_t& port)
{
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    return problem == std::errc{} && end == text.data() + text.size() && port != 0;
}

/// A shell there, the user's ssh config and ssh itself read these words: nothing in them may mean more than itself.
bool isPlain(std::string_view text, std::string_view alsoAllowed)
{
    const auto isAllowed = [alsoAllowed](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || alsoAllowed.find(c) != std::string_view::npos;
    };
    return !text.starts_with('-') && std::ranges::all_of(text, isAllowed);
}

/// `HOST`, `HOST:PORT`, `[IPV6]:PORT` of an ssh:// address.
bool readSshHost(std::string_view text, Target& target)
{
    std::size_t end = text.rfind(':');
    if (text.starts_with('[')) {
        const std::size_t bracket = text.find(']');
        if (bracket == std::string_view::npos || (bracket + 1 < text.size() && text[bracket + 1] != ':'))
            return false;
        target.host = text.substr(1, bracket - 1);
        end = bracket + 1 < text.size() ? bracket + 1 : std::string_view::npos;
    } else {
        target.host = text.substr(0, end);
    }
    if (end != std::string_view::npos && !readPort(text.substr(end + 1), target.port))
        return false;
    const bool isV6 = text.starts_with('[');
    return !target.host.empty() && isPlain(target.host, isV6 ? "._-:%" : "._-");
}

Result<Target> parseSsh(std::string_view text)
{
    Target target;
    target.kind = Target::Kind::Ssh;
    std::string_view rest = text.substr(kSshPrefix.size());
    if (rest.ends_with(kSudo)) {
        target.withSudo = true;
        rest.remove_suffix(kSudo.size());
    }
    if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
        target.path = rest.substr(slash) == "/" ? std::string_view() : rest.substr(slash);
        rest = rest.substr(0, slash);
    }
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        target.user = rest.substr(0, at);
        rest = rest.substr(at + 1);
        if (target.user.empty())
            return std::unexpected(notATarget(text));
    }
    if (!readSshHost(rest, target) || !isPlain(target.user, "._-@+\\") || !isPlain(target.path, "/._-+:@,="))
        return std::unexpected(notATarget(text));
    return target;
}

Result<Target> parseTcp(std::string_view text)
{
    Target target;
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !readPort(text.substr(colon + 1), target.port))
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

} // namespace

Result<Target> Target::parse(std::string_view text)
{
    if (text.starts_with(kSshPrefix))
        return parseSsh(text);
    if (!text.starts_with(kUnixPrefix))
        return parseTcp(text);
    Target target;
    target.kind = Kind::Unix;
    target.path = text.substr(kUnixPrefix.size());
    return target.path.empty() ? Result<Target>(std::unexpected(notATarget(text))) : target;
}

std::string Target::toText() const
{
    if (kind == Kind::Unix)
        return std::string(kUnixPrefix) + path;
    const std::string bracketed = host.find(':') != std::string::npos ? '[' + host + ']' : host;
    const std::string where = bracketed + (port != 0 ? ':' + std::to_string(port) : std::string());
    if (kind == Kind::Tcp)
        return where;
    return std::string(kSshPrefix) + (user.empty() ? "" : user + '@') + where + path + (withSudo ? std::string(kSudo) : std::string());
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
