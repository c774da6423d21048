// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/install_form.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>

namespace binnacle::desktop {
namespace {

constexpr int kLabelWidth = 190;

std::vector<std::string> listOf(const QLineEdit& field)
{
    std::vector<std::string> words;
    for (const QString& word : field.text().split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        if (const QString trimmed = word.trimmed(); !trimmed.isEmpty())
            words.push_back(trimmed.toStdString());
    }
    return words;
}

std::string textOf(const QLineEdit& field) { return field.text().trimmed().toStdString(); }

QLabel* mutedLabel(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setProperty("role", QStringLiteral("muted"));
    label->setFixedWidth(kLabelWidth);
    return label;
}

} // namespace

InstallForm::InstallForm(QWidget* parent) : QWidget(parent)
{
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* inside = new QWidget(scroll);
    inside->setProperty("role", QStringLiteral("scrolled"));
    auto* column = new QVBoxLayout(inside);
    column->setContentsMargins(0, 0, Space::kMedium, 0);
    column->setSpacing(Space::kMedium);
    const auto addGroup = [&](const QString& title, void (InstallForm::*build)(QFormLayout&)) {
        auto* card = new QFrame(inside);
        card->setProperty("role", QStringLiteral("card"));
        auto* name = new QLabel(title, card);
        name->setFont(boldFont(TypeSize::kBody));
        auto* form = new QFormLayout;
        form->setHorizontalSpacing(Space::kLarge);
        form->setVerticalSpacing(Space::kSmall);
        form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
        form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        (this->*build)(*form);
        auto* inCard = new QVBoxLayout(card);
        inCard->setContentsMargins(Space::kLarge, Space::kMedium, Space::kLarge, Space::kLarge);
        inCard->setSpacing(Space::kMedium);
        inCard->addWidget(name);
        inCard->addLayout(form);
        column->addWidget(card);
    };
    addGroup(tr("What is installed"), &InstallForm::buildOften);
    addGroup(tr("On which hosts"), &InstallForm::buildPlacement);
    addGroup(tr("Buffer and kernel"), &InstallForm::buildHost);
    column->addStretch();
    scroll->setWidget(inside);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);
    setFocusProxy(m_image);
}

QLineEdit* InstallForm::addText(QFormLayout& form, const QString& label, const QString& text, const QString& hint)
{
    auto* field = new QLineEdit(text, this);
    field->setPlaceholderText(hint);
    field->setAccessibleName(label);
    auto* name = mutedLabel(label, this);
    name->setBuddy(field);
    form.addRow(name, field);
    connect(field, &QLineEdit::textChanged, this, &InstallForm::changed);
    return field;
}

QCheckBox* InstallForm::addChoice(QFormLayout& form, const QString& label, const QString& text, const QString& why)
{
    auto* box = new QCheckBox(text, this);
    box->setToolTip(why);
    box->setAccessibleName(label);
    box->setAccessibleDescription(why);
    form.addRow(mutedLabel(label, this), box);
    connect(box, &QCheckBox::toggled, this, &InstallForm::changed);
    return box;
}

void InstallForm::buildOften(QFormLayout& form)
{
    m_image = addText(form, tr("Image"), fromStd(std::string(kube::publishedImage())), tr("As your registry or mirror has it: registry.example/binnacle/agent:%1").arg(fromStd(std::string(kube::installedVersion()))));
    m_pullSecrets = addText(form, tr("Pull secrets"), {}, tr("Secrets of the namespace with the registry's password; several with commas"));
    m_pullPolicy = new QComboBox(this);
    m_pullPolicy->addItems({QStringLiteral("IfNotPresent"), QStringLiteral("Always"), QStringLiteral("Never")});
    m_pullPolicy->setAccessibleName(tr("Pull the image"));
    form.addRow(mutedLabel(tr("Pull the image"), this), m_pullPolicy);
    connect(m_pullPolicy, &QComboBox::currentTextChanged, this, &InstallForm::changed);
    m_gateway = addChoice(form, tr("Gateway"), tr("One way in to all agents, for more than %1 hosts").arg(kube::kMostTunnelledHosts),
                          tr("A Deployment that reads all agents and passes on what they say. One that is there and not wanted here is removed."));
}

void InstallForm::buildPlacement(QFormLayout& form)
{
    m_nodeSelector = addText(form, tr("Only hosts with"), {}, tr("LABEL=VALUE, several with commas; empty: all Linux hosts"));
    m_tolerate = addText(form, tr("Taints to go on in spite of"), {}, tr("KEY, KEY=VALUE, either with :EFFECT, all or none; empty: all"));
    m_priorityClass = addText(form, tr("Priority class"), {}, tr("One that exists, such as system-node-critical; empty: our own, which never preempts"));
    m_openShift = addChoice(form, tr("OpenShift"), tr("Add SecurityContextConstraints"), tr("Found by itself; this says so where it cannot be seen."));
}

void InstallForm::buildHost(QFormLayout& form)
{
    const kube::InstallOptions usual;
    m_bufferMemory = addText(form, tr("Buffer in memory"), fromStd(usual.bufferMemory), fromStd(usual.bufferMemory));
    m_bufferDisk = addText(form, tr("Buffer on disk"), fromStd(usual.bufferDisk), fromStd(usual.bufferDisk));
    m_bufferFolder = addText(form, tr("Folder on the hosts"), {}, tr("Outlives the pods, such as /var/lib/binnacle; empty: goes with the pod"));
    m_seccomp = addText(form, tr("Seccomp profile"), {}, tr("RuntimeDefault or Localhost/FILE; empty: Unconfined"));
    m_oldKernels = addChoice(form, tr("Kernels before 5.11"), tr("Add SYS_RESOURCE"), tr("Found by itself where hosts may be listed."));
    m_hardened = addChoice(form, tr("Hardened kernels"), tr("Add SYS_ADMIN"), tr("For hosts with kernel.perf_event_paranoid above 2."));
}

InstallWish InstallForm::wish() const
{
    InstallWish wish;
    kube::InstallOptions& options = wish.options;
    options.image = textOf(*m_image);
    options.pullPolicy = m_pullPolicy->currentText().toStdString();
    options.pullSecrets = listOf(*m_pullSecrets);
    options.hasGateway = m_gateway->isChecked();
    wish.nodeSelector = listOf(*m_nodeSelector);
    wish.tolerate = listOf(*m_tolerate);
    options.priorityClass = textOf(*m_priorityClass);
    options.bufferMemory = textOf(*m_bufferMemory);
    options.bufferDisk = textOf(*m_bufferDisk);
    options.bufferFolder = textOf(*m_bufferFolder);
    options.seccompProfile = textOf(*m_seccomp);
    options.hasOldKernels = m_oldKernels->isChecked();
    using Kernels = kube::InstallOptions::Kernels;
    using Distribution = kube::InstallOptions::Distribution;
    options.kernels = m_hardened->isChecked() ? Kernels::Hardened : Kernels::AsTheyAre;
    options.distribution = m_openShift->isChecked() ? Distribution::OpenShift : Distribution::Plain;
    return wish;
}

} // namespace binnacle::desktop
