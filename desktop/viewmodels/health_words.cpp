// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/health_words.h"

#include <QCoreApplication>

namespace binnacle::desktop {

using analysis::Health;
using analysis::NodeKind;

QString healthWord(Health health)
{
    switch (health) {
    case Health::Ok: return QCoreApplication::translate("Health", "OK");
    case Health::Warning: return QCoreApplication::translate("Health", "Warning");
    case Health::Critical: return QCoreApplication::translate("Health", "Critical");
    case Health::Unknown: break;
    }
    return QCoreApplication::translate("Health", "Unknown");
}

Severity severityOf(Health health)
{
    switch (health) {
    case Health::Ok: return Severity::Ok;
    case Health::Warning: return Severity::Warning;
    case Health::Critical: return Severity::Critical;
    case Health::Unknown: break;
    }
    return Severity::Unknown;
}

int healthRank(Health health)
{
    switch (health) {
    case Health::Critical: return 0;
    case Health::Warning: return 1;
    case Health::Ok: return 2;
    case Health::Unknown: break;
    }
    return 3;
}

QString kindWord(NodeKind kind)
{
    switch (kind) {
    case NodeKind::Workload: return QCoreApplication::translate("Node", "workload");
    case NodeKind::Process: return QCoreApplication::translate("Node", "process");
    case NodeKind::Service: return QCoreApplication::translate("Node", "service");
    case NodeKind::External: return QCoreApplication::translate("Node", "external");
    case NodeKind::Internet: break;
    }
    return QCoreApplication::translate("Node", "internet");
}

QString protocolLabel(Protocol protocol, bool tls)
{
    const auto facts = factsOf(protocol);
    const QString label = facts ? QString::fromUtf8(facts->label.data(), static_cast<qsizetype>(facts->label.size()))
                                : QCoreApplication::translate("Protocol", "Protocol %1").arg(static_cast<int>(protocol));
    return tls ? QCoreApplication::translate("Protocol", "%1 over TLS").arg(label) : label;
}

Severity errorSeverity(std::uint64_t errors, std::uint64_t attempts)
{
    if (errors == 0 || attempts == 0)
        return Severity::None;
    if (errors * 20 >= attempts)
        return Severity::Critical;
    return errors * 100 >= attempts ? Severity::Warning : Severity::None;
}

Severity statusSeverity(const std::string& status)
{
    if (status.empty() || status.starts_with('5') || status == "ERR")
        return Severity::Critical;
    return status.starts_with('4') ? Severity::Warning : Severity::Ok;
}

} // namespace binnacle::desktop
