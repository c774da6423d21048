// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/rolling_buffer.h"
#include "agent/service/agent_server.h"
#include "agent/service/local_client.h"
#include "binnacle/v1/service.grpc.pb.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace binnacle::agent {
namespace {

class ServerTest : public testing::Test {
protected:
    ServerTest()
    {
        BufferOptions buffer;
        buffer.agent = samples::kAgent;
        buffer.memoryBytes = 16u << 20;
        m_buffer = std::move(*RollingBuffer::open(buffer));
        m_options.listen = *ListenAddress::parse("unix:" + (m_scratch.path() / "agent.sock").string());
        m_options.identity = {samples::kAgent, "host-a", "boot", "1.2.3", "6.18", m_buffer->epoch(), "socket"};
        m_options.anchor = [] { return ClockAnchor{hostTime(5), samples::secondRange(50).to, Nanoseconds(7)}; };
    }

    void start() { m_server = std::move(*AgentServer::start(m_options, *m_buffer)); }
    auto stub() { return v1::AgentService::NewStub(grpc::CreateChannel(m_server->address().toText(), grpc::InsecureChannelCredentials())); }

    void append(std::int64_t first, std::int64_t last, std::size_t spans = 2)
    {
        for (std::int64_t n = first; n <= last; ++n)
            m_buffer->append(samples::second(n, spans));
    }

    samples::ScratchFolder m_scratch;
    std::unique_ptr<RollingBuffer> m_buffer;
    ServerOptions m_options;
    std::unique_ptr<AgentServer> m_server;
};

TEST_F(ServerTest, saysWhoItIsAndWhatTimeItIs)
{
    start();
    const auto client = std::move(*LocalClient::connect(m_server->address()));
    EXPECT_EQ(client->identity(), m_options.identity);
    EXPECT_EQ(client->anchor(), m_options.anchor());
}

TEST_F(ServerTest, namesBothVersionsAndWhatToUpgradeWhenTheyDoNotFit)
{
    m_options.protocolMin = m_options.protocolMax = 7;
    start();
    v1::HandshakeRequest request;
    request.set_protocol_min(8);
    request.set_protocol_max(9);
    request.set_program_version("9.9.9");
    v1::HandshakeReply reply;
    grpc::ClientContext context;
    ASSERT_TRUE(stub()->Handshake(&context, request, &reply).ok());
    EXPECT_EQ(reply.protocol(), 0u);
    EXPECT_EQ(reply.problem(), "the agent is version 1.2.3 and speaks protocol 7, the reader is version 9.9.9 and speaks protocol 8; upgrade the agent");
    request.set_protocol_min(1);
    request.set_protocol_max(6);
    grpc::ClientContext again;
    ASSERT_TRUE(stub()->Handshake(&again, request, &reply).ok());
    EXPECT_NE(reply.problem().find("upgrade the reader"), std::string::npos);
    const auto client = LocalClient::connect(m_server->address());
    ASSERT_FALSE(client.has_value());
    EXPECT_EQ(client.error().code, ErrorCode::Unsupported);
}

TEST_F(ServerTest, refusesAnotherUserOnLoopbackWithASentence)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root to become another user";
    m_options.listen = *ListenAddress::parse("127.0.0.1:0");
    start();
    int socket = -1;
    std::thread([&] {
        ::syscall(SYS_setresuid, -1, 65534, -1); // of this thread only
        socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(m_server->address().endpoint.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }).join();
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    const auto stranger = v1::AgentService::NewStub(grpc::CreateInsecureChannelFromFd("agent", socket));
    grpc::ClientContext context;
    v1::HandshakeReply reply;
    const grpc::Status status = stranger->Handshake(&context, {}, &reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_NE(status.error_message().find("answers only user 0"), std::string::npos) << status.error_message();
    grpc::ClientContext streaming;
    const auto stream = stranger->Subscribe(&streaming, {});
    v1::StreamItem item;
    EXPECT_FALSE(stream->Read(&item));
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ServerTest, answersTheSameUserOnLoopback)
{
    m_options.listen = *ListenAddress::parse("127.0.0.1:0");
    start();
    const auto client = LocalClient::connect(m_server->address());
    EXPECT_TRUE(client.has_value()) << client.error().what;
}

TEST_F(ServerTest, givesHistoryWithItsGapsAndHorizons)
{
    start();
    append(1, 33);
    const auto client = std::move(*LocalClient::connect(m_server->address()));
    std::uint64_t segments = 0;
    const auto range = TimeRange{samples::secondRange(1).from, samples::secondRange(40).from};
    ASSERT_TRUE(client->history(range, [&](const std::string&) -> Result<void> { return ++segments, Result<void>(); }, [](const telemetry::Gap&) {}).has_value());
    EXPECT_EQ(segments, 8u); // three sealed and the open one, of two kinds
    const auto horizons = client->horizons();
    ASSERT_TRUE(horizons.has_value());
    ASSERT_EQ(horizons->size(), 5u);
    EXPECT_EQ(horizons->front().signal, "detail");
    EXPECT_EQ(horizons->front().range, (TimeRange{samples::secondRange(1).from, samples::secondRange(33).to}));
}

TEST_F(ServerTest, staysFlatWhileAReaderHasStopped)
{
    start();
    const auto service = stub();
    grpc::ClientContext context;
    const auto stream = service->Subscribe(&context, {}); // and never reads
    while (m_server->readers() == 0)
        std::this_thread::yield();
    append(1, 600, 1'500);
    EXPECT_LE(m_buffer->stats().peakMemoryBytes, 16u << 20);
    EXPECT_EQ(m_server->readers(), 1u);
    m_server->stop(); // a reader that does not read does not keep it
    EXPECT_EQ(m_server->readers(), 0u);
}

TEST_F(ServerTest, refusesTheSeventeenthReader)
{
    start();
    const auto service = stub();
    std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
    std::vector<std::unique_ptr<grpc::ClientReader<v1::StreamItem>>> streams;
    for (std::uint32_t reader = 1; reader <= 16; ++reader) {
        contexts.push_back(std::make_unique<grpc::ClientContext>());
        streams.push_back(service->Subscribe(contexts.back().get(), {}));
        while (m_server->readers() < reader)
            std::this_thread::yield();
    }
    grpc::ClientContext context;
    const auto stream = service->Subscribe(&context, {});
    v1::StreamItem item;
    EXPECT_FALSE(stream->Read(&item));
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    for (const auto& open : contexts)
        open->TryCancel();
}

TEST_F(ServerTest, saysWhenNobodyListens)
{
    const auto client = LocalClient::connect(m_options.listen);
    ASSERT_FALSE(client.has_value());
    EXPECT_EQ(client.error().code, ErrorCode::NotFound);
    EXPECT_NE(client.error().what.find("binnacle-agent run"), std::string::npos);
}

} // namespace
} // namespace binnacle::agent
