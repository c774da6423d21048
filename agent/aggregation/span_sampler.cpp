// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/span_sampler.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

namespace {

bool longer(const PendingSpan& a, const PendingSpan& b) { return a.span.duration > b.span.duration; }

} // namespace

/// When a second brings more than the last one promised, half of what is left is let through from there on.
std::size_t SpanSampler::room(Window& w)
{
    const std::size_t budget = m_budget;
    if (w.limit == 0)
        w.limit = budget;
    const std::size_t most = budget + budget / 2;
    if (w.kept.size() - w.errors >= w.limit && w.limit < most && m_shift < 32) {
        ++m_shift;
        w.limit = std::min(most, w.limit + std::max<std::size_t>(1, budget / 8));
    }
    return w.limit;
}

void SpanSampler::keep(Place place, const PendingSpan& span, std::size_t window)
{
    Window& w = m_windows[window];
    if (place == Place::Kept) {
        w.kept.push_back(span);
        return;
    }
    if (w.slow.size() >= kSlowest) {
        std::ranges::pop_heap(w.slow, longer);
        w.slow.pop_back();
    }
    w.slow.push_back(span);
    std::ranges::push_heap(w.slow, longer);
}

std::vector<PendingSpan> SpanSampler::take(std::size_t window, std::uint64_t& seen)
{
    Window& w = m_windows[window];
    std::vector<PendingSpan> spans = std::move(w.kept);
    spans.insert(spans.end(), w.slow.begin(), w.slow.end());
    seen = w.seen;
    m_shift = 0;
    while (m_budget > 0 && m_shift < 32 && (seen >> m_shift) > m_budget)
        ++m_shift;
    w = Window{};
    w.kept.reserve(std::min<std::size_t>(spans.size() + spans.size() / 4, 2 * std::size_t{m_budget}));
    return spans;
}

} // namespace binnacle::agent
