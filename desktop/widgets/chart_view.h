// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

namespace binnacle::desktop {

struct ChartPoint {
    UtcTime at{};
    double value = 0;
};

struct ChartLine {
    QString name;
    int color = 0;         // of Tokens::series
    bool filled = false;
    std::vector<ChartPoint> points; // ascending
};

/// Lines over time with a legend and a reading under the mouse.  The one place that knows which charting library draws.
/// At most a few thousand points a line: callers decimate (FrameStore::series does).  Thread: UI.
class ChartView : public QWidget {
    Q_OBJECT
public:
    using Format = QString (*)(double);

    /// Logarithmic: values of very different size side by side, such as percentiles of latency.
    enum class Scale { Linear, Logarithmic };

    ChartView(const QString& title, Format format, Scale scale, QWidget* parent = nullptr);
    ~ChartView() override;

    /// Points further apart than `gapLength` are not joined: nothing is known between them.
    void show(TimeRange range, std::vector<ChartLine> lines, Nanoseconds gapLength);
    /// The reading at `at`, one `name value` a line; what the tool tip says.
    QString readingAt(UtcTime at) const;

Q_SIGNALS:
    void timePicked(binnacle::UtcTime at);

protected:
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace binnacle::desktop
