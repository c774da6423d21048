// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/top_bar.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/theme.h"

#include <QAction>
#include <QBoxLayout>
#include <QFileInfo>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QToolButton>

#include <algorithm>

namespace binnacle::desktop {

namespace {

QString stateWord(OriginState state)
{
    switch (state) {
    case OriginState::Connecting: return TopBar::tr("connecting");
    case OriginState::Live: return TopBar::tr("live");
    case OriginState::Away: return TopBar::tr("away");
    case OriginState::Reading: return TopBar::tr("reading");
    case OriginState::Whole: return TopBar::tr("recorded");
    case OriginState::Damaged: return TopBar::tr("recorded, damaged");
    case OriginState::Failed: break;
    }
    return TopBar::tr("failed");
}

QString recordingWords(const RecordingState& recording)
{
    if (!recording.trouble.empty())
        return TopBar::tr("recording stopped");
    if (!recording.recording)
        return {};
    const QString where = recording.temporary ? TopBar::tr("not saved") : QFileInfo(fromStd(recording.file)).fileName();
    return TopBar::tr("%1 recorded · %2").arg(bytesText(recording.bytes), where);
}

/// `lab · 3 of 3 agents well`, `lab, prod · …`; empty when no source is a cluster.
QString clusterWords(const std::vector<Origin>& origins)
{
    QStringList names;
    int agents = 0, well = 0;
    for (const Origin& origin : origins) {
        if (origin.kind == OriginKind::Cluster)
            names.append(origin.context.empty() ? TopBar::tr("current context") : fromStd(origin.context));
        else if (origin.kind == OriginKind::Agent) {
            ++agents;
            well += origin.state == OriginState::Live;
        }
    }
    return names.isEmpty() ? QString() : TopBar::tr("%1 · %2 of %3 agents well").arg(names.join(QStringLiteral(", "))).arg(well).arg(agents);
}

} // namespace

TopBar::TopBar(Workspace& workspace, QMenu& sources, QWidget* parent) : QFrame(parent), m_workspace(workspace)
{
    setProperty("role", QStringLiteral("bar"));
    setFixedHeight(48);
    auto* logo = new QLabel(this);
    logo->setPixmap(QIcon(QStringLiteral(":/binnacle.svg")).pixmap(QSize(26, 26), devicePixelRatioF()));
    auto* name = new QLabel(tr("Binnacle"), this);
    name->setFont(boldFont(TypeSize::kTitle));
    m_source = new QToolButton(this);
    m_source->setMenu(&sources);
    m_source->setPopupMode(QToolButton::InstantPopup);
    m_source->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_source->setIcon(icon("connect"));
    m_source->setToolTip(tr("Where the data come from"));
    m_recording = new QLabel(this);
    m_recording->setProperty("role", QStringLiteral("muted"));
    m_filter = new QLineEdit(this);
    m_filter->setPlaceholderText(tr("Filter services, routes, addresses  ( / )"));
    m_filter->setToolTip(tr("Every word must occur; -word must not; a,b is either"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setMinimumWidth(140);
    m_filter->setMaximumWidth(300);
    m_filter->installEventFilter(this);
    connect(m_filter, &QLineEdit::textChanged, &workspace, &Workspace::setFilter);
    connect(&workspace, &Workspace::filterChanged, this, [this] {
        if (m_filter->text() != m_workspace.filter())
            m_filter->setText(m_workspace.filter());
    });
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Space::kMedium + 4, 0, Space::kMedium, 0);
    row->setSpacing(Space::kSmall);
    row->addWidget(logo);
    row->addWidget(name);
    row->addSpacing(Space::kLarge);
    row->addWidget(m_source);
    row->addWidget(m_recording);
    row->addStretch(1);
    row->addWidget(m_filter, 4);
    row->addSpacing(Space::kSmall);
    connect(&workspace, &Workspace::sourceChanged, this, &TopBar::present);
    present();
}

void TopBar::addButton(QAction& action)
{
    auto* button = new QToolButton(this);
    button->setProperty("flat", true);
    button->setIcon(action.icon());
    button->setIconSize({20, 20});
    button->setToolTip(QStringLiteral("%1 (%2)").arg(action.text(), action.shortcut().toString(QKeySequence::NativeText)));
    button->setAccessibleName(action.text());
    connect(button, &QToolButton::clicked, &action, &QAction::trigger);
    connect(&action, &QAction::changed, button, [button, &action] { button->setEnabled(action.isEnabled()); });
    layout()->addWidget(button);
}

void TopBar::addMenuButton(QMenu& menu, const QString& name)
{
    auto* button = new QToolButton(this);
    button->setProperty("flat", true);
    button->setIcon(icon("menu"));
    button->setIconSize({20, 20});
    button->setMenu(&menu);
    button->setPopupMode(QToolButton::InstantPopup);
    button->setToolTip(name);
    button->setAccessibleName(name);
    layout()->addWidget(button);
}

void TopBar::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

QString TopBar::sourceWords() const { return m_source->text(); }

void TopBar::present()
{
    const std::vector<Origin>& origins = m_workspace.origins();
    QString text = tr("Nothing open");
    if (origins.size() == 1)
        text = QStringLiteral("%1 · %2").arg(fromStd(origins.front().name), stateWord(origins.front().state));
    else if (origins.size() > 1) {
        const auto well = std::count_if(origins.begin(), origins.end(), [](const Origin& o) { return o.state == OriginState::Live || o.state == OriginState::Whole; });
        const QString clusters = clusterWords(origins);
        text = clusters.isEmpty() ? tr("%1 of %2 sources well").arg(well).arg(origins.size()) : clusters;
    }
    const auto inCluster = std::find_if(origins.begin(), origins.end(), [](const Origin& origin) { return !origin.context.empty(); });
    m_source->setIcon(inCluster != origins.end() ? contextIcon(inCluster->context, tokensOf(*this)) : icon("connect"));
    m_source->setText(QLatin1Char(' ') + text + QStringLiteral("  ▾"));
    m_source->setAccessibleName(tr("Source: %1").arg(text));
    m_recording->setText(recordingWords(m_workspace.recording()));
}

bool TopBar::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        m_filter->clear();
        m_filter->clearFocus();
        return true;
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace binnacle::desktop
