// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/chart_view.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/timeline_layout.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/theme.h"

#include <QAreaSeries>
#include <QBoxLayout>
#include <QCategoryAxis>
#include <QChart>
#include <QChartView>
#include <QGraphicsLayout>
#include <QEvent>
#include <QLabel>
#include <QLineSeries>
#include <QMouseEvent>
#include <QToolTip>
#include <QValueAxis>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace binnacle::desktop {

namespace {

constexpr int kHeight = 150;
constexpr int kRows = 2; // grid lines above zero: half and whole are round when the whole is

double milliseconds(UtcTime t) { return static_cast<double>(ns(t)) / 1e6; }
UtcTime fromMilliseconds(double ms) { return utcTime(static_cast<std::int64_t>(ms * 1e6)); }

/// Splits where nothing is known, so that no line claims to know.
std::vector<QList<QPointF>> runsOf(const std::vector<ChartPoint>& points, Nanoseconds gapLength)
{
    std::vector<QList<QPointF>> runs;
    UtcTime last{};
    for (const ChartPoint& point : points) {
        if (runs.empty() || point.at - last > gapLength)
            runs.emplace_back();
        runs.back().append({milliseconds(point.at), point.value});
        last = point.at;
    }
    for (QList<QPointF>& run : runs) {
        if (run.size() == 1) // a line of one point draws nothing
            run.append({run.front().x() + 1, run.front().y()});
    }
    return runs;
}

std::pair<double, double> extremes(const std::vector<ChartLine>& lines)
{
    double least = std::numeric_limits<double>::max(), most = 0;
    for (const ChartLine& line : lines) {
        for (const ChartPoint& point : line.points) {
            least = std::min(least, point.value);
            most = std::max(most, point.value);
        }
    }
    return {std::min(least, most), most};
}

void clearAxis(QCategoryAxis& axis)
{
    for (const QString& label : axis.categoriesLabels())
        axis.remove(label);
}

} // namespace

class ChartView::Private {
public:
    QLabel* title = nullptr;
    QLabel* legend = nullptr;
    QChart* chart = nullptr;   // owned by view
    QChartView* view = nullptr;
    QCategoryAxis* timeAxis = nullptr;
    QCategoryAxis* valueAxis = nullptr;
    Format format = nullptr;
    Scale scale = Scale::Linear;
    TimeRange range;
    std::vector<ChartLine> lines;
    Nanoseconds gapLength{};

    void restyle(const Tokens& tokens);
    void refill(const Tokens& tokens);
    void setTimeAxis();
    void setValueAxis();
    double plotted(double value) const { return scale == Scale::Linear ? value : std::log10(std::max(value, 1.0)); }
    void addRun(const QList<QPointF>& run, const ChartLine& line, const Tokens& tokens);
    void setLegend(const Tokens& tokens);
};

void ChartView::Private::restyle(const Tokens& tokens)
{
    chart->setBackgroundBrush(Qt::NoBrush);
    chart->setPlotAreaBackgroundVisible(false);
    for (QCategoryAxis* axis : {timeAxis, valueAxis}) {
        axis->setLabelsFont(figureFont(TypeSize::kSmall - 1));
        axis->setLabelsColor(tokens.faint);
        axis->setGridLinePen(QPen(tokens.grid, 1));
        axis->setLinePen(QPen(tokens.border, 1));
    }
    timeAxis->setGridLineVisible(false);
    valueAxis->setLineVisible(false);
}

void ChartView::Private::setTimeAxis()
{
    clearAxis(*timeAxis);
    timeAxis->setRange(milliseconds(range.from), milliseconds(range.to));
    timeAxis->setStartValue(milliseconds(range.from));
    const int labels = std::max(1, view->width() / 110);
    const Nanoseconds step = roundStep(range.length() / labels);
    for (auto t = std::chrono::ceil<std::chrono::seconds>(range.from.time_since_epoch()); UtcTime(t) <= range.to; t += std::chrono::seconds(1)) {
        // A label at the very end would be cut.
        if (Nanoseconds(t).count() % step.count() == 0 && range.to - UtcTime(t) > step / 4)
            timeAxis->append(clockText(UtcTime(t)), milliseconds(UtcTime(t)));
    }
}

void ChartView::Private::setValueAxis()
{
    clearAxis(*valueAxis);
    const auto [least, most] = extremes(lines);
    if (scale == Scale::Linear) {
        const double top = roundTop(most * 1.02);
        valueAxis->setRange(0, top);
        valueAxis->setStartValue(0);
        for (int i = 1; i <= kRows; ++i)
            valueAxis->append(format(top * i / kRows), top * i / kRows);
        return;
    }
    const double bottom = std::floor(plotted(least)), top = std::max(bottom + 1, std::ceil(plotted(most)));
    valueAxis->setRange(bottom, top);
    valueAxis->setStartValue(bottom - 1);
    for (double decade = bottom; decade <= top; ++decade)
        valueAxis->append(format(std::pow(10, decade)), decade);
}

void ChartView::Private::addRun(const QList<QPointF>& run, const ChartLine& line, const Tokens& tokens)
{
    const QColor color = tokens.series[line.color];
    auto* upper = new QLineSeries;
    upper->replace(run);
    upper->setPen(QPen(color, 1.6));
    QList<QAbstractSeries*> added{upper};
    if (line.filled) {
        auto* edge = new QLineSeries; // an area owns the line it is made of
        edge->replace(run);
        auto* area = new QAreaSeries(edge);
        edge->setParent(area);
        area->setPen(Qt::NoPen);
        area->setBrush(mixed(color, tokens.surface, 0.16));
        added.prepend(area);
    }
    for (QAbstractSeries* series : added) {
        chart->addSeries(series);
        series->attachAxis(timeAxis);
        series->attachAxis(valueAxis);
    }
}

void ChartView::Private::setLegend(const Tokens& tokens)
{
    QString text;
    for (const ChartLine& line : lines) {
        text += QStringLiteral("<span style='color:%1'>●</span>&nbsp;%2 &nbsp; ").arg(tokens.series[line.color].name(), line.name.toHtmlEscaped());
    }
    legend->setText(text);
}

void ChartView::Private::refill(const Tokens& tokens)
{
    chart->removeAllSeries();
    setTimeAxis();
    setValueAxis();
    for (const ChartLine& line : lines) {
        for (QList<QPointF>& run : runsOf(line.points, gapLength)) {
            for (QPointF& point : run)
                point.setY(plotted(point.y()));
            addRun(run, line, tokens);
        }
    }
    setLegend(tokens);
}

ChartView::ChartView(const QString& title, Format format, Scale scale, QWidget* parent) : QWidget(parent), d(std::make_unique<Private>())
{
    d->scale = scale;
    d->format = format;
    d->title = new QLabel(title, this);
    d->title->setFont(boldFont(TypeSize::kBody));
    d->legend = new QLabel(this);
    d->legend->setFont(smallFont());
    d->legend->setProperty("role", QStringLiteral("muted"));
    d->chart = new QChart;
    d->chart->setMargins({0, 10, 4, 0}); // half a label above the highest line
    d->chart->layout()->setContentsMargins(0, 0, 0, 0);
    d->chart->setBackgroundRoundness(0);
    d->chart->legend()->hide();
    d->chart->setAnimationOptions(QChart::NoAnimation);
    d->timeAxis = new QCategoryAxis;
    d->valueAxis = new QCategoryAxis;
    for (QCategoryAxis* axis : {d->timeAxis, d->valueAxis})
        axis->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    d->chart->addAxis(d->timeAxis, Qt::AlignBottom);
    d->chart->addAxis(d->valueAxis, Qt::AlignLeft);
    d->view = new QChartView(d->chart, this);
    d->view->setRenderHint(QPainter::Antialiasing);
    d->view->setFrameShape(QFrame::NoFrame);
    d->view->setBackgroundBrush(Qt::NoBrush);
    d->view->setStyleSheet(QStringLiteral("background: transparent"));
    d->view->setFocusPolicy(Qt::NoFocus);
    d->view->setAccessibleName(title);
    d->view->viewport()->setMouseTracking(true);
    d->view->viewport()->installEventFilter(this);
    d->view->setFixedHeight(kHeight);
    d->restyle(tokensOf(*this));

    auto* head = new QHBoxLayout;
    head->addWidget(d->title);
    head->addStretch();
    head->addWidget(d->legend);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kMedium, Space::kSmall, Space::kSmall, Space::kTight);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(d->view);
    setAccessibleName(title);
}

ChartView::~ChartView() = default;

void ChartView::show(TimeRange range, std::vector<ChartLine> lines, Nanoseconds gapLength)
{
    d->range = range;
    d->lines = std::move(lines);
    d->gapLength = gapLength;
    d->refill(tokensOf(*this));
    setAccessibleDescription(readingAt(range.to));
}

QString ChartView::readingAt(UtcTime at) const
{
    QString text = clockText(at);
    for (const ChartLine& line : d->lines) {
        const auto after = std::upper_bound(line.points.begin(), line.points.end(), at, [](UtcTime t, const ChartPoint& p) { return t < p.at; });
        const bool known = after != line.points.begin() && at - std::prev(after)->at <= d->gapLength;
        text += QStringLiteral("\n%1  %2").arg(line.name, known ? d->format(std::prev(after)->value) : noFigure());
    }
    return text;
}

void ChartView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange) {
        d->restyle(tokensOf(*this));
        d->refill(tokensOf(*this));
    }
    QWidget::changeEvent(event);
}

bool ChartView::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() != QEvent::MouseMove && event->type() != QEvent::MouseButtonDblClick)
        return QWidget::eventFilter(watched, event);
    const auto* mouse = static_cast<QMouseEvent*>(event);
    const QRectF plot = d->chart->plotArea();
    const QPointF at = d->chart->mapFromScene(d->view->mapToScene(mouse->pos()));
    if (!plot.contains(at) || d->lines.empty()) {
        QToolTip::hideText();
        return false;
    }
    const UtcTime time = fromMilliseconds(d->chart->mapToValue(at).x());
    if (event->type() == QEvent::MouseButtonDblClick)
        Q_EMIT timePicked(time);
    else
        QToolTip::showText(mouse->globalPosition().toPoint(), readingAt(time), d->view);
    return false;
}

} // namespace binnacle::desktop
