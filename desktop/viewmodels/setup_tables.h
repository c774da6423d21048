// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/install/host_status.h"
#include "core/kube/install/installer.h"
#include "core/kube/install/uninstaller.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

#include <vector>

namespace binnacle::desktop {

/// Something that a person may not do and an installation needs.
struct PermissionRow {
    QString key; // the row's identity
    QString what, purpose;
    friend bool operator==(const PermissionRow&, const PermissionRow&) = default;
};

/// What becomes of one object.
struct ObjectRow {
    QString key; // ObjectName::words()
    QString fate;
    Severity severity = Severity::None;
    QString object;
    QString note; // fields that change, why it stays
    int order = 0; // of the fate
    friend bool operator==(const ObjectRow&, const ObjectRow&) = default;
};

/// One host, and how far its agent is or why it gets none.
struct SetupHostRow {
    QString key;
    QString host, kernel, version;
    QString state;
    Severity severity = Severity::None;
    QString note, pod;
    friend bool operator==(const SetupHostRow&, const SetupHostRow&) = default;
};

std::vector<PermissionRow> permissionRows(const std::vector<kube::Permission>& missing);
/// In the order in which they are applied.
std::vector<ObjectRow> objectRows(const std::vector<kube::ObjectChange>& changes);
std::vector<ObjectRow> objectRows(const kube::UninstallPlan& plan);
ObjectRow leftRow(const kube::UninstallPlan::Kept& kept);
/// `DaemonSet binnacle/binnacle-agent`, done.
void markDone(std::vector<ObjectRow>& rows, const QString& key, const QString& fate);

/// Hosts that no agent will work on, worst first.
std::vector<SetupHostRow> uncoveredRows(const std::vector<kube::HostCoverage>& hosts);
/// Every host of the plan that gets an agent and every agent there is.
std::vector<SetupHostRow> progressRows(const kube::InstallPlan& plan, const kube::Rollout& rollout);
std::vector<SetupHostRow> statusRows(const std::vector<kube::HostStatus>& hosts);

class PermissionTable : public RowTable<PermissionRow> {
    Q_OBJECT
public:
    explicit PermissionTable(QObject* parent = nullptr);
    enum Columns { What, Purpose };
};

class ObjectTable : public RowTable<ObjectRow> {
    Q_OBJECT
public:
    explicit ObjectTable(QObject* parent = nullptr);
    enum Columns { Fate, Object, Note };
};

class SetupHostTable : public RowTable<SetupHostRow> {
    Q_OBJECT
public:
    explicit SetupHostTable(QObject* parent = nullptr);
    enum Columns { State, Host, Kernel, Version, Note };
};

} // namespace binnacle::desktop
