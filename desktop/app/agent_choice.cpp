// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/agent_choice.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>

namespace binnacle::desktop {

AgentChoice::AgentChoice(const QStringList& recent, const QString& local, Check check, QWidget* parent)
    : QWidget(parent), m_check(std::move(check)), m_input(new QLineEdit(this)), m_recent(new QListWidget(this)), m_trouble(new QLabel(this))
{
    auto* help = new QLabel(tr("HOST:PORT, unix:PATH, or ssh://USER@HOST on another machine; several with commas. "
                               "There an agent is started with  sudo\u00a0binnacle-agent\u00a0run"), this);
    help->setWordWrap(true);
    help->setProperty("role", QStringLiteral("muted"));
    m_input->setText(local.isEmpty() ? recent.value(0) : local);
    m_input->setPlaceholderText(QStringLiteral("127.0.0.1:9465"));
    m_input->setFont(figureFont(TypeSize::kBody));
    m_input->setAccessibleName(tr("Agents"));
    m_trouble->setWordWrap(true);
    m_trouble->setMinimumHeight(34);
    m_trouble->setAlignment(Qt::AlignTop);
    m_trouble->setStyleSheet(QStringLiteral("color: %1").arg(tokensOf(*this).critical.name()));
    auto* latest = new QLabel(tr("Latest agents"), this);
    latest->setFont(boldFont(TypeSize::kBody));
    latest->setVisible(!recent.isEmpty());
    m_recent->setAccessibleName(tr("Latest agents"));
    m_recent->addItems(recent);
    m_recent->setVisible(!recent.isEmpty());
    connect(m_input, &QLineEdit::textChanged, this, &AgentChoice::validate);
    connect(m_recent, &QListWidget::itemClicked, this, [this](const QListWidgetItem* item) { m_input->setText(item->text()); });
    connect(m_recent, &QListWidget::itemActivated, this, [this](const QListWidgetItem* item) {
        m_input->setText(item->text());
        Q_EMIT accepted();
    });
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Space::kSmall);
    for (QWidget* widget : std::initializer_list<QWidget*>{help, m_input, m_trouble, latest})
        column->addWidget(widget);
    column->addWidget(m_recent, 1);
    if (recent.isEmpty())
        column->addStretch(1);
    setFocusProxy(m_input);
    validate();
}

QStringList AgentChoice::targets() const
{
    QStringList targets;
    for (const QString& part : m_input->text().split(QLatin1Char(','), Qt::SkipEmptyParts))
        targets.append(part.trimmed());
    return targets;
}

void AgentChoice::validate()
{
    QString trouble;
    for (const QString& target : targets()) {
        if (auto fine = m_check(target.toStdString()); !fine && trouble.isEmpty())
            trouble = QString::fromStdString(fine.error().what);
    }
    m_trouble->setText(trouble);
    m_ready = trouble.isEmpty() && !targets().isEmpty();
    Q_EMIT changed();
}

} // namespace binnacle::desktop
