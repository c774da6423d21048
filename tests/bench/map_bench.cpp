// SPDX-License-Identifier: Apache-2.0
// What a frame of the map costs while it is moved and zoomed, painted by the raster engine without a screen: 5,000 services in 20 namespaces,
// 20,000 edges, a view of 1600 by 1000.  Prints milliseconds a frame, and how often the world was painted for them.
#include "desktop/viewmodels/map_scene.h"
#include "desktop/widgets/map_view.h"
#include "desktop/widgets/theme.h"
#include "tests/ui/large_map.h"

#include <QApplication>
#include <QImage>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

using namespace binnacle::desktop;

namespace {

double millisecondsOf(const std::function<void()>& work)
{
    const auto begun = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

void print(const char* what, double scale, std::vector<double> frames, int painted)
{
    std::sort(frames.begin(), frames.end());
    std::printf("%-22s zoom %5.2f: median %5.1f ms, 95 %% %5.1f ms, worst %5.1f ms; the world painted in %d of %zu frames\n", what, scale,
                frames[frames.size() / 2], frames[frames.size() * 95 / 100], frames.back(), painted, frames.size());
}

class Bench {
public:
    explicit Bench(const MapScene& scene) : m_middle(scene.bounds.center()), m_image(1600, 1000, QImage::Format_ARGB32_Premultiplied)
    {
        m_view.resize(m_image.size());
        m_view.show(scene);
    }

    void run(double scale)
    {
        constexpr int kFrames = 60;
        m_view.fit();
        m_view.zoomBy(scale / m_view.scale(), {800, 500});
        m_view.centerOn(m_middle);
        frame();
        measure("pan, 12 pixels a frame", kFrames, [&](int i) { m_view.centerOn(m_middle + QPointF(12 * i, 5 * i) / m_view.scale()); });
        m_view.centerOn(m_middle);
        measure("zoom in, 4 % a frame", kFrames / 2, [&](int) { m_view.zoomBy(1.04, {700, 400}); });
        measure("zoom out, 4 % a frame", kFrames / 2, [&](int) { m_view.zoomBy(1 / 1.04, {700, 400}); });
        measure("painted anew", kFrames / 3, [&](int i) { m_view.setFilter(i % 2 ? QStringLiteral("no such service") : QString()); });
        m_view.setFilter({});
    }

private:
    void frame() { m_view.render(&m_image); }
    void measure(const char* what, int frames, const std::function<void(int)>& move)
    {
        std::vector<double> took;
        const int before = m_view.worldPaints();
        for (int i = 0; i < frames; ++i) {
            move(i);
            took.push_back(millisecondsOf([this] { frame(); }));
        }
        print(what, m_view.scale(), std::move(took), m_view.worldPaints() - before);
    }

    const QPointF m_middle;
    MapView m_view;
    QImage m_image;
};

} // namespace

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    if (!loadFonts())
        return 1;
    applyTheme(application, ThemeKind::Dark);
    const auto snapshot = largeCluster(5000, 20'000, 20);
    MapAnswer answer;
    std::printf("laid out in %.0f ms\n", millisecondsOf([&] { answer = buildMapScene(snapshot, nullptr); }));
    std::printf("the next snapshot of it in %.0f ms\n", millisecondsOf([&] { (void)buildMapScene(snapshot, answer.memory); }));
    Bench bench(answer.scene);
    for (const double scale : {0.06, 0.14, 0.3, 0.6, 1.0})
        bench.run(scale);
    return 0;
}
