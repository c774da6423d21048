// SPDX-License-Identifier: Apache-2.0
#include "agent/service/guest_list.h"

#include <utility>

namespace binnacle::agent {
namespace {

constexpr int kMostReviews = 2;
constexpr std::size_t kLongestToken = 16u << 10;

} // namespace

Result<void> GuestList::admit(const std::string& certificate, const std::string& token)
{
    if (token.empty() || token.size() > kLongestToken)
        return failure(ErrorCode::Denied, "the caller shows no proof of who it is; over the network this agent answers the gateway of its cluster and nobody else");
    {
        const std::lock_guard lock(m_mutex);
        if (m_reviews >= kMostReviews)
            return failure(ErrorCode::Unavailable, "this agent already has the proofs of others reviewed; ask again in a moment");
        ++m_reviews;
    }
    const auto good = m_review(certificate, token);
    const std::lock_guard lock(m_mutex);
    --m_reviews;
    std::erase_if(m_until, [now = Clock::now()](const auto& guest) { return guest.second <= now; });
    if (good)
        m_until[certificate] = Clock::now() + m_goodFor;
    return good;
}

bool GuestList::isAdmitted(const std::string& certificate) const
{
    const std::lock_guard lock(m_mutex);
    const auto guest = m_until.find(certificate);
    return guest != m_until.end() && Clock::now() < guest->second;
}

} // namespace binnacle::agent
