// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/support/hanging_connect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>

namespace binnacle::agent::test {

namespace {

HostTime hostNow()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return hostTime(static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec));
}

} // namespace

FullListener::FullListener()
    : m_child([this] {
          if (listen(m_port.descriptor(), 0) != 0 || connected(m_port.number()) < 0) // a backlog of 0 holds one
              return 1;
          m_full.open();
          m_accept.pass();
          while (::accept(m_port.descriptor(), nullptr, nullptr) >= 0) { // and kept, until it is ended from outside
          }
          return 1;
      })
{
    m_full.pass();
}

HangingClient::HangingClient(std::uint16_t port) : m_times(shared()), m_child([this, port] { return talk(port); }) { m_under.pass(); }

HangingClient::Times* HangingClient::shared()
{
    void* room = mmap(nullptr, sizeof(Times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        std::abort();
    return new (room) Times;
}

void HangingClient::Unmap::operator()(Times* times) const { munmap(times, sizeof(Times)); }

int HangingClient::talk(std::uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    m_times->before = hostNow();
    const bool waits = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 && errno == EINPROGRESS;
    m_times->after = hostNow();
    m_under.open();
    if (!waits)
        return 1;
    pollfd ready{fd, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof(error);
    return poll(&ready, 1, -1) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : 2;
}

} // namespace binnacle::agent::test
