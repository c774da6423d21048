// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/diagnosis_view.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/text_block.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QTimer>

namespace binnacle::desktop {
namespace {

QColor colorOf(StepLook look, const Tokens& tokens)
{
    switch (look) {
    case StepLook::Ok: return tokens.ok;
    case StepLook::Warning: return tokens.warning;
    case StepLook::Failed: return tokens.critical;
    default: return tokens.muted;
    }
}

} // namespace

DiagnosisView::DiagnosisView(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Space::kSmall);
    column->addWidget(buildHeader());
    column->addWidget(buildCards(), 1);
    connect(m_run, &QPushButton::clicked, this, [this] {
        if (m_steps.isRunning())
            Q_EMIT cancelWanted();
        else
            Q_EMIT runWanted(kube::DiagnosisStepId::File);
    });
    connect(m_copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_steps.asText()); });
    show(m_steps);
}

QWidget* DiagnosisView::buildHeader()
{
    auto* header = new QWidget(this);
    m_title = new QLabel(tr("Diagnosis"), header);
    m_title->setFont(boldFont(TypeSize::kBody));
    m_verdict = new ElidedLabel(header);
    m_copy = new QPushButton(icon("copy"), tr("Copy as text"), header);
    m_copy->setAutoDefault(false);
    m_run = new QPushButton(header);
    m_run->setAutoDefault(false);
    m_run->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_D));
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Space::kSmall);
    row->addWidget(m_title);
    row->addWidget(m_verdict, 1);
    row->addWidget(m_copy);
    row->addWidget(m_run);
    return header;
}

QWidget* DiagnosisView::buildCards()
{
    m_scroll = new QScrollArea(this);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* list = new QFrame(m_scroll);
    list->setProperty("role", QStringLiteral("card"));
    auto* column = new QVBoxLayout(list);
    column->setContentsMargins(0, Space::kTight, 0, Space::kTight);
    column->setSpacing(0);
    for (DiagnosisStepCard*& card : m_cards) {
        card = new DiagnosisStepCard(list);
        column->addWidget(card);
        connect(card, &DiagnosisStepCard::runWanted, this, &DiagnosisView::runWanted);
        connect(card, &DiagnosisStepCard::installWanted, this, &DiagnosisView::installWanted);
    }
    column->addStretch();
    m_scroll->setWidget(list);
    m_scroll->setAccessibleName(tr("Steps of the diagnosis"));
    return m_scroll;
}

void DiagnosisView::showHeader()
{
    const bool hasContext = !m_steps.wish().context.empty();
    m_verdict->show(m_steps.verdict(), bodyFont(), colorOf(m_steps.verdictLook(), tokensOf(*this)));
    m_copy->setVisible(m_steps.hasRun());
    m_run->setEnabled(hasContext);
    const QKeySequence keys = m_run->shortcut(); // a new text takes it away
    m_run->setText(m_steps.isRunning() ? tr("Stop") : m_steps.hasRun() ? tr("Run again") : tr("Diagnose"));
    m_run->setIcon(icon(m_steps.isRunning() ? "close" : m_steps.hasRun() ? "retry" : "play"));
    m_run->setToolTip(tr("Go the whole way, step by step (%1)").arg(keys.toString(QKeySequence::NativeText)));
    m_run->setShortcut(keys);
}

void DiagnosisView::show(const DiagnosisSteps& steps)
{
    const bool isSame = steps.wish() == m_steps.wish();
    const auto before = m_steps.rows();
    m_steps = steps;
    showHeader();
    const DiagnosisStepCard* news = nullptr;
    for (std::size_t i = 0; i < m_cards.size(); ++i) {
        const StepRow& row = steps.rows()[i];
        m_cards[i]->show(row, steps.hasRun() && !steps.isRunning());
        if (isSame && row.look != before[i].look && (row.look == StepLook::Running || row.look == StepLook::Failed))
            news = m_cards[i];
    }
    if (news)
        reveal(*news);
}

/// When the layout has made room for it.
void DiagnosisView::reveal(const DiagnosisStepCard& card)
{
    QTimer::singleShot(0, &card, [this, &card] { m_scroll->ensureWidgetVisible(const_cast<DiagnosisStepCard*>(&card), 0, Space::kLarge); });
}

} // namespace binnacle::desktop
