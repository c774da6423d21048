// SPDX-License-Identifier: Apache-2.0
#include "desktop/widgets/theme.h"

#include <QApplication>

#include <gtest/gtest.h>

namespace {

/// The offscreen platform warns of what it cannot do for every window; what matters here fails a test.
void onlyFaults(QtMsgType type, const QMessageLogContext&, const QString& message)
{
    if (type == QtCriticalMsg || type == QtFatalMsg || message.startsWith(QLatin1String("FAIL!")))
        std::fprintf(stderr, "%s\n", qPrintable(message));
}

} // namespace

/// Listing the tests (what ctest asks at its start) needs no application; running them does.
int main(int argc, char** argv)
{
    qInstallMessageHandler(onlyFaults);
    ::testing::InitGoogleTest(&argc, argv);
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    if (auto fonts = binnacle::desktop::loadFonts(); !fonts) {
        std::fprintf(stderr, "%s\n", fonts.error().what.c_str());
        return 1;
    }
    binnacle::desktop::applyTheme(application, binnacle::desktop::ThemeKind::Dark);
    return RUN_ALL_TESTS();
}
