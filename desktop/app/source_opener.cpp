// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/source_opener.h"

#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/ssh_links.h"
#include "desktop/ingest/target.h"
#include "desktop/workspace/file_session.h"
#include "desktop/workspace/live_session.h"

namespace binnacle::desktop {

namespace {

Result<std::shared_ptr<FrameSource>> connectTo(const std::shared_ptr<const AskpassServer>& askpass, const std::vector<std::string>& agents, const std::string& file)
{
    LiveWish wish{.ssh = std::make_shared<SshLinks>(SshPrompts::Dialog, askpass)};
    for (const std::string& agent : agents) {
        const auto target = Target::parse(agent);
        if (!target)
            return std::unexpected(target.error());
        auto opened = wish.ssh->open(*target);
        if (!opened)
            return std::unexpected(std::move(opened).error());
        wish.targets.push_back(std::move(*opened));
    }
    auto session = LiveSession::start(std::move(wish), file);
    if (!session)
        return std::unexpected(std::move(session).error());
    return std::static_pointer_cast<FrameSource>(*session);
}

Result<std::shared_ptr<FrameSource>> connectToClusters(const std::shared_ptr<KubeRuntime>& kube, const std::vector<ClusterWish>& clusters)
{
    auto session = LiveSession::start({.clusters = clusters, .kube = kube}, {});
    if (!session)
        return std::unexpected(std::move(session).error());
    return std::static_pointer_cast<FrameSource>(*session);
}

Result<std::shared_ptr<FrameSource>> openFiles(const std::vector<std::string>& files)
{
    auto session = FileSession::open({files.begin(), files.end()});
    if (!session)
        return std::unexpected(std::move(session).error());
    return std::static_pointer_cast<FrameSource>(*session);
}

} // namespace

SourceOpener sourceOpener(const std::filesystem::path& program)
{
    SourceOpener opener;
    opener.ssh = std::make_shared<SshGate>();
    std::shared_ptr<const AskpassServer> askpass;
    if (!program.empty()) { // without a place for its socket ssh asks nobody, and says what it lacks
        if (auto server = AskpassServer::open(program, opener.ssh->ask()))
            askpass = std::move(*server);
    }
    opener.connectTo = [askpass](const std::vector<std::string>& agents, const std::string& file) { return connectTo(askpass, agents, file); };
    opener.openFiles = openFiles;
    opener.plugins = std::make_shared<PluginGate>();
    const auto kube = std::make_shared<KubeRuntime>(opener.plugins->options());
    opener.listContexts = [](const std::string& file) { return listContexts(file, platform::environment()); };
    opener.diagnose = diagnoseMaker(kube);
    opener.openCluster = clusterOpener(kube);
    opener.connectToClusters = [kube](const std::vector<ClusterWish>& clusters) { return connectToClusters(kube, clusters); };
    opener.checkAgent = [](const std::string& agent) -> Result<void> {
        BN_TRY(Target::parse(agent));
        return {};
    };
    opener.findLocalAgent = [] {
        const auto local = findLocalAgent();
        return local ? local->toText() : std::string();
    };
    opener.findUnsaved = findUnsavedRecordings;
    opener.removeUnsaved = removeRecording;
    return opener;
}

} // namespace binnacle::desktop
