// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/services/services_page.h"

#include "desktop/pages/services/service_detail.h"
#include "desktop/viewmodels/service_table.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/table_view.h"
#include "desktop/workspace/latest_answer.h"

#include <QBoxLayout>
#include <QScrollArea>
#include <QSplitter>

#include <algorithm>

namespace binnacle::desktop {

namespace {

class ServicesPage : public Page {
public:
    ServicesPage(Workspace& workspace, QWidget* parent);

    bool isSettled() const override { return Page::isSettled() && !m_job.isBusy() && m_detail->isSettled(); }
    QWidget* mainWidget() override { return m_view; }

protected:
    void refresh() override;

private:
    void present(const analysis::SnapshotPtr& snapshot);
    std::string shownNode() const;

    ServiceTable m_services;
    PageHeader* m_header;
    TableView* m_view;
    ServiceDetail* m_detail;
    LatestAnswer m_job{this};
};

ServicesPage::ServicesPage(Workspace& workspace, QWidget* parent) : Page(workspace, parent)
{
    auto* list = new QWidget(this);
    m_header = new PageHeader(tr("Services"), list);
    m_view = new TableView(m_services, 1, list);
    m_view->setAccessibleName(tr("Services"));
    m_view->sortByColumn(4, Qt::DescendingOrder);
    auto* column = new QVBoxLayout(list);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(m_view, 1);

    m_detail = new ServiceDetail(workspace, this);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_detail);
    scroll->setMinimumWidth(420);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(list);
    splitter->addWidget(scroll);
    splitter->setStretchFactor(0, 5);
    splitter->setStretchFactor(1, 3);
    splitter->setSizes({940, 560});
    splitter->setHandleWidth(1);
    setContent(splitter);
    connect(m_view, &TableView::keySelected, this, [this](const QString& key) { this->workspace().select(NodeId{key.toStdString()}); });
    addPageAction(tr("Export this table as CSV…"), QKeySequence(Qt::CTRL | Qt::Key_E), [this] { m_view->exportCsv(); });
}

void ServicesPage::refresh()
{
    const analysis::SnapshotPtr snapshot = workspace().snapshot();
    if (!snapshot) {
        m_services.show({});
        present(nullptr);
        return;
    }
    m_job.ask([snapshot] { return serviceRows(*snapshot); },
              [this, snapshot](std::vector<ServiceRow> rows) {
                  m_services.show(std::move(rows));
                  present(snapshot);
              });
}

void ServicesPage::present(const analysis::SnapshotPtr& snapshot)
{
    m_view->setFilter(workspace().filter());
    const auto& rows = m_services.rows();
    const bool namespaces = std::any_of(rows.begin(), rows.end(), [](const ServiceRow& r) { return !r.nameSpace.isEmpty(); });
    m_view->setColumnHidden(2, !namespaces); // outside Kubernetes the column would say nothing
    const auto shown = static_cast<std::size_t>(m_view->sorted().rowCount());
    const auto outside = std::count_if(m_services.rows().begin(), m_services.rows().end(), [](const ServiceRow& r) { return r.outside; });
    m_header->setSentence(tr("%1 seen by an agent, %2 outside").arg(m_services.rowCount() - outside).arg(outside));
    showContentOr(shown, m_services.rows().size(), tr("No services"), tr("Nothing listened or talked in this range."));
    if (!snapshot || shown == 0)
        return;
    const std::string node = shownNode();
    m_view->selectKey(QString::fromStdString(node));
    m_detail->show(snapshot, node);
}

/// The chosen one; while none is chosen the first of the table, so that half of the page is never empty.
std::string ServicesPage::shownNode() const
{
    if (const auto* node = std::get_if<NodeId>(&workspace().selection()); node && m_services.rowOf(QString::fromStdString(node->value)) >= 0)
        return node->value;
    return m_view->sorted().index(0, 0).data(Role::kRowKey).toString().toStdString();
}

} // namespace

const PageDescriptor kServicesPage{"services", QT_TRANSLATE_NOOP("Page", "Services"), "services", 2,
                                   [](Workspace& workspace, QWidget* parent) -> Page* { return new ServicesPage(workspace, parent); }};

} // namespace binnacle::desktop
