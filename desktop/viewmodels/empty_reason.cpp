// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/empty_reason.h"

#include "desktop/viewmodels/figures.h"

#include <QCoreApplication>

#include <algorithm>

namespace binnacle::desktop {

namespace {

QString tr(const char* text) { return QCoreApplication::translate("Empty", text); }

const Origin* firstIn(const std::vector<Origin>& origins, OriginState state)
{
    const auto at = std::find_if(origins.begin(), origins.end(), [state](const Origin& o) { return o.state == state; });
    return at == origins.end() ? nullptr : &*at;
}

EmptyReason noSource()
{
    return {tr("Nothing is open"),
            tr("Start the agent on the host you want to watch, then connect to it. Or open a recorded session: drop a .binnacle file here."),
            QStringLiteral("sudo binnacle-agent run"), EmptyReason::Action::Connect};
}

/// What to type where that origin is the trouble.
QString commandFor(const Origin& origin)
{
    if (origin.context.empty())
        return origin.kind == OriginKind::Cluster ? QStringLiteral("binnacle diagnose") : QStringLiteral("sudo binnacle-agent run");
    return QStringLiteral("binnacle diagnose --context ") + fromStd(origin.context);
}

EmptyReason nothingRecorded(const std::vector<Origin>& origins)
{
    if (const Origin* away = firstIn(origins, OriginState::Away))
        return {tr("No answer from %1").arg(fromStd(away->name)), fromStd(away->sentence), commandFor(*away),
                EmptyReason::Action::Retry};
    if (const Origin* failed = firstIn(origins, OriginState::Failed))
        return {tr("Cannot read %1").arg(fromStd(failed->name)), fromStd(failed->sentence), failed->kind == OriginKind::File ? QString() : commandFor(*failed), EmptyReason::Action::Connect};
    if (const Origin* reading = firstIn(origins, OriginState::Reading))
        return {tr("Reading %1").arg(fromStd(reading->name)), tr("The first seconds will be here in a moment."), {}, {}};
    if (const Origin* connecting = firstIn(origins, OriginState::Connecting))
        return {tr("Connecting to %1").arg(fromStd(connecting->name)), tr("The first second arrives as soon as the agent has sealed it."), {}, {}};
    if (firstIn(origins, OriginState::Live))
        return {tr("Waiting for the first second"), tr("The agent is connected; what it sees appears once a second."), {}, {}};
    return {tr("This session is empty"), tr("It was opened, and no second of any host is in it."), {}, EmptyReason::Action::Connect};
}

} // namespace

EmptyReason whyEmpty(const EmptyQuestion& q)
{
    if (!q.hasSource)
        return noSource();
    if (q.covered.to <= q.covered.from)
        return nothingRecorded(q.origins);
    if (!q.snapshotIsThere)
        return {tr("One moment"), tr("The first picture is being put together."), {}, {}};
    if (q.rowsBeforeFilter > 0 && !q.filter.isEmpty())
        return {tr("The filter hides everything"), tr("Nothing here matches “%1”.").arg(q.filter), {}, EmptyReason::Action::ClearFilter};
    if (!q.range.intersects(q.covered))
        return {tr("No data in this range"), tr("The recording covers %1. Move the range there.").arg(rangeText(q.covered)), {},
                EmptyReason::Action::JumpToLive};
    if (!q.anythingTalks)
        return {tr("Nothing talks"),
                tr("The agent is well, and no program listened or connected over TCP in this range. Make a request, or choose a longer range below."),
                QStringLiteral("curl http://localhost:8080/"), EmptyReason::Action::None};
    return {q.noRowsTitle, q.noRowsSentence, {}, {}};
}

std::optional<Notice> noticeFor(const std::vector<Origin>& origins, const RecordingState& recording)
{
    if (!recording.trouble.empty())
        return Notice{tr("Recording stopped: %1").arg(fromStd(recording.trouble)), false};
    for (const OriginState state : {OriginState::Failed, OriginState::Away, OriginState::Damaged}) {
        if (const Origin* origin = firstIn(origins, state); origin && !origin->sentence.empty())
            return Notice{QStringLiteral("%1: %2").arg(fromStd(origin->name), fromStd(origin->sentence)), origin->kind != OriginKind::File};
    }
    const auto isPartly = [](const Origin& o) { return o.state == OriginState::Live && o.kind == OriginKind::Cluster && !o.sentence.empty(); };
    if (const auto partly = std::ranges::find_if(origins, isPartly); partly != origins.end()) // hosts that are not read
        return Notice{fromStd(partly->sentence), false};
    return std::nullopt;
}

} // namespace binnacle::desktop
