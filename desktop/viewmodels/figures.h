// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"

#include <QString>

#include <cstdint>
#include <optional>
#include <string>

/// Numbers as people read them.  What is not known is an en dash, never a zero.
namespace binnacle::desktop {

inline constexpr char16_t kNoFigure[] = u"–";

QString noFigure();
/// `850 ns`, `4.1 ms`, `1.25 s`, `2 min 05 s`, `3 h 12 min`: three significant digits.
QString durationText(Nanoseconds value);
QString durationText(std::optional<std::uint64_t> nanoseconds);
/// `0`, `0.4`, `12.3`, `1,234`, `12.3k`.
QString rateText(double perSecond);
/// `1,234,567`.
QString countText(std::uint64_t value);
QString countText(std::optional<std::uint64_t> value);
/// `512 B`, `4.1 KiB`, `1.2 GiB`.
QString bytesText(std::uint64_t value);
/// 0…1 as `0 %`, `<0.01 %`, `2.4 %`, `100 %`.
QString shareText(double share);
/// Share of `part` in `whole`; nothing of nothing is an en dash.
QString shareText(std::uint64_t part, std::uint64_t whole);
/// `14:03:07`, in the time zone of this machine.
QString clockText(UtcTime t);
/// `14:03:07.123`.
QString preciseClockText(UtcTime t);
/// `2026-11-23 14:03:07`.
QString dateText(UtcTime t);
/// `14:03:07 – 14:04:07`.
QString rangeText(TimeRange range);
/// Of a node id: `workload:shop/api` → `api`, `external:10.0.0.1:443` → `10.0.0.1:443`.
QString shortName(const std::string& nodeId);

/// `no agents`, `1 agent`, `2 agents`.
QString countedText(int count, const QString& one, const QString& several);

QString fromStd(const std::string& text);

} // namespace binnacle::desktop
