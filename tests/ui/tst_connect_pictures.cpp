// SPDX-License-Identifier: Apache-2.0
// The connect dialog with a made-up kubeconfig, as the user guide shows it; kept when BINNACLE_PICTURES names a folder.
#include "desktop/app/plugin_question_dialog.h"
#include "desktop/widgets/diagnosis_step_card.h"
#include "desktop/widgets/diagnosis_view.h"
#include "desktop/widgets/theme.h"
#include "tests/ui/connect_support.h"
#include "tests/ui/picture_support.h"

#include <QListView>

namespace binnacle::desktop {
namespace {

class ConnectPictures : public Pictures {
protected:
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

INSTANTIATE_TEST_SUITE_P(Looks, ConnectPictures, everyLook(), nameOfLook);

} // namespace
} // namespace binnacle::desktop
