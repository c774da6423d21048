// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>
#include <QWidget>

#include <cstdint>
#include <functional>
#include <map>

class QDialog;

namespace binnacle::desktop {

/// The dialogs of questions that somebody on another thread waits for: above whatever dialog is open, and again if that goes without an answer.  Thread: UI.
class OpenQuestions : public QObject {
public:
    explicit OpenQuestions(QWidget& window) : m_window(window) {} // outlives this

    /// What the next dialog is to stand above.
    QWidget* ground() const;
    /// Takes the dialog and opens it.  `answered` gets QDialog's result; `repeat` is called when the dialog ended with what it stood above.
    void open(std::uint64_t id, QDialog* dialog, std::function<void(int result)> answered, std::function<void()> repeat);
    /// Nobody waits for the answer any more.
    void withdraw(std::uint64_t id);

private:
    QWidget& m_window;
    std::map<std::uint64_t, QPointer<QDialog>> m_open;
};

} // namespace binnacle::desktop
