// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/inventory_watch.h"

#include "core/kube/api/api_client.h"
#include "core/kube/objects/read_objects.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <string_view>

namespace binnacle::desktop {
namespace {

using kube::objects::InventoryLimit;
using kube::objects::InventoryModel;
using kube::objects::kListed;
using kube::objects::Listed;

constexpr auto kAskAgain = std::chrono::seconds(2);

Nanoseconds steadyNow() { return std::chrono::steady_clock::now().time_since_epoch(); }

std::size_t indexOf(Listed listed) { return static_cast<std::size_t>(listed); }

/// Trying again changes nothing: no right, or a server that does not know such things.
bool isFinal(const Error& error)
{
    return error.code == ErrorCode::Denied || error.code == ErrorCode::NotFound || error.code == ErrorCode::Unsupported;
}

} // namespace

/// The hand-over between the reactor, which reads objects, and those who ask.
struct InventoryWatch::State {
    struct Kind {
        bool isSynced = false;
        std::string nameSpace;                // listed there alone; empty: everywhere
        std::optional<Error> refusedEverywhere; // why it is listed in one namespace, or not at all
        std::optional<Error> refused;         // for good
        std::optional<Error> trouble;         // for now
        bool needsNarrower = false;           // a list in one namespace is to begin
    };

    mutable std::mutex mutex;
    InventoryModel model; // guarded by mutex, as all below
    std::array<Kind, kListed.size()> kinds;
    std::string defaultNamespace;
    std::string uid;
    std::optional<Error> uidTrouble;
    bool isUidAnswered = false, isTimeAnswered = false;
    std::optional<Error> timeTrouble;
    std::optional<Nanoseconds> serverOffset;
    std::uint64_t limitsVersion = 0;

    Kind& kind(Listed listed) { return kinds[indexOf(listed)]; }
    const Kind& kind(Listed listed) const { return kinds[indexOf(listed)]; }

    void refuse(Listed listed, const Error& error)
    {
        Kind& at = kind(listed);
        ++limitsVersion;
        if (at.isSynced || !isFinal(error)) { // it was listed and cannot be followed, or may come yet
            at.trouble = error;
            return;
        }
        const bool isEverywhere = at.nameSpace.empty();
        if (isEverywhere)
            at.refusedEverywhere = error;
        if (isEverywhere && error.code == ErrorCode::Denied && kListed[indexOf(listed)].namespaced)
            at.needsNarrower = true;
        else
            at.refused = error;
    }

    std::vector<InventoryLimit> limits() const
    {
        std::vector<InventoryLimit> limits;
        for (const auto& facts : kListed) {
            const Kind& at = kind(facts.listed);
            const std::string what = std::string("kubernetes_") + facts.plural;
            if (at.refused || (at.trouble && !at.isSynced))
                limits.push_back({what, (at.refused ? at.refused : at.trouble)->what + "; " + facts.withoutIt + "."});
            else if (at.refusedEverywhere)
                limits.push_back({what, at.refusedEverywhere->what + "; only those of namespace " + defaultNamespace + " are shown."});
            else if (at.trouble && isFinal(*at.trouble))
                limits.push_back({what, at.trouble->what + "; what changes from now on is not seen."});
        }
        if (uidTrouble && isFinal(*uidTrouble))
            limits.push_back({"kubernetes_namespaces", uidTrouble->what + "; services of this cluster cannot be told from another's of the same name."});
        std::ranges::sort(limits);
        return limits;
    }
};

/// Carries what one list finds into the state, until it is told to be deaf.
class InventoryWatch::Sink final : public kube::WatchSink {
public:
    Sink(Listed listed, std::string nameSpace, std::shared_ptr<State> state) : m_listed(listed), m_nameSpace(std::move(nameSpace)), m_state(std::move(state)) {}

    void added(const kube::WatchedObject& object) override { set(object); }
    void updated(const kube::WatchedObject& object) override { set(object); }
    void deleted(const kube::WatchedObject& object) override
    {
        const std::lock_guard lock(m_state->mutex);
        if (isCurrent())
            m_state->model.remove(m_listed, {object.namespaceName, object.name, object.uid}, utcNow());
    }
    void synced() override
    {
        const std::lock_guard lock(m_state->mutex);
        if (!isCurrent())
            return;
        State::Kind& kind = m_state->kind(m_listed);
        kind.isSynced = true;
        kind.trouble.reset();
        ++m_state->limitsVersion;
    }
    void gap(const std::string&) override {} // the differences follow
    void troubled(const Error& error) override
    {
        const std::lock_guard lock(m_state->mutex);
        if (isCurrent() && error.code != ErrorCode::Cancelled)
            m_state->refuse(m_listed, error);
    }

private:
    /// Another list may have taken the place of this one.
    bool isCurrent() const { return m_state->kind(m_listed).nameSpace == m_nameSpace; }
    void set(const kube::WatchedObject& object)
    {
        const std::lock_guard lock(m_state->mutex);
        if (isCurrent() && object.json)
            m_state->model.set(m_listed, *object.json, utcNow());
    }

    const Listed m_listed;
    const std::string m_nameSpace;
    const std::shared_ptr<State> m_state;
};

InventoryWatch::InventoryWatch(kube::HttpClient& client, kube::WatchOptions options) : m_client(client), m_options(options), m_state(std::make_shared<State>())
{
    m_state->defaultNamespace = client.access().defaultNamespace.empty() ? "default" : client.access().defaultNamespace;
    for (const auto& facts : kListed)
        list(facts.listed, {});
    tick();
}

InventoryWatch::~InventoryWatch()
{
    m_uidQuestion.cancel();
    m_timeQuestion.cancel();
}

void InventoryWatch::list(Listed listed, const std::string& nameSpace)
{
    const auto& facts = kube::objects::factsOf(listed);
    kube::ListQuery query;
    query.collection = {{facts.group, facts.version, facts.plural}, nameSpace, {}, {}};
    query.detail = facts.metadataOnly ? kube::Detail::MetadataOnly : kube::Detail::Whole;
    kube::WatchOptions options = m_options;
    options.streamedList = false; // an old server would leave its end open for half a minute
    m_lists[indexOf(listed)] = std::make_unique<kube::WatchedList>(m_client, std::move(query), std::make_shared<Sink>(listed, nameSpace, m_state), options);
}

void InventoryWatch::tick()
{
    std::vector<Listed> narrower;
    bool isInTrouble = false, needsUid = false, needsTime = false;
    {
        const std::lock_guard lock(m_state->mutex);
        for (const auto& facts : kListed) {
            State::Kind& kind = m_state->kind(facts.listed);
            isInTrouble |= kind.trouble && !isFinal(*kind.trouble);
            if (!std::exchange(kind.needsNarrower, false))
                continue;
            kind.nameSpace = m_state->defaultNamespace; // from here on the wider list is not heard any more
            narrower.push_back(facts.listed);
        }
        needsUid = m_state->uid.empty() && !(m_state->uidTrouble && isFinal(*m_state->uidTrouble));
        needsTime = !m_state->isTimeAnswered || m_state->timeTrouble || isInTrouble;
    }
    for (const Listed listed : narrower)
        list(listed, m_state->defaultNamespace);
    if (needsUid && Clock::now() - m_askedUidAt >= kAskAgain)
        askUid();
    if (needsTime && Clock::now() - m_askedTimeAt >= kAskAgain)
        askTime();
}

/// The uid of namespace kube-system is the cluster's for as long as it lives.
void InventoryWatch::askUid()
{
    m_askedUidAt = Clock::now();
    m_uidQuestion.cancel();
    kube::ListQuery query;
    query.collection = {{"", "v1", "namespaces"}, {}, {}, {}};
    query.fieldSelector = "metadata.name=kube-system";
    query.detail = kube::Detail::MetadataOnly;
    m_uidQuestion = kube::ApiClient(m_client).requestList(std::move(query), [state = m_state](Result<kube::ListAnswer> answer) {
        std::string uid;
        for (const std::string& item : answer ? answer->items : std::vector<std::string>()) {
            const auto object = nlohmann::json::parse(item, nullptr, false);
            if (uid.empty())
                uid = kube::objects::uidOf(object);
        }
        const std::lock_guard lock(state->mutex);
        if (!answer && answer.error().code == ErrorCode::Cancelled)
            return;
        state->uidTrouble = answer ? std::nullopt : std::optional(answer.error());
        state->isUidAnswered |= answer.has_value() || isFinal(answer.error());
        state->uid = uid;
        state->model.setClusterUid(uid);
        ++state->limitsVersion;
    });
}

/// Also tells whether the server answers at all: whoever may ask nothing else may ask its version, or is told no with the date.
void InventoryWatch::askTime()
{
    m_askedTimeAt = Clock::now();
    m_timeQuestion.cancel();
    kube::HttpRequest request;
    request.target = "/version";
    m_timeQuestion = m_client.request(std::move(request), [state = m_state](Result<kube::HttpResponse> answer) {
        const std::lock_guard lock(state->mutex);
        if (!answer && answer.error().code == ErrorCode::Cancelled)
            return;
        state->timeTrouble = answer ? std::nullopt : std::optional(answer.error());
        if (!answer)
            return;
        state->isTimeAnswered = true;
        for (State::Kind& kind : state->kinds) { // a list that still fails says so again
            if (kind.isSynced && kind.trouble && !isFinal(*kind.trouble))
                kind.trouble.reset();
        }
        ++state->limitsVersion;
        const auto date = answer->header("date");
        // A date is cut to the second, and the answer was under way since.
        if (const auto at = date ? parseHttpDate(*date) : std::nullopt; at && !state->serverOffset)
            state->serverOffset = at->time_since_epoch() + std::chrono::milliseconds(500) - steadyNow();
    });
}

bool InventoryWatch::isSettled() const
{
    const std::lock_guard lock(m_state->mutex);
    const bool isListed = std::ranges::all_of(m_state->kinds, [](const State::Kind& kind) { return kind.isSynced || kind.refused; });
    return isListed && m_state->isUidAnswered && m_state->isTimeAnswered;
}

bool InventoryWatch::hasAnything() const
{
    const std::lock_guard lock(m_state->mutex);
    return std::ranges::any_of(m_state->kinds, &State::Kind::isSynced);
}

bool InventoryWatch::hasPods() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->kind(Listed::Pods).isSynced;
}

std::optional<Error> InventoryWatch::away() const
{
    const std::lock_guard lock(m_state->mutex);
    const auto& trouble = m_state->kind(Listed::Pods).trouble;
    return trouble && !isFinal(*trouble) ? trouble : m_state->timeTrouble;
}

std::vector<InventoryLimit> InventoryWatch::limits() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->limits();
}

std::uint64_t InventoryWatch::version() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->model.version() + m_state->limitsVersion;
}

InventoryModel::Rows InventoryWatch::rows() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->model.rows(m_state->limits());
}

std::string InventoryWatch::clusterUid() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->uid;
}

std::optional<Nanoseconds> InventoryWatch::serverOffset() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->serverOffset;
}

std::optional<UtcTime> parseHttpDate(std::string_view text)
{
    static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::string_view kForm = "Tue, 15 Nov 1994 08:12:31 GMT";
    if (text.size() != kForm.size() || !text.ends_with(" GMT") || text[3] != ',')
        return std::nullopt;
    const auto month = std::ranges::find(kMonths, text.substr(8, 3));
    if (month == kMonths.end())
        return std::nullopt;
    const auto number = std::to_string(month - kMonths.begin() + 101).substr(1);
    return parseTime(std::string(text.substr(12, 4)) + '-' + number + '-' + std::string(text.substr(5, 2)) + 'T' + std::string(text.substr(17, 8)) + 'Z', UtcTime{});
}

} // namespace binnacle::desktop
