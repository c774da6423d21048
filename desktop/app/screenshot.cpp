// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/screenshot.h"

#include "desktop/app/main_window.h"
#include "desktop/app/page_list.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>

namespace binnacle::desktop {

namespace {

/// Longer than a beat: what a beat would still change has then been asked for.
constexpr int kQuietMs = 300;

void processEventsFor(int ms)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < ms)
        QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 20);
}

Selection selectionOf(const QString& id)
{
    if (id.isEmpty())
        return {};
    // Edge ids hold a `>`; node ids do not.
    return id.contains(QLatin1Char('>')) ? Selection(EdgeId{id.toStdString()}) : Selection(NodeId{id.toStdString()});
}

std::string failedOrigin(const std::vector<Origin>& origins)
{
    for (const Origin& origin : origins) {
        if (origin.state == OriginState::Failed)
            return origin.name + ": " + origin.sentence;
    }
    return {};
}

bool isReading(const std::vector<Origin>& origins)
{
    for (const Origin& origin : origins) {
        if (origin.state == OriginState::Reading || origin.state == OriginState::Connecting)
            return true;
    }
    return false;
}

} // namespace

Result<void> waitUntilSettled(const MainWindow& window, int patienceMs)
{
    auto& workspace = const_cast<MainWindow&>(window).workspace();
    QElapsedTimer timer;
    timer.start();
    int quietSince = -1;
    while (timer.elapsed() < patienceMs) {
        processEventsFor(30);
        const bool quiet = window.isSettled() && !isReading(workspace.origins());
        if (!quiet)
            quietSince = -1;
        else if (quietSince < 0)
            quietSince = static_cast<int>(timer.elapsed());
        else if (timer.elapsed() - quietSince >= kQuietMs)
            return {};
    }
    return failure(ErrorCode::Unavailable, "The page did not settle within " + std::to_string(patienceMs / 1000) + " s; try a smaller file or another time.");
}

Result<QImage> takePicture(const PictureWish& wish, const SourceOpener& opener)
{
    if (!findPage(wish.page))
        return failure(ErrorCode::Invalid, "There is no page “" + wish.page.toStdString() + "”; there are " + pageIds().toStdString() + ".");
    applyTheme(*qApp, wish.theme);
    MainWindow window(Settings{.theme = wish.theme, .keep = false}, opener);
    window.resize(wish.size);
    window.showPage(wish.page);
    window.show();
    auto source = opener.openFiles({wish.file});
    if (!source)
        return std::unexpected(source.error());
    window.workspace().setSource(std::move(*source));
    BN_TRY(waitUntilSettled(window));
    if (const std::string failed = failedOrigin(window.workspace().origins()); !failed.empty())
        return failure(ErrorCode::NotFound, failed);
    if (wish.at) {
        const auto at = parseTime(*wish.at, window.workspace().covered().to);
        if (!at)
            return failure(ErrorCode::Invalid, "“" + *wish.at + "” is no time; write 2026-11-23T14:03:07Z, Unix nanoseconds or -30s.");
        window.workspace().moveTo(*at);
    }
    window.workspace().select(selectionOf(wish.select));
    BN_TRY(waitUntilSettled(window));
    return window.grab().toImage();
}

} // namespace binnacle::desktop
