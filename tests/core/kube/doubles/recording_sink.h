// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/api/watched_list.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace binnacle::kube::test {

/// Writes down what a watch tells: `+default/web`, `~default/web`, `-default/web`, `synced`, `gap`, `trouble`.
class RecordingSink final : public WatchSink {
public:
    void added(const WatchedObject& object) override { note("+" + object.namespaceName + "/" + object.name); }
    void updated(const WatchedObject& object) override { note("~" + object.namespaceName + "/" + object.name); }
    void deleted(const WatchedObject& object) override { note("-" + object.namespaceName + "/" + object.name); }
    void synced() override { note("synced"); }
    void gap(const std::string&) override { note("gap"); }
    void troubled(const Error& error) override
    {
        const std::lock_guard lock(m_mutex);
        m_notes.push_back("trouble");
        m_trouble = error.what;
    }

    std::vector<std::string> notes() const
    {
        const std::lock_guard lock(m_mutex);
        return m_notes;
    }
    long count(const std::string& what) const { return std::ranges::count(notes(), what); }
    std::string trouble() const
    {
        const std::lock_guard lock(m_mutex);
        return m_trouble;
    }

private:
    void note(std::string what)
    {
        const std::lock_guard lock(m_mutex);
        m_notes.push_back(std::move(what));
    }
    mutable std::mutex m_mutex; // guards what follows
    std::vector<std::string> m_notes;
    std::string m_trouble;
};

} // namespace binnacle::kube::test
