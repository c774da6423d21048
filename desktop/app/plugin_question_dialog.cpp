// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/plugin_question_dialog.h"

#include "core/kube/credentials/printable.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/text_block.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QDialogButtonBox>
#include <QFrame>
#include <QLabel>
#include <QPushButton>
#include <QTimer>

namespace binnacle::desktop {
namespace {

QString safe(const std::string& text) { return fromStd(kube::printable(text)); }

/// Names only: values may be secrets.
QString environmentText(const kube::PluginQuestion& question)
{
    QStringList names;
    for (const auto& [name, value] : question.environment)
        names.append(safe(name));
    return names.join(QStringLiteral(", "));
}

QLabel* caption(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setProperty("role", QStringLiteral("muted"));
    return label;
}

} // namespace

PluginQuestionDialog::PluginQuestionDialog(const kube::PluginQuestion& question, News news, QWidget* parent) : QDialog(parent)
{
    const Tokens& tokens = tokensOf(*this);
    setWindowTitle(tr("Run this command?"));
    auto* title = new QLabel(tr("Run this command for credentials?"), this);
    title->setFont(boldFont(TypeSize::kTitle));
    auto* why = new TextBlock(this);
    why->show(tr("The kubeconfig gets the credentials of user %1 from a program. It runs as you, with everything you may do.").arg(safe(question.user)), bodyFont(), tokens.text);
    auto* changed = new TextBlock(this);
    changed->show(tr("It is not the command that you allowed for this user before. Was the kubeconfig changed by you?"), bodyFont(), tokens.warning);
    changed->setVisible(news == News::Changed);
    auto* box = new QFrame(this);
    box->setProperty("role", QStringLiteral("card"));
    auto* command = new TextBlock(box);
    command->show(fromStd(question.commandLine), figureFont(TypeSize::kBody), tokens.text);
    command->setAccessibleName(tr("Command: %1").arg(fromStd(question.commandLine)));
    auto* inside = new QVBoxLayout(box);
    inside->setContentsMargins(Space::kMedium, Space::kMedium, Space::kMedium, Space::kMedium);
    inside->addWidget(command);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kWide, Space::kLarge, Space::kWide, Space::kLarge);
    column->setSpacing(Space::kMedium);
    for (QWidget* widget : std::initializer_list<QWidget*>{title, why, changed, box})
        column->addWidget(widget);
    const auto addFact = [this, column, &tokens](const QString& label, const QString& text) {
        if (text.isEmpty())
            return;
        auto* block = new TextBlock(this);
        block->show(text, bodyFont(), tokens.text);
        auto* pair = new QVBoxLayout;
        pair->setSpacing(2);
        pair->addWidget(caption(label, this));
        pair->addWidget(block);
        column->addLayout(pair);
    };
    addFact(tr("Environment variables that the kubeconfig sets"), environmentText(question));
    addFact(tr("Named in"), fromStd(question.origin.string()));
    addFact(tr("Remembered"), tr("The answer Run holds until the command, its arguments or its environment change."));
    auto* buttons = new QDialogButtonBox(this);
    auto* refuse = buttons->addButton(tr("Do not run"), QDialogButtonBox::RejectRole);
    auto* run = buttons->addButton(tr("Run"), QDialogButtonBox::AcceptRole);
    run->setAutoDefault(false);
    refuse->setDefault(true); // a key pressed for something else runs nothing
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addStretch();
    column->addWidget(buttons);
    setMinimumWidth(560);
    refuse->setFocus();
}

/// How high the texts are is known when they have their width.
void PluginQuestionDialog::showEvent(QShowEvent* event)
{
    QDialog::showEvent(event);
    QTimer::singleShot(0, this, [this] { resize(width(), sizeHint().height()); });
}

} // namespace binnacle::desktop
