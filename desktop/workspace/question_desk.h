// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

namespace binnacle::desktop {

/// Where those who ask and the one who answers meet: threads that wait, and a window.
///
/// Who asks blocks until the answer, its cancellation, or close(); nobody here waits for them.  Thread: any.
template <class Question, class Answer>
class QuestionDesk {
public:
    /// Both are called on the asker's thread; the second when nobody waits for the answer any more.
    struct Bells {
        std::function<void(std::uint64_t id)> asked, withdrawn;
    };
    explicit QuestionDesk(Bells bells) : m_bells(std::move(bells)) {}

    /// Nothing: it was cancelled, or nobody answers any more.
    std::optional<Answer> ask(const Question& question, const Cancellation& cancellation)
    {
        std::unique_lock lock(m_mutex);
        const std::uint64_t id = ++m_last;
        m_waiting[id].question = question;
        m_bells.asked(id);
        while (!m_isClosed && !m_waiting[id].answer && !cancellation.isCancelled())
            m_answered.wait_for(lock, kTick);
        std::optional<Answer> answer = std::move(m_waiting[id].answer);
        m_waiting.erase(id);
        if (!answer)
            m_bells.withdrawn(id);
        return answer;
    }

    /// One that still waits.
    std::optional<Question> find(std::uint64_t id) const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_waiting.find(id);
        if (found == m_waiting.end() || found->second.answer)
            return std::nullopt;
        return found->second.question;
    }

    void answer(std::uint64_t id, Answer answer)
    {
        const std::lock_guard lock(m_mutex);
        if (const auto found = m_waiting.find(id); found != m_waiting.end())
            found->second.answer = std::move(answer);
        m_answered.notify_all();
    }

    void close()
    {
        const std::lock_guard lock(m_mutex);
        m_isClosed = true;
        m_answered.notify_all();
    }

private:
    static constexpr std::chrono::milliseconds kTick{20}; // how late a cancellation is seen
    struct Waiting {
        Question question;
        std::optional<Answer> answer;
    };

    const Bells m_bells;
    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_answered;
    std::map<std::uint64_t, Waiting> m_waiting;
    std::uint64_t m_last = 0;
    bool m_isClosed = false;
};

} // namespace binnacle::desktop
