// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/connect_dialog.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/segment_button.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QButtonGroup>
#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QStyle>
#include <QToolButton>

namespace binnacle::desktop {

ConnectDialog::ConnectDialog(const ConnectOffer& offer, ClusterChoice::Tools clusterTools, AgentChoice::Check checkAgent, QWidget* parent)
    : QDialog(parent), m_cluster(new ClusterChoice(offer.recentContexts, std::move(clusterTools), this)),
      m_agent(new AgentChoice(offer.recentAgents, offer.localAgent, std::move(checkAgent), this)), m_stack(new QStackedWidget(this))
{
    setWindowTitle(tr("Connect"));
    m_stack->addWidget(m_cluster);
    m_stack->addWidget(m_agent);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    buttons->button(QDialogButtonBox::Cancel)->setAutoDefault(false);
    m_connect = buttons->addButton(tr("Connect"), QDialogButtonBox::AcceptRole);
    m_connect->setProperty("primary", true);
    m_connect->setDefault(true);
    m_connect->style()->polish(m_connect); // the box has polished it before it was the primary one
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    const auto acceptIfReady = [this] {
        if (m_connect->isEnabled())
            accept();
    };
    connect(m_agent, &AgentChoice::changed, this, &ConnectDialog::refresh);
    connect(m_agent, &AgentChoice::accepted, this, acceptIfReady);
    connect(m_cluster, &ClusterChoice::changed, this, &ConnectDialog::refresh);
    connect(m_cluster, &ClusterChoice::accepted, this, acceptIfReady);
    connect(m_cluster, &ClusterChoice::installed, this, [this](const ClusterWish& cluster) {
        m_installed = cluster;
        accept();
    });
    connect(m_cluster, &ClusterChoice::listed, this, [this](bool hasSomething) {
        if (!hasSomething && !m_wasChosen)
            setWay(Way::Agent);
    });
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kWide, Space::kLarge, Space::kWide, Space::kLarge);
    column->setSpacing(Space::kLarge);
    column->addWidget(buildWays());
    column->addWidget(m_stack, 1);
    column->addWidget(buttons);
    resize(1120, 700);
    setWay(Way::Cluster);
    m_cluster->read();
}

QWidget* ConnectDialog::buildWays()
{
    auto* bar = new QWidget(this);
    auto* title = new QLabel(tr("Connect to"), bar);
    title->setFont(boldFont(TypeSize::kTitle));
    m_clusterButton = segmentButton(tr("Cluster"), QKeySequence(Qt::ALT | Qt::Key_1), bar);
    m_agentButton = segmentButton(tr("Agent address"), QKeySequence(Qt::ALT | Qt::Key_2), bar);
    auto* group = new QButtonGroup(bar);
    group->addButton(m_clusterButton);
    group->addButton(m_agentButton);
    connect(group, &QButtonGroup::buttonClicked, this, [this](const QAbstractButton* button) {
        m_wasChosen = true;
        setWay(button == m_clusterButton ? Way::Cluster : Way::Agent);
    });
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(title);
    row->addSpacing(Space::kMedium);
    row->addWidget(m_clusterButton);
    row->addWidget(m_agentButton);
    row->addStretch();
    return bar;
}

ConnectDialog::Way ConnectDialog::way() const { return m_stack->currentWidget() == m_cluster ? Way::Cluster : Way::Agent; }

void ConnectDialog::setWay(Way way)
{
    QWidget* page = way == Way::Cluster ? static_cast<QWidget*>(m_cluster) : m_agent;
    m_stack->setCurrentWidget(page);
    (way == Way::Cluster ? m_clusterButton : m_agentButton)->setChecked(true);
    page->setFocus(Qt::OtherFocusReason);
    refresh();
}

void ConnectDialog::refresh()
{
    const bool byCluster = way() == Way::Cluster;
    const std::size_t count = byCluster ? m_cluster->clusters().size() : 1;
    m_connect->setText(count > 1 ? tr("Connect to %1 clusters").arg(count) : tr("Connect"));
    m_connect->setEnabled(byCluster ? m_cluster->isReady() : m_agent->isReady());
}

void ConnectDialog::done(int result)
{
    m_cluster->cancel();
    QDialog::done(result);
}

} // namespace binnacle::desktop
