// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/figures.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <array>
#include <cmath>

namespace binnacle::desktop {

namespace {

/// Three significant digits without trailing zeros: 4.10 → 4.1, 12.0 → 12, 123.4 → 123.
QString threeDigits(double value)
{
    const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    QString text = QString::number(value, 'f', decimals);
    if (!text.contains(QLatin1Char('.')))
        return text;
    while (text.endsWith(QLatin1Char('0')))
        text.chop(1);
    if (text.endsWith(QLatin1Char('.')))
        text.chop(1);
    return text;
}

QString withUnit(double value, const char* unit) { return threeDigits(value) + QChar(0xa0) + QString::fromUtf8(unit); }

QString twoParts(std::int64_t large, const char* largeUnit, std::int64_t small, const char* smallUnit)
{
    return QStringLiteral("%1\u00a0%2 %3\u00a0%4")
        .arg(large)
        .arg(QLatin1String(largeUnit))
        .arg(small, 2, 10, QLatin1Char('0'))
        .arg(QLatin1String(smallUnit));
}

QDateTime localTime(UtcTime t) { return QDateTime::fromMSecsSinceEpoch(ns(t) / 1'000'000); }

} // namespace

QString noFigure() { return QString::fromUtf16(kNoFigure); }

QString durationText(Nanoseconds value)
{
    const auto count = static_cast<double>(value.count());
    if (count < 999.5)
        return withUnit(count, "ns");
    if (count < 999.5e3)
        return withUnit(count / 1e3, "µs");
    if (count < 999.5e6)
        return withUnit(count / 1e6, "ms");
    if (count < 59.95e9)
        return withUnit(count / 1e9, "s");
    const std::int64_t seconds = std::llround(count / 1e9);
    if (seconds < 3600)
        return twoParts(seconds / 60, "min", seconds % 60, "s");
    if (seconds < 86400)
        return twoParts(seconds / 3600, "h", seconds % 3600 / 60, "min");
    return twoParts(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

QString durationText(std::optional<std::uint64_t> nanoseconds)
{
    return nanoseconds ? durationText(Nanoseconds(static_cast<std::int64_t>(*nanoseconds))) : noFigure();
}

QString rateText(double perSecond)
{
    if (perSecond <= 0)
        return QStringLiteral("0");
    if (perSecond < 0.01)
        return QStringLiteral("<0.01");
    if (perSecond < 9999.5)
        return perSecond < 999.5 ? threeDigits(perSecond) : countText(static_cast<std::uint64_t>(std::llround(perSecond)));
    return perSecond < 999.5e3 ? threeDigits(perSecond / 1e3) + QLatin1Char('k') : threeDigits(perSecond / 1e6) + QLatin1Char('M');
}

QString countText(std::uint64_t value)
{
    QLocale locale(QLocale::English);
    return locale.toString(static_cast<qulonglong>(value));
}

QString countText(std::optional<std::uint64_t> value) { return value ? countText(*value) : noFigure(); }

QString bytesText(std::uint64_t value)
{
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto scaled = static_cast<double>(value);
    std::size_t unit = 0;
    while (scaled >= 999.5 && unit + 1 < units.size()) {
        scaled /= 1024;
        ++unit;
    }
    return withUnit(scaled, units[unit]);
}

QString shareText(double share)
{
    const double percent = share * 100;
    if (percent <= 0)
        return QStringLiteral("0\u00a0%");
    if (percent < 0.01)
        return QStringLiteral("<0.01\u00a0%");
    return percent > 99.9 && percent < 100 ? QStringLiteral(">99.9\u00a0%") : withUnit(percent, "%");
}

QString shareText(std::uint64_t part, std::uint64_t whole)
{
    return whole == 0 ? noFigure() : shareText(static_cast<double>(part) / static_cast<double>(whole));
}

QString clockText(UtcTime t) { return localTime(t).toString(QStringLiteral("HH:mm:ss")); }

QString preciseClockText(UtcTime t) { return localTime(t).toString(QStringLiteral("HH:mm:ss.zzz")); }

QString dateText(UtcTime t) { return localTime(t).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")); }

QString rangeText(TimeRange range) { return clockText(range.from) + QStringLiteral(" – ") + clockText(range.to); }

QString shortName(const std::string& nodeId)
{
    const QString id = fromStd(nodeId);
    const qsizetype colon = id.indexOf(QLatin1Char(':'));
    if (colon < 0)
        return id;
    const QString rest = id.mid(colon + 1);
    return id.startsWith(QLatin1String("external:")) ? rest : rest.mid(rest.indexOf(QLatin1Char('/')) + 1);
}

QString countedText(int count, const QString& one, const QString& several)
{
    if (count == 0)
        return QCoreApplication::translate("Figures", "no %1").arg(several);
    return count == 1 ? QStringLiteral("1 ") + one : countText(static_cast<std::uint64_t>(count)) + QLatin1Char(' ') + several;
}

QString fromStd(const std::string& text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

} // namespace binnacle::desktop
