// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>

namespace binnacle::agent::test {

/// A network namespace of the test's own that translates addresses as kube-proxy does: 10.96.0.10:80 → 10.88.0.1:8080 and
/// [fd00:96::a]:80 → [fd00:88::1]:8080, with the packet filter's own program.  One thread lives there.
class TranslatingHost {
public:
    TranslatingHost();
    ~TranslatingHost();
    TranslatingHost(const TranslatingHost&) = delete;
    TranslatingHost& operator=(const TranslatingHost&) = delete;

    /// Why there is none; empty: it stands.
    const std::string& trouble() const { return m_trouble; }
    /// A folder whose 1/ns/net leads here: what the agent takes for the host's procfs.
    const std::filesystem::path& procRoot() const { return m_procRoot; }
    /// Runs on the thread that lives there, and waits for it.
    void run(const std::function<void()>& work);
    /// Forgets every connection that the kernel tracks here.
    void forgetConnections();

private:
    void set();
    std::future<void> add(std::packaged_task<void()> work);

    std::string m_trouble;
    std::filesystem::path m_procRoot;
    std::mutex m_mutex;
    std::condition_variable m_wanted;
    std::deque<std::packaged_task<void()>> m_work; // guarded by m_mutex; an empty one ends the thread
    std::thread m_thread;
};

} // namespace binnacle::agent::test
