// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/support/translating_host.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace binnacle::agent::test {

namespace {

constexpr std::array kCommands{
    "ip link set lo up",
    "ip addr add 10.88.0.1/32 dev lo",
    "ip -6 addr add fd00:88::1/128 dev lo nodad",
    "ip route add 10.96.0.0/24 dev lo",
    "ip -6 route add fd00:96::/64 dev lo",
    "iptables -w 30 -t nat -A OUTPUT -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.88.0.1:8080",
    "ip6tables -w 30 -t nat -A OUTPUT -d fd00:96::a -p tcp --dport 80 -j DNAT --to-destination [fd00:88::1]:8080",
};

} // namespace

TranslatingHost::TranslatingHost()
{
    std::future<void> ready = add(std::packaged_task<void()>([this] { set(); }));
    m_thread = std::thread([this] {
        for (;;) {
            std::unique_lock lock(m_mutex);
            m_wanted.wait(lock, [this] { return !m_work.empty(); });
            std::packaged_task<void()> work = std::move(m_work.front());
            m_work.pop_front();
            lock.unlock();
            if (!work.valid())
                return;
            work();
        }
    });
    ready.wait();
}

TranslatingHost::~TranslatingHost()
{
    add({});
    m_thread.join();
    std::error_code ignored;
    if (!m_procRoot.empty())
        std::filesystem::remove_all(m_procRoot, ignored);
}

std::future<void> TranslatingHost::add(std::packaged_task<void()> work)
{
    std::future<void> done = work.valid() ? work.get_future() : std::future<void>();
    const std::lock_guard lock(m_mutex);
    m_work.push_back(std::move(work));
    m_wanted.notify_one();
    return done;
}

void TranslatingHost::set()
{
    if (::unshare(CLONE_NEWNET) != 0) {
        m_trouble = std::string("a network namespace cannot be made: ") + std::strerror(errno);
        return;
    }
    for (const char* command : kCommands) {
        const int status = std::system((std::string(command) + " >/dev/null 2>&1").c_str());
        if (status != 0) {
            m_trouble = std::string("`") + command + "` fails here";
            return;
        }
    }
    std::string folder = (std::filesystem::temp_directory_path() / "binnacle-host-XXXXXX").string();
    m_procRoot = ::mkdtemp(folder.data());
    std::filesystem::create_directories(m_procRoot / "1/ns");
    const std::string own = "/proc/" + std::to_string(::getpid()) + "/task/" + std::to_string(::syscall(SYS_gettid)) + "/ns/net";
    std::filesystem::create_symlink(own, m_procRoot / "1/ns/net");
}

void TranslatingHost::run(const std::function<void()>& work) { add(std::packaged_task<void()>(work)).wait(); }

void TranslatingHost::forgetConnections()
{
    run([] {
        struct {
            nlmsghdr header;
            nfgenmsg body;
        } request{};
        request.header.nlmsg_len = sizeof request;
        request.header.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE; // without a tuple: all
        request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
        std::array<char, 256> answer{};
        if (socket < 0 || ::send(socket, &request, sizeof request, 0) < 0 || ::recv(socket, answer.data(), answer.size(), 0) < 0)
            std::abort();
        ::close(socket);
    });
}

} // namespace binnacle::agent::test
