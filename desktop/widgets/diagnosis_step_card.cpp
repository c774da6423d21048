// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/diagnosis_step_card.h"

#include "desktop/widgets/cell_delegate.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/text_block.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTimerEvent>
#include <QToolButton>

namespace binnacle::desktop {
namespace {

constexpr int kHeader = 26, kSign = 18, kTurns = 12, kTurnMs = 90;

Severity severityOf(StepLook look)
{
    switch (look) {
    case StepLook::Ok: return Severity::Ok;
    case StepLook::Warning: return Severity::Warning;
    case StepLook::Failed: return Severity::Critical;
    default: return Severity::None;
    }
}

QString stateWord(StepLook look)
{
    switch (look) {
    case StepLook::Waiting: return DiagnosisStepCard::tr("not run");
    case StepLook::Running: return DiagnosisStepCard::tr("running");
    case StepLook::Ok: return DiagnosisStepCard::tr("well");
    case StepLook::Warning: return DiagnosisStepCard::tr("warning");
    case StepLook::Failed: return DiagnosisStepCard::tr("failed");
    case StepLook::Skipped: break;
    }
    return DiagnosisStepCard::tr("skipped");
}

QToolButton* flatButton(const char* iconName, const QString& name, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setIcon(icon(iconName));
    button->setIconSize({14, 14});
    button->setProperty("flat", true);
    button->setToolTip(name);
    button->setAccessibleName(name);
    return button;
}

} // namespace

StepSign::StepSign(QWidget* parent) : QWidget(parent) { setFixedSize(kSign, kSign); }

void StepSign::show(StepLook look)
{
    m_look = look;
    setAccessibleName(stateWord(look));
    if (look == StepLook::Running)
        m_turning.start(kTurnMs, this);
    else
        m_turning.stop();
    update();
}

void StepSign::timerEvent(QTimerEvent*)
{
    m_turn = (m_turn + 1) % kTurns;
    update();
}

void StepSign::paintEvent(QPaintEvent*)
{
    const Tokens& tokens = tokensOf(*this);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QPointF center(kSign / 2.0, kSign / 2.0);
    const QRectF ring = QRectF(rect()).adjusted(4, 4, -4, -4);
    if (const Severity severity = severityOf(m_look); severity != Severity::None)
        return paintSeverity(painter, center, 5, severity, tokens);
    painter.setPen(QPen(m_look == StepLook::Running ? mixed(tokens.accent, tokens.surface, 0.35) : tokens.faint, 1.6));
    if (m_look == StepLook::Skipped)
        return painter.drawLine(QPointF(5, center.y()), QPointF(kSign - 5, center.y()));
    painter.drawEllipse(ring);
    if (m_look != StepLook::Running)
        return;
    painter.setPen(QPen(tokens.accent, 2, Qt::SolidLine, Qt::RoundCap));
    painter.drawArc(ring, -m_turn * 360 / kTurns * 16, 100 * 16);
}

DiagnosisStepCard::DiagnosisStepCard(QWidget* parent) : QFrame(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kMedium, Space::kTight, Space::kSmall, Space::kTight);
    column->setSpacing(Space::kTight);
    column->addWidget(buildHeader());
    auto* body = new QVBoxLayout;
    body->setContentsMargins(kSign + Space::kSmall, 0, Space::kSmall, 0);
    body->setSpacing(Space::kSmall);
    m_said = new TextBlock(this);
    m_found = new TextBlock(this);
    body->addWidget(m_said);
    body->addWidget(m_found);
    body->addWidget(buildTrouble());
    column->addLayout(body);
    connect(m_more, &QToolButton::toggled, this, [this] { showBody(); });
    connect(m_again, &QToolButton::clicked, this, [this] { Q_EMIT runWanted(m_row.id); });
}

QWidget* DiagnosisStepCard::buildHeader()
{
    auto* header = new QWidget(this);
    m_sign = new StepSign(header);
    m_title = new QLabel(header);
    m_title->setFont(boldFont(TypeSize::kBody));
    m_summary = new ElidedLabel(header);
    m_took = new QLabel(header);
    m_took->setFont(figureFont(TypeSize::kSmall));
    m_took->setProperty("role", QStringLiteral("muted"));
    m_more = flatButton("plus", tr("Show what was found"), header);
    m_more->setCheckable(true);
    m_again = flatButton("retry", tr("Run again from here"), header);
    auto* row = new QHBoxLayout(header);
    header->setMinimumHeight(kHeader);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Space::kSmall);
    row->addWidget(m_sign);
    row->addWidget(m_title);
    row->addWidget(m_summary, 1);
    row->addWidget(m_took);
    row->addWidget(m_more);
    row->addWidget(m_again);
    return header;
}

QWidget* DiagnosisStepCard::buildTrouble()
{
    m_trouble = new QFrame(this);
    m_trouble->setProperty("role", QStringLiteral("trouble"));
    m_whyTitle = new QLabel(tr("Cause"), m_trouble);
    m_nextTitle = new QLabel(tr("What to do"), m_trouble);
    for (QLabel* label : {m_whyTitle, m_nextTitle})
        label->setFont(boldFont(TypeSize::kSmall));
    m_nextTitle->setProperty("role", QStringLiteral("muted"));
    m_why = new TextBlock(m_trouble);
    m_next = new TextBlock(m_trouble);
    m_copyNext = flatButton("copy", tr("Copy what to do"), m_trouble);
    connect(m_copyNext, &QToolButton::clicked, this, [this] { copy(m_row.next); });
    m_install = new QFrame(m_trouble);
    m_install->setProperty("role", QStringLiteral("card"));
    m_command = new TextBlock(m_install);
    auto* copyCommand = flatButton("copy", tr("Copy the command"), m_install);
    connect(copyCommand, &QToolButton::clicked, this, [this] { copy(m_row.install); });
    m_installHere = new QPushButton(tr("Install from here…"), m_install);
    m_installHere->setAutoDefault(false);
    connect(m_installHere, &QPushButton::clicked, this, &DiagnosisStepCard::installWanted);
    auto* command = new QHBoxLayout(m_install);
    command->setContentsMargins(Space::kMedium, Space::kTight, Space::kTight, Space::kTight);
    command->addWidget(m_command, 1, Qt::AlignVCenter);
    command->addWidget(copyCommand, 0, Qt::AlignVCenter);
    command->addWidget(m_installHere, 0, Qt::AlignVCenter);
    auto* nextRow = new QHBoxLayout;
    nextRow->addWidget(m_nextTitle);
    nextRow->addStretch();
    nextRow->addWidget(m_copyNext);
    auto* column = new QVBoxLayout(m_trouble);
    column->setContentsMargins(Space::kMedium, Space::kSmall, Space::kSmall, Space::kSmall);
    column->setSpacing(Space::kTight);
    column->addWidget(m_whyTitle);
    column->addWidget(m_why);
    column->addLayout(nextRow);
    column->addWidget(m_next);
    column->addWidget(m_install);
    return m_trouble;
}

void DiagnosisStepCard::show(const StepRow& row, bool canRun)
{
    const bool isNew = row != m_row;
    const bool isNewState = row.look != m_row.look;
    m_row = row;
    showHeader(canRun);
    if (isNewState)
        m_more->setChecked(row.look == StepLook::Failed || row.look == StepLook::Warning);
    if (isNew)
        showBody();
}

void DiagnosisStepCard::showHeader(bool canRun)
{
    m_sign->show(m_row.look);
    m_title->setText(m_row.title);
    m_took->setText(m_row.took);
    m_more->setVisible(!m_row.found.isEmpty());
    m_again->setVisible(canRun);
    m_again->setAccessibleName(tr("Run again from %1").arg(m_row.title));
    setAccessibleName(QStringLiteral("%1, %2").arg(m_row.title, stateWord(m_row.look)));
    setAccessibleDescription(m_row.why);
}

void DiagnosisStepCard::showBody()
{
    const Tokens& tokens = tokensOf(*this);
    const bool isTrouble = m_row.look == StepLook::Failed || m_row.look == StepLook::Warning;
    const bool isOpen = m_more->isChecked() && !m_row.found.isEmpty();
    m_more->setIcon(icon(isOpen ? "minus" : "plus"));
    const QString inShort = !m_row.found.isEmpty() ? m_row.found.join(QStringLiteral("; ")) : m_row.look == StepLook::Skipped ? m_row.why : m_row.about;
    m_summary->show(isOpen ? QString() : inShort, bodyFont(), tokens.muted);
    m_said->show(m_row.said.trimmed(), figureFont(TypeSize::kBody), tokens.text);
    m_said->setVisible(!m_row.said.isEmpty() && m_row.found.isEmpty());
    m_found->show(m_row.found.join(QLatin1Char('\n')), bodyFont(), tokens.muted);
    m_found->setVisible(isOpen);
    const QColor signal = m_row.look == StepLook::Failed ? tokens.critical : tokens.warning;
    m_trouble->setStyleSheet(QStringLiteral("QFrame[role=\"trouble\"] { background: %1; border: none; border-left: 3px solid %2; border-radius: 4px; }")
                                 .arg(mixed(signal, tokens.surface, 0.10).name(), signal.name()));
    m_whyTitle->setStyleSheet(QStringLiteral("color: %1").arg(signal.name()));
    m_whyTitle->setText(m_row.look == StepLook::Failed ? tr("Cause") : tr("Worth knowing"));
    m_why->show(m_row.why, bodyFont(), tokens.text);
    const bool isManifest = m_row.next.contains(QLatin1Char('\n'));
    m_next->show(m_row.next, isManifest ? figureFont(TypeSize::kSmall) : bodyFont(), tokens.text);
    for (QWidget* widget : std::initializer_list<QWidget*>{m_nextTitle, m_next, m_copyNext})
        widget->setVisible(!m_row.next.isEmpty());
    m_command->show(m_row.install, figureFont(TypeSize::kBody), tokens.text);
    m_install->setVisible(!m_row.install.isEmpty());
    m_installHere->setVisible(m_offersInstall);
    m_trouble->setVisible((isTrouble && !m_row.why.isEmpty()) || !m_row.install.isEmpty());
}

void DiagnosisStepCard::copy(const QString& text) { QGuiApplication::clipboard()->setText(text); }

} // namespace binnacle::desktop
