// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/losses/losses_page.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/loss_table.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/table_view.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QFrame>
#include <QLabel>
#include <QScrollArea>

namespace binnacle::desktop {

namespace {

/// A card with a title, what it means, and a table or the sentence that all is well.
class Section : public QFrame {
public:
    Section(const QString& title, const QString& meaning, const QString& allWell, TableModel& model, int stretched, QWidget* parent);
    TableView& view() { return *m_view; }
    void present(const QString& filter);

protected:
    void changeEvent(QEvent* event) override;

private:
    void paintSign();

    TableView* m_view;
    QWidget* m_well;
    QLabel* m_sign;
};

Section::Section(const QString& title, const QString& meaning, const QString& allWell, TableModel& model, int stretched, QWidget* parent)
    : QFrame(parent), m_view(new TableView(model, stretched, this)), m_well(new QWidget(this)), m_sign(new QLabel(this))
{
    setProperty("role", QStringLiteral("card"));
    auto* name = new QLabel(title, this);
    name->setFont(boldFont(TypeSize::kTitle - 1));
    auto* what = new QLabel(meaning, this);
    what->setProperty("role", QStringLiteral("muted"));
    what->setWordWrap(true);
    m_view->setAccessibleName(title);
    m_view->setHeightToRows(12);
    auto* sentence = new QLabel(allWell, m_well);
    auto* row = new QHBoxLayout(m_well);
    row->setContentsMargins(Space::kLarge, Space::kSmall, Space::kLarge, Space::kMedium);
    row->addWidget(m_sign);
    row->addWidget(sentence, 1);
    auto* head = new QVBoxLayout;
    head->setContentsMargins(Space::kLarge, Space::kMedium, Space::kLarge, Space::kTight);
    head->setSpacing(2);
    head->addWidget(name);
    head->addWidget(what);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 1, 1, Space::kSmall);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(m_well);
    column->addWidget(m_view);
    paintSign();
}

void Section::paintSign()
{
    m_sign->setPixmap(iconPixmap(QStringLiteral("check"), tokensOf(*this).ok, 18, devicePixelRatioF()));
}

void Section::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        paintSign();
    QFrame::changeEvent(event);
}

void Section::present(const QString& filter)
{
    m_view->setFilter(filter);
    const bool any = m_view->sorted().sourceModel()->rowCount() > 0;
    m_view->setVisible(any);
    m_well->setVisible(!any);
    m_view->updateGeometry();
}

class LossesPage : public Page {
public:
    LossesPage(Workspace& workspace, QWidget* parent);
    QWidget* mainWidget() override { return m_losses.rowCount() > 0 ? &m_lossSection->view() : &m_agentSection->view(); }

protected:
    void refresh() override;

private:
    LossTable m_losses;
    CoverageTable m_coverage;
    AgentTable m_agents;
    PageHeader* m_header;
    Section* m_lossSection;
    Section* m_coverageSection;
    Section* m_agentSection;
};

LossesPage::LossesPage(Workspace& workspace, QWidget* parent) : Page(workspace, parent)
{
    auto* inner = new QWidget(this);
    m_lossSection = new Section(tr("Lost"), tr("Data that were there and are gone. Figures that they could have changed carry them too."),
                                tr("Nothing was lost in this range: every figure is complete."), m_losses, 4, inner);
    m_coverageSection = new Section(tr("Not understood"), tr("Traffic that was seen and counted, and whose content says nothing to Binnacle."),
                                    tr("Everything that was seen was understood."), m_coverage, 3, inner);
    m_agentSection = new Section(tr("Agents"), tr("What the agents cost their hosts, and whether they keep up."),
                                 tr("No agent spoke in this range."), m_agents, 1, inner);
    auto* cards = new QVBoxLayout(inner);
    cards->setContentsMargins(Space::kLarge, Space::kTight, Space::kLarge, Space::kLarge);
    cards->setSpacing(Space::kMedium);
    for (Section* section : {m_lossSection, m_coverageSection, m_agentSection})
        cards->addWidget(section);
    cards->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setWidget(inner);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* content = new QWidget(this);
    m_header = new PageHeader(tr("Losses, coverage and agent health"), content);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(scroll, 1);
    setContent(content);
    addPageAction(tr("Export the losses as CSV…"), QKeySequence(Qt::CTRL | Qt::Key_E), [this] { m_lossSection->view().exportCsv(); });
}

void LossesPage::refresh()
{
    const analysis::SnapshotPtr& snapshot = workspace().snapshot();
    m_losses.show(snapshot ? lossRows(*snapshot) : std::vector<LossRow>());
    m_coverage.show(snapshot ? coverageRows(*snapshot) : std::vector<CoverageRow>());
    m_agents.show(snapshot ? agentRows(*snapshot) : std::vector<AgentRow>());
    for (Section* section : {m_lossSection, m_coverageSection, m_agentSection})
        section->present(workspace().filter());
    QString sentence = (m_losses.rowCount() == 0 ? tr("nothing lost") : countedText(m_losses.rowCount(), tr("kind of loss"), tr("kinds of loss"))) + QStringLiteral(" · ")
        + countedText(m_coverage.rowCount(), tr("gap in coverage"), tr("gaps in coverage")) + QStringLiteral(" · ") + countedText(m_agents.rowCount(), tr("agent"), tr("agents"));
    if (snapshot && !snapshot->gaps.empty())
        sentence += tr(" · away for a part of the range: %1").arg(fromStd(snapshot->gaps.front().what));
    m_header->setSentence(sentence);
    // The range has an answer even when all three are empty: all is well is what the sections then say.
    const bool answered = snapshot && (workspace().time().range.intersects(workspace().covered()));
    showContentOr(answered ? 1 : 0, 0, {}, {});
}

} // namespace

const PageDescriptor kLossesPage{"losses", QT_TRANSLATE_NOOP("Page", "Losses"), "losses", 6,
                                 [](Workspace& workspace, QWidget* parent) -> Page* { return new LossesPage(workspace, parent); }};

} // namespace binnacle::desktop
