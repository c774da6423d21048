// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/connect_dialog.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>

namespace binnacle::desktop {

ConnectDialog::ConnectDialog(const QStringList& recent, const QString& local, Check check, QWidget* parent)
    : QDialog(parent), m_check(std::move(check)), m_input(new QLineEdit(this)), m_recent(new QListWidget(this)), m_trouble(new QLabel(this))
{
    setWindowTitle(tr("Connect to agents"));
    auto* title = new QLabel(tr("Connect to agents"), this);
    title->setFont(boldFont(TypeSize::kTitle));
    auto* help = new QLabel(tr("HOST:PORT, unix:PATH, or ssh://USER@HOST on another machine; several with commas. "
                               "There an agent is started with  sudo\u00a0binnacle-agent\u00a0run"), this);
    help->setWordWrap(true);
    help->setProperty("role", QStringLiteral("muted"));
    m_input->setText(local.isEmpty() ? recent.value(0) : local);
    m_input->setPlaceholderText(QStringLiteral("127.0.0.1:9465"));
    m_input->setFont(figureFont(TypeSize::kBody));
    m_input->setAccessibleName(tr("Agents"));
    m_recent->setAccessibleName(tr("Latest agents"));
    m_recent->addItems(recent);
    m_recent->setVisible(!recent.isEmpty());
    m_recent->setMaximumHeight(180);
    m_trouble->setWordWrap(true);
    m_trouble->setMinimumHeight(34);
    m_trouble->setAlignment(Qt::AlignTop);
    m_trouble->setStyleSheet(QStringLiteral("color: %1").arg(tokensOf(*this).critical.name()));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_connect = buttons->addButton(tr("Connect"), QDialogButtonBox::AcceptRole);
    m_connect->setProperty("primary", true);
    m_connect->setDefault(true);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_input, &QLineEdit::textChanged, this, &ConnectDialog::validate);
    connect(m_recent, &QListWidget::itemClicked, this, [this](const QListWidgetItem* item) { m_input->setText(item->text()); });
    connect(m_recent, &QListWidget::itemActivated, this, &QDialog::accept);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kWide, Space::kLarge, Space::kWide, Space::kLarge);
    column->setSpacing(Space::kMedium);
    for (QWidget* widget : std::initializer_list<QWidget*>{title, help, m_input, m_trouble, m_recent, buttons})
        column->addWidget(widget);
    setMinimumWidth(520);
    validate();
}

QStringList ConnectDialog::targets() const
{
    QStringList targets;
    for (const QString& part : m_input->text().split(QLatin1Char(','), Qt::SkipEmptyParts))
        targets.append(part.trimmed());
    return targets;
}

void ConnectDialog::validate()
{
    QString trouble;
    for (const QString& target : targets()) {
        if (auto fine = m_check(target.toStdString()); !fine && trouble.isEmpty())
            trouble = QString::fromStdString(fine.error().what);
    }
    m_trouble->setText(trouble);
    m_connect->setEnabled(trouble.isEmpty() && !targets().isEmpty());
}

} // namespace binnacle::desktop
