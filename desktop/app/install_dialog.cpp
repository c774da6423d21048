// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/install_dialog.h"

#include "desktop/app/install_form.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/segment_button.h"
#include "desktop/widgets/setup_report_view.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QButtonGroup>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QStackedWidget>
#include <QStyle>
#include <QToolButton>

namespace binnacle::desktop {
namespace {

using Phase = SetupModel::Phase;
using Task = SetupModel::Task;

QPushButton* plainButton(const QString& text, QWidget* parent)
{
    auto* button = new QPushButton(text, parent);
    button->setAutoDefault(false);
    return button;
}

QLabel* mutedLabel(const QString& text, QWidget* buddy, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setProperty("role", QStringLiteral("muted"));
    label->setBuddy(buddy);
    return label;
}

} // namespace

InstallDialog::InstallDialog(const ClusterWish& cluster, Tools tools, QWidget* parent)
    : QDialog(parent), m_tools(std::move(tools)), m_model(m_tools.open), m_kubeconfig(cluster.kubeconfig), m_wanted(cluster.context), m_stack(new QStackedWidget(this)),
      m_form(new InstallForm(this)), m_report(new SetupReportView(this))
{
    setWindowTitle(tr("Agents in a cluster"));
    m_stack->addWidget(m_form);
    m_stack->addWidget(m_report);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kWide, Space::kLarge, Space::kWide, Space::kLarge);
    column->setSpacing(Space::kLarge);
    column->addWidget(buildTop());
    column->addWidget(buildCluster());
    column->addWidget(m_stack, 1);
    column->addWidget(buildButtons());
    m_namespace->setText(fromStd(cluster.agentNamespace));
    if (!m_wanted.empty()) {
        m_context->addItem(fromStd(m_wanted));
        m_context->setCurrentIndex(0); // with a placeholder nothing is chosen by itself
    }
    connect(m_context, &QComboBox::currentTextChanged, this, &InstallDialog::chooseCluster);
    connect(m_namespace, &QLineEdit::textChanged, this, &InstallDialog::chooseCluster);
    connect(&m_model, &SetupModel::changed, this, &InstallDialog::refresh);
    resize(1000, 720);
    chooseCluster();
    refresh();
    m_form->setFocus();
    if (m_tools.list)
        m_reading.ask([list = m_tools.list, file = m_kubeconfig] { return list(file); }, [this](const ContextList& list) { takeContexts(list); });
}

QWidget* InstallDialog::buildTop()
{
    auto* bar = new QWidget(this);
    auto* title = new QLabel(tr("Agents in a cluster"), bar);
    title->setFont(boldFont(TypeSize::kTitle));
    m_tasks = new QButtonGroup(bar);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(title);
    row->addSpacing(Space::kMedium);
    int number = 0;
    for (const QString& text : {tr("Install"), tr("Status"), tr("Uninstall")}) {
        auto* button = segmentButton(text, QKeySequence(Qt::ALT | static_cast<Qt::Key>(Qt::Key_1 + number)), bar);
        m_tasks->addButton(button, number++);
        row->addWidget(button);
    }
    row->addStretch();
    m_tasks->button(0)->setChecked(true);
    connect(m_tasks, &QButtonGroup::idClicked, this, [this](int id) { setTask(static_cast<Task>(id)); });
    return bar;
}

QWidget* InstallDialog::buildCluster()
{
    auto* bar = new QWidget(this);
    m_context = new QComboBox(bar);
    m_context->setAccessibleName(tr("Context"));
    m_context->setMinimumWidth(320);
    m_context->setPlaceholderText(tr("No context in the kubeconfig"));
    m_context->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_namespace = new QLineEdit(bar);
    m_namespace->setAccessibleName(tr("Namespace of the agents"));
    m_namespace->setFixedWidth(180);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Space::kSmall);
    row->addWidget(mutedLabel(tr("Context"), m_context, bar));
    row->addWidget(m_context);
    row->addSpacing(Space::kMedium);
    row->addWidget(mutedLabel(tr("Namespace"), m_namespace, bar));
    row->addWidget(m_namespace);
    row->addStretch();
    return bar;
}

QWidget* InstallDialog::buildButtons()
{
    auto* bar = new QWidget(this);
    m_copy = plainButton(tr("Copy the manifests"), bar);
    m_copy->setIcon(icon("copy"));
    m_save = plainButton(tr("Save the manifests…"), bar);
    m_save->setIcon(icon("save"));
    for (QPushButton* button : {m_copy, m_save})
        button->setToolTip(tr("Every object of this installation, for an administrator: kubectl apply --server-side -f -"));
    m_back = plainButton(tr("Back"), bar);
    m_close = plainButton(tr("Close"), bar);
    m_primary = new QPushButton(bar);
    m_primary->setDefault(true);
    m_primary->setProperty("primary", true);
    m_primary->setAccessibleName(tr("Next step"));
    connect(m_copy, &QPushButton::clicked, this, [this] { takeManifests([](const QString& yaml) { QGuiApplication::clipboard()->setText(yaml); }); });
    connect(m_save, &QPushButton::clicked, this, [this] { takeManifests([this](const QString& yaml) { saveTextAs(this, tr("Save the manifests"), QStringLiteral("binnacle.yaml"), yaml); }); });
    connect(m_back, &QPushButton::clicked, &m_model, &SetupModel::back);
    connect(m_close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_primary, &QPushButton::clicked, this, &InstallDialog::press);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Space::kSmall);
    row->addWidget(m_copy);
    row->addWidget(m_save);
    row->addStretch();
    row->addWidget(m_close);
    row->addWidget(m_back);
    row->addWidget(m_primary);
    return bar;
}

void InstallDialog::takeContexts(const ContextList& list)
{
    const QSignalBlocker quiet(m_context);
    m_context->clear();
    int chosen = m_wanted.empty() ? 0 : -1;
    for (const kube::ContextSummary& context : list.contexts) {
        const bool isWanted = m_wanted.empty() ? context.isCurrent : context.name == m_wanted;
        if (isWanted)
            chosen = m_context->count();
        m_context->addItem(fromStd(context.name));
    }
    if (chosen < 0) { // of another file than the usual ones
        m_context->insertItem(0, fromStd(m_wanted));
        chosen = 0;
    }
    m_context->setCurrentIndex(chosen);
    chooseCluster();
}

void InstallDialog::chooseCluster()
{
    ClusterWish wish{.context = m_context->currentText().toStdString(), .agentNamespace = m_namespace->text().trimmed().toStdString(), .kubeconfig = m_kubeconfig};
    m_wanted = wish.context;
    m_model.setCluster(wish);
    refresh();
}

void InstallDialog::setTask(Task task)
{
    m_tasks->button(static_cast<int>(task))->setChecked(true);
    m_model.setTask(task);
    if (task != Task::Install && !m_model.cluster().context.empty())
        m_model.look(); // looks only: it can begin by itself
}

void InstallDialog::refresh()
{
    const bool isAsking = m_model.task() == Task::Install && m_model.phase() == Phase::Asking;
    m_stack->setCurrentWidget(isAsking ? static_cast<QWidget*>(m_form) : m_report);
    m_report->show(m_model.report(), m_model.isRunning());
    const bool isChanging = m_model.phase() == Phase::Changing;
    for (QWidget* widget : std::initializer_list<QWidget*>{m_context, m_namespace, m_tasks->button(0), m_tasks->button(1), m_tasks->button(2)})
        widget->setEnabled(!isChanging);
    showButtons();
}

void InstallDialog::showButtons()
{
    const Phase phase = m_model.phase();
    const Task task = m_model.task();
    const bool isInstall = task == Task::Install;
    const auto textOf = [&]() -> QString {
        switch (phase) {
        case Phase::Asking: return isInstall ? tr("Check and preview") : tr("Look");
        case Phase::Looking: return tr("Stop");
        case Phase::Changing: return tr("Stop");
        case Phase::Previewed: return isInstall ? m_model.changesSomething() ? tr("Install") : tr("Follow the agents") : m_model.changesSomething() ? tr("Uninstall…") : tr("Look again");
        case Phase::Refused: return tr("Check again");
        case Phase::Done: return task == Task::Uninstall ? tr("Look again") : tr("Connect");
        case Phase::Failed: break;
        }
        return isInstall ? tr("Check again") : tr("Look again");
    };
    m_primary->setText(textOf());
    m_primary->setEnabled(!m_model.cluster().context.empty());
    const bool isStop = phase == Phase::Looking || phase == Phase::Changing;
    m_primary->setProperty("primary", !isStop);
    m_primary->style()->unpolish(m_primary);
    m_primary->style()->polish(m_primary);
    m_back->setVisible(isInstall && phase != Phase::Asking);
    m_back->setEnabled(phase != Phase::Changing);
    m_copy->setVisible(isInstall && (phase == Phase::Asking || phase == Phase::Refused || phase == Phase::Previewed));
    m_save->setVisible(!m_copy->isHidden());
}

void InstallDialog::press()
{
    const Phase phase = m_model.phase();
    const Task task = m_model.task();
    if (phase == Phase::Looking || phase == Phase::Changing)
        m_model.cancel();
    else if (phase == Phase::Done && task != Task::Uninstall)
        accept();
    else if (phase == Phase::Previewed && task == Task::Install)
        m_model.change();
    else if (phase == Phase::Previewed && m_model.changesSomething())
        confirmUninstall();
    else if (task == Task::Install)
        m_model.check(m_form->wish());
    else
        m_model.look();
}

void InstallDialog::confirmUninstall()
{
    auto* box = new QMessageBox(QMessageBox::Warning, tr("Uninstall"), tr("Take the agents away from context %1?").arg(m_context->currentText()), QMessageBox::Cancel, this);
    box->setInformativeText(tr("What stands in the list as deleted goes, with what the agents keep in their buffers."));
    auto* remove = box->addButton(tr("Delete"), QMessageBox::DestructiveRole);
    box->setDefaultButton(QMessageBox::Cancel);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this, [this, remove](const QAbstractButton* pressed) {
        if (pressed == remove)
            m_model.change();
    });
    box->open();
}

/// Without connecting to anything: what is wrong with the options is said where the preview would be.
void InstallDialog::takeManifests(const std::function<void(const QString&)>& use)
{
    const auto yaml = SetupModel::manifests(m_form->wish(), m_model.cluster());
    if (yaml)
        use(*yaml);
    else
        QMessageBox::warning(this, tr("Manifests"), fieldWords(yaml.error().what));
}

void InstallDialog::done(int result)
{
    m_model.cancel();
    QDialog::done(result);
}

} // namespace binnacle::desktop
