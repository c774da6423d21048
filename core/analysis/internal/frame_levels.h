// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/frame.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

/// Frames of one second, ten seconds, a minute and ten minutes, the larger ones folded from the smaller ones when they are asked for.
///
/// Bounded: past `maxBytes` the oldest ten seconds of seconds are forgotten (their fold stays), then minutes of tens, and so on; at
/// last the oldest ten minutes go.  Thread: its owner's.
///
/// A fold keeps the rows of an end apart where the end's peer may have changed inside it (Hands), so a range that ends or begins
/// anywhere costs the same.  When such a change becomes known, a batch told of it, and the folds that the batch touches are made
/// anew.  What cannot be taken apart belongs to the peer at its end: a roll-up that an agent made, and what was folded of forgotten
/// frames before the change was known.
namespace binnacle::analysis::internal {

inline constexpr std::array<std::int64_t, 4> kLevelSeconds{1, 10, 60, 600};

class FrameLevels {
public:
    /// `hands` is not owned and must outlive this.  `onForget` sees each second before it goes.
    FrameLevels(Hands& hands, std::size_t maxBytes, std::function<void(std::int64_t second, const Frame&)> onForget)
        : m_hands(hands), m_maxBytes(maxBytes), m_onForget(std::move(onForget))
    {
    }

    void add(Frame frame);

    struct Cover {
        TimeRange range; // as asked, or widened to the frames that are left
        std::vector<const Frame*> frames; // ascending; valid until the next add()
    };
    Cover cover(TimeRange range);
    /// Frames of the finest level that is left, at most `count`, that begin before `to`; latest first.
    std::vector<const Frame*> lastBefore(UtcTime to, std::size_t count);
    const Frame* findSecond(std::int64_t second) const;
    /// All frames of a level (0…3) or finer where it is not complete, inside [from, to) seconds that are multiples of the level.
    void visit(std::size_t level, std::int64_t from, std::int64_t to, const std::function<void(const Frame&)>& visit);
    /// The smallest level that still has everything since `second`.
    std::size_t finestLevelAt(std::int64_t second) const;

    TimeRange range() const { return m_range; }
    std::size_t bytes() const { return m_bytes; }
    bool empty() const { return m_range == TimeRange{}; }

private:
    using Frames = std::map<std::int64_t, Frame>; // by first second

    const Frame* ensure(std::size_t level, std::int64_t start);
    void addTo(std::size_t level, std::int64_t start, Frame frame);
    void forgetFolds(std::int64_t second);
    void forgetFolds(TimeRange range);
    void foldBehind(std::int64_t before, std::int64_t second);
    void shrink();
    void giveUpOldest(std::size_t level);
    std::optional<std::size_t> levelToShrink() const;

    Hands& m_hands;
    const std::size_t m_maxBytes;
    const std::function<void(std::int64_t, const Frame&)> m_onForget;
    std::size_t m_bytes = 0;
    TimeRange m_range{};
    std::array<Frames, 4> m_given;  // what cannot be folded from below: seconds, roll-ups, folds whose parts were forgotten
    std::array<Frames, 4> m_folded; // may be thrown away at any time
    std::array<std::int64_t, 4> m_since{}; // the level is complete from this second on
    bool m_forgot = false;
};

/// The second in which a time lies, and the first one that does not begin before it.
std::int64_t floorSecond(UtcTime at);
std::int64_t ceilSecond(UtcTime at);
std::int64_t alignDown(std::int64_t second, std::int64_t to);

} // namespace binnacle::analysis::internal
