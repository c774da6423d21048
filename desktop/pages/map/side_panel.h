// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/edge_detail.h"
#include "desktop/viewmodels/edge_table.h"
#include "desktop/viewmodels/service_table.h"
#include "desktop/workspace/workspace.h"

#include <QFrame>

class QBoxLayout;
class QLabel;
class QStackedWidget;
class QVBoxLayout;

namespace binnacle::desktop {

class FigureRow;
class HealthLabel;
class TableView;

/// Beside the map: what stands out in the range, or the chosen service, or the chosen edge with both ledgers.  Thread: UI.
class SidePanel : public QFrame {
    Q_OBJECT
public:
    SidePanel(Workspace& workspace, QWidget* parent);

    void show(const analysis::SnapshotPtr& snapshot, const Selection& selection);

protected:
    void changeEvent(QEvent* event) override;

private:
    struct Head {
        QLabel* name;
        QLabel* kind;
        HealthLabel* health;
        QLabel* reasons;
        FigureRow* figures;
    };
    struct Titled {
        QWidget* box;
        TableView* view;
    };

    void buildOverview();
    void buildNode();
    void buildEdge();
    QVBoxLayout* addScrolledPage();
    Head addHead(QVBoxLayout& column);
    Titled addTable(QVBoxLayout& column, const QString& title, TableModel& model, int stretched, int rows, std::initializer_list<int> hidden);
    void addLegend(QVBoxLayout& column);
    void showOverview(const analysis::Snapshot& snapshot);
    void showNode(const analysis::Snapshot& snapshot, const analysis::Node& node);
    void showEdge(const analysis::Snapshot& snapshot, const analysis::Edge& edge);
    void follow(const QString& link);
    static void present(const Titled& table);

    Workspace& m_workspace; // of the page's window
    QStackedWidget* m_stack;
    analysis::SnapshotPtr m_shown;

    FigureRow* m_overviewFigures;
    QLabel* m_standouts;
    QLabel* m_legend;

    Head m_nodeHead;
    EdgeTable m_callers{EdgeColumns::Callers}, m_callees{EdgeColumns::Callees};
    RouteTable m_nodeRoutes;
    InstanceTable m_instances;
    Titled m_callerView, m_calleeView, m_nodeRouteView, m_instanceView;

    Head m_edgeHead;
    QLabel* m_ledgerWords;
    LedgerTable m_ledgers;
    RouteTable m_edgeRoutes;
    StatusTable m_statuses;
    TcpFactTable m_facts;
    Titled m_ledgerView, m_edgeRouteView, m_statusView, m_factView;
};

} // namespace binnacle::desktop
