// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace binnacle::desktop {

/// A sentence above the pages that offers something and waits: take it, throw it away, or leave it for later.
class OfferBar : public QFrame {
    Q_OBJECT
public:
    explicit OfferBar(QWidget* parent = nullptr);
    void offer(const QString& sentence, const QString& take, const QString& discard);
    QString text() const;

Q_SIGNALS:
    void taken();
    void discarded();

private:
    QLabel* m_text;
    QPushButton* m_take;
    QPushButton* m_discard;
};

} // namespace binnacle::desktop
