// SPDX-License-Identifier: Apache-2.0
#include "desktop/widgets/theme.h"

#include <QApplication>

#include <gtest/gtest.h>

/// Listing the tests (what ctest asks at its start) needs no application; running them does.
int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    Q_INIT_RESOURCE(binnacle);
    if (auto fonts = binnacle::desktop::loadFonts(); !fonts) {
        std::fprintf(stderr, "%s\n", fonts.error().what.c_str());
        return 1;
    }
    binnacle::desktop::applyTheme(application, binnacle::desktop::ThemeKind::Dark);
    return RUN_ALL_TESTS();
}
