// SPDX-License-Identifier: Apache-2.0
// The connect dialog with a made-up kubeconfig, as the user guide shows it; kept when BINNACLE_PICTURES names a folder.
#include "desktop/app/plugin_question_dialog.h"
#include "desktop/widgets/diagnosis_step_card.h"
#include "desktop/widgets/diagnosis_view.h"
#include "desktop/widgets/theme.h"
#include "tests/ui/connect_support.h"

#include <QDir>
#include <QImage>
#include <QListView>
#include <QPainter>

#include <gtest/gtest.h>

#include <set>

namespace binnacle::desktop {
namespace {

void keep(const QImage& picture, const QString& name)
{
    const QString folder = qEnvironmentVariable("BINNACLE_PICTURES");
    if (folder.isEmpty())
        return;
    QDir().mkpath(folder);
    constexpr int kSmallestFile = 0;
    picture.save(folder + QLatin1Char('/') + name + QStringLiteral(".png"), "PNG", kSmallestFile);
}

/// At the scale, whatever the screen has.
QImage pictureOf(QWidget& widget, double scale)
{
    QImage picture(widget.size() * scale, QImage::Format_ARGB32);
    picture.setDevicePixelRatio(scale);
    picture.fill(Qt::transparent);
    widget.render(&picture);
    return picture;
}

std::size_t coloursOf(const QImage& picture)
{
    std::set<QRgb> colours;
    for (int y = 0; y < picture.height(); y += 3) {
        for (int x = 0; x < picture.width(); x += 3)
            colours.insert(picture.pixel(x, y));
    }
    return colours.size();
}

struct Look {
    ThemeKind theme;
    double scale;
    const char* suffix;
};

class ConnectPictures : public ::testing::TestWithParam<Look> {
protected:
    void SetUp() override { applyTheme(*qApp, GetParam().theme); }
    void TearDown() override { applyTheme(*qApp, ThemeKind::Dark); }

    void take(QWidget& widget, const char* name)
    {
        for (int i = 0; i < 5; ++i)
            QApplication::processEvents();
        const QImage picture = pictureOf(widget, GetParam().scale);
        EXPECT_EQ(picture.width(), widget.width() * GetParam().scale);
        EXPECT_GT(coloursOf(picture), 40u) << "something is drawn";
        keep(picture, QLatin1String(name) + QLatin1Char('-') + QLatin1String(GetParam().suffix));
    }
    std::unique_ptr<ConnectDialog> open(const ContextList& list, const Diagnose& diagnose, const QStringList& recent)
    {
        auto dialog = std::make_unique<ConnectDialog>(ConnectOffer{recent, {QStringLiteral("10.0.0.5:9465"), QStringLiteral("unix:/run/binnacle/agent.sock")}, {}},
                                                      ClusterChoice::Tools{[list](const std::string&) { return list; }, [diagnose](const ClusterWish&) { return diagnose; }}, anyAgent(), nullptr);
        dialog->show();
        const auto* names = findNamed<QListView>(*dialog, "Contexts");
        EXPECT_TRUE(waitUntil([&] { return names->model()->rowCount() == static_cast<int>(list.contexts.size()); }));
        return dialog;
    }
    static void diagnose(ConnectDialog& dialog)
    {
        auto* view = dialog.findChild<DiagnosisView*>();
        Q_EMIT view->runWanted(kube::DiagnosisStepId::File);
        EXPECT_TRUE(waitUntil([&] { return view->card(kube::DiagnosisStepId::Clock)->row().look == StepLook::Skipped; }));
    }
};

TEST_P(ConnectPictures, agentsAreMissing)
{
    const auto dialog = open(madeUpList(), scripted(stepsUntil(noAgents())), {QStringLiteral("prod-eu-west"), QStringLiteral("kind-lab")});
    diagnose(*dialog);
    take(*dialog, "connect");
}

TEST_P(ConnectPictures, theCertificateIsNotTrusted)
{
    kube::DiagnosisStep tls{.id = kube::DiagnosisStepId::Tls, .state = kube::StepState::Failed, .took = std::chrono::milliseconds(22)};
    tls.found = {"TLSv1.3, TLS_AES_128_GCM_SHA256", "certificate of kube-apiserver, issued by corporate-proxy-ca", "valid for *.shop.example"};
    tls.why = "the server's certificate is not signed by anyone whom this kubeconfig trusts (unable to get local issuer certificate)";
    tls.next = "If corporate-proxy-ca is right, add its certificate to certificate-authority-data of this cluster.";
    ContextList list = madeUpList();
    list.unreadable.clear();
    const auto dialog = open(list, scripted(stepsUntil(tls)), {QStringLiteral("prod-eu-west")});
    diagnose(*dialog);
    take(*dialog, "connect-tls");
}

TEST_P(ConnectPictures, nothingToChoose)
{
    ContextList list;
    list.missing = {"/home/user/.kube/config"};
    list.whereFrom = "the home folder";
    const auto dialog = open(list, {}, {});
    EXPECT_TRUE(waitUntil([&] { return dialog->way() == ConnectDialog::Way::Agent; })) << "where there is no context the other way comes first";
    take(*dialog, "connect-agent");
    dialog->setWay(ConnectDialog::Way::Cluster);
    take(*dialog, "connect-empty");
}

TEST_P(ConnectPictures, aNewCommand)
{
    const kube::PluginQuestion question{"/usr/local/bin/aws --region eu-west-1 eks get-token --cluster-name prod-eu-west", {}, {{"AWS_PROFILE", "prod"}, {"AWS_STS_REGIONAL_ENDPOINTS", "regional"}},
                                        "alice@shop.example", "/home/user/.kube/config"};
    PluginQuestionDialog dialog(question, PluginQuestionDialog::News::Changed, nullptr);
    dialog.show();
    take(dialog, "connect-plugin");
}

INSTANTIATE_TEST_SUITE_P(Looks, ConnectPictures,
                         ::testing::Values(Look{ThemeKind::Dark, 1, "dark"}, Look{ThemeKind::Light, 1, "light"}, Look{ThemeKind::Dark, 2, "dark-2x"}, Look{ThemeKind::Light, 2, "light-2x"}),
                         [](const auto& info) { return std::string(info.param.theme == ThemeKind::Dark ? "dark" : "light") + (info.param.scale > 1 ? "Twice" : "Once"); });

} // namespace
} // namespace binnacle::desktop
