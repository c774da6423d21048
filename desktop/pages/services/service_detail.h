// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/edge_table.h"
#include "desktop/viewmodels/service_table.h"
#include "desktop/workspace/latest_answer.h"
#include "desktop/workspace/workspace.h"

#include <QWidget>

class QBoxLayout;
class QLabel;
class QVBoxLayout;

namespace binnacle::desktop {

class ChartView;
class FigureRow;
class HealthLabel;
class TableView;

/// One service: the figures, how they went over the range, and who calls whom.  Thread: UI; the series come from the pool.
class ServiceDetail : public QWidget {
    Q_OBJECT
public:
    ServiceDetail(Workspace& workspace, QWidget* parent);

    void show(const analysis::SnapshotPtr& snapshot, const std::string& nodeId);
    bool isSettled() const { return !m_series.isBusy(); }

private:
    void buildHead(QVBoxLayout& column);
    void buildCharts(QVBoxLayout& column);
    void buildTables(QVBoxLayout& column);
    TableView* addTable(QVBoxLayout& column, const QString& title, TableModel& model, int stretched, int rows);
    void showFigures(const analysis::Snapshot& snapshot, const analysis::Node& node);
    void showSeries(TimeRange range, const std::vector<analysis::SeriesPoint>& points);

    Workspace& m_workspace; // of the page's window
    QLabel* m_name;
    QLabel* m_kind;
    HealthLabel* m_health;
    QLabel* m_reasons;
    FigureRow* m_figures;
    ChartView* m_rate;
    ChartView* m_latency;
    StatusTable m_statuses;
    RouteTable m_routes;
    EdgeTable m_callers{EdgeColumns::Callers}, m_callees{EdgeColumns::Callees};
    InstanceTable m_instances;
    TableView* m_instanceView = nullptr;
    LatestAnswer m_series{this};
};

} // namespace binnacle::desktop
