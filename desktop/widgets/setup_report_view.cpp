// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/setup_report_view.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/table_view.h"
#include "desktop/widgets/text_block.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSaveFile>

namespace binnacle::desktop {
namespace {

constexpr int kBar = 4, kLeastTable = 96;

QColor signalOf(Severity severity, const Tokens& tokens)
{
    switch (severity) {
    case Severity::Ok: return tokens.ok;
    case Severity::Warning: return tokens.warning;
    case Severity::Critical: return tokens.critical;
    default: return tokens.accent;
    }
}

} // namespace

void saveTextAs(QWidget* parent, const QString& title, const QString& fileName, const QString& text)
{
    const QString chosen = QFileDialog::getSaveFileName(parent, title, fileName, SetupReportView::tr("Manifests (*.yaml);;All files (*)"));
    if (chosen.isEmpty())
        return;
    QSaveFile file(chosen);
    const QByteArray bytes = text.toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        QMessageBox::warning(parent, title, SetupReportView::tr("%1 cannot be written: %2. Choose another folder.").arg(chosen, file.errorString()));
}

SetupReportView::SetupReportView(QWidget* parent) : QWidget(parent)
{
    m_permissionSection = buildSection(m_permissions, PermissionTable::Purpose, tr("What you may not do"));
    m_objectSection = buildSection(m_objects, ObjectTable::Note, tr("Objects"));
    m_hostSection = buildSection(m_hosts, SetupHostTable::Note, tr("Hosts"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Space::kMedium);
    column->addWidget(buildVerdict());
    column->addWidget(m_permissionSection.box, 1);
    column->addWidget(m_objectSection.box, 2);
    column->addWidget(m_hostSection.box, 1);
    column->addWidget(buildText(), 1);
    column->addStretch();
}

QWidget* SetupReportView::buildVerdict()
{
    m_verdict = new QFrame(this);
    m_verdict->setObjectName(QStringLiteral("verdict"));
    m_title = new QLabel(m_verdict);
    m_title->setFont(boldFont(TypeSize::kTitle));
    m_title->setWordWrap(true);
    m_sentence = new TextBlock(m_verdict);
    m_progress = new QProgressBar(m_verdict);
    m_progress->setTextVisible(false);
    m_progress->setFixedHeight(kBar);
    m_progress->setAccessibleName(tr("How far it is"));
    auto* column = new QVBoxLayout(m_verdict);
    column->setContentsMargins(Space::kLarge, Space::kMedium, Space::kLarge, Space::kMedium);
    column->setSpacing(Space::kTight);
    column->addWidget(m_title);
    column->addWidget(m_sentence);
    column->addSpacing(Space::kTight);
    column->addWidget(m_progress);
    return m_verdict;
}

SetupReportView::Section SetupReportView::buildSection(TableModel& model, int stretched, const QString& name)
{
    Section section;
    section.box = new QWidget(this);
    section.title = new QLabel(name, section.box);
    section.title->setFont(boldFont(TypeSize::kBody));
    auto* card = new QFrame(section.box);
    card->setProperty("role", QStringLiteral("card"));
    section.table = new TableView(model, stretched, card);
    section.table->setAccessibleName(name);
    section.table->setMinimumHeight(kLeastTable);
    section.table->sorted().sort(-1); // as it is told, until somebody sorts
    section.table->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(1, Space::kTight, 1, Space::kTight);
    inside->addWidget(section.table);
    auto* column = new QVBoxLayout(section.box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Space::kTight);
    column->addWidget(section.title);
    column->addWidget(card, 1);
    return section;
}

QWidget* SetupReportView::buildText()
{
    m_textBox = new QWidget(this);
    m_textTitle = new QLabel(m_textBox);
    m_textTitle->setFont(boldFont(TypeSize::kBody));
    auto* copy = new QPushButton(icon("copy"), tr("Copy"), m_textBox);
    auto* save = new QPushButton(icon("save"), tr("Save as…"), m_textBox);
    for (QPushButton* button : {copy, save})
        button->setAutoDefault(false);
    copy->setAccessibleName(tr("Copy the text"));
    save->setAccessibleName(tr("Save the text"));
    m_text = new QPlainTextEdit(m_textBox);
    m_text->setReadOnly(true);
    m_text->setTabChangesFocus(true);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setFont(figureFont(TypeSize::kSmall));
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setMinimumHeight(kLeastTable);
    connect(copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_text->toPlainText()); });
    connect(save, &QPushButton::clicked, this, &SetupReportView::saveText);
    auto* card = new QFrame(m_textBox);
    card->setProperty("role", QStringLiteral("card"));
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(Space::kSmall, Space::kSmall, Space::kSmall, Space::kSmall);
    inside->addWidget(m_text);
    auto* header = new QHBoxLayout;
    header->setSpacing(Space::kSmall);
    header->addWidget(m_textTitle, 1);
    header->addWidget(copy);
    header->addWidget(save);
    auto* column = new QVBoxLayout(m_textBox);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Space::kTight);
    column->addLayout(header);
    column->addWidget(card, 1);
    return m_textBox;
}

void SetupReportView::saveText() { saveTextAs(this, m_textTitle->text(), QStringLiteral("binnacle-installer.yaml"), m_text->toPlainText()); }

void SetupReportView::showVerdict(const SetupReport& report, bool isRunning)
{
    const Tokens& tokens = tokensOf(*this);
    const QColor signal = signalOf(report.verdict.severity, tokens);
    m_verdict->setStyleSheet(QStringLiteral("QFrame#verdict { background: %1; border: none; border-left: 3px solid %2; border-radius: 4px; }")
                                 .arg(mixed(signal, tokens.surface, 0.10).name(), signal.name()));
    m_progress->setStyleSheet(QStringLiteral("QProgressBar { background: %1; border: none; border-radius: 2px; } QProgressBar::chunk { background: %2; border-radius: 2px; }")
                                  .arg(mixed(tokens.text, tokens.surface, 0.15).name(), tokens.accent.name()));
    m_title->setText(report.verdict.title);
    m_sentence->show(report.verdict.sentence, bodyFont(), tokens.text);
    m_sentence->setVisible(!report.verdict.sentence.isEmpty());
    m_progress->setVisible(isRunning);
    m_progress->setRange(0, report.total);
    m_progress->setValue(report.done);
    m_verdict->setAccessibleName(report.verdict.title);
    m_verdict->setAccessibleDescription(report.verdict.sentence);
}

void SetupReportView::show(const SetupReport& report, bool isRunning)
{
    showVerdict(report, isRunning);
    m_permissions.show(report.permissions);
    m_objects.show(report.objects);
    m_hosts.show(report.hosts);
    m_hostSection.table->resizeColumnToContents(SetupHostTable::State); // it is another word soon
    m_permissionSection.box->setVisible(!report.permissions.empty());
    m_objectSection.box->setVisible(!report.objects.empty());
    m_hostSection.box->setVisible(!report.hosts.empty());
    m_hostSection.title->setText(report.hostsTitle);
    m_textTitle->setText(report.textTitle);
    if (m_text->toPlainText() != report.text)
        m_text->setPlainText(report.text);
    m_textBox->setVisible(!report.text.isEmpty());
}

} // namespace binnacle::desktop
