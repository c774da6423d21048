// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/open_questions.h"

#include <QApplication>
#include <QDialog>
#include <QTimer>

namespace binnacle::desktop {
namespace {

/// Longer than a cancelled asker takes to notice: what the closing of a dialog has cancelled is not asked again.
constexpr int kBeforeRepeatMs = 300;

} // namespace

QWidget* OpenQuestions::ground() const
{
    QWidget* above = QApplication::activeModalWidget();
    return above ? above : &m_window;
}

void OpenQuestions::open(std::uint64_t id, QDialog* dialog, std::function<void(int)> answered, std::function<void()> repeat)
{
    m_open[id] = dialog;
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::finished, this, [this, id, answered = std::move(answered)](int result) {
        m_open.erase(id);
        answered(result);
    });
    connect(dialog, &QObject::destroyed, this, [this, id, repeat = std::move(repeat)] { // with the dialog that it stood above
        if (m_open.erase(id) > 0)
            QTimer::singleShot(kBeforeRepeatMs, this, repeat);
    });
    dialog->open();
}

void OpenQuestions::withdraw(std::uint64_t id)
{
    const auto found = m_open.find(id);
    if (found == m_open.end())
        return;
    const QPointer<QDialog> dialog = found->second;
    m_open.erase(found);
    if (dialog)
        dialog->deleteLater();
}

} // namespace binnacle::desktop
