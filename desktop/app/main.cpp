// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/main_window.h"
#include "desktop/app/page_list.h"
#include "desktop/app/screenshot.h"
#include "desktop/cli/command_line.h"
#include "desktop/ingest/askpass.h"
#include "desktop/widgets/theme.h"

#include <QApplication>
#include <QTimer>

#include <atomic>
#include <csignal>
#include <cstdio>

namespace {

using namespace binnacle;
using namespace binnacle::desktop;

constexpr int kSmallestFile = 0; // Qt's PNG quality: 0 compresses most

void nameTheProgram()
{
    QCoreApplication::setOrganizationName(QStringLiteral("Binnacle"));
    QCoreApplication::setApplicationName(QStringLiteral("Binnacle"));
    QCoreApplication::setApplicationVersion(QStringLiteral(BINNACLE_VERSION));
    QGuiApplication::setHighDpiScaleFactorRoundingPolicy(Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
}

/// The offscreen platform warns of what it cannot do for every window; here that is no news.
void onlyFaults(QtMsgType type, const QMessageLogContext&, const QString& message)
{
    if (type == QtCriticalMsg || type == QtFatalMsg)
        std::fprintf(stderr, "%s\n", qPrintable(message));
}

/// Only this sub-command needs Qt's painting, and it needs no display for it.
Result<void> screenshot(const ScreenshotRequest& request, int& argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    qputenv("QT_SCALE_FACTOR", QByteArray::number(request.scale));
    qInstallMessageHandler(onlyFaults);
    QApplication application(argc, argv);
    BN_TRY(loadFonts());
    PictureWish wish{.file = request.file.string(), .page = QString::fromStdString(request.page), .at = request.at};
    wish.size = {request.width, request.height};
    wish.theme = request.theme == "light" ? ThemeKind::Light : ThemeKind::Dark;
    const auto picture = takePicture(wish, sourceOpener());
    if (!picture)
        return std::unexpected(picture.error());
    if (!picture->save(QString::fromStdString(request.output.string()), "PNG", kSmallestFile))
        return failure(ErrorCode::Denied, "The picture cannot be written to " + request.output.string() + ". Check the folder and its permissions.");
    return {};
}

std::atomic<bool> askedToEnd = false;

/// Ends like a closed window, so that a temporary recording does not stay behind.
void endOnSignals(QApplication& application)
{
    for (const int signal : {SIGINT, SIGTERM})
        std::signal(signal, [](int) { askedToEnd = true; });
    auto* watch = new QTimer(&application);
    QObject::connect(watch, &QTimer::timeout, &application, [] {
        if (askedToEnd)
            QCoreApplication::exit(0); // quit() would ask the window, and the window the user
    });
    watch->start(200);
}

std::vector<ClusterWish> clustersOf(const WindowOptions& options)
{
    std::vector<ClusterWish> clusters;
    for (const std::string& context : options.contexts)
        clusters.push_back({context, options.agentNamespace, options.kubeconfig, options.fleet});
    return clusters;
}

int runWindow(const WindowOptions& options, int& argc, char** argv)
{
    if (options.layout && !findPage(QString::fromStdString(*options.layout))) {
        std::fprintf(stderr, "binnacle: --layout: there is no page `%s`; there are %s\n", options.layout->c_str(), qPrintable(pageIds()));
        return 2;
    }
    QApplication application(argc, argv);
    if (const auto fonts = loadFonts(); !fonts)
        std::fprintf(stderr, "%s\n", fonts.error().what.c_str());
    endOnSignals(application);
    Settings settings = loadSettings();
    applyTheme(application, settings.theme);
    MainWindow window(settings, sourceOpener(QCoreApplication::applicationFilePath().toStdString()));
    window.show();
    window.offerUnsaved();
    QStringList files, agents;
    for (const auto& file : options.files)
        files.append(QString::fromStdString(file.string()));
    for (const std::string& agent : options.agents)
        agents.append(QString::fromStdString(agent));
    if (!files.isEmpty())
        window.openFiles(files);
    else if (!options.contexts.empty())
        window.connectToClusters(clustersOf(options));
    else if (!agents.isEmpty())
        window.connectTo(agents);
    if (options.layout)
        window.showPage(QString::fromStdString(*options.layout));
    if (options.at)
        window.moveToWhenRead(*options.at);
    return QApplication::exec();
}

} // namespace

int main(int argc, char** argv)
{
    if (int status = 0; answerAskpass(argc, argv, status))
        return status;
    nameTheProgram();
    CommandLineHooks hooks;
    hooks.screenshot = [&argc, argv](const ScreenshotRequest& request) { return screenshot(request, argc, argv); };
    const CommandLineOutcome outcome = runCommandLine(argc, argv, hooks);
    return outcome.exitStatus ? *outcome.exitStatus : runWindow(outcome.window, argc, argv);
}
