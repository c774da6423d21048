// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/setup_words.h"

#include "core/kube/credentials/printable.h"
#include "desktop/viewmodels/figures.h"

#include <algorithm>
#include <array>
#include <utility>

namespace binnacle::desktop {

namespace {

using Change = kube::ObjectChange::Kind;

QString words(const char* text) { return QCoreApplication::translate("Setup", text); }
QString safe(const std::string& text) { return fromStd(kube::printable(text)); }

/// Longer options first: `--image` is in `--image-pull-secret`.
constexpr std::array<std::pair<const char*, const char*>, 15> kFields{{
    {"--image-pull-policy", QT_TRANSLATE_NOOP("Setup", "Pull the image")},
    {"--image-pull-secret", QT_TRANSLATE_NOOP("Setup", "Pull secrets")},
    {"--image", QT_TRANSLATE_NOOP("Setup", "Image")},
    {"--namespace", QT_TRANSLATE_NOOP("Setup", "Namespace")},
    {"--buffer-memory", QT_TRANSLATE_NOOP("Setup", "Buffer in memory")},
    {"--buffer-disk", QT_TRANSLATE_NOOP("Setup", "Buffer on disk")},
    {"--buffer-folder", QT_TRANSLATE_NOOP("Setup", "Folder on the hosts")},
    {"--node-selector", QT_TRANSLATE_NOOP("Setup", "Only hosts with")},
    {"--tolerate", QT_TRANSLATE_NOOP("Setup", "Taints to go on in spite of")},
    {"--priority-class", QT_TRANSLATE_NOOP("Setup", "Priority class")},
    {"--seccomp", QT_TRANSLATE_NOOP("Setup", "Seccomp profile")},
    {"--hardened-kernels", QT_TRANSLATE_NOOP("Setup", "Hardened kernels")},
    {"--old-kernels", QT_TRANSLATE_NOOP("Setup", "Kernels before 5.11")},
    {"--gateway", QT_TRANSLATE_NOOP("Setup", "Gateway")},
    {"--openshift", QT_TRANSLATE_NOOP("Setup", "OpenShift")},
}};

QString sentenceOf(QString text)
{
    if (!text.isEmpty() && text.front().isLower())
        text.front() = text.front().toUpper();
    return text.isEmpty() || text.endsWith(QLatin1Char('.')) ? text : text + QLatin1Char('.');
}

QString changesText(const std::vector<kube::ObjectChange>& changes)
{
    constexpr std::array<std::pair<Change, const char*>, 4> kFates{{{Change::Create, QT_TRANSLATE_NOOP("Setup", "%1 created")},
                                                                    {Change::Change, QT_TRANSLATE_NOOP("Setup", "%1 changed")},
                                                                    {Change::Remove, QT_TRANSLATE_NOOP("Setup", "%1 removed")},
                                                                    {Change::Unchanged, QT_TRANSLATE_NOOP("Setup", "%1 unchanged")}}};
    QStringList parts;
    for (const auto& [kind, text] : kFates) {
        if (const auto count = std::ranges::count(changes, kind, &kube::ObjectChange::kind); count > 0)
            parts.append(words(text).arg(count));
    }
    return words(QT_TRANSLATE_NOOP("Setup", "Objects: %1.")).arg(parts.join(QStringLiteral(", ")));
}

QString hostsText(const std::vector<kube::HostCoverage>& hosts)
{
    if (hosts.empty())
        return {};
    const auto covered = std::ranges::count(hosts, kube::HostCoverage::Verdict::Covered, &kube::HostCoverage::verdict);
    return words(QT_TRANSLATE_NOOP("Setup", " %1 of %2 hosts get an agent that works now.")).arg(covered).arg(hosts.size());
}

QString notesText(const std::vector<std::string>& notes)
{
    QString text;
    for (const std::string& note : notes)
        text += QLatin1Char(' ') + sentenceOf(safe(note));
    return text;
}

QString collectText(const kube::Rollout& rollout) { return words(QT_TRANSLATE_NOOP("Setup", "%1 of %2 agents collect")).arg(rollout.ready).arg(rollout.desired); }

QString troublesText(const kube::Rollout& rollout)
{
    QString text;
    for (const std::string& trouble : rollout.troubles)
        text += QLatin1Char(' ') + sentenceOf(fieldWords(trouble));
    return text;
}

} // namespace

QString fieldWords(const std::string& sentence)
{
    QString text = safe(sentence);
    for (const auto& [option, field] : kFields)
        text.replace(QLatin1String(option), words(field));
    return text;
}

SetupVerdict verdictOf(const kube::InstallPlan& plan, const QString& cluster)
{
    if (!plan.missing.empty()) {
        return {Severity::Critical, words(QT_TRANSLATE_NOOP("Setup", "You may not install here")),
                words(QT_TRANSLATE_NOOP("Setup", "In %1 you lack %2, and nothing was changed. Ask an administrator to bind the role below to you, or to apply the manifests for you."))
                    .arg(cluster, countedText(static_cast<int>(plan.missing.size()), words(QT_TRANSLATE_NOOP("Setup", "permission")), words(QT_TRANSLATE_NOOP("Setup", "permissions"))))};
    }
    const QString facts = changesText(plan.changes) + hostsText(plan.hosts) + notesText(plan.notes);
    if (plan.changesNothing())
        return {Severity::Ok, words(QT_TRANSLATE_NOOP("Setup", "Everything is as it should be in %1")).arg(cluster), facts};
    return {Severity::None, words(QT_TRANSLATE_NOOP("Setup", "This would be done in %1")).arg(cluster),
            facts + words(QT_TRANSLATE_NOOP("Setup", " The server has tried each object; nothing is changed before you press the button."))};
}

SetupVerdict verdictOf(const kube::Rollout& progress)
{
    const QString title = progress.desired > 0 ? collectText(progress) : words(QT_TRANSLATE_NOOP("Setup", "Waiting for the first pods"));
    return {Severity::None, title, words(QT_TRANSLATE_NOOP("Setup", "Each host is done when its first data have arrived here.")) + troublesText(progress)};
}

SetupVerdict verdictOf(const AgentSetup::Followed& end, const QString& nameSpace)
{
    using End = kube::Rollout::End;
    const kube::Rollout& rollout = end.rollout;
    const QString state = words(QT_TRANSLATE_NOOP("Setup", "Everything is applied in namespace %1 and goes on without this window; Status shows how, Uninstall takes it away.")).arg(nameSpace);
    switch (rollout.end) {
    case End::Complete:
        if (end.unseen)
            return {Severity::Warning, words(QT_TRANSLATE_NOOP("Setup", "Installed; you may not look")),
                    words(QT_TRANSLATE_NOOP("Setup", "All agents collect, but whether their data arrive here could not be seen: %1")).arg(sentenceOf(safe(end.unseen->what)))};
        return {Severity::Ok, words(QT_TRANSLATE_NOOP("Setup", "Installed: every agent answers from here")),
                words(QT_TRANSLATE_NOOP("Setup", "%1. Connect shows the cluster in this window.")).arg(collectText(rollout))};
    case End::Cancelled: return {Severity::Warning, words(QT_TRANSLATE_NOOP("Setup", "Stopped waiting: %1")).arg(collectText(rollout)), state};
    case End::Stuck:
        return {Severity::Critical, words(QT_TRANSLATE_NOOP("Setup", "%1, and the others will not get on by themselves")).arg(collectText(rollout)),
                words(QT_TRANSLATE_NOOP("Setup", "Mend what stands beside the hosts and check again. ")) + state + troublesText(rollout)};
    case End::TimedOut:
    case End::Running: break;
    }
    return {Severity::Warning, words(QT_TRANSLATE_NOOP("Setup", "Not all agents collect after five minutes: %1")).arg(collectText(rollout)), state + troublesText(rollout)};
}

SetupVerdict verdictOf(const AgentSetup::Look& look, const QString& cluster)
{
    const kube::Installation& installation = look.installation;
    const auto collecting = std::ranges::count(look.hosts, true, &kube::HostStatus::collects);
    const std::string advice = kube::adviceFor(installation.gateway, kube::hostsIn(look.hosts), installation.nameSpace);
    QString sentence = words(QT_TRANSLATE_NOOP("Setup", "%1, namespace %2. Version %3, image %4%5. %6"))
                           .arg(cluster, safe(installation.nameSpace), safe(installation.version), safe(installation.image),
                                installation.installedBy.empty() ? QString() : words(QT_TRANSLATE_NOOP("Setup", ", installed by %1")).arg(safe(installation.installedBy)),
                                sentenceOf(safe(kube::wordsOf(installation.gateway))));
    if (!advice.empty())
        sentence += QLatin1Char(' ') + sentenceOf(safe(advice));
    if (!look.mayListHosts)
        sentence += words(QT_TRANSLATE_NOOP("Setup", " You may not list hosts: kernels, and hosts without an agent, are not shown."));
    const bool isWell = collecting == installation.desired && advice.empty() && std::ranges::all_of(look.hosts, &kube::HostStatus::collects);
    return {isWell ? Severity::Ok : Severity::Warning, words(QT_TRANSLATE_NOOP("Setup", "%1 of %2 agents collect")).arg(collecting).arg(installation.desired), sentence};
}

SetupVerdict verdictOf(const kube::UninstallPlan& plan, const QString& cluster)
{
    if (plan.objects.empty())
        return {Severity::None, words(QT_TRANSLATE_NOOP("Setup", "Nothing here was installed by Binnacle")),
                plan.kept.empty() ? words(QT_TRANSLATE_NOOP("Setup", "There is nothing to take away in %1.")).arg(cluster)
                                  : words(QT_TRANSLATE_NOOP("Setup", "What is there in %1 belongs to somebody else, and stays.")).arg(cluster)};
    return {Severity::Warning, words(QT_TRANSLATE_NOOP("Setup", "%1 would be deleted")).arg(countedText(static_cast<int>(plan.objects.size()), words(QT_TRANSLATE_NOOP("Setup", "object")), words(QT_TRANSLATE_NOOP("Setup", "objects")))),
            words(QT_TRANSLATE_NOOP("Setup", "In %1. The agents and what they keep in their buffers go; recordings on this computer stay. Nothing is deleted before you press the button.")).arg(cluster)};
}

SetupVerdict verdictOf(const std::vector<kube::UninstallPlan::Kept>& left, const QString& nameSpace)
{
    if (left.empty())
        return {Severity::Ok, words(QT_TRANSLATE_NOOP("Setup", "Everything is gone")), words(QT_TRANSLATE_NOOP("Setup", "What Binnacle installed in namespace %1 is taken away.")).arg(nameSpace)};
    return {Severity::Warning, words(QT_TRANSLATE_NOOP("Setup", "Not everything is gone")),
            words(QT_TRANSLATE_NOOP("Setup", "What is left stands below with the reason. Check again, and go on from there."))};
}

SetupVerdict verdictOf(const Error& error, const QString& title) { return {Severity::Critical, title, sentenceOf(fieldWords(error.what))}; }

QString lastWordsText(const kube::Rollout& rollout)
{
    QString text;
    for (const auto& [pod, last] : rollout.lastWords) {
        QString log = fromStd(last);
        for (QChar& letter : log) { // line ends stay
            if (letter.isNull() || (letter.category() == QChar::Other_Control && letter != QLatin1Char('\n')))
                letter = QLatin1Char('?');
        }
        text += (text.isEmpty() ? QString() : QStringLiteral("\n")) + safe(pod) + QStringLiteral(":\n") + log;
    }
    return text;
}

} // namespace binnacle::desktop
