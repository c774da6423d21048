// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "desktop/widgets/theme.h"

#include <QApplication>
#include <QDir>
#include <QImage>
#include <QWidget>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace binnacle::desktop {

/// A theme at a scale, whatever the screen has.
struct Look {
    ThemeKind theme;
    double scale;
    const char* suffix;
};

inline auto everyLook()
{
    return ::testing::Values(Look{ThemeKind::Dark, 1, "dark"}, Look{ThemeKind::Light, 1, "light"}, Look{ThemeKind::Dark, 2, "dark-2x"}, Look{ThemeKind::Light, 2, "light-2x"});
}

inline std::string nameOfLook(const ::testing::TestParamInfo<Look>& info)
{
    return std::string(info.param.theme == ThemeKind::Dark ? "dark" : "light") + (info.param.scale > 1 ? "Twice" : "Once");
}

/// Draws widgets in each look, and keeps the pictures when BINNACLE_PICTURES names a folder.
class Pictures : public ::testing::TestWithParam<Look> {
protected:
    void SetUp() override { applyTheme(*qApp, GetParam().theme); }
    void TearDown() override { applyTheme(*qApp, ThemeKind::Dark); }

    void take(QWidget& widget, const char* name)
    {
        for (int i = 0; i < 5; ++i)
            QApplication::processEvents();
        QImage picture(widget.size() * GetParam().scale, QImage::Format_ARGB32);
        picture.setDevicePixelRatio(GetParam().scale);
        picture.fill(Qt::transparent);
        widget.render(&picture);
        EXPECT_EQ(picture.width(), widget.width() * GetParam().scale);
        EXPECT_GT(coloursOf(picture), 40u) << "something is drawn";
        keep(picture, QLatin1String(name) + QLatin1Char('-') + QLatin1String(GetParam().suffix));
    }

private:
    static std::size_t coloursOf(const QImage& picture)
    {
        std::set<QRgb> colours;
        for (int y = 0; y < picture.height(); y += 3) {
            for (int x = 0; x < picture.width(); x += 3)
                colours.insert(picture.pixel(x, y));
        }
        return colours.size();
    }
    static void keep(const QImage& picture, const QString& name)
    {
        const QString folder = qEnvironmentVariable("BINNACLE_PICTURES");
        if (folder.isEmpty())
            return;
        QDir().mkpath(folder);
        constexpr int kSmallestFile = 0;
        picture.save(folder + QLatin1Char('/') + name + QStringLiteral(".png"), "PNG", kSmallestFile);
    }
};

} // namespace binnacle::desktop
