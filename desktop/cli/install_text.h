// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/install/host_status.h"
#include "core/kube/install/installer.h"
#include "core/kube/install/uninstaller.h"

#include <string>
#include <vector>

/// What installing prints, as text for a person.  Pure.
namespace binnacle::desktop {

std::string planText(const kube::InstallPlan& plan);
/// Everything that this user may not do, and what an administrator can do about it.
std::string missingText(const std::vector<kube::Permission>& missing);
/// One line for each pod whose state is told for the first time since `before`.
std::string progressText(const kube::Rollout& now, const kube::Rollout& before);
/// How it ended: who collects, who does not and why.
std::string rolloutText(const kube::Rollout& rollout);

std::string statusText(const kube::Installation& installation, const std::vector<kube::HostStatus>& hosts);
std::string statusJson(const kube::Installation& installation, const std::vector<kube::HostStatus>& hosts, std::string_view ownVersion);

std::string uninstallText(const kube::UninstallPlan& plan);

} // namespace binnacle::desktop
