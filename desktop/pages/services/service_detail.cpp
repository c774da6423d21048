// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/services/service_detail.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/health_words.h"
#include "desktop/widgets/chart_view.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/facts.h"
#include "desktop/widgets/table_view.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QLabel>

#include <algorithm>

namespace binnacle::desktop {

namespace {

constexpr std::size_t kPoints = 240; // a point every two or three pixels

double perSecond(std::uint64_t count, Nanoseconds width) { return width.count() > 0 ? static_cast<double>(count) * 1e9 / static_cast<double>(width.count()) : 0; }

QString nanosecondsText(double value) { return durationText(Nanoseconds(static_cast<std::int64_t>(value))); }

QString kindLine(const analysis::Node& node)
{
    QStringList parts{kindWord(node.kind)};
    if (!node.type.empty())
        parts.append(fromStd(node.type));
    if (node.nameSpace)
        parts.append(ServiceDetail::tr("namespace %1").arg(fromStd(*node.nameSpace)));
    for (const std::string& host : node.hosts)
        parts.append(fromStd(host));
    return parts.join(QStringLiteral(" · "));
}

void addPoint(ChartLine& line, const analysis::SeriesPoint& point, std::optional<Nanoseconds> value)
{
    if (value)
        line.points.push_back({point.at, static_cast<double>(value->count())});
}

} // namespace

ServiceDetail::ServiceDetail(Workspace& workspace, QWidget* parent) : QWidget(parent), m_workspace(workspace)
{
    setProperty("role", QStringLiteral("scrolled"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kLarge, Space::kMedium, Space::kLarge, Space::kLarge);
    column->setSpacing(Space::kMedium);
    buildHead(*column);
    buildCharts(*column);
    buildTables(*column);
    column->addStretch();
}

void ServiceDetail::buildHead(QVBoxLayout& column)
{
    m_name = new QLabel(this);
    m_name->setFont(boldFont(TypeSize::kFigure - 2));
    m_health = new HealthLabel(this);
    m_kind = new QLabel(this);
    m_kind->setProperty("role", QStringLiteral("muted"));
    m_reasons = new QLabel(this);
    m_reasons->setWordWrap(true);
    m_figures = new FigureRow(6, this);
    auto* row = new QHBoxLayout;
    row->setSpacing(Space::kMedium);
    row->addWidget(m_name);
    row->addWidget(m_health);
    row->addStretch();
    auto* head = new QVBoxLayout;
    head->setSpacing(2);
    head->addLayout(row);
    head->addWidget(m_kind);
    column.addLayout(head);
    column.addWidget(m_reasons);
    column.addWidget(m_figures);
}

void ServiceDetail::buildCharts(QVBoxLayout& column)
{
    m_rate = new ChartView(tr("Requests and errors per second"), rateText, ChartView::Scale::Linear, this);
    m_latency = new ChartView(tr("Latency"), nanosecondsText, ChartView::Scale::Logarithmic, this);
    for (ChartView* chart : {m_rate, m_latency}) {
        auto* card = new QFrame(this);
        card->setProperty("role", QStringLiteral("card"));
        auto* inner = new QVBoxLayout(card);
        inner->setContentsMargins(0, 0, 0, 0);
        inner->addWidget(chart);
        column.addWidget(card);
        connect(chart, &ChartView::timePicked, this, [this](UtcTime at) { m_workspace.moveTo(at); });
    }
}

TableView* ServiceDetail::addTable(QVBoxLayout& column, const QString& title, TableModel& model, int stretched, int rows)
{
    auto* card = new QFrame(this);
    card->setProperty("role", QStringLiteral("card"));
    auto* name = new QLabel(title, card);
    name->setFont(boldFont(TypeSize::kBody));
    name->setContentsMargins(Space::kMedium, Space::kSmall, 0, 0);
    auto* view = new TableView(model, stretched, card);
    view->setAccessibleName(title);
    view->setHeightToRows(rows);
    auto* inner = new QVBoxLayout(card);
    inner->setContentsMargins(1, 1, 1, Space::kTight);
    inner->setSpacing(0);
    inner->addWidget(name);
    inner->addWidget(view);
    column.addWidget(card);
    return view;
}

void ServiceDetail::buildTables(QVBoxLayout& column)
{
    addTable(column, tr("Routes"), m_routes, 0, 10)->sortByColumn(1, Qt::DescendingOrder);
    addTable(column, tr("Status codes"), m_statuses, 0, 8)->sortByColumn(1, Qt::DescendingOrder);
    TableView* callers = addTable(column, tr("Called by"), m_callers, 1, 8);
    TableView* callees = addTable(column, tr("Calls"), m_callees, 1, 8);
    m_instanceView = addTable(column, tr("Instances"), m_instances, 6, 8);
    m_instanceView->sortByColumn(0, Qt::AscendingOrder);
    for (TableView* view : {callers, callees}) {
        view->sortByColumn(3, Qt::DescendingOrder);
        connect(view, &TableView::keyActivated, this, [this](const QString& key) { m_workspace.select(EdgeId{key.toStdString()}); });
    }
}

void ServiceDetail::show(const analysis::SnapshotPtr& snapshot, const std::string& nodeId)
{
    const auto node = std::find_if(snapshot->nodes.begin(), snapshot->nodes.end(), [&nodeId](const analysis::Node& n) { return n.id == nodeId; });
    if (node == snapshot->nodes.end())
        return;
    showFigures(*snapshot, *node);
    m_statuses.show(statusRows(node->inbound.statuses));
    m_routes.show(routeRows(node->routes, snapshot->range));
    m_callers.show(inboundRows(*snapshot, nodeId));
    m_callees.show(outboundRows(*snapshot, nodeId));
    m_instances.show(instanceRows(*snapshot, *node));
    for (const int ofKubernetes : {3, 4, 5})
        m_instanceView->setColumnHidden(ofKubernetes, node->kind != analysis::NodeKind::Workload);
    const TimeRange range = snapshot->range;
    m_series.ask([source = m_workspace.source(), nodeId, range] { return source ? source->series(nodeId, range, kPoints) : std::vector<analysis::SeriesPoint>(); },
                 [this, range](const std::vector<analysis::SeriesPoint>& points) { showSeries(range, points); });
}

void ServiceDetail::showFigures(const analysis::Snapshot& snapshot, const analysis::Node& node)
{
    m_name->setText(fromStd(node.name));
    m_kind->setText(kindLine(node));
    m_health->show(severityOf(node.health), healthWord(node.health));
    QStringList reasons;
    for (const std::string& reason : node.healthReasons)
        reasons.append(fromStd(reason));
    m_reasons->setText(reasons.join(QLatin1Char('\n')));
    m_reasons->setVisible(!reasons.isEmpty());
    const auto& latency = node.inbound.latency;
    m_figures->show({{tr("Requests/s"), rateText(perSecond(node.inbound.requests, snapshot.range.length()))},
                     {tr("Errors"), shareText(node.inbound.errors, node.inbound.requests), errorSeverity(node.inbound.errors, node.inbound.requests)},
                     {tr("p50"), durationText(latency.quantile(0.5))},
                     {tr("p99"), durationText(latency.quantile(0.99))},
                     {tr("In flight"), countText(node.inFlight), node.oldestInFlight > std::chrono::seconds(5) ? Severity::Critical : Severity::None},
                     {tr("Instances"), QStringLiteral("%1/%2").arg(node.instances).arg(node.instancesMax),
                      node.instances < node.instancesMax ? Severity::Warning : Severity::None}});
}

void ServiceDetail::showSeries(TimeRange range, const std::vector<analysis::SeriesPoint>& points)
{
    ChartLine requests{.name = tr("requests"), .color = 0, .filled = true}, errors{.name = tr("errors"), .color = 4, .filled = true};
    ChartLine p50{.name = tr("p50"), .color = 3}, p90{.name = tr("p90"), .color = 0}, p99{.name = tr("p99"), .color = 2};
    Nanoseconds width = std::chrono::seconds(1);
    for (const analysis::SeriesPoint& point : points) {
        width = std::max(width, point.width);
        requests.points.push_back({point.at, perSecond(point.requests, point.width)});
        errors.points.push_back({point.at, perSecond(point.errors, point.width)});
        addPoint(p50, point, point.p50);
        addPoint(p90, point, point.p90);
        addPoint(p99, point, point.p99);
    }
    m_rate->show(range, {std::move(requests), std::move(errors)}, width * 3 / 2);
    m_latency->show(range, {std::move(p50), std::move(p90), std::move(p99)}, width * 7 / 2);
}

} // namespace binnacle::desktop
