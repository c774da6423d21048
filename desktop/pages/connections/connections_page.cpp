// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/connections/connections_page.h"

#include "desktop/viewmodels/connection_table.h"
#include "desktop/viewmodels/edge_table.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/table_view.h"
#include "desktop/workspace/latest_answer.h"

#include <QBoxLayout>
#include <QButtonGroup>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>

namespace binnacle::desktop {

namespace {

struct Rows {
    std::vector<EdgeRow> pairs;
    std::vector<ConnectionRow> connections;
};

class ConnectionsPage : public Page {
public:
    ConnectionsPage(Workspace& workspace, QWidget* parent);

    bool isSettled() const override { return Page::isSettled() && !m_job.isBusy(); }
    QWidget* mainWidget() override { return shownView(); }

protected:
    void refresh() override;

private:
    TableView* shownView() const { return static_cast<TableView*>(m_tables->currentWidget()); }
    void addSegment(const QString& text, const QString& help, int index, QBoxLayout& row);
    void showTable(int index);
    void present();

    EdgeTable m_pairs{EdgeColumns::Pairs};
    ConnectionTable m_connections;
    PageHeader* m_header;
    QStackedWidget* m_tables;
    QButtonGroup* m_segments;
    TableView* m_pairView;
    TableView* m_connectionView;
    LatestAnswer m_job{this};
};

ConnectionsPage::ConnectionsPage(Workspace& workspace, QWidget* parent) : Page(workspace, parent)
{
    auto* content = new QWidget(this);
    m_header = new PageHeader(tr("Connections"), content);
    m_tables = new QStackedWidget(content);
    m_pairView = new TableView(m_pairs, 2, m_tables);
    m_pairView->setAccessibleName(tr("Pairs of services"));
    m_pairView->sortByColumn(5, Qt::DescendingOrder);
    m_connectionView = new TableView(m_connections, 5, m_tables);
    m_connectionView->setAccessibleName(tr("Connections"));
    m_connectionView->sortByColumn(9, Qt::DescendingOrder);
    m_tables->addWidget(m_pairView);
    m_tables->addWidget(m_connectionView);

    m_segments = new QButtonGroup(this);
    auto* segments = new QWidget(m_header);
    auto* row = new QHBoxLayout(segments);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    addSegment(tr("Pairs"), tr("One row for each two services and port"), 0, *row);
    addSegment(tr("Connections"), tr("One row for each TCP connection"), 1, *row);
    m_header->addControl(segments);

    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(m_tables, 1);
    setContent(content);
    connect(m_pairView, &TableView::keySelected, this, [this](const QString& key) { this->workspace().select(EdgeId{key.toStdString()}); });
    addPageAction(tr("Switch between pairs and connections"), QKeySequence(Qt::CTRL | Qt::Key_T), [this] { showTable(1 - m_tables->currentIndex()); });
    addPageAction(tr("Export this table as CSV…"), QKeySequence(Qt::CTRL | Qt::Key_E), [this] { shownView()->exportCsv(); });
}

void ConnectionsPage::addSegment(const QString& text, const QString& help, int index, QBoxLayout& row)
{
    auto* button = new QToolButton(this);
    button->setText(text);
    button->setToolTip(help);
    button->setAccessibleName(text);
    button->setAccessibleDescription(help);
    button->setCheckable(true);
    button->setChecked(index == 0);
    button->setProperty("segment", true);
    m_segments->addButton(button, index);
    row.addWidget(button);
    connect(button, &QToolButton::clicked, this, [this, index] { showTable(index); });
}

void ConnectionsPage::showTable(int index)
{
    m_tables->setCurrentIndex(index);
    m_segments->button(index)->setChecked(true);
    present();
}

void ConnectionsPage::refresh()
{
    const analysis::SnapshotPtr snapshot = workspace().snapshot();
    if (!snapshot) {
        m_pairs.show({});
        m_connections.show({});
        present();
        return;
    }
    m_job.ask([snapshot] { return Rows{edgeRows(*snapshot), connectionRows(*snapshot)}; },
              [this](Rows rows) {
                  m_pairs.show(std::move(rows.pairs));
                  m_connections.show(std::move(rows.connections));
                  present();
              });
}

void ConnectionsPage::present()
{
    m_pairView->setFilter(workspace().filter());
    m_connectionView->setFilter(workspace().filter());
    if (const auto* edge = std::get_if<EdgeId>(&workspace().selection()))
        m_pairView->selectKey(QString::fromStdString(edge->value));
    const auto open = std::count_if(m_connections.rows().begin(), m_connections.rows().end(), [](const ConnectionRow& r) { return r.open; });
    m_header->setSentence(tr("%1 · %2 in the range, %3 of them open").arg(countedText(m_pairs.rowCount(), tr("pair"), tr("pairs")), countedText(m_connections.rowCount(), tr("connection"), tr("connections"))).arg(open));
    const auto shown = static_cast<std::size_t>(shownView()->sorted().rowCount());
    const std::size_t all = m_tables->currentIndex() == 0 ? m_pairs.rows().size() : m_connections.rows().size();
    const auto snapshot = workspace().snapshot();
    const QString why = snapshot && snapshot->isMerged
        ? tr("This is read merged from a gateway: all hosts' figures added up by service, without single connections. Pairs show what services said to each other. "
             "To see connections, read the hosts themselves: start with `--fleet hosts`, or connect to one host's agent.")
        : tr("No program had a TCP connection in this range. Choose a longer range below.");
    showContentOr(shown, all, tr("No connections"), why);
}

} // namespace

const PageDescriptor kConnectionsPage{"connections", QT_TRANSLATE_NOOP("Page", "Connections"), "connections", 3,
                                      [](Workspace& workspace, QWidget* parent) -> Page* { return new ConnectionsPage(workspace, parent); }};

} // namespace binnacle::desktop
