// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace binnacle::agent {

/// Callers over TLS whose proof was good, by their certificate: that they hold its key is what the TLS handshake has shown.
///
/// A proof is good for 15 minutes, so that an account or a pod that is gone does not stay a guest; gateways prove themselves again
/// every five.  At most two reviews at a time, whatever knocks.  Thread: any; admit() blocks as long as the review.
class GuestList {
public:
    using Clock = std::chrono::steady_clock;
    using Review = std::function<Result<void>(const std::string& certificate, const std::string& token)>;

    explicit GuestList(Review review, Clock::duration goodFor = std::chrono::minutes(15)) : m_review(std::move(review)), m_goodFor(goodFor) {}

    Result<void> admit(const std::string& certificate, const std::string& token);
    bool isAdmitted(const std::string& certificate) const;

private:
    const Review m_review;
    const Clock::duration m_goodFor;
    mutable std::mutex m_mutex;
    std::map<std::string, Clock::time_point> m_until; // guarded by m_mutex, as below
    int m_reviews = 0;
};

} // namespace binnacle::agent
