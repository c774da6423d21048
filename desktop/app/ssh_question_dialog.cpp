// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/ssh_question_dialog.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/text_block.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QStyle>
#include <QTimer>

namespace binnacle::desktop {
namespace {

using Kind = SshQuestion::Kind;

/// ssh's own words, which a server may have had a part in; line ends stay.
QString safe(const std::string& text)
{
    QString words = fromStd(text).trimmed();
    for (QChar& letter : words) {
        if (letter.category() == QChar::Other_Control && letter != QLatin1Char('\n'))
            letter = QLatin1Char(' ');
    }
    return words;
}

QString titleOf(Kind kind)
{
    switch (kind) {
    case Kind::Secret: return SshQuestionDialog::tr("ssh asks for a secret");
    case Kind::HostKey: return SshQuestionDialog::tr("Is this the right host?");
    case Kind::Confirm: return SshQuestionDialog::tr("May this key be used?");
    case Kind::Notice: break;
    }
    return SshQuestionDialog::tr("ssh waits for you");
}

QString adviceOf(Kind kind)
{
    switch (kind) {
    case Kind::Secret: return SshQuestionDialog::tr("It goes to ssh and is kept nowhere. With ssh-add the key is unlocked once for all.");
    case Kind::HostKey:
        return SshQuestionDialog::tr("Compare the fingerprint with what the owner of the host says. After a yes ssh writes the key into known_hosts and does not ask again.");
    case Kind::Confirm: return {};
    case Kind::Notice: break;
    }
    return SshQuestionDialog::tr("This closes by itself when it is done.");
}

} // namespace

SshQuestionDialog::SshQuestionDialog(const SshQuestion& question, QWidget* parent) : QDialog(parent), m_kind(question.kind)
{
    const Tokens& tokens = tokensOf(*this);
    setWindowTitle(tr("ssh"));
    auto* title = new QLabel(titleOf(m_kind), this);
    title->setFont(boldFont(TypeSize::kTitle));
    auto* target = new QLabel(tr("For %1").arg(safe(question.target)), this);
    target->setProperty("role", QStringLiteral("muted"));
    auto* box = new QFrame(this);
    box->setProperty("role", QStringLiteral("card"));
    auto* prompt = new TextBlock(box);
    prompt->show(safe(question.prompt), figureFont(TypeSize::kBody), tokens.text);
    prompt->setAccessibleName(tr("What ssh asks"));
    auto* inside = new QVBoxLayout(box);
    inside->setContentsMargins(Space::kMedium, Space::kMedium, Space::kMedium, Space::kMedium);
    inside->addWidget(prompt);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kWide, Space::kLarge, Space::kWide, Space::kLarge);
    column->setSpacing(Space::kMedium);
    for (QWidget* widget : std::initializer_list<QWidget*>{title, target, box})
        column->addWidget(widget);
    if (m_kind == Kind::Secret) {
        m_secret = new QLineEdit(this);
        m_secret->setEchoMode(QLineEdit::Password);
        m_secret->setInputMethodHints(Qt::ImhHiddenText | Qt::ImhNoPredictiveText | Qt::ImhNoAutoUppercase | Qt::ImhSensitiveData);
        m_secret->setAccessibleName(tr("Secret"));
        column->addWidget(m_secret);
    }
    auto* advice = new TextBlock(this);
    advice->show(adviceOf(m_kind), bodyFont(), tokens.muted);
    advice->setVisible(!adviceOf(m_kind).isEmpty());
    column->addWidget(advice);
    auto* buttons = new QDialogButtonBox(this);
    const bool isYesOrNo = m_kind == Kind::HostKey || m_kind == Kind::Confirm;
    auto* refuse = buttons->addButton(isYesOrNo ? tr("No") : tr("Cancel"), QDialogButtonBox::RejectRole);
    refuse->setAutoDefault(false);
    if (m_kind != Kind::Notice) {
        auto* accept = buttons->addButton(isYesOrNo ? m_kind == Kind::HostKey ? tr("Yes, trust this key") : tr("Yes") : tr("Continue"), QDialogButtonBox::AcceptRole);
        accept->setAutoDefault(!isYesOrNo);
        accept->setDefault(!isYesOrNo);
        accept->setProperty("primary", !isYesOrNo);
        accept->style()->polish(accept); // the box has polished it before it was the primary one
    }
    refuse->setDefault(isYesOrNo); // a key pressed for something else trusts nobody
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addStretch();
    column->addWidget(buttons);
    setMinimumWidth(520);
    m_secret ? m_secret->setFocus() : refuse->setFocus();
}

std::string SshQuestionDialog::answer() const { return m_secret ? m_secret->text().toStdString() : std::string("yes"); }

/// How high the texts are is known when they have their width.
void SshQuestionDialog::showEvent(QShowEvent* event)
{
    QDialog::showEvent(event);
    QTimer::singleShot(0, this, [this] { resize(width(), sizeHint().height()); });
}

} // namespace binnacle::desktop
