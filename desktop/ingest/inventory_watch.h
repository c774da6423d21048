// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/kube/api/watched_list.h"
#include "core/kube/net/http_client.h"
#include "core/kube/objects/inventory_model.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// Lists what is in one cluster, as far as its user may, and keeps the list up to date.
///
/// A kind that may not be listed in the whole cluster is listed in the context's own namespace; what may not be listed at all is a limit,
/// in a sentence.  Everything that fails for other reasons is tried again.  Also asks which cluster it is, and what the time is there.
/// Owns a connection to the API server for each kind.  Thread: create, tick and destruction from one; the rest from any.  Blocks nowhere.
class InventoryWatch {
public:
    using Clock = std::chrono::steady_clock;

    /// `client` is not owned and outlives this.
    InventoryWatch(kube::HttpClient& client, kube::WatchOptions options);
    ~InventoryWatch();
    InventoryWatch(const InventoryWatch&) = delete;
    InventoryWatch& operator=(const InventoryWatch&) = delete;

    /// Begins what has to be begun: narrower lists, questions that were not answered.  Now and then, at least once a second.
    void tick();

    /// Every kind is listed or refused for good, and who and when are answered: what rows() gives is all there is to know.
    bool isSettled() const;
    /// At least one kind could be listed.
    bool hasAnything() const;
    /// The pods are known, of the cluster or of one namespace.
    bool hasPods() const;
    /// Why the API server does not answer at the moment; what was listed before may be untrue by now.
    std::optional<Error> away() const;
    /// What is not known, and why; sorted.
    std::vector<kube::objects::InventoryLimit> limits() const;
    /// Rises when rows() would differ.
    std::uint64_t version() const;
    kube::objects::InventoryModel::Rows rows() const;

    /// uid of the cluster; empty where that may not be asked, or is not known yet.
    std::string clusterUid() const;
    /// The API server's clock minus this machine's steady one, right to about a second; nothing before it was told.
    std::optional<Nanoseconds> serverOffset() const;

private:
    struct State;
    class Sink;
    void list(kube::objects::Listed listed, const std::string& nameSpace);
    void askUid();
    void askTime();

    kube::HttpClient& m_client;
    const kube::WatchOptions m_options;
    const std::shared_ptr<State> m_state; // shared with what runs on the reactor
    std::array<std::unique_ptr<kube::WatchedList>, kube::objects::kListed.size()> m_lists;
    kube::PendingOperation m_uidQuestion, m_timeQuestion;
    Clock::time_point m_askedUidAt{}, m_askedTimeAt{};
};

/// `Tue, 15 Nov 1994 08:12:31 GMT` (RFC 9110 §5.6.7); nothing if it is none.
std::optional<UtcTime> parseHttpDate(std::string_view text);

} // namespace binnacle::desktop
