// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QPaintDevice>
#include <QPaintEngine>

#include <cstddef>

namespace binnacle::desktop {

/// Counts what is painted on it: each box, line, path, text and picture is one.
class CountingDevice : public QPaintDevice {
public:
    explicit CountingDevice(QSize size) : m_size(size) {}

    std::size_t count() const { return m_engine.count; }
    QPaintEngine* paintEngine() const override { return &m_engine; }

protected:
    int metric(PaintDeviceMetric metric) const override
    {
        switch (metric) {
        case PdmWidth: return m_size.width();
        case PdmHeight: return m_size.height();
        case PdmDpiX:
        case PdmDpiY:
        case PdmPhysicalDpiX:
        case PdmPhysicalDpiY: return 96;
        case PdmDevicePixelRatio: return 1;
        case PdmDevicePixelRatioScaled: return static_cast<int>(devicePixelRatioFScale());
        default: return 1;
        }
    }

private:
    class Engine : public QPaintEngine {
    public:
        Engine() : QPaintEngine(AllFeatures) {}
        bool begin(QPaintDevice*) override { return true; }
        bool end() override { return true; }
        void updateState(const QPaintEngineState&) override {}
        Type type() const override { return User; }
        void drawRects(const QRect*, int many) override { add(many); }
        void drawRects(const QRectF*, int many) override { add(many); }
        void drawLines(const QLine*, int many) override { add(many); }
        void drawLines(const QLineF*, int many) override { add(many); }
        void drawEllipse(const QRectF&) override { add(1); }
        void drawEllipse(const QRect&) override { add(1); }
        void drawPath(const QPainterPath&) override { add(1); }
        void drawPolygon(const QPointF*, int, PolygonDrawMode) override { add(1); }
        void drawPolygon(const QPoint*, int, PolygonDrawMode) override { add(1); }
        void drawPixmap(const QRectF&, const QPixmap&, const QRectF&) override { add(1); }
        void drawTextItem(const QPointF&, const QTextItem&) override { add(1); }
        void drawImage(const QRectF&, const QImage&, const QRectF&, Qt::ImageConversionFlags) override { add(1); }

        void add(int many) { count += static_cast<std::size_t>(many); }
        std::size_t count = 0;
    };

    const QSize m_size;
    mutable Engine m_engine;
};

} // namespace binnacle::desktop
