// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/map/side_panel.h"

#include "core/analysis/snapshot.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/health_words.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/facts.h"
#include "desktop/widgets/table_view.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QEvent>
#include <QLabel>
#include <QScrollArea>
#include <QStackedWidget>

#include <algorithm>

namespace binnacle::desktop {

namespace {

constexpr std::size_t kStandouts = 12;

QString joined(const std::vector<std::string>& sentences)
{
    QStringList lines;
    for (const std::string& sentence : sentences)
        lines.append(fromStd(sentence));
    return lines.join(QLatin1Char('\n'));
}

QString signOf(Severity severity)
{
    return severity == Severity::Critical ? QStringLiteral("◆") : severity == Severity::Warning ? QStringLiteral("▲") : QStringLiteral("○");
}

double perSecond(std::uint64_t count, TimeRange range)
{
    const double seconds = static_cast<double>(range.length().count()) / 1e9;
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::vector<Fact> ledgerFacts(const analysis::Ledger& ledger, std::uint64_t inFlight, Nanoseconds oldest, TimeRange range)
{
    const auto tr = [](const char* text) { return SidePanel::tr(text); };
    return {{tr("Requests/s"), rateText(perSecond(ledger.requests, range))},
            {tr("Errors"), shareText(ledger.errors, ledger.requests), errorSeverity(ledger.errors, ledger.requests)},
            {tr("In flight"), countText(inFlight), oldest > std::chrono::seconds(5) ? Severity::Critical : Severity::None,
             inFlight ? tr("The oldest has waited %1").arg(durationText(oldest)) : QString()},
            {tr("p50"), durationText(ledger.latency.quantile(0.5))},
            {tr("p90"), durationText(ledger.latency.quantile(0.9))},
            {tr("p99"), durationText(ledger.latency.quantile(0.99))}};
}

const analysis::Node* findNode(const analysis::Snapshot& snapshot, const Selection& selection)
{
    const auto* id = std::get_if<NodeId>(&selection);
    if (!id)
        return nullptr;
    const auto at = std::find_if(snapshot.nodes.begin(), snapshot.nodes.end(), [id](const analysis::Node& n) { return n.id == id->value; });
    if (at != snapshot.nodes.end())
        return &*at;
    const auto service = std::find_if(snapshot.possible.begin(), snapshot.possible.end(), [id](const analysis::PossibleEdge& e) { return e.from.id == id->value; });
    return service == snapshot.possible.end() ? nullptr : &service->from;
}

const analysis::Edge* findEdge(const analysis::Snapshot& snapshot, const Selection& selection)
{
    const auto* id = std::get_if<EdgeId>(&selection);
    if (!id)
        return nullptr;
    const auto at = std::find_if(snapshot.edges.begin(), snapshot.edges.end(), [id](const analysis::Edge& e) { return analysis::edgeId(e) == id->value; });
    return at == snapshot.edges.end() ? nullptr : &*at;
}

} // namespace

SidePanel::SidePanel(Workspace& workspace, QWidget* parent) : QFrame(parent), m_workspace(workspace), m_stack(new QStackedWidget(this))
{
    setProperty("role", QStringLiteral("bar"));
    auto* line = new QFrame(this);
    line->setProperty("role", QStringLiteral("line"));
    line->setFixedWidth(1);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(line);
    row->addWidget(m_stack, 1);
    buildOverview();
    buildNode();
    buildEdge();
}

QVBoxLayout* SidePanel::addScrolledPage()
{
    auto* inner = new QWidget(this);
    inner->setProperty("role", QStringLiteral("scrolled"));
    auto* column = new QVBoxLayout(inner);
    column->setContentsMargins(Space::kLarge, Space::kMedium, Space::kLarge, Space::kLarge);
    column->setSpacing(Space::kMedium);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(inner);
    m_stack->addWidget(scroll);
    return column;
}

void SidePanel::buildOverview()
{
    QVBoxLayout* column = addScrolledPage();
    auto* title = new QLabel(tr("What stands out"), this);
    title->setFont(boldFont(TypeSize::kTitle));
    m_overviewFigures = new FigureRow(3, this);
    m_standouts = new QLabel(this);
    m_standouts->setWordWrap(true);
    m_standouts->setTextFormat(Qt::RichText);
    m_standouts->setAccessibleName(tr("What stands out"));
    m_standouts->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    connect(m_standouts, &QLabel::linkActivated, this, &SidePanel::follow);
    column->addWidget(m_overviewFigures);
    column->addSpacing(Space::kTight);
    column->addWidget(title);
    column->addWidget(m_standouts);
    column->addStretch();
    addLegend(*column);
}

void SidePanel::addLegend(QVBoxLayout& column)
{
    m_legend = new QLabel(this);
    m_legend->setTextFormat(Qt::RichText);
    m_legend->setFont(smallFont());
    m_legend->setWordWrap(true);
    m_legend->setAccessibleName(tr("Legend"));
    column.addWidget(m_legend);
}

SidePanel::Head SidePanel::addHead(QVBoxLayout& column)
{
    Head head{new QLabel(this), new QLabel(this), new HealthLabel(this), new QLabel(this), new FigureRow(3, this)};
    head.name->setFont(boldFont(TypeSize::kTitle + 1));
    head.name->setWordWrap(true);
    head.kind->setProperty("role", QStringLiteral("muted"));
    head.kind->setWordWrap(true);
    head.reasons->setWordWrap(true);
    auto* row = new QHBoxLayout;
    row->addWidget(head.name, 1);
    row->addWidget(head.health, 0, Qt::AlignTop);
    auto* top = new QVBoxLayout;
    top->setSpacing(2);
    top->addLayout(row);
    top->addWidget(head.kind);
    column.addLayout(top);
    column.addWidget(head.reasons);
    column.addWidget(head.figures);
    return head;
}

SidePanel::Titled SidePanel::addTable(QVBoxLayout& column, const QString& title, TableModel& model, int stretched, int rows, std::initializer_list<int> hidden)
{
    auto* box = new QWidget(this);
    auto* name = new QLabel(title, box);
    name->setFont(boldFont(TypeSize::kBody));
    auto* view = new TableView(model, stretched, box);
    view->setAccessibleName(title);
    view->setHeightToRows(rows);
    for (const int at : hidden)
        view->setColumnHidden(at, true);
    auto* inner = new QVBoxLayout(box);
    inner->setContentsMargins(0, 0, 0, 0);
    inner->setSpacing(0);
    inner->addWidget(name);
    inner->addWidget(view);
    column.addWidget(box);
    return {box, view};
}

void SidePanel::buildNode()
{
    QVBoxLayout* column = addScrolledPage();
    m_nodeHead = addHead(*column);
    m_callerView = addTable(*column, tr("Called by"), m_callers, 1, 6, {0, 2, 5});
    m_calleeView = addTable(*column, tr("Calls"), m_callees, 1, 6, {0, 2, 5});
    m_nodeRouteView = addTable(*column, tr("Routes"), m_nodeRoutes, 0, 8, {2, 3});
    m_instanceView = addTable(*column, tr("Instances"), m_instances, 0, 8, {4, 5, 6});
    m_nodeRouteView.view->sortByColumn(1, Qt::DescendingOrder);
    for (TableView* view : {m_callerView.view, m_calleeView.view}) {
        view->sortByColumn(3, Qt::DescendingOrder);
        connect(view, &TableView::keySelected, this, [this](const QString& key) { m_workspace.select(EdgeId{key.toStdString()}); });
    }
    column->addStretch();
}

void SidePanel::buildEdge()
{
    QVBoxLayout* column = addScrolledPage();
    m_edgeHead = addHead(*column);
    m_ledgerView = addTable(*column, tr("Seen from both ends"), m_ledgers, 0, 7, {});
    m_ledgerView.view->setSortingEnabled(false);
    m_ledgerView.view->sorted().sort(-1);
    m_ledgerWords = new QLabel(this);
    m_ledgerWords->setWordWrap(true);
    m_ledgerWords->setFont(smallFont());
    m_ledgerWords->setProperty("role", QStringLiteral("muted"));
    column->addWidget(m_ledgerWords);
    m_statusView = addTable(*column, tr("Status codes"), m_statuses, 0, 6, {});
    m_edgeRouteView = addTable(*column, tr("Routes"), m_edgeRoutes, 0, 8, {2, 3});
    m_factView = addTable(*column, tr("Connections"), m_facts, 0, 24, {});
    m_factView.view->setSortingEnabled(false);
    m_factView.view->sorted().sort(-1);
    column->addStretch();
}

void SidePanel::present(const Titled& table)
{
    table.box->setVisible(table.view->sorted().rowCount() > 0);
    table.view->updateGeometry();
}

void SidePanel::show(const analysis::SnapshotPtr& snapshot, const Selection& selection)
{
    m_shown = snapshot;
    if (!snapshot)
        return;
    if (const analysis::Node* node = findNode(*snapshot, selection))
        showNode(*snapshot, *node);
    else if (const analysis::Edge* edge = findEdge(*snapshot, selection))
        showEdge(*snapshot, *edge);
    else
        showOverview(*snapshot);
}

void SidePanel::showOverview(const analysis::Snapshot& snapshot)
{
    const Tokens& tokens = tokensOf(*this);
    std::uint64_t requests = 0, errors = 0, failed = 0, inFlight = 0, open = 0;
    for (const analysis::Edge& edge : snapshot.edges) {
        requests += edge.chosen.requests;
        errors += edge.chosen.errors;
        failed += edge.failedConnects;
        inFlight += edge.inFlight;
        open += edge.tcp.active;
    }
    m_overviewFigures->show({{tr("Requests/s"), rateText(perSecond(requests, snapshot.range))},
                             {tr("Errors"), shareText(errors, requests), errorSeverity(errors, requests)},
                             {tr("In flight"), countText(inFlight)},
                             {tr("Services"), countText(static_cast<std::uint64_t>(snapshot.nodes.size()))},
                             {tr("Open connections"), countText(open)},
                             {tr("Failed connects"), countText(failed), failed ? Severity::Critical : Severity::None}});
    QString text;
    const std::vector<Standout> all = standouts(snapshot);
    for (std::size_t i = 0; i < std::min(all.size(), kStandouts); ++i) {
        const Standout& s = all[i];
        text += QStringLiteral("<p style='margin:0 0 10px 0'><span style='color:%1'>%2</span> "
                               "<a href='%3:%4' style='color:%5;text-decoration:none;font-weight:600'>%6</a><br><span style='color:%7'>%8</span></p>")
                    .arg(colorOf(s.severity, tokens).name(), signOf(s.severity),
                         s.isEdge ? QStringLiteral("edge") : QStringLiteral("node"), fromStd(s.id).toHtmlEscaped(), tokens.text.name(),
                         s.subject.toHtmlEscaped(), tokens.muted.name(), s.reason.toHtmlEscaped());
    }
    if (all.size() > kStandouts)
        text += tr("<p>and %1 more on the services page</p>").arg(all.size() - kStandouts);
    const bool onlyListed = std::all_of(snapshot.nodes.begin(), snapshot.nodes.end(), [](const analysis::Node& node) { return !node.observed; });
    if (all.empty() && onlyListed && !snapshot.nodes.empty())
        text = QStringLiteral("<span style='color:%1'>%2</span>").arg(tokens.muted.name(), tr("Nothing is observed yet: this is what Kubernetes lists, and no agent has said anything. With the agents installed, the map shows who calls whom and how it goes."));
    else if (all.empty())
        text = QStringLiteral("<span style='color:%1'>%2</span>").arg(tokens.muted.name(), tr("Nothing: no errors, no failed connects and no request that hangs in this range."));
    m_standouts->setText(text);
    const auto entry = [](const QColor& color, const QString& sign, const QString& word) {
        return QStringLiteral("<span style='color:%1'>%2</span>&nbsp;%3 &nbsp; ").arg(color.name(), sign, word);
    };
    m_legend->setText(QStringLiteral("<span style='color:%1'>").arg(tokens.faint.name()) + entry(tokens.ok, QStringLiteral("●"), tr("OK"))
                      + entry(tokens.warning, QStringLiteral("▲"), tr("warning")) + entry(tokens.critical, QStringLiteral("◆"), tr("critical"))
                      + entry(tokens.unknown, QStringLiteral("○"), tr("unknown")) + QStringLiteral("<br>")
                      + entry(tokens.http, QStringLiteral("━━"), tr("requests understood")) + entry(tokens.tcp, QStringLiteral("╌╌"), tr("bytes only"))
                      + (snapshot.possible.empty() ? QString() : entry(tokens.faint, QStringLiteral("┈┈"), tr("possible"))) + QStringLiteral("</span>"));
    m_stack->setCurrentIndex(0);
}

void SidePanel::showNode(const analysis::Snapshot& snapshot, const analysis::Node& node)
{
    m_nodeHead.name->setText(fromStd(node.name));
    QStringList kind{kindWord(node.kind)};
    if (node.nameSpace)
        kind.append(tr("namespace %1").arg(fromStd(*node.nameSpace)));
    if (!node.type.empty())
        kind.append(fromStd(node.type));
    if (node.instancesMax > 0)
        kind.append(tr("%1 of %2 instances running").arg(node.instances).arg(node.instancesMax));
    for (const analysis::ListeningAddress& address : node.listening) {
        if (kind.size() < 6)
            kind.append(fromStd(address.address));
    }
    const QString labels = sharedLabels(snapshot, node);
    m_nodeHead.kind->setText(kind.join(QStringLiteral(" · ")) + (labels.isEmpty() ? QString() : QLatin1Char('\n') + labels));
    m_nodeHead.health->show(severityOf(node.health), healthWord(node.health));
    m_nodeHead.reasons->setText(joined(node.healthReasons));
    m_nodeHead.reasons->setVisible(!node.healthReasons.empty());
    m_nodeHead.figures->show(ledgerFacts(node.inbound, node.inFlight, node.oldestInFlight, snapshot.range));
    m_callers.show(inboundRows(snapshot, node.id));
    m_callees.show(outboundRows(snapshot, node.id));
    m_nodeRoutes.show(routeRows(node.routes, snapshot.range));
    m_instances.show(podRows(snapshot, node));
    for (const int hostAndZone : {2, 3}) // outside Kubernetes there is no room to say what is nearly always the same
        m_instanceView.view->setColumnHidden(hostAndZone, node.kind != analysis::NodeKind::Workload);
    for (const Titled& table : {m_callerView, m_calleeView, m_nodeRouteView, m_instanceView})
        present(table);
    m_stack->setCurrentIndex(1);
}

void SidePanel::showEdge(const analysis::Snapshot& snapshot, const analysis::Edge& edge)
{
    m_edgeHead.name->setText(QStringLiteral("%1 → %2").arg(shortName(edge.from), shortName(edge.to)));
    m_edgeHead.kind->setText(tr("%1 on port %2").arg(protocolLabel(edge.protocol, edge.tls)).arg(edge.port));
    m_edgeHead.health->show(severityOf(edge.health), healthWord(edge.health));
    m_edgeHead.reasons->setText(joined(edge.healthReasons));
    m_edgeHead.reasons->setVisible(!edge.healthReasons.empty());
    m_edgeHead.figures->show(ledgerFacts(edge.chosen, edge.inFlight, edge.oldestInFlight, snapshot.range));
    m_ledgerWords->setText(chosenLedgerWords(edge));
    m_ledgers.show(ledgerRows(edge));
    m_statuses.show(statusRows(edge.chosen.statuses));
    m_edgeRoutes.show(routeRows(edge.routes, snapshot.range));
    m_facts.show(tcpFactRows(edge));
    for (const Titled& table : {m_ledgerView, m_statusView, m_edgeRouteView, m_factView})
        present(table);
    m_stack->setCurrentIndex(2);
}

void SidePanel::follow(const QString& link)
{
    const std::string id = link.mid(5).toStdString();
    m_workspace.select(link.startsWith(QLatin1String("edge:")) ? Selection(EdgeId{id}) : Selection(NodeId{id}));
}

void SidePanel::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange && m_shown && m_stack->currentIndex() == 0)
        showOverview(*m_shown);
    QFrame::changeEvent(event);
}

} // namespace binnacle::desktop
