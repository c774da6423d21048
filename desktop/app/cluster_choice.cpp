// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/cluster_choice.h"

#include "desktop/app/install_dialog.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/context_delegate.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/diagnosis_view.h"
#include "desktop/widgets/empty_state.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/text_block.h"
#include "desktop/widgets/theme.h"
#include "desktop/workspace/plugin_gate.h"

#include <QBoxLayout>
#include <QFileDialog>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>

namespace binnacle::desktop {
namespace {

constexpr int kListWidth = 460;

QString fileNames(const std::vector<std::filesystem::path>& files)
{
    QStringList names;
    for (const auto& file : files)
        names.append(fromStd(file.string()));
    return names.join(QStringLiteral(", "));
}

/// Why there is nothing to choose.
EmptyReason whyNoContext(const ContextList& list)
{
    EmptyReason reason;
    reason.title = ClusterChoice::tr("No context to choose");
    if (!list.unreadable.empty())
        reason.sentence = ClusterChoice::tr("The kubeconfig cannot be read; the reason stands below. Mend the file and read it again, or open another.");
    else if (!list.files.empty())
        reason.sentence = ClusterChoice::tr("%1 has no contexts. Get a kubeconfig from your cluster's provider and open it with the button above.").arg(fileNames(list.files));
    else
        reason.sentence = ClusterChoice::tr("No kubeconfig was found%1. Open one with the button above, or start with KUBECONFIG set. Agents outside a cluster are reached by their address.")
                              .arg(list.missing.empty() ? QString() : ClusterChoice::tr(" (%1, named by %2, is not there)").arg(fileNames(list.missing), fromStd(list.whereFrom)));
    return reason;
}

QToolButton* toolButton(const char* iconName, const QString& name, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setIcon(icon(iconName));
    button->setToolTip(name);
    button->setAccessibleName(name);
    return button;
}

} // namespace

ClusterChoice::ClusterChoice(QStringList recent, Tools tools, QWidget* parent)
    : QWidget(parent), m_recent(std::move(recent)), m_tools(std::move(tools)), m_diagnoses(m_tools.diagnose)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Space::kLarge);
    row->addWidget(buildList());
    row->addWidget(buildSide(), 1);
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& letters) {
        const ContextRow* before = current();
        const QString name = letters.isEmpty() && before ? before->name : QString(); // typing goes to the best match
        m_table.setFilter(letters.trimmed());
        m_list->setCurrentIndex(m_table.index(std::max(m_table.rowOf(name), 0)));
        showCurrent();
    });
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, &ClusterChoice::showCurrent);
    connect(m_list, &QListView::doubleClicked, this, &ClusterChoice::accepted);
    connect(&m_table, &ContextTable::ticksChanged, this, &ClusterChoice::changed);
    connect(m_namespace, &QLineEdit::textChanged, this, [this] {
        m_diagnoses.cancel();
        showCurrent();
    });
    connect(&m_diagnoses, &ContextDiagnoses::changed, this, [this] { m_view->show(m_diagnoses.steps()); });
    connect(m_view, &DiagnosisView::runWanted, &m_diagnoses, &ContextDiagnoses::run);
    connect(m_view, &DiagnosisView::cancelWanted, &m_diagnoses, &ContextDiagnoses::cancel);
    connect(m_view, &DiagnosisView::installWanted, this, &ClusterChoice::askInstall);
    if (m_tools.open)
        m_view->offerInstall();
    if (m_tools.plugins)
        connect(m_tools.plugins, &PluginGate::said, &m_diagnoses, &ContextDiagnoses::hear);
    setFocusProxy(m_filter);
}

ClusterChoice::~ClusterChoice() { m_list->selectionModel()->disconnect(this); } // the model ends first

QWidget* ClusterChoice::buildList()
{
    auto* side = new QWidget(this);
    side->setFixedWidth(kListWidth);
    m_filter = new QLineEdit(side);
    m_filter->setPlaceholderText(tr("Filter contexts"));
    m_filter->setAccessibleName(tr("Filter contexts"));
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(icon("search"), QLineEdit::LeadingPosition);
    m_filter->installEventFilter(this);
    auto* again = toolButton("retry", tr("Read the kubeconfig again"), side);
    auto* open = toolButton("open", tr("Open another kubeconfig…"), side);
    connect(again, &QToolButton::clicked, this, &ClusterChoice::read);
    connect(open, &QToolButton::clicked, this, &ClusterChoice::askFile);
    m_list = new QListView(side);
    m_list->setModel(&m_table);
    m_list->setItemDelegate(new ContextDelegate(m_list));
    m_list->setMouseTracking(true);
    m_list->viewport()->installEventFilter(this);
    m_list->setUniformItemSizes(true);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setAccessibleName(tr("Contexts"));
    m_empty = new EmptyState(side);
    m_stack = new QStackedWidget(side);
    m_stack->addWidget(m_list);
    m_stack->addWidget(m_empty);
    m_notice = new TextBlock(side);
    m_notice->hide();
    auto* top = new QHBoxLayout;
    top->setSpacing(Space::kTight);
    top->addWidget(m_filter, 1);
    top->addWidget(again);
    top->addWidget(open);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Space::kSmall);
    column->addLayout(top);
    column->addWidget(m_stack, 1);
    column->addWidget(m_notice);
    return side;
}

QWidget* ClusterChoice::buildSide()
{
    auto* side = new QWidget(this);
    m_about = new TextBlock(side);
    m_namespace = new QLineEdit(fromStd(ClusterWish().agentNamespace), side);
    m_namespace->setAccessibleName(tr("Namespace of the agents"));
    m_namespace->setFixedWidth(180);
    auto* label = new QLabel(tr("Agents in namespace"), side);
    label->setProperty("role", QStringLiteral("muted"));
    label->setBuddy(m_namespace);
    m_view = new DiagnosisView(side);
    auto* nameRow = new QHBoxLayout;
    nameRow->setSpacing(Space::kSmall);
    nameRow->addWidget(label);
    nameRow->addWidget(m_namespace);
    nameRow->addStretch();
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Space::kMedium);
    column->addWidget(m_about);
    column->addLayout(nameRow);
    column->addWidget(m_view, 1);
    return side;
}

void ClusterChoice::read()
{
    if (!m_tools.list)
        return take({});
    m_reading.ask([list = m_tools.list, file = m_file] { return list(file); }, [this](const ContextList& list) { take(list); });
}

void ClusterChoice::take(const ContextList& list)
{
    const ContextRow* before = current();
    const QString name = before ? before->name : QString();
    m_diagnoses.clear();
    m_table.show(contextRows(list, m_recent, fromStd(m_file)));
    m_list->setCurrentIndex(m_table.index(std::max(m_table.rowOf(name), 0)));
    m_empty->show(whyNoContext(list));
    m_stack->setCurrentWidget(list.contexts.empty() ? static_cast<QWidget*>(m_empty) : m_list);
    showNotice(list);
    showCurrent();
    Q_EMIT listed(!list.contexts.empty() || !list.unreadable.empty());
}

/// Files that give nothing are named with the reason.
void ClusterChoice::showNotice(const ContextList& list)
{
    QStringList lines;
    for (const UnreadableFile& file : list.unreadable)
        lines.append(tr("Cannot be read: %1").arg(fromStd(file.reason)));
    if (list.isByFile() && !list.contexts.empty())
        lines.append(tr("kubectl refuses all files until this is mended; here each context is reached by its own file."));
    if (!list.missing.empty() && !list.contexts.empty())
        lines.append(tr("Not there: %1").arg(fileNames(list.missing)));
    const Tokens& tokens = tokensOf(*this);
    m_notice->show(lines.join(QLatin1Char('\n')), bodyFont(), list.isByFile() ? tokens.warning : tokens.muted);
    m_notice->setVisible(!lines.isEmpty());
}

const ContextRow* ClusterChoice::current() const
{
    const QModelIndex index = m_list->currentIndex();
    return index.isValid() && index.row() < m_table.rowCount() ? &m_table.rowAt(index.row()) : nullptr;
}

ClusterWish ClusterChoice::wishOf(const ContextRow& row) const
{
    ClusterWish wish{.context = row.name.toStdString(), .kubeconfig = row.kubeconfig.toStdString()};
    if (const QString where = m_namespace->text().trimmed(); !where.isEmpty())
        wish.agentNamespace = where.toStdString();
    return wish;
}

void ClusterChoice::showCurrent()
{
    const ContextRow* row = current();
    const Tokens& tokens = tokensOf(*this);
    QString about = row ? tr("%1: cluster %2, user %3\n%4").arg(row->title, row->cluster, row->user.isEmpty() ? tr("nobody") : row->user, row->file) : m_table.total() > 0 ? tr("No context fits the filter.") : QString();
    if (row && !row->problem.isEmpty())
        about += QLatin1Char('\n') + row->problem;
    m_about->show(about, bodyFont(), row && row->isFatal ? tokens.critical : row && !row->problem.isEmpty() ? tokens.warning : tokens.muted);
    m_diagnoses.show(row ? wishOf(*row) : ClusterWish());
    Q_EMIT changed();
}

std::vector<ClusterWish> ClusterChoice::clusters() const
{
    const ContextRow* row = current();
    std::vector<ClusterWish> wishes;
    for (const ContextRow& chosen : m_table.chosen(row ? row->name : QString()))
        wishes.push_back(wishOf(chosen));
    return wishes;
}

bool ClusterChoice::isReady() const
{
    const ContextRow* row = current();
    const auto chosen = m_table.chosen(row ? row->name : QString());
    return !chosen.empty() && std::ranges::none_of(chosen, &ContextRow::isFatal);
}

void ClusterChoice::askFile()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open a kubeconfig"));
    if (file.isEmpty())
        return;
    m_file = file.toStdString();
    read();
}

/// For the one that is looked at.
void ClusterChoice::askInstall()
{
    const ContextRow* row = current();
    if (!row || !m_tools.open)
        return;
    auto* dialog = new InstallDialog(wishOf(*row), {m_tools.list, m_tools.open}, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] { Q_EMIT installed(dialog->cluster()); });
    connect(dialog, &QDialog::rejected, this, [this] { m_diagnoses.run(kube::DiagnosisStepId::Rights); });
    dialog->open();
}

/// Arrows in the filter walk the list; two quick clicks on a tick do not connect.
bool ClusterChoice::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_list->viewport() && event->type() == QEvent::MouseButtonDblClick)
        return ContextDelegate::isTickAt(static_cast<QMouseEvent*>(event)->position().toPoint());
    if (watched != m_filter || event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(watched, event);
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key != Qt::Key_Down && key != Qt::Key_Up)
        return false;
    const int row = std::clamp(m_list->currentIndex().row() + (key == Qt::Key_Down ? 1 : -1), 0, std::max(m_table.rowCount() - 1, 0));
    m_list->setCurrentIndex(m_table.index(row));
    return true;
}

} // namespace binnacle::desktop
