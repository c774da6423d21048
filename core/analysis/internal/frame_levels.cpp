// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/frame_levels.h"

#include <algorithm>

namespace binnacle::analysis::internal {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Seconds that batches of several hosts come apart, mostly: what is folded earlier would have to be folded again.
constexpr std::int64_t kLateness = 3;

/// A level keeps at least this many frames of the next one, whatever the memory says: the live end stays fine-grained.
constexpr std::int64_t kAlwaysKept = 2;

std::int64_t floorDiv(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

} // namespace

std::int64_t floorSecond(UtcTime at) { return floorDiv(ns(at), kSecond); }
std::int64_t ceilSecond(UtcTime at) { return -floorDiv(-ns(at), kSecond); }
std::int64_t alignDown(std::int64_t second, std::int64_t to) { return floorDiv(second, to) * to; }

void FrameLevels::add(Frame frame)
{
    const TimeRange range = frame.range();
    const std::int64_t second = floorSecond(range.from);
    // A roll-up of an agent goes where frames are as long as it is.
    std::size_t level = 0;
    while (level + 1 < kLevelSeconds.size() && range.length().count() >= kLevelSeconds[level + 1] * kSecond)
        ++level;
    while (level + 1 < kLevelSeconds.size() && m_forgot && second < m_since[level])
        ++level; // its seconds were forgotten: their sum takes it
    addTo(level, alignDown(second, kLevelSeconds[level]), std::move(frame));
    forgetFolds(range);
    const std::int64_t before = empty() ? second : ceilSecond(m_range.to) - 1; // the latest second that was begun
    m_range = empty() ? range : TimeRange{std::min(m_range.from, range.from), std::max(m_range.to, range.to)};
    if (second > before)
        foldBehind(before - kLateness, second - kLateness);
    shrink();
}

void FrameLevels::addTo(std::size_t level, std::int64_t start, Frame frame)
{
    const auto [entry, fresh] = m_given[level].try_emplace(start);
    if (fresh) {
        entry->second = std::move(frame);
    } else {
        m_bytes -= entry->second.bytes();
        if (level == 0)
            entry->second.addAtSameTime(frame, m_hands);
        else
            entry->second.add(frame, m_hands);
    }
    m_bytes += entry->second.bytes();
}

void FrameLevels::forgetFolds(std::int64_t second)
{
    for (std::size_t level = 1; level < kLevelSeconds.size(); ++level) {
        const auto found = m_folded[level].find(alignDown(second, kLevelSeconds[level]));
        if (found == m_folded[level].end())
            continue;
        m_bytes -= found->second.bytes();
        m_folded[level].erase(found);
    }
}

/// All that a batch of this range may have changed: its own counts, and who was where up to its end.
void FrameLevels::forgetFolds(TimeRange range)
{
    const std::int64_t from = floorSecond(range.from), to = std::max(ceilSecond(range.to), from + 1);
    for (std::int64_t at = from; at < to; at = alignDown(at, kLevelSeconds[1]) + kLevelSeconds[1])
        forgetFolds(at);
}

/// What has just become complete is folded at once, so that the first look at a long range does not pay for all of it.
void FrameLevels::foldBehind(std::int64_t before, std::int64_t second)
{
    for (std::size_t level = 1; level < kLevelSeconds.size(); ++level) {
        const std::int64_t end = alignDown(second, kLevelSeconds[level]);
        if (end > before)
            ensure(level, end - kLevelSeconds[level]);
    }
}

const Frame* FrameLevels::ensure(std::size_t level, std::int64_t start)
{
    if (level == 0) {
        const auto found = m_given[0].find(start);
        return found == m_given[0].end() ? nullptr : &found->second;
    }
    if (const auto found = m_folded[level].find(start); found != m_folded[level].end())
        return &found->second;
    std::vector<const Frame*> parts;
    for (std::int64_t at = start; at < start + kLevelSeconds[level]; at += kLevelSeconds[level - 1]) {
        if (const Frame* part = ensure(level - 1, at))
            parts.push_back(part);
    }
    const auto given = m_given[level].find(start);
    const Frame* own = given == m_given[level].end() ? nullptr : &given->second;
    if (parts.empty())
        return own; // what was below is forgotten, and in it
    Frame sum;
    if (own)
        sum.add(*own, m_hands);
    for (const Frame* part : parts)
        sum.add(*part, m_hands);
    sum.seal();
    m_bytes += sum.bytes();
    return &m_folded[level].emplace(start, std::move(sum)).first->second;
}

std::size_t FrameLevels::finestLevelAt(std::int64_t second) const
{
    std::size_t level = 0;
    while (level + 1 < kLevelSeconds.size() && m_forgot && second < m_since[level])
        ++level;
    return level;
}

FrameLevels::Cover FrameLevels::cover(TimeRange range)
{
    Cover cover{range, {}};
    if (empty() || !range.intersects(m_range))
        return cover;
    const std::int64_t to = std::min(ceilSecond(range.to), ceilSecond(m_range.to));
    std::int64_t at = std::max(floorSecond(range.from), floorSecond(m_range.from));
    const std::int64_t finest = kLevelSeconds[finestLevelAt(at)];
    if (alignDown(at, finest) != at) {
        at = alignDown(at, finest);
        cover.range.from = std::min(range.from, utcTime(at * kSecond));
    }
    while (at < to) {
        std::size_t level = finestLevelAt(at);
        while (level + 1 < kLevelSeconds.size() && at % kLevelSeconds[level + 1] == 0 && at + kLevelSeconds[level + 1] <= to)
            ++level;
        if (const Frame* frame = ensure(level, at))
            cover.frames.push_back(frame);
        at += kLevelSeconds[level];
    }
    if (at > ceilSecond(range.to))
        cover.range.to = std::max(range.to, utcTime(at * kSecond));
    return cover;
}

std::vector<const Frame*> FrameLevels::lastBefore(UtcTime to, std::size_t count)
{
    std::vector<const Frame*> frames;
    const std::int64_t end = ceilSecond(to);
    for (std::size_t level = finestLevelAt(end - 1); level < kLevelSeconds.size() && frames.empty(); ++level) {
        auto at = m_given[level].lower_bound(end);
        while (at != m_given[level].begin() && frames.size() < count) {
            --at;
            if (at->first < end - static_cast<std::int64_t>(count) * kLevelSeconds[level])
                break;
            frames.push_back(&at->second);
        }
    }
    return frames;
}

const Frame* FrameLevels::findSecond(std::int64_t second) const
{
    const auto found = m_given[0].find(second);
    return found == m_given[0].end() ? nullptr : &found->second;
}

void FrameLevels::visit(std::size_t level, std::int64_t from, std::int64_t to, const std::function<void(const Frame&)>& visit)
{
    for (std::int64_t at = from; at < to; at += kLevelSeconds[level]) {
        if (const Frame* frame = ensure(level, at))
            visit(*frame);
    }
}

std::optional<std::size_t> FrameLevels::levelToShrink() const
{
    for (std::size_t level = 0; level < kLevelSeconds.size(); ++level) {
        if (m_given[level].empty())
            continue;
        const std::int64_t kept = level + 1 < kLevelSeconds.size() ? kAlwaysKept * kLevelSeconds[level + 1] : kLevelSeconds[level];
        if (floorSecond(m_range.to) - m_given[level].begin()->first > kept)
            return level;
    }
    return std::nullopt;
}

void FrameLevels::shrink()
{
    while (m_bytes > m_maxBytes) {
        const auto level = levelToShrink();
        if (!level)
            return;
        giveUpOldest(*level);
    }
}

void FrameLevels::giveUpOldest(std::size_t level)
{
    if (level + 1 == kLevelSeconds.size()) {
        const auto oldest = m_given[level].begin();
        const std::int64_t end = oldest->first + kLevelSeconds[level];
        forgetFolds(oldest->first);
        m_bytes -= oldest->second.bytes();
        m_given[level].erase(oldest);
        m_range.from = std::max(m_range.from, utcTime(end * kSecond));
        return;
    }
    const std::int64_t length = kLevelSeconds[level + 1];
    const std::int64_t start = alignDown(m_given[level].begin()->first, length);
    Frame sum;
    if (const Frame* fold = ensure(level + 1, start))
        sum.add(*fold, m_hands);
    sum.seal();
    forgetFolds(start);
    for (std::size_t lower = 0; lower <= level; ++lower) {
        auto at = m_given[lower].lower_bound(start);
        while (at != m_given[lower].end() && at->first < start + length) {
            if (lower == 0 && m_onForget)
                m_onForget(at->first, at->second);
            m_bytes -= at->second.bytes();
            at = m_given[lower].erase(at);
        }
        auto folded = m_folded[lower].lower_bound(start);
        while (folded != m_folded[lower].end() && folded->first < start + length) {
            m_bytes -= folded->second.bytes();
            folded = m_folded[lower].erase(folded);
        }
        m_since[lower] = m_forgot ? std::max(m_since[lower], start + length) : start + length;
    }
    // A fold holds what was given to its own level too.
    if (const auto given = m_given[level + 1].find(start); given != m_given[level + 1].end()) {
        m_bytes -= given->second.bytes();
        m_given[level + 1].erase(given);
    }
    m_forgot = true;
    m_bytes += sum.bytes();
    m_given[level + 1].emplace(start, std::move(sum));
}

} // namespace binnacle::analysis::internal
