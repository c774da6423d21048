// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/icons.h"

#include "desktop/widgets/design_tokens.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <cstdint>
#include <iterator>

namespace binnacle::desktop {

namespace {

/// Asks for the theme when it paints, so that one QIcon serves both.
class LineIcon : public QIconEngine {
public:
    explicit LineIcon(QString name) : m_name(std::move(name)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override
    {
        const double scale = painter->device() ? painter->device()->devicePixelRatioF() : 1;
        painter->drawPixmap(rect, iconPixmap(m_name, color(mode, state), rect.width(), scale));
    }

    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override
    {
        // Qt 6 asks in device pixels.
        return iconPixmap(m_name, color(mode, state), static_cast<int>(size.width() / scale), scale);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override { return scaledPixmap(size, mode, state, 1); }
    QIconEngine* clone() const override { return new LineIcon(m_name); }

private:
    static QColor color(QIcon::Mode mode, QIcon::State state)
    {
        const Tokens& tokens = tokensOf(QGuiApplication::palette());
        if (mode == QIcon::Disabled)
            return mixed(tokens.muted, tokens.surface, 0.5);
        return state == QIcon::On ? tokens.accent : tokens.muted;
    }

    QString m_name;
};

} // namespace

QPixmap iconPixmap(const QString& name, const QColor& color, int pixels, double scale)
{
    const QString key = QStringLiteral("icon/%1/%2/%3/%4").arg(name, color.name()).arg(pixels).arg(scale);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QSvgRenderer renderer(file.readAll().replace("#000", color.name().toLatin1()));
    const int side = qRound(pixels * scale);
    QImage image(side, side, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    renderer.render(&painter);
    painter.end();
    image.setDevicePixelRatio(scale);
    pixmap = QPixmap::fromImage(image);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QIcon contextIcon(const std::string& context, const Tokens& tokens)
{
    if (context.empty())
        return {};
    constexpr int kPixels = 32, kMargin = 5;
    std::uint32_t hash = 2166136261u; // FNV-1a: std::hash may differ from build to build
    for (const char c : context)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    QPixmap disc(kPixels, kPixels);
    disc.fill(Qt::transparent);
    QPainter painter(&disc);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.series[hash % std::size(tokens.series)]);
    painter.drawEllipse(QRect(0, 0, kPixels, kPixels).adjusted(kMargin, kMargin, -kMargin, -kMargin));
    return QIcon(disc);
}

QIcon icon(const char* name) { return QIcon(new LineIcon(QString::fromLatin1(name))); }

} // namespace binnacle::desktop
