// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/doubles/echo_server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace binnacle::kube::test {

LocalEnd::LocalEnd(int descriptor) : m_descriptor(descriptor) {}

LocalEnd::~LocalEnd() { ::close(m_descriptor); }

int LocalEnd::connectTo(const std::string& target)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, target.substr(5).c_str(), sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect to " + target);
    return socket;
}

bool LocalEnd::write(const std::string& bytes) const
{
    for (std::size_t at = 0; at < bytes.size();) {
        const auto sent = ::send(m_descriptor, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += static_cast<std::size_t>(sent);
    }
    return true;
}

std::string LocalEnd::read(std::size_t count) const
{
    std::string bytes;
    char block[65536];
    while (bytes.size() < count) {
        const auto got = ::recv(m_descriptor, block, std::min(sizeof block, count - bytes.size()), 0);
        if (got <= 0)
            break;
        bytes.append(block, static_cast<std::size_t>(got));
    }
    return bytes;
}

} // namespace binnacle::kube::test
