// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/context_list.h"

#include "core/kube/config/sources.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

using Named = kube::KubeconfigSources::Named;

/// The contexts of one file, of which those that are known already are not taken: the first file wins.
void addFile(const std::filesystem::path& file, const kube::Kubeconfig& config, ContextList& list)
{
    const bool hasCurrent = std::ranges::any_of(list.contexts, &kube::ContextSummary::isCurrent);
    list.files.push_back(file);
    for (kube::ContextSummary& context : kube::contexts(config)) {
        if (std::ranges::find(list.contexts, context.name, &kube::ContextSummary::name) != list.contexts.end())
            continue;
        context.isCurrent = context.isCurrent && !hasCurrent;
        list.contexts.push_back(std::move(context));
    }
}

/// File by file, because all together do not load.
void addByFile(const kube::KubeconfigSources& sources, ContextList& list)
{
    for (const std::filesystem::path& file : sources.files) {
        const auto config = kube::load({Named::ByOption, {file}});
        if (config)
            addFile(file, *config, list);
        else if (config.error().code == ErrorCode::NotFound && sources.named != Named::ByOption)
            list.missing.push_back(file);
        else
            list.unreadable.push_back({file, config.error().what});
    }
    std::ranges::sort(list.contexts, {}, &kube::ContextSummary::name);
}

std::string wordsFor(Named named)
{
    switch (named) {
    case Named::ByOption: return "--kubeconfig";
    case Named::ByVariable: return "KUBECONFIG";
    case Named::ByHome: return "the home folder";
    case Named::Nowhere: break;
    }
    return {};
}

} // namespace

ContextList listContexts(const std::string& kubeconfigFile, const platform::Environment& environment)
{
    const kube::KubeconfigSources sources = kube::findSources({kubeconfigFile}, environment);
    ContextList list;
    list.whereFrom = wordsFor(sources.named);
    const auto whole = kube::load(sources);
    if (!whole) {
        addByFile(sources, list);
        return list;
    }
    list.contexts = kube::contexts(*whole);
    list.files = whole->files;
    list.missing = whole->missing;
    return list;
}

} // namespace binnacle::desktop
