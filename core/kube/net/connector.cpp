// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/connector.h"

#include <openssl/evp.h>

namespace binnacle::kube {
namespace {

/// Times one phase into the report; what is not said to have failed went well.
class PhaseTimer {
public:
    PhaseTimer(ConnectionReport& report, ConnectPhase phase) : m_report(report), m_phase{phase, {}, {}, {}} {}
    ~PhaseTimer()
    {
        m_phase.took = std::chrono::steady_clock::now() - m_start;
        m_report.phases.push_back(std::move(m_phase));
    }
    PhaseTimer(const PhaseTimer&) = delete;
    PhaseTimer& operator=(const PhaseTimer&) = delete;
    void say(std::string detail) { m_phase.detail = std::move(detail); }
    Error fail(Error error, const std::string& toWhat)
    {
        m_phase.error = error.what;
        return std::move(error).within(std::string(nameOf(m_phase.phase)) + (toWhat.empty() ? "" : " " + toWhat));
    }

private:
    ConnectionReport& m_report;
    PhaseReport m_phase;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

std::string joined(const std::vector<std::string>& list)
{
    std::string text;
    for (const std::string& item : list)
        text += (text.empty() ? "" : ", ") + item;
    return text;
}

/// One way through the phases; lives as long as its coroutine.
class Connector {
public:
    Connector(OperationPointer operation, asio::io_context& context, const ConnectPlan& plan, const HttpClientOptions& patience, ConnectionReport& report)
        : m_operation(std::move(operation)), m_context(context), m_plan(plan), m_patience(patience), m_report(report)
    {
    }

    Task<Result<StreamPointer>> run()
    {
        const Url& first = m_plan.proxy ? *m_plan.proxy : m_plan.server;
        auto stream = co_await reach(first);
        if (stream && m_plan.proxy && m_plan.proxy->isTls())
            stream = co_await secure(ConnectPhase::ProxyTls, std::move(*stream), m_plan.proxyContext, m_plan.proxyTls, m_plan.proxy->host, m_report.proxyTls);
        if (stream && m_plan.proxy)
            stream = co_await askProxy(std::move(*stream));
        if (stream && m_plan.server.isTls())
            stream = co_await secure(ConnectPhase::Tls, std::move(*stream), m_plan.context, m_plan.tls, m_plan.expectedName, m_report.tls);
        co_return stream;
    }

private:
    Task<Result<StreamPointer>> reach(const Url& first)
    {
        std::vector<std::string> addresses;
        {
            PhaseTimer phase(m_report, ConnectPhase::Resolve);
            const Deadline deadline(m_operation, m_context, m_patience.resolvePatience);
            auto found = co_await resolveName(m_operation, m_context, first.host);
            if (!found)
                co_return std::unexpected(phase.fail(std::move(found).error(), {}));
            addresses = std::move(*found);
            phase.say(joined(addresses));
        }
        PhaseTimer phase(m_report, ConnectPhase::Connect);
        const Deadline deadline(m_operation, m_context, m_patience.connectPatience);
        auto dialled = co_await dial(m_operation, m_context, std::move(addresses), first.port, m_patience.connectPatience);
        if (!dialled)
            co_return std::unexpected(phase.fail(std::move(dialled).error(), {}));
        phase.say(dialled->peer);
        co_return std::move(dialled->stream);
    }

    Task<Result<StreamPointer>> askProxy(StreamPointer stream)
    {
        PhaseTimer phase(m_report, ConnectPhase::Proxy);
        const Deadline deadline(m_operation, m_context, m_patience.proxyPatience);
        const Url& proxy = *m_plan.proxy;
        Result<void> let;
        if (proxy.scheme == "socks5")
            let = co_await askSocksProxy(m_operation, *stream, proxy, m_plan.server);
        else
            let = co_await askHttpProxy(m_operation, *stream, proxy, m_plan.server);
        if (!let)
            co_return std::unexpected(phase.fail(std::move(let).error(), proxy.toText()));
        co_return std::move(stream);
    }

    Task<Result<StreamPointer>> secure(ConnectPhase which, StreamPointer below, std::shared_ptr<TlsContext> context, TlsSettings settings, std::string name,
                                       TlsReport& report)
    {
        PhaseTimer phase(m_report, which);
        const Deadline deadline(m_operation, m_context, m_patience.tlsPatience);
        auto stream = co_await startTls(m_operation, std::move(below), std::move(context), std::move(settings), std::move(name), report);
        if (!stream)
            co_return std::unexpected(phase.fail(std::move(stream).error(), {}));
        phase.say(report.protocol + " " + report.cipher);
        co_return stream;
    }

    OperationPointer m_operation;
    asio::io_context& m_context;
    const ConnectPlan& m_plan;
    const HttpClientOptions& m_patience;
    ConnectionReport& m_report;
};

} // namespace

std::string_view nameOf(ConnectPhase phase)
{
    switch (phase) {
    case ConnectPhase::Resolve: return "name look-up";
    case ConnectPhase::Connect: return "connect";
    case ConnectPhase::ProxyTls: return "TLS with the proxy";
    case ConnectPhase::Proxy: return "proxy";
    case ConnectPhase::Tls: return "TLS";
    case ConnectPhase::Request: return "request";
    }
    return "unknown step";
}

Task<Result<StreamPointer>> connectTo(OperationPointer operation, asio::io_context& context, ConnectPlan plan, HttpClientOptions patience,
                                      ConnectionReport& report)
{
    report.server = plan.server.toText();
    report.proxy = plan.proxy ? plan.proxy->toText() : std::string{};
    Connector connector(operation, context, plan, patience, report);
    auto stream = co_await connector.run();
    if (!stream)
        co_return std::unexpected(std::move(stream).error().within(plan.proxy ? plan.server.toText() + " through " + plan.proxy->toText() : plan.server.toText()));
    co_return stream;
}

std::string basicAuthorization(std::string_view user, std::string_view password)
{
    const std::string plain = std::string(user) + ":" + std::string(password);
    std::string packed(4 * ((plain.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(packed.data()), reinterpret_cast<const unsigned char*>(plain.data()),
                                     static_cast<int>(plain.size()));
    packed.resize(static_cast<std::size_t>(size));
    return "Basic " + packed;
}

} // namespace binnacle::kube
