// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/watched_list.h"

#include "core/kube/api/internal/known_objects.h"
#include "core/kube/api/internal/lister.h"
#include "core/kube/api/watch_framing.h"
#include "core/kube/net/internal/http_session.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace binnacle::kube {
namespace {

using Pause = std::chrono::milliseconds;

/// What one request came to, and so what to do next.
struct Turn {
    enum class Next : std::uint8_t { Resume, ListAgain, ListPlainly };
    Next next = Next::Resume;
    std::optional<Error> trouble;
    std::optional<Pause> askedPause; // Retry-After
    bool progressed = false;         // events came, or the server ended it in order
};

/// The loop behind a WatchedList.
class Watch {
public:
    Watch(std::shared_ptr<HttpClient::State> client, OperationPointer operation, ListQuery query, std::shared_ptr<WatchSink> sink, WatchOptions options)
        : m_client(std::move(client)), m_operation(std::move(operation)), m_query(std::move(query)), m_sink(std::move(sink)), m_options(options),
          m_known(*m_sink), m_backoff(options.firstPause, options.longestPause), m_streamedList(options.streamedList)
    {
    }

    Task<void> run()
    {
        while (!m_operation->isStopped()) {
            Turn turn;
            if (m_version.empty() && !m_streamedList)
                turn = co_await list();
            else
                turn = co_await watch();
            if (m_operation->isStopped())
                co_return;
            if (turn.next == Turn::Next::ListPlainly)
                m_streamedList = false;
            if (turn.next != Turn::Next::Resume)
                m_version.clear();
            if (turn.progressed)
                m_backoff.reset();
            if (turn.trouble) {
                m_isTroubled = true;
                m_sink->troubled(*turn.trouble);
            }
            if (turn.trouble || turn.askedPause || !turn.progressed)
                co_await sleepFor(m_operation, m_client->context, pauseAfter(turn));
        }
    }

private:
    Pause pauseAfter(const Turn& turn)
    {
        if (turn.next == Turn::Next::ListPlainly)
            return Pause(0);
        const Pause own = m_backoff.next();
        return turn.askedPause ? std::max(*turn.askedPause, std::min(own, *turn.askedPause + Pause(1000))) : own;
    }

    Task<Turn> list()
    {
        auto found = co_await listAll(m_client, m_operation, m_query, OnExpiry::StartOver);
        if (!found)
            co_return Turn{Turn::Next::ListAgain, std::move(found).error(), {}, false};
        m_known.beginListing();
        for (const Json& item : found->items)
            m_known.present(item);
        endListing(std::move(found->resourceVersion));
        co_return Turn{.progressed = true};
    }

    void endListing(std::string version)
    {
        m_known.endListing();
        m_version = std::move(version);
        m_isTroubled = false;
        m_sink->synced();
    }

    std::chrono::seconds serverLimit() { return m_options.serverLimit + std::chrono::seconds(m_backoff.chance(static_cast<std::uint64_t>(m_options.serverLimit.count()) + 1)); }

    HttpRequest watchRequest(std::chrono::seconds limit) const
    {
        Query parameters = selectorsOf(m_query);
        parameters.emplace_back("watch", "true");
        parameters.emplace_back("allowWatchBookmarks", "true");
        parameters.emplace_back("timeoutSeconds", std::to_string(limit.count()));
        if (m_version.empty()) {
            parameters.emplace_back("sendInitialEvents", "true");
            parameters.emplace_back("resourceVersionMatch", "NotOlderThan");
        } else {
            parameters.emplace_back("resourceVersion", m_version);
        }
        const char* accept = m_query.detail == Detail::Whole ? "application/json" : "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        return {.target = m_query.collection.toTarget(parameters), .headers = {{"Accept", accept}}};
    }

    Task<Turn> watch()
    {
        const std::chrono::seconds limit = serverLimit();
        m_initial = m_version.empty();
        const HttpRequest request = watchRequest(limit);
        auto answer = co_await m_client->open(m_operation, request, HttpClient::State::Reuse::Allowed);
        if (!answer)
            co_return Turn{.trouble = std::move(answer).error()};
        if (answer->reader->status() != 200)
            co_return co_await refused(std::move(*answer));
        if (m_initial)
            m_known.beginListing();
        else if (std::exchange(m_isTroubled, false))
            m_sink->synced(); // perhaps nothing changed meanwhile, and no event would ever say that it works again
        co_return co_await follow(std::move(*answer), limit);
    }

    Task<Turn> refused(OpenAnswer answer)
    {
        const HttpRequest limits;
        auto response = co_await m_client->finish(m_operation, std::move(answer), limits);
        if (!response)
            co_return Turn{.trouble = std::move(response).error()};
        const ApiStatus status = decodeStatus(response->status, response->body);
        if (m_initial && (status.code == 422 || status.code == 400)) // WatchList is off there
            co_return Turn{.next = Turn::Next::ListPlainly, .askedPause = Pause(0), .progressed = true};
        if (status.code == 410)
            co_return expired(status);
        co_return Turn{.trouble = toError(status, "watch", m_query.collection.toWords()), .askedPause = retryAfter(response->headers)};
    }

    Turn expired(const ApiStatus& status)
    {
        m_sink->gap(status.message.empty() ? "the version to go on from has expired" : status.message);
        return {.next = Turn::Next::ListAgain, .progressed = true};
    }

    /// Reads events until the answer ends.  Each read has a deadline of its own, on an operation of its own: the end of patience with
    /// this connection is not the end of the watch.
    Task<Turn> follow(OpenAnswer answer, std::chrono::seconds limit)
    {
        LineFramer lines;
        std::string arrived;
        bool progressed = false;
        const auto begin = std::chrono::steady_clock::now();
        const auto end = begin + limit + m_options.grace;
        for (;;) {
            const auto reading = std::make_shared<Operation>();
            const Operation::Waker waker(*m_operation, [reading] { reading->stop(Operation::Stop::Cancelled); });
            const auto left = std::chrono::duration_cast<Pause>(end - std::chrono::steady_clock::now());
            const Deadline deadline(reading, m_client->context, m_initial ? std::min(left, m_options.initialPatience) : left);
            auto more = co_await answer.reader->readBody(reading, arrived);
            if (m_operation->isStopped())
                co_return Turn{};
            if (!more && m_initial && reading->whyStopped() == Operation::Stop::TimedOut)
                co_return Turn{.next = Turn::Next::ListPlainly}; // an old server ignores sendInitialEvents and never ends its list
            if (!more || !*more)
                co_return ended(more, progressed, std::chrono::steady_clock::now() - begin);
            lines.feed(arrived);
            arrived.clear();
            for (;;) {
                const auto line = lines.next();
                if (!line)
                    co_return Turn{.next = Turn::Next::ListAgain, .trouble = line.error()};
                if (!*line)
                    break;
                if (auto over = take(**line))
                    co_return std::move(*over);
                progressed = true;
            }
        }
    }

    Turn ended(const Result<bool>& outcome, bool progressed, std::chrono::steady_clock::duration lasted)
    {
        if (m_initial) // the list is incomplete: it begins anew
            return {.trouble = Error{ErrorCode::Unavailable, "watch " + m_query.collection.toWords() + ": the server ended its list too early"}};
        if (outcome)
            return {.progressed = progressed || lasted > m_options.firstPause}; // in order, at its time limit
        return {.progressed = progressed}; // resumed without a word: nothing is lost by it
    }

    /// Something only when the watch is over.
    std::optional<Turn> take(std::string_view line)
    {
        const Json event = parseJson(line);
        const Json& object = memberOf(event, "object");
        switch (watchEventKind(textAt(event, "type"))) {
        case WatchEventKind::Added:
        case WatchEventKind::Modified:
            m_known.present(object);
            break;
        case WatchEventKind::Deleted:
            m_known.absent(object);
            break;
        case WatchEventKind::Bookmark:
            break;
        case WatchEventKind::Error:
            return failed(object);
        case WatchEventKind::Unknown:
            m_sink->gap("an event of the watch cannot be read");
            return Turn{.next = Turn::Next::ListAgain};
        }
        noteVersion(object);
        return std::nullopt;
    }

    void noteVersion(const Json& object)
    {
        const Json& metadata = memberOf(object, "metadata");
        std::string version = textAt(metadata, "resourceVersion");
        if (!m_initial) {
            if (!version.empty())
                m_version = std::move(version);
        } else if (textAt(memberOf(metadata, "annotations"), "k8s.io/initial-events-end") == "true") {
            m_initial = false; // until then a version of one object says nothing of the list's
            endListing(std::move(version));
        }
    }

    Turn failed(const Json& object)
    {
        const ApiStatus status = decodeStatus(500, object.dump(-1, ' ', false, Json::error_handler_t::replace));
        if (status.code == 410)
            return expired(status);
        return {.trouble = toError(status, "watch", m_query.collection.toWords())};
    }

    std::shared_ptr<HttpClient::State> m_client;
    OperationPointer m_operation;
    ListQuery m_query;
    std::shared_ptr<WatchSink> m_sink;
    WatchOptions m_options;
    KnownObjects m_known;
    Backoff m_backoff;
    bool m_streamedList;
    std::string m_version;  // to go on from; empty: a list is needed
    bool m_initial = false; // a streamed list is under way
    bool m_isTroubled = false; // the sink was told so, and not yet that it is over
};

Task<bool> runWatch(std::shared_ptr<HttpClient::State> client, OperationPointer operation, ListQuery query, std::shared_ptr<WatchSink> sink, WatchOptions options)
{
    Watch watch(std::move(client), std::move(operation), std::move(query), std::move(sink), options);
    co_await watch.run();
    co_return true;
}

} // namespace

WatchedList::WatchedList(HttpClient& client, ListQuery query, std::shared_ptr<WatchSink> sink, WatchOptions options)
    : m_running(request<bool>(
          client.reactor(),
          [state = client.state(), query = std::move(query), sink = std::move(sink), options](OperationPointer operation) {
              return runWatch(state, std::move(operation), query, sink, options);
          },
          [](bool) {}))
{
}

WatchedList::~WatchedList() { m_running.cancel(); }

} // namespace binnacle::kube
