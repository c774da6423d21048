// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"
#include "desktop/widgets/table_view.h"
#include "desktop/workspace/latest_answer.h"

#include <QVBoxLayout>

#include <vector>

namespace binnacle::desktop {

/// How a page that is one table differs from another.
struct TablePageText {
    QString title, noRowsTitle, noRowsSentence;
    QString counted; // `%1 of them`, with %1 for the number
};

/// A page that is one table of rows made from the snapshot, on the pool.
template <class Row, class Model>
class TablePage : public Page {
public:
    using MakeRows = std::vector<Row> (*)(const analysis::Snapshot&);

    TablePage(Workspace& workspace, TablePageText text, MakeRows makeRows, int stretched, QWidget* parent)
        : Page(workspace, parent), m_text(std::move(text)), m_makeRows(makeRows), m_header(new PageHeader(m_text.title, this)),
          m_view(new TableView(m_model, stretched, this))
    {
        auto* content = new QWidget(this);
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(m_header);
        column->addWidget(m_view, 1);
        m_view->setAccessibleName(m_text.title);
        setContent(content);
        addPageAction(Page::tr("Export this table as CSV…"), QKeySequence(Qt::CTRL | Qt::Key_E), [this] { m_view->exportCsv(); });
    }

    bool isSettled() const override { return Page::isSettled() && !m_job.isBusy(); }
    QWidget* mainWidget() override { return m_view; }
    TableView& view() { return *m_view; }
    const Model& model() const { return m_model; }

protected:
    void refresh() override
    {
        const analysis::SnapshotPtr snapshot = workspace().snapshot();
        if (!snapshot) {
            m_model.show({});
            present();
            return;
        }
        m_job.ask([snapshot, make = m_makeRows] { return make(*snapshot); },
                  [this](std::vector<Row> rows) {
                      m_model.show(std::move(rows));
                      present();
                  });
    }

private:
    void present()
    {
        m_view->setFilter(workspace().filter());
        const auto shown = static_cast<std::size_t>(m_view->sorted().rowCount());
        m_header->setSentence(m_text.counted.arg(shown));
        showContentOr(shown, m_model.rows().size(), m_text.noRowsTitle, m_text.noRowsSentence);
    }

    TablePageText m_text;
    MakeRows m_makeRows;
    Model m_model;
    PageHeader* m_header;
    TableView* m_view;
    LatestAnswer m_job{this};
};

} // namespace binnacle::desktop
