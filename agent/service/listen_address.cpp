// SPDX-License-Identifier: Apache-2.0
#include "agent/service/listen_address.h"

#include <charconv>
#include <cstdlib>
#include <sys/un.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kForms = "give 127.0.0.1:PORT, [::1]:PORT or unix:PATH";

Result<ListenAddress> parseUnix(std::string_view path)
{
    if (path.empty())
        return failure(ErrorCode::Invalid, "unix: needs a path; " + std::string(kForms));
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return failure(ErrorCode::Invalid, "the path of a Unix socket is at most 107 bytes long; choose a shorter one than " + std::string(path));
    ListenAddress address;
    address.path = path;
    return address;
}

std::optional<std::uint16_t> parsePort(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

} // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text)
{
    if (text.starts_with(kUnixPrefix))
        return parseUnix(text.substr(kUnixPrefix.size()));
    const std::size_t colon = text.rfind(':');
    const auto port = colon == std::string_view::npos ? std::nullopt : parsePort(text.substr(colon + 1));
    if (!port)
        return failure(ErrorCode::Invalid, '`' + std::string(text) + "` is no address to listen on; " + std::string(kForms));
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    const auto address = InternetAddress::parse(host == "localhost" ? "127.0.0.1" : host);
    if (!address)
        return failure(ErrorCode::Invalid, '`' + std::string(host) + "` is no IP address; " + std::string(kForms));
    if (!address->isLoopback())
        return failure(ErrorCode::Denied, std::string(text) + " can be reached from outside, and the agent has no password of its own; " + std::string(kForms)
                                              + " and come in by `kubectl port-forward` or ssh");
    ListenAddress result;
    result.kind = Kind::Tcp;
    result.endpoint = {*address, *port};
    return result;
}

std::string ListenAddress::toText() const
{
    return kind == Kind::Unix ? std::string(kUnixPrefix) + path : endpoint.toText();
}

ListenAddress defaultListenAddress()
{
    // Kubernetes sets this in every container (Service environment variables).
    if (std::getenv("KUBERNETES_SERVICE_HOST"))
        return *ListenAddress::parse("127.0.0.1:9465");
    ListenAddress address;
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (::geteuid() == 0)
        address.path = "/run/binnacle/agent.sock";
    else if (runtime && *runtime)
        address.path = std::string(runtime) + "/binnacle/agent.sock";
    else
        address.path = "/tmp/binnacle-" + std::to_string(::geteuid()) + "/agent.sock";
    return address;
}

} // namespace binnacle::agent
