// SPDX-License-Identifier: Apache-2.0
// Hostile input must not cost more than its bytes: no allocation per message, no second look at what was seen.
#include "core/protocols/stream_parser.h"
#include "core/protocols/route_template.h"

#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <malloc.h>
#include <new>
#include <string>

namespace {
std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> bytesHeld{0};
}

// Counting replacements for this test program.
void* operator new(std::size_t size)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    void* p = std::malloc(size);
    if (!p)
        throw std::bad_alloc();
    bytesHeld.fetch_add(malloc_usable_size(p), std::memory_order_relaxed);
    return p;
}
void operator delete(void* p) noexcept
{
    bytesHeld.fetch_sub(p ? malloc_usable_size(p) : 0, std::memory_order_relaxed);
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }

namespace binnacle::protocols {
namespace {

class Counter final : public ExchangeSink {
public:
    void onExchange(const Exchange&) override { ++exchanges; }
    void onLoss(Loss, std::uint64_t count, HostTime) override { lost += count; }
    std::size_t exchanges = 0;
    std::uint64_t lost = 0;
};

class Feeder {
public:
    explicit Feeder(Start start = Start::FromFirstByte) : m_parser(start, Roles::Known, m_routes) {}

    void feed(Direction direction, std::string_view bytes)
    {
        std::uint64_t& position = m_positions[static_cast<std::size_t>(direction)];
        m_parser.feed({hostTime(++m_at), direction, position, 0, 1, asBytes(bytes), static_cast<std::uint32_t>(bytes.size())}, sink);
        position += bytes.size();
    }

    Counter sink;

private:
    RouteCache m_routes;
    StreamParser m_parser;
    std::uint64_t m_positions[2] = {0, 0};
    std::uint64_t m_at = 0;
};

void expectNoAllocation(std::string_view request, std::string_view response)
{
    Feeder feeder;
    for (int i = 0; i < 3; ++i) {
        feeder.feed(Direction::Request, request);
        feeder.feed(Direction::Response, response);
    }
    const std::size_t before = allocations.load();
    for (int i = 0; i < 1000; ++i) {
        feeder.feed(Direction::Request, request);
        feeder.feed(Direction::Response, response);
    }
    EXPECT_EQ(allocations.load() - before, 0u);
    EXPECT_EQ(feeder.sink.exchanges, 1003u);
}

TEST(WorkBounds, aKeepAliveExchangeAllocatesNothing)
{
    expectNoAllocation("GET /orders/7 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    expectNoAllocation("*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "$2\r\nhi\r\n");
}

TEST(WorkBounds, aHeadInTwoPartsAllocatesNothingOnceItIsKnown)
{
    Feeder feeder;
    std::size_t before = 0;
    for (int i = 0; i < 100; ++i) {
        if (i == 10)
            before = allocations.load();
        feeder.feed(Direction::Request, "GET /orders/7 HTTP/1.1\r\nHo");
        feeder.feed(Direction::Request, "st: x\r\n\r\n");
        feeder.feed(Direction::Response, "HTTP/1.1 200 OK\r\nContent-");
        feeder.feed(Direction::Response, "Length: 0\r\n\r\n");
    }
    EXPECT_EQ(allocations.load() - before, 0u);
    EXPECT_EQ(feeder.sink.exchanges, 100u);
}

TEST(WorkBounds, bodiesAreNotKept)
{
    Feeder feeder;
    feeder.feed(Direction::Request, "PUT /a HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n");
    const std::string part(100000, 'b');
    const std::size_t before = allocations.load();
    for (int i = 0; i < 100; ++i)
        feeder.feed(Direction::Request, part);
    EXPECT_EQ(allocations.load() - before, 0u);
    feeder.feed(Direction::Response, "HTTP/1.1 204 No\r\n\r\n");
    EXPECT_EQ(feeder.sink.exchanges, 1u);
}

TEST(WorkBounds, memoryOfALargeBatchIsGivenBack)
{
    Feeder feeder;
    std::string requests, replies;
    for (int i = 0; i < 10000; ++i) {
        requests += "*1\r\n$4\r\nPING\r\n";
        replies += "+PONG\r\n";
    }
    feeder.feed(Direction::Request, requests);
    const std::size_t held = bytesHeld.load();
    feeder.feed(Direction::Response, replies);
    EXPECT_EQ(feeder.sink.exchanges, 10000u);
    EXPECT_LT(bytesHeld.load() + 1'000'000, held);
}

TEST(WorkBounds, aConnectionIsSmall)
{
    RouteCache routes;
    const std::size_t before = bytesHeld.load();
    StreamParser parser(Start::FromFirstByte, Roles::Known, routes);
    Counter sink;
    const std::string_view request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    parser.feed({hostTime(1), Direction::Request, 0, 0, 1, asBytes(request), static_cast<std::uint32_t>(request.size())}, sink);
    EXPECT_LT(bytesHeld.load() - before, 2048u);
}

TEST(WorkBounds, endlessLinesEndAtTheLimit)
{
    Feeder feeder;
    feeder.feed(Direction::Request, "GET /a HTTP/1.1\r\nX: ");
    for (int i = 0; i < 40000; ++i)
        feeder.feed(Direction::Request, "x");
    EXPECT_GT(feeder.sink.lost, 16u * 1024u - 100u);
    EXPECT_LT(feeder.sink.lost, 17u * 1024u);
}

} // namespace
} // namespace binnacle::protocols
