// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/text_block.h"

#include <QPainter>
#include <QTextDocument>
#include <QTextOption>
#include <QWheelEvent>

#include <cmath>

namespace binnacle::desktop {

TextBlock::TextBlock(QWidget* parent) : QTextEdit(parent)
{
    setReadOnly(true);
    setFrameShape(QFrame::NoFrame);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    setTabChangesFocus(true);
    setFocusPolicy(Qt::ClickFocus);
    document()->setDocumentMargin(0);
    viewport()->setAutoFillBackground(false);
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
}

void TextBlock::show(const QString& text, const QFont& font, const QColor& color)
{
    document()->setDefaultFont(font);
    setTextColor(color);
    setPlainText(text);
    setAccessibleName(text);
    fitHeight();
}

void TextBlock::fitHeight()
{
    document()->setTextWidth(viewport()->width());
    setFixedHeight(static_cast<int>(std::ceil(document()->size().height())));
}

QSize TextBlock::sizeHint() const { return {100, height()}; }
QSize TextBlock::minimumSizeHint() const { return {0, height()}; }

void TextBlock::resizeEvent(QResizeEvent* event)
{
    QTextEdit::resizeEvent(event);
    fitHeight();
}

/// What it lies in scrolls.
void TextBlock::wheelEvent(QWheelEvent* event) { event->ignore(); }

ElidedLabel::ElidedLabel(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed); }

void ElidedLabel::show(const QString& text, const QFont& font, const QColor& color)
{
    m_text = text;
    m_color = color;
    setFont(font);
    setAccessibleName(text);
    updateGeometry();
    update();
}

QSize ElidedLabel::sizeHint() const { return {fontMetrics().horizontalAdvance(m_text), fontMetrics().height()}; }

void ElidedLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setPen(m_color);
    painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignLeft, fontMetrics().elidedText(m_text, Qt::ElideRight, width()));
}

} // namespace binnacle::desktop
