// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/file_session.h"

#include "core/session/session_reader.h"
#include "core/session/session_writer.h"

#include "desktop/workspace/save_copy.h"

#include <QThreadPool>

#include <algorithm>
#include <functional>
#include <system_error>

namespace binnacle::desktop {

namespace {

/// What is read before anything else: more than the longest window on the screen.
constexpr Nanoseconds kFirstPart = std::chrono::minutes(5);

struct Reading {
    analysis::FrameStore& frames;
    std::function<void()> noteAdded;
    const std::atomic<bool>& cancelled;

    Result<void> part(const session::SessionReader& reader, TimeRange range) const
    {
        return reader.read(range, false, [this](const telemetry::Batch& batch) {
            frames.add(batch);
            noteAdded();
            return !cancelled;
        });
    }

    Result<bool> whole(const std::filesystem::path& file) const // true: damaged
    {
        auto reader = session::SessionReader::open(file);
        if (!reader)
            return std::unexpected(reader.error());
        for (const telemetry::AgentIdentity& agent : (*reader)->agents())
            frames.addAgent(agent);
        const TimeRange all = (*reader)->covered();
        const UtcTime middle = std::max(all.from, all.to - kFirstPart);
        BN_TRY(part(**reader, {middle, all.to}));
        BN_TRY(part(**reader, {all.from, middle}));
        for (const telemetry::Gap& gap : (*reader)->gaps())
            frames.addGap(gap);
        noteAdded();
        return (*reader)->info().damaged;
    }
};

Origin originAfter(const std::filesystem::path& file, const Result<bool>& outcome)
{
    Origin origin{OriginKind::File, OriginState::Whole, file.filename().string(), {}};
    if (!outcome) {
        origin.state = OriginState::Failed;
        origin.sentence = outcome.error().what;
    } else if (*outcome) {
        origin.state = OriginState::Damaged;
        origin.sentence = "Part of this file cannot be read; everything before and after it is here, and the hole is marked on the timeline.";
    }
    return origin;
}

} // namespace

FileSession::FileSession(std::vector<std::filesystem::path> files) : m_files(std::move(files))
{
    for (const std::filesystem::path& file : m_files)
        filled()->origins.push_back({OriginKind::File, OriginState::Reading, file.filename().string(), {}});
}

Result<std::shared_ptr<FileSession>> FileSession::open(std::vector<std::filesystem::path> files)
{
    if (files.empty())
        return failure(ErrorCode::Invalid, "There is no file to open.");
    std::shared_ptr<FileSession> session(new FileSession(std::move(files)));
    QThreadPool::globalInstance()->start([filled = session->filled(), files = session->m_files, cancelled = session->m_cancelled] {
        for (std::size_t i = 0; i < files.size() && !*cancelled; ++i) {
            Origin origin = originAfter(files[i], Reading{filled->frames, [&filled] { noteAdded(*filled); }, *cancelled}.whole(files[i]));
            const std::lock_guard lock(filled->mutex);
            filled->origins[i] = std::move(origin);
        }
    });
    return session;
}

FileSession::~FileSession() { *m_cancelled = true; }

Result<void> FileSession::saveAs(const std::string& file)
{
    if (m_files.size() != 1)
        return failure(ErrorCode::Unsupported, "Several files are open together; each of them is already on disk.");
    std::error_code unknown;
    if (std::filesystem::equivalent(m_files.front(), file, unknown))
        return {}; // it is there already
    return saveCopy(file, [this](const std::filesystem::path& part) { return session::copySession(m_files.front(), part); });
}

} // namespace binnacle::desktop
