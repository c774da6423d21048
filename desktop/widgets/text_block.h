// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTextEdit>
#include <QWidget>

namespace binnacle::desktop {

/// Text to read and to copy, as high as it needs to be at its width.  Long words (paths, addresses) break anywhere, so that it never asks for more width.
class TextBlock : public QTextEdit {
    Q_OBJECT
public:
    explicit TextBlock(QWidget* parent = nullptr);
    void show(const QString& text, const QFont& font, const QColor& color);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    void fitHeight();
};

/// One line that ends in … where there is no room.
class ElidedLabel : public QWidget {
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget* parent = nullptr);
    void show(const QString& text, const QFont& font, const QColor& color);
    QString text() const { return m_text; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {40, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_text;
    QColor m_color;
};

} // namespace binnacle::desktop
