// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/app/agent_choice.h"
#include "desktop/app/cluster_choice.h"

#include <QDialog>
#include <QStringList>

#include <optional>

class QAbstractButton;
class QPushButton;
class QStackedWidget;

namespace binnacle::desktop {

/// What the dialog begins with.
struct ConnectOffer {
    QStringList recentContexts, recentAgents; // latest first
    QString localAgent;                       // of this machine; empty: none
};

/// Asks what to connect to: contexts of the kubeconfig, or agents by their addresses.  Closing it cancels what it does.  Thread: UI.
class ConnectDialog : public QDialog {
    Q_OBJECT
public:
    enum class Way { Cluster, Agent };

    ConnectDialog(const ConnectOffer& offer, ClusterChoice::Tools clusterTools, AgentChoice::Check checkAgent, QWidget* parent);

    Way way() const;
    void setWay(Way way);
    QStringList targets() const { return m_agent->targets(); }
    std::vector<ClusterWish> clusters() const { return m_installed ? std::vector{*m_installed} : m_cluster->clusters(); }
    ClusterChoice& clusterChoice() { return *m_cluster; }

    void done(int result) override;

private:
    QWidget* buildWays();
    void refresh();

    ClusterChoice* m_cluster;
    AgentChoice* m_agent;
    QStackedWidget* m_stack;
    QAbstractButton* m_clusterButton;
    QAbstractButton* m_agentButton;
    QPushButton* m_connect;
    bool m_wasChosen = false; // the way, by hand
    std::optional<ClusterWish> m_installed; // from here: it is what is connected to
};

} // namespace binnacle::desktop
