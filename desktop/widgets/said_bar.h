// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QString>

namespace binnacle::desktop {

class TextBlock;

/// What a program says to the person (`open https://… and enter ABC-DEF`), above the pages until it is closed.
class SaidBar : public QFrame {
    Q_OBJECT
public:
    explicit SaidBar(QWidget* parent = nullptr);
    void hear(const QString& text);
    void forget();
    QString text() const { return m_said; }

private:
    QString m_said; // the last lines
    TextBlock* m_text;
};

} // namespace binnacle::desktop
