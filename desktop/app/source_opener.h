// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/cluster_session.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/context_list.h"
#include "desktop/ingest/unsaved_recordings.h"
#include "desktop/workspace/diagnosis_run.h"
#include "desktop/workspace/frame_source.h"
#include "desktop/workspace/plugin_gate.h"
#include "desktop/workspace/ssh_gate.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// How the window gets at data.  What is not said to block returns at once: what takes time shows in FrameSource::origins().
struct SourceOpener {
    /// Agents as a person writes them, recorded into `file` (empty: a temporary one).
    std::function<Result<std::shared_ptr<FrameSource>>(const std::vector<std::string>& agents, const std::string& file)> connectTo;
    std::function<Result<std::shared_ptr<FrameSource>>(const std::vector<std::string>& files)> openFiles;
    /// The agents of clusters, recorded into a temporary file.
    std::function<Result<std::shared_ptr<FrameSource>>(const std::vector<ClusterWish>& clusters)> connectToClusters;
    /// The contexts of a kubeconfig (empty: of the usual places).  Blocks on the disk.
    std::function<ContextList(const std::string& kubeconfigFile)> listContexts;
    DiagnoseMaker diagnose;
    /// How agents are installed, looked at and taken away; empty: not from this window.
    ClusterOpener openCluster;
    /// Where exec plugins ask whether they may run; null: nothing asks.
    std::shared_ptr<PluginGate> plugins;
    /// Where ssh asks; null: nothing asks.
    std::shared_ptr<SshGate> ssh;
    /// What is wrong with an agent's address as it was typed.
    std::function<Result<void>(const std::string& agent)> checkAgent;
    /// Where an agent of this machine listens; empty when there is none.
    std::function<std::string()> findLocalAgent;
    /// What windows that did not end in order left behind.
    std::function<std::vector<UnsavedRecording>()> findUnsaved;
    std::function<void(const std::filesystem::path&)> removeUnsaved;
};

/// The real one.  `program`: the file of this program, which ssh runs to ask a person; empty: only the user's own SSH_ASKPASS is run.
SourceOpener sourceOpener(const std::filesystem::path& program = {});

} // namespace binnacle::desktop
