// SPDX-License-Identifier: Apache-2.0
// Who gets in at an agent's door for gateways, and whom a gateway believes to be an agent.
#include "agent/gateway/agent_link.h"
#include "agent/gateway/pod_channel.h"
#include "agent/service/guest_list.h"
#include "tests/agent/gateway/fake_fleet.h"
#include "tests/agent/gateway/gateway_client.h"

#include <gtest/gtest.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace binnacle::agent::test {
namespace {

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

class ProofTest : public testing::Test {
protected:
    ProofTest() : m_agent(m_api, 1) {}

    /// A caller with that certificate.
    std::unique_ptr<v1::AgentService::Stub> caller(const kube::OwnCertificate& own)
    {
        return v1::AgentService::NewStub(grpc::CreateChannel(door(), credentialsOf(own)));
    }
    std::string door() { return "ipv4:127.0.0.1:" + std::to_string(m_agent.server().doorPort()); }

    static grpc::Status handshake(v1::AgentService::Stub& stub, const std::string& proof, v1::HandshakeReply* reply = nullptr)
    {
        v1::HandshakeRequest request;
        request.set_protocol_min(wire::kProtocolMin);
        request.set_protocol_max(wire::kProtocolMax);
        request.set_proof(proof);
        v1::HandshakeReply ignored;
        grpc::ClientContext context;
        return stub.Handshake(&context, request, reply ? reply : &ignored);
    }
    static grpc::Status askForBuffer(v1::AgentService::Stub& stub)
    {
        grpc::ClientContext context;
        v1::BufferReply reply;
        return stub.Buffer(&context, {}, &reply);
    }

    /// A link of a gateway to the agent's node; what it says when it has been refused or let in.
    LinkStatus statusOfLink(ChannelIdentity& gateway, const std::string& podName = {})
    {
        AgentLink::Options options;
        HandshakeTurns turns{1};
        options.identity = &gateway;
        options.turns = &turns;
        options.firstPause = options.longestPause = std::chrono::milliseconds(20);
        options.news = [] {};
        AgentLink link("node-1", options);
        kube::AgentPod pod;
        pod.port = {kNamespace, podName.empty() ? m_agent.podName() : podName, "uid", 9465};
        pod.node = "node-1";
        pod.address = "127.0.0.1";
        pod.gatewayPort = m_agent.server().doorPort();
        link.setPod(pod);
        LinkStatus status;
        waitFor([&] { return (status = link.status()).isConnected || (status.version > 0 && status.why.find("no agent's pod") == std::string::npos); });
        return status;
    }

    FakeApi m_api;
    FakeAgent m_agent;
};

TEST_F(ProofTest, aGatewayWithItsOwnTokenIsLetInAndGetsTheAgentsProof)
{
    const auto gateway = m_api.identity(kGatewayAccount);
    const auto stub = caller(gateway->certificate());
    EXPECT_EQ(askForBuffer(*stub).error_code(), grpc::StatusCode::UNAUTHENTICATED) << "the handshake comes first";
    v1::HandshakeReply reply;
    const grpc::Status status = handshake(*stub, *gateway->proof(), &reply);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const auto agent = gateway->review(m_agent.identity().certificate().certificate, reply.proof(), kAgentAccount);
    ASSERT_TRUE(agent.has_value()) << agent.error().what;
    EXPECT_EQ(agent->pod, m_agent.podName());
    EXPECT_TRUE(askForBuffer(*stub).ok());
}

TEST_F(ProofTest, noTlsAndNoCertificateGetNoAnswer)
{
    const auto plain = v1::AgentService::NewStub(grpc::CreateChannel(door(), grpc::InsecureChannelCredentials()));
    EXPECT_EQ(handshake(*plain, "x").error_code(), grpc::StatusCode::UNAVAILABLE);
    namespace tls = grpc::experimental;
    tls::TlsChannelCredentialsOptions options;
    options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(m_agent.identity().certificate().certificate));
    options.watch_root_certs();
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
    const auto nameless = v1::AgentService::NewStub(grpc::CreateChannel(door(), tls::TlsCredentials(options)));
    EXPECT_EQ(handshake(*nameless, "x").error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ProofTest, whoShowsNoTokenOrAMadeUpOneIsRefusedWithASentence)
{
    const auto gateway = m_api.identity(kGatewayAccount);
    const auto stub = caller(gateway->certificate());
    const grpc::Status none = handshake(*stub, {});
    EXPECT_EQ(none.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_SAYS(none.error_message(), "shows no proof of who it is");
    const grpc::Status madeUp = handshake(*stub, "sa.made-up");
    EXPECT_EQ(madeUp.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_SAYS(madeUp.error_message(), "the token shown is expired, of another cluster, or names another key");
    EXPECT_EQ(askForBuffer(*stub).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ProofTest, aTokenThatSomebodyElseShowsWithHisOwnKeyIsWorthNothing)
{
    const auto gateway = m_api.identity(kGatewayAccount), thief = m_api.identity("somebody");
    const grpc::Status status = handshake(*caller(thief->certificate()), *gateway->proof());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_SAYS(status.error_message(), "is invalid for the target audiences");
}

TEST_F(ProofTest, anotherAccountIsRefusedByName)
{
    const auto somebody = m_api.identity("somebody");
    const grpc::Status status = handshake(*caller(somebody->certificate()), *somebody->proof());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_SAYS(status.error_message(), "the other side is system:serviceaccount:binnacle:somebody, and system:serviceaccount:binnacle:binnacle-gateway is expected");
}

TEST_F(ProofTest, anExpiredTokenIsRefused)
{
    const auto gateway = m_api.identity(kGatewayAccount);
    const std::string proof = *gateway->proof();
    m_api.expireTokens();
    const grpc::Status status = handshake(*caller(gateway->certificate()), proof);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_SAYS(status.error_message(), "expired");
}

TEST_F(ProofTest, aTokenOfAPodThatIsGoneIsRefused)
{
    m_api.putPod("binnacle-gateway", "gateway-1", "node-1", nlohmann::json::array());
    const auto gateway = m_api.identity(kGatewayAccount, "gateway-1");
    const std::string proof = *gateway->proof();
    m_api.remove("Pod", "gateway-1");
    EXPECT_EQ(handshake(*caller(gateway->certificate()), proof).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ProofTest, aGatewayBelievesNoAgentWithAnotherAccount)
{
    const auto gateway = m_api.identity(kGatewayAccount);
    m_agent.stopServing();
    m_agent.useIdentity(m_api.identity("somebody"));
    m_agent.serve();
    const LinkStatus status = statusOfLink(*gateway);
    EXPECT_FALSE(status.isConnected);
    EXPECT_SAYS(status.why, "system:serviceaccount:binnacle:binnacle-agent is expected");
}

TEST_F(ProofTest, aGatewayBelievesNoAgentThatIsAnotherPod)
{
    const auto gateway = m_api.identity(kGatewayAccount);
    EXPECT_TRUE(statusOfLink(*gateway).isConnected);
    const LinkStatus status = statusOfLink(*gateway, "agent-elsewhere");
    EXPECT_FALSE(status.isConnected);
    EXPECT_SAYS(status.why, "is pod " + m_agent.podName());
}

TEST_F(ProofTest, aGatewayThatIsLetNotInSaysWhatTheAgentSaid)
{
    const auto wrong = m_api.identity("somebody");
    const LinkStatus status = statusOfLink(*wrong);
    EXPECT_SAYS(status.why, "the agent on node-1 lets this gateway not in: the other side is system:serviceaccount:binnacle:somebody");
}

TEST_F(ProofTest, theRightThatIsMissingIsNamed)
{
    m_api.server().order("POST", "/script", {{"authorization", {{"rules", nlohmann::json::array()}}}});
    const auto gateway = m_api.identity(kGatewayAccount);
    const auto proof = gateway->proof();
    ASSERT_FALSE(proof.has_value());
    EXPECT_SAYS(proof.error().what, "serviceaccounts/token");
}

TEST(Guests, isForgottenWhenItsTimeIsOver)
{
    int reviews = 0;
    GuestList guests([&](const std::string&, const std::string&) { return ++reviews, Result<void>(); }, std::chrono::seconds(0));
    EXPECT_TRUE(guests.admit("certificate", "token").has_value());
    EXPECT_FALSE(guests.isAdmitted("certificate"));
    EXPECT_FALSE(guests.admit("certificate", {}).has_value());
    EXPECT_EQ(reviews, 1);
}

} // namespace
} // namespace binnacle::agent::test
