// SPDX-License-Identifier: Apache-2.0
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/theme.h"

#include <QDir>
#include <QFontInfo>
#include <QFontMetrics>
#include <QImage>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

class Themes : public ::testing::TestWithParam<const Tokens*> {};

TEST_P(Themes, textOnEveryGroundIsReadable)
{
    const Tokens& t = *GetParam();
    for (const QColor& ground : {t.window, t.surface, t.raised}) {
        for (const QColor& text : {t.text, t.muted, t.faint, t.accent, t.ok, t.warning, t.critical, t.unknown})
            EXPECT_GE(contrast(text, ground), 4.5) << text.name().toStdString() << " on " << ground.name().toStdString();
    }
    for (const QColor& ground : {t.selected, t.hover}) {
        for (const QColor& text : {t.text, t.muted, t.critical, t.warning})
            EXPECT_GE(contrast(text, ground), 4.5) << text.name().toStdString() << " on " << ground.name().toStdString();
    }
    EXPECT_GE(contrast(t.onAccent, t.accent), 4.5);
}

TEST_P(Themes, textOnTintedGroundIsReadable)
{
    const Tokens& t = *GetParam();
    for (const QColor& color : {t.ok, t.warning, t.critical})
        EXPECT_GE(contrast(color, mixed(color, t.surface, 0.14)), 4.5) << "badge of " << color.name().toStdString();
    EXPECT_GE(contrast(t.text, mixed(t.accent, t.surface, t.dark ? 0.20 : 0.13)), 4.5) << "figure on its bar";
    EXPECT_GE(contrast(t.text, mixed(t.warning, t.surface, 0.14)), 4.5) << "banner";
}

TEST_P(Themes, linesAndMarksStandOut)
{
    const Tokens& t = *GetParam();
    for (const QColor& series : t.series)
        EXPECT_GE(contrast(series, t.surface), 3.0) << series.name().toStdString();
    EXPECT_GE(contrast(t.http, t.window), 3.0);
    EXPECT_GE(contrast(t.tcp, t.window), 3.0);
}

INSTANTIATE_TEST_SUITE_P(Both, Themes, ::testing::Values(&darkTokens(), &lightTokens()), [](const auto& info) { return info.param->dark ? "dark" : "light"; });

TEST(Fonts, comeWithTheProgram)
{
    EXPECT_EQ(QFontInfo(bodyFont()).family(), QLatin1String("Inter"));
    EXPECT_EQ(QFontInfo(figureFont(12)).family(), QLatin1String("JetBrains Mono"));
    EXPECT_TRUE(drawsRealGlyphs(bodyFont()));
    EXPECT_TRUE(drawsRealGlyphs(figureFont(12)));
}

TEST(Fonts, digitsInColumnsAreEquallyWide)
{
    const QFontMetrics metrics(figureFont(12));
    for (char digit = '0'; digit <= '9'; ++digit)
        EXPECT_EQ(metrics.horizontalAdvance(QLatin1Char(digit)), metrics.horizontalAdvance(QLatin1Char('8')));
}

TEST(Icons, everyOneDrawsAndIsSharpAtTwice)
{
    const QStringList files = QDir(QStringLiteral(":/icons")).entryList();
    ASSERT_GT(files.size(), 20);
    for (const QString& file : files) {
        const QImage image = iconPixmap(file.chopped(4), Qt::red, 20, 2).toImage();
        EXPECT_EQ(image.width(), 40) << file.toStdString();
        int inked = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x)
                inked += qAlpha(image.pixel(x, y)) > 100;
        }
        EXPECT_GT(inked, 20) << file.toStdString() << " is blank";
    }
}

} // namespace
} // namespace binnacle::desktop
