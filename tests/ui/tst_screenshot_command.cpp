// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/session_file.h"

#include <QImage>
#include <QProcess>
#include <QTemporaryDir>

#include <set>

namespace binnacle::desktop {
namespace {

struct Outcome {
    int status = -1;
    QString errors;
};

/// The program itself, without a display and with none of this test's environment for Qt.
Outcome run(const QStringList& arguments)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.remove(QStringLiteral("QT_QPA_PLATFORM"));
    environment.remove(QStringLiteral("DISPLAY"));
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(BINNACLE_PROGRAM), arguments);
    if (!process.waitForFinished(120000))
        return {};
    return {process.exitCode(), QString::fromUtf8(process.readAllStandardError())};
}

class ScreenshotCommand : public ::testing::Test {
protected:
    void SetUp() override { tests::writeSession(session.toStdString()); }
    Outcome take(const QStringList& more)
    {
        return run(QStringList{QStringLiteral("screenshot"), session, QStringLiteral("--size"), QStringLiteral("1000x700"), QStringLiteral("-o"), picture} + more);
    }

    QTemporaryDir folder;
    QString session = folder.path() + QStringLiteral("/session.binnacle"), picture = folder.path() + QStringLiteral("/out.png");
};

TEST_F(ScreenshotCommand, drawsThePageAtBothScales)
{
    for (const int scale : {1, 2}) {
        const Outcome outcome = take({QStringLiteral("--page"), QStringLiteral("map"), QStringLiteral("--scale"), QString::number(scale)});
        ASSERT_EQ(outcome.status, 0) << outcome.errors.toStdString();
        EXPECT_TRUE(outcome.errors.isEmpty()) << outcome.errors.toStdString();
        const QImage image(picture);
        EXPECT_EQ(image.size(), QSize(1000, 700) * scale);
        std::set<QRgb> colours;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x)
                colours.insert(image.pixel(x, y));
        }
        EXPECT_GT(colours.size(), 100u) << "as good as blank";
    }
}

TEST_F(ScreenshotCommand, themesDiffer)
{
    ASSERT_EQ(take({QStringLiteral("--page"), QStringLiteral("services"), QStringLiteral("--theme"), QStringLiteral("light")}).status, 0);
    const QImage light(picture);
    ASSERT_EQ(take({QStringLiteral("--page"), QStringLiteral("services"), QStringLiteral("--theme"), QStringLiteral("dark")}).status, 0);
    const QImage dark(picture);
    EXPECT_GT(qGray(light.pixel(500, 600)), 200);
    EXPECT_LT(qGray(dark.pixel(500, 600)), 60);
}

TEST_F(ScreenshotCommand, anotherTimeIsAnotherPicture)
{
    ASSERT_EQ(take({QStringLiteral("--page"), QStringLiteral("map")}).status, 0);
    const QImage end(picture);
    ASSERT_EQ(take({QStringLiteral("--page"), QStringLiteral("map"), QStringLiteral("--at"), QStringLiteral("-20s")}).status, 0);
    EXPECT_NE(QImage(picture), end);
}

TEST_F(ScreenshotCommand, mistakesAreSentences)
{
    const Outcome page = take({QStringLiteral("--page"), QStringLiteral("nowhere")});
    EXPECT_NE(page.status, 0);
    EXPECT_TRUE(page.errors.contains(QLatin1String("map, services, connections"))) << page.errors.toStdString();
    session = QStringLiteral("/no/such/file.binnacle");
    const Outcome missing = take({QStringLiteral("--page"), QStringLiteral("map")});
    EXPECT_EQ(missing.status, 1);
    EXPECT_TRUE(missing.errors.contains(QLatin1String("/no/such/file.binnacle"))) << missing.errors.toStdString();
}

TEST(WindowCommand, aLayoutThatIsNoneIsWrongUsage)
{
    const Outcome outcome = run({QStringLiteral("--layout"), QStringLiteral("nowhere")}); // before a display is asked for
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(outcome.errors.contains(QLatin1String("map, services, connections"))) << outcome.errors.toStdString();
}

} // namespace
} // namespace binnacle::desktop
