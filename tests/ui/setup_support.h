// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "desktop/app/install_dialog.h"
#include "desktop/app/install_form.h"
#include "desktop/widgets/table_view.h"
#include "tests/core/kube/install/memory_cluster.h"
#include "tests/ui/connect_support.h"

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace binnacle::desktop {

/// A cluster in memory behind the session that the window opens.  Thread: any; what is in it is reached by with().
class MadeUpCluster {
public:
    static constexpr const char* kSet = "/apis/apps/v1/namespaces/binnacle/daemonsets/binnacle-agent";
    static constexpr const char* kGateway = "/apis/apps/v1/namespaces/binnacle/deployments/binnacle-gateway";

    template <class Work>
    auto with(Work work)
    {
        const std::lock_guard lock(m_state->mutex);
        return work(m_state->cluster);
    }
    void addHost(const std::string& name, const std::string& kernel = "6.1.0-18-amd64")
    {
        with([&](tests::MemoryCluster& cluster) { cluster.put("/api/v1/nodes/" + name, tests::linuxHost(name, kernel)); });
    }
    void addWindowsHost(const std::string& name)
    {
        tests::Json host = tests::linuxHost(name, "10.0.20348");
        host["metadata"]["labels"]["kubernetes.io/os"] = "windows";
        host["status"]["nodeInfo"]["operatingSystem"] = "windows";
        with([&](tests::MemoryCluster& cluster) { cluster.put("/api/v1/nodes/" + name, host); });
    }
    /// What the DaemonSet's controller says of the newest template.
    void observe(int desired)
    {
        with([&](tests::MemoryCluster& cluster) {
            tests::Json set = *cluster.find(kSet);
            set["metadata"]["generation"] = 1;
            set["status"] = {{"observedGeneration", 1}, {"desiredNumberScheduled", desired}};
            cluster.put(kSet, set, "binnacle");
        });
    }
    void putAgent(const tests::Json& pod)
    {
        with([&](tests::MemoryCluster& cluster) { cluster.put("/api/v1/namespaces/binnacle/pods/" + pod["metadata"]["name"].get<std::string>(), pod); });
    }
    /// With the options of `wish`, as the command line would.
    void install(kube::InstallOptions options = {})
    {
        options.image = "registry.example/binnacle/agent:0.1.0";
        with([&](tests::MemoryCluster& cluster) {
            kube::Installer installer(cluster, options, kube::realPace({}), {});
            const auto plan = installer.plan();
            return plan && installer.apply(*plan, [](const kube::ObjectChange&) {});
        });
    }
    std::vector<std::string> changesAsked()
    {
        return with([](tests::MemoryCluster& cluster) {
            std::vector<std::string> changes;
            for (const std::string& question : cluster.asked) {
                const bool isRead = question.starts_with("GET ") || question.contains("selfsubjectaccessreviews") || question.contains("dryRun=All");
                if (!isRead)
                    changes.push_back(question);
            }
            return changes;
        });
    }
    /// The server answers nothing until release().
    void hold() { m_state->isHeld = true; }
    void release() { m_state->isHeld = false; }
    /// How an agent answers the window.
    void greetWith(Result<void> answer) { m_state->greeting = std::move(answer); }

    ClusterOpener opener() const
    {
        return [state = m_state](const ClusterWish& wish, const Cancellation& cancellation) -> Result<std::unique_ptr<ClusterSession>> {
            return std::make_unique<Session>(state, wish, cancellation);
        };
    }

private:
    struct State {
        std::mutex mutex;
        tests::MemoryCluster cluster;
        Result<void> greeting;
        std::atomic<bool> isHeld = false;
    };
    class Session : public ClusterSession, private kube::ClusterApi {
    public:
        Session(std::shared_ptr<State> state, const ClusterWish& wish, Cancellation cancellation) : m_state(std::move(state)), m_context(wish.context), m_cancellation(std::move(cancellation)) {}
        kube::ClusterApi& api() override { return *this; }
        std::string words() const override { return "context " + m_context + " (https://" + m_context + ".k8s.shop.example:6443) as alice@shop.example"; }
        Result<void> greetAgent(const std::string&, const std::string&) override { return m_state->greeting; }

    private:
        Result<kube::ApiAnswer> ask(const kube::ApiQuestion& question) override
        {
            while (m_state->isHeld && !m_cancellation.isCancelled())
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            if (m_cancellation.isCancelled())
                return failure(ErrorCode::Cancelled, "cancelled");
            const std::lock_guard lock(m_state->mutex);
            return m_state->cluster.ask(question);
        }
        const std::shared_ptr<State> m_state;
        const std::string m_context;
        const Cancellation m_cancellation;
    };
    std::shared_ptr<State> m_state = std::make_shared<State>();
};

/// A pod that cannot get its image.
inline tests::Json stuckAgent(const std::string& host)
{
    tests::Json pod = tests::agentPod(host);
    pod["status"] = tests::Json::parse(R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"}],
        "containerStatuses":[{"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff","message":"pull access denied"}}}]})");
    return pod;
}

inline tests::Json startingAgent(const std::string& host)
{
    tests::Json pod = tests::agentPod(host);
    pod["status"] = tests::Json::parse(R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"}],
        "containerStatuses":[{"restartCount":0,"state":{"waiting":{"reason":"ContainerCreating"}}}]})");
    return pod;
}

/// The dialog on a cluster, as a person uses it.
class Installing {
public:
    explicit Installing(const ClusterOpener& opener, const ClusterWish& cluster = {.context = "prod-eu-west"})
        : dialog(cluster, {[](const std::string&) { return madeUpList(); }, opener}, nullptr)
    {
        dialog.show();
    }
    QPushButton& primary() { return *findNamed<QPushButton>(dialog, "Next step"); }
    void press() { primary().click(); }
    QLineEdit& field(const char* name) { return *findNamed<QLineEdit>(dialog.form(), name); }
    void setImage() { field("Image").setText(QStringLiteral("registry.example/binnacle/agent:0.1.0")); }
    bool comesTo(SetupModel::Phase phase)
    {
        return waitUntil([&] { return dialog.model().phase() == phase && (phase == SetupModel::Phase::Changing || !dialog.model().isRunning()); });
    }
    const SetupReport& report() { return dialog.model().report(); }
    QString title() { return report().verdict.title; }
    QString sentence() { return report().verdict.sentence; }
    bool isShown(const char* table)
    {
        auto* found = findNamed<TableView>(dialog, table);
        return found && found->isVisible();
    }
    /// To the preview.
    bool preview()
    {
        setImage();
        press();
        return comesTo(SetupModel::Phase::Previewed);
    }

    InstallDialog dialog;
};

} // namespace binnacle::desktop
