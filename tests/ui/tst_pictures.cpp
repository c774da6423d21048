// SPDX-License-Identifier: Apache-2.0
#include "desktop/app/main_window.h"
#include "desktop/app/page_list.h"
#include "desktop/app/screenshot.h"
#include "tests/ui/sample_source.h"

#include <QApplication>
#include <QDir>

#include <set>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

SourceOpener sampleOpener()
{
    SourceOpener opener;
    opener.openFiles = [](const std::vector<std::string>&) -> Result<std::shared_ptr<FrameSource>> { return std::make_shared<SampleSource>(); };
    return opener;
}

PictureWish wish(const char* page, ThemeKind theme)
{
    PictureWish wish{.file = "sample", .page = QLatin1String(page), .size = {1600, 1000}, .theme = theme};
    wish.at = "2026-11-23T08:03:22Z";
    return wish;
}

/// Kept when BINNACLE_PICTURES names a folder: for people who want to look.
void keep(const QImage& picture, const QString& name)
{
    const QString folder = qEnvironmentVariable("BINNACLE_PICTURES");
    if (!folder.isEmpty()) {
        QDir().mkpath(folder);
        picture.save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
    }
}

int coloursIn(const QImage& picture)
{
    std::set<QRgb> colours;
    for (int y = 0; y < picture.height(); y += 2) {
        for (int x = 0; x < picture.width(); x += 2)
            colours.insert(picture.pixel(x, y));
    }
    return static_cast<int>(colours.size());
}

TEST(Pictures, everyPageDrawsSomethingInBothThemes)
{
    for (const PageDescriptor* page : pageList()) {
        for (const ThemeKind theme : {ThemeKind::Dark, ThemeKind::Light}) {
            const auto picture = takePicture(wish(page->id, theme), sampleOpener());
            ASSERT_TRUE(picture) << picture.error().what;
            EXPECT_EQ(picture->width(), static_cast<int>(1600 * qApp->devicePixelRatio())) << page->id;
            EXPECT_GT(coloursIn(*picture), 50) << page->id << " is as good as blank";
            keep(*picture, QStringLiteral("%1-%2").arg(QLatin1String(page->id), theme == ThemeKind::Dark ? QStringLiteral("dark") : QStringLiteral("light")));
        }
    }
}

TEST(Pictures, selectionShowsItsDetails)
{
    for (const char* id : {"process:api", "process:web>process:api:8000/http"}) {
        PictureWish map = wish("map", ThemeKind::Dark);
        const auto plain = takePicture(map, sampleOpener());
        map.select = QLatin1String(id);
        const auto chosen = takePicture(map, sampleOpener());
        ASSERT_TRUE(plain && chosen);
        EXPECT_NE(*plain, *chosen) << id;
        keep(*chosen, QStringLiteral("map-selected-%1").arg(QString::fromLatin1(id).contains(QLatin1Char('>')) ? QStringLiteral("edge") : QStringLiteral("node")));
    }
}

TEST(Pictures, aClusterIsDrawnByNamespaceInBothThemes)
{
    SourceOpener opener;
    opener.openFiles = [](const std::vector<std::string>&) -> Result<std::shared_ptr<FrameSource>> {
        auto source = std::make_shared<SampleSource>();
        source->moveIntoCluster();
        return source;
    };
    for (const char* page : {"map", "services"}) {
        for (const ThemeKind theme : {ThemeKind::Dark, ThemeKind::Light}) {
            PictureWish cluster = wish(page, theme);
            cluster.select = QStringLiteral("workload:shop/api");
            const auto picture = takePicture(cluster, opener);
            ASSERT_TRUE(picture) << picture.error().what;
            const auto outside = takePicture(wish(page, theme), sampleOpener());
            ASSERT_TRUE(outside);
            EXPECT_NE(*picture, *outside);
            keep(*picture, QStringLiteral("cluster-%1-%2").arg(QLatin1String(page), theme == ThemeKind::Dark ? QStringLiteral("dark") : QStringLiteral("light")));
        }
    }
}

TEST(Pictures, unknownPageIsRefusedWithTheKnownOnes)
{
    const auto picture = takePicture(wish("nowhere", ThemeKind::Dark), sampleOpener());
    ASSERT_FALSE(picture);
    EXPECT_NE(picture.error().what.find("map, services, connections, inflight, events, losses"), std::string::npos) << picture.error().what;
}

} // namespace
} // namespace binnacle::desktop
