// SPDX-License-Identifier: Apache-2.0
// The install dialog and ssh's questions, as the user guide shows them; kept when BINNACLE_PICTURES names a folder.
#include "desktop/app/ssh_question_dialog.h"
#include "desktop/widgets/theme.h"
#include "tests/ui/picture_support.h"
#include "tests/ui/setup_support.h"

#include <QCheckBox>

namespace binnacle::desktop {
namespace {

using Phase = SetupModel::Phase;
using Task = SetupModel::Task;
using tests::MemoryCluster;

class InstallPictures : public Pictures {
protected:
    /// Twelve hosts of a shop: one too old, one of Windows, one that is being repaired.
    void SetUp() override
    {
        Pictures::SetUp();
        for (int i = 1; i <= 9; ++i)
            cluster.addHost("ip-10-20-0-" + std::to_string(10 + i), "6.1.0-18-cloud-amd64");
        cluster.addHost("ip-10-20-0-7", "5.4.0-1103-aws");
        cluster.addWindowsHost("win-billing-1");
    }
    MadeUpCluster cluster;
};

TEST_P(InstallPictures, theOptions)
{
    Installing installing(cluster.opener());
    installing.setImage();
    take(installing.dialog, "install-options");
}

TEST_P(InstallPictures, rightsAreMissing)
{
    cluster.with([](MemoryCluster& in) { in.allows = [](const std::string& verb, const std::string& resource) { return verb != "*" && !resource.starts_with("clusterrole") && resource != "daemonsets" && verb != "escalate"; }; });
    Installing installing(cluster.opener());
    installing.setImage();
    installing.press();
    ASSERT_TRUE(installing.comesTo(Phase::Refused));
    take(installing.dialog, "install-rights");
}

TEST_P(InstallPictures, thePreview)
{
    cluster.install({.hasGateway = true});
    Installing installing(cluster.opener());
    installing.field("Buffer in memory").setText(QStringLiteral("128M"));
    ASSERT_TRUE(installing.preview());
    take(installing.dialog, "install-preview");
}

TEST_P(InstallPictures, theFirstPreview)
{
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview());
    take(installing.dialog, "install-first");
}

TEST_P(InstallPictures, howFarItIs)
{
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview());
    installing.press();
    ASSERT_TRUE(waitUntil([&] { return cluster.with([](MemoryCluster& in) { return in.find(MadeUpCluster::kSet) != nullptr; }); }));
    cluster.observe(10);
    for (int i = 1; i <= 8; ++i) {
        const std::string host = "ip-10-20-0-" + std::to_string(10 + i);
        cluster.putAgent(i == 3 ? stuckAgent(host) : i > 5 ? startingAgent(host) : tests::agentPod(host));
    }
    ASSERT_TRUE(waitUntil([&] { return installing.report().done == 4; }));
    take(installing.dialog, "install-progress");
    installing.press();
    ASSERT_TRUE(installing.comesTo(Phase::Failed));
    take(installing.dialog, "install-stopped");
}

TEST_P(InstallPictures, aRefusal)
{
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview());
    cluster.with([](MemoryCluster& in) {
        in.script(std::string("PATCH ") + MadeUpCluster::kSet + "?fieldManager=binnacle&force=false", tests::refusal(403, "Forbidden", "admission webhook \"policies.shop.example\" denied the request: hostPID is not allowed"));
    });
    installing.press();
    ASSERT_TRUE(installing.comesTo(Phase::Failed));
    take(installing.dialog, "install-refused");
}

TEST_P(InstallPictures, statusAndUninstall)
{
    cluster.install({.hasGateway = true});
    cluster.observe(10);
    for (int i = 1; i <= 9; ++i)
        cluster.putAgent(tests::agentPod("ip-10-20-0-" + std::to_string(10 + i)));
    Installing installing(cluster.opener());
    installing.dialog.setTask(Task::Status);
    ASSERT_TRUE(installing.comesTo(Phase::Done));
    take(installing.dialog, "install-status");
    installing.dialog.setTask(Task::Uninstall);
    ASSERT_TRUE(installing.comesTo(Phase::Previewed));
    take(installing.dialog, "install-uninstall");
}

TEST_P(InstallPictures, questionsOfSsh)
{
    SshQuestionDialog key({SshQuestion::Kind::HostKey, "ssh://alice@web-1",
                           "The authenticity of host 'web-1 (10.20.0.31)' can't be established.\nED25519 key fingerprint is SHA256:3m1Yk0vJ9cF3o0rUuJ4Pq8m2x1W7b5yQkz6rN0aTtEc.\n"
                           "This key is not known by any other names.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? "}, nullptr);
    key.show();
    take(key, "ssh-host-key");
    SshQuestionDialog secret({SshQuestion::Kind::Secret, "ssh://alice@web-1", "Enter passphrase for key '/home/user/.ssh/id_ed25519': "}, nullptr);
    secret.show();
    take(secret, "ssh-passphrase");
}

INSTANTIATE_TEST_SUITE_P(Looks, InstallPictures, everyLook(), nameOfLook);

} // namespace
} // namespace binnacle::desktop
