// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::agent::test {

/// One direction of one connection, as its records told it.
struct RecordedStream {
    std::string text;             // captured bytes, one after the other
    std::uint64_t next = 0;       // position after the last record
    std::uint64_t unseen = 0, countedOnly = 0;
    std::uint64_t missing = 0;    // bytes between records: what was lost
    std::size_t records = 0, backwards = 0;
};

struct RecordedConnection {
    std::optional<ConnectionOpened> opened;
    std::optional<ConnectionOwned> owned;
    std::optional<ConnectionClosed> closed;
    std::optional<SocketSample> sample;
    RecordedStream sent, received;
    bool dataBeforeOpened = false, dataAfterClosed = false;
    HostTime lastData{};
    std::size_t dataOutOfTime = 0; // records that are older than the one before, in either direction
};

/// Keeps everything.  Thread: the one that drains.
class RecordingSink final : public EventSink {
public:
    void on(const ConnectionOpened& e) override { connections[e.connection.value].opened = e; }
    void on(const ConnectionOwned& e) override { connections[e.connection.value].owned = e; }
    void on(const ConnectionClosed& e) override { connections[e.connection.value].closed = e; }
    void on(const ConnectFailed& e) override { failed.push_back(e); }
    void on(const ListenStarted& e) override { listening.push_back(e); }
    void on(const ListenEnded& e) override { ended.push_back(e); }
    void on(const ProcessForked& e) override { forked.push_back(e); }
    void on(const ProcessExeced& e) override { execed.push_back(e); }
    void on(const ProcessExited& e) override { exited.push_back(e); }
    void on(const SocketSample& e) override
    {
        samples.push_back(e);
        if (auto found = connections.find(e.connection.value); found != connections.end())
            found->second.sample = e;
    }
    void on(const ConnectPending& e) override { pending.push_back(e); }
    void lost(Loss loss, std::uint64_t count) override { losses[loss] += count; }
    void on(const DataChunk& e) override
    {
        RecordedConnection& connection = connections[e.connection.value];
        connection.dataBeforeOpened |= !connection.opened;
        connection.dataAfterClosed |= connection.closed.has_value();
        connection.dataOutOfTime += e.at < connection.lastData ? 1 : 0;
        connection.lastData = e.at;
        add(e.sent ? connection.sent : connection.received, e);
    }

    /// Connections whose server listens on `port`, seen from one side.
    std::vector<const RecordedConnection*> clientsOf(std::uint16_t port) const { return select(port, Side::Client); }
    std::vector<const RecordedConnection*> serversOf(std::uint16_t port) const { return select(port, Side::Server); }

    std::map<std::uint64_t, RecordedConnection> connections;
    std::vector<ConnectFailed> failed;
    std::vector<ListenStarted> listening;
    std::vector<ListenEnded> ended;
    std::vector<ProcessForked> forked;
    std::vector<ProcessExeced> execed;
    std::vector<ProcessExited> exited;
    std::vector<SocketSample> samples;
    std::vector<ConnectPending> pending;
    std::map<Loss, std::uint64_t> losses;

private:
    static void add(RecordedStream& stream, const DataChunk& e)
    {
        ++stream.records;
        if (e.position < stream.next)
            ++stream.backwards;
        else
            stream.missing += e.position - stream.next;
        stream.next = e.position + e.size;
        stream.text.append(asText(e.bytes));
        (e.unseen ? stream.unseen : stream.countedOnly) += e.size - e.bytes.size();
    }

    std::vector<const RecordedConnection*> select(std::uint16_t port, Side side) const
    {
        std::vector<const RecordedConnection*> found;
        for (const auto& [id, connection] : connections) {
            if (!connection.opened)
                continue;
            const SocketAddresses& addresses = connection.opened->addresses;
            if ((side == Side::Client ? addresses.remote.port : addresses.local.port) == port)
                found.push_back(&connection);
        }
        return found;
    }
};

} // namespace binnacle::agent::test
