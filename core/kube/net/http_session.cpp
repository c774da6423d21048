// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/http_session.h"

#include "core/base/platform/files.h"

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr std::size_t kLargestRefusal = 1u << 20; // of the body of an answer that is not kept

bool isToken(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos; });
}

bool isOneLine(std::string_view text)
{
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// May be sent a second time although the first may have been executed.
bool isRepeatable(const std::string& method) { return method == "GET" || method == "HEAD"; }

struct TextAndOrigin {
    std::string text;
    std::string origin;
};

Result<TextAndOrigin> authorityOf(const ClusterEndpoint& cluster)
{
    const InlineOrFile& given = cluster.certificateAuthority;
    if (!given.inlineText.empty()) // certificate-authority-data overrides the file
        return TextAndOrigin{given.inlineText, "certificate-authority-data of cluster " + cluster.name};
    if (given.file.empty())
        return TextAndOrigin{};
    auto text = platform::readFile(given.file);
    if (!text)
        return std::unexpected(std::move(text).error().within("the certificate-authority of cluster " + cluster.name));
    if (text->empty())
        return failure(ErrorCode::Corrupt, "the certificate-authority of cluster " + cluster.name + ", " + given.file.string() + ", is empty");
    return TextAndOrigin{std::move(*text), given.file.string()};
}

} // namespace

HttpClient::State::State(Reactor& itsReactor, ClusterAccess itsAccess, std::shared_ptr<CredentialSource> itsCredentials, HttpClientOptions itsOptions)
    : reactor(itsReactor), context(itsReactor.loop().context), access(std::move(itsAccess)), credentials(std::move(itsCredentials)),
      options(std::move(itsOptions)), m_server(parseServerUrl(access.cluster.server))
{
}

void HttpClient::State::shutDown()
{
    m_isShut = true;
    m_kept.clear();
}

Task<Result<RequestCredentials>> HttpClient::State::loadCredentials(OperationPointer operation)
{
    if (!credentials || !m_server->isTls()) // nothing secret goes over plain http
        co_return RequestCredentials{};
    const Deadline deadline(operation, context, options.credentialsPatience);
    const Cancellation cancellation;
    const std::function<Result<RequestCredentials>()> load = [source = credentials, cancellation] { return source->load(cancellation); };
    auto loaded = co_await offload(operation, context, load);
    if (!loaded) {
        cancellation.cancel();
        co_return std::unexpected(operation->stopError("credentials of user " + access.user.name));
    }
    co_return std::move(*loaded);
}

Result<std::shared_ptr<TlsContext>> HttpClient::State::contextFor(const TlsSettings& settings)
{
    if (m_context && m_settings == settings)
        return m_context;
    auto made = makeTlsContext(settings);
    if (made) {
        m_settings = settings;
        m_context = *made;
    }
    return made;
}

Result<ConnectPlan> HttpClient::State::makePlan(const RequestCredentials& who)
{
    auto proxy = proxyFor(*m_server, access.cluster.proxyUrl, options.environment);
    if (!proxy)
        return std::unexpected(std::move(proxy).error());
    ConnectPlan plan{*m_server, std::move(*proxy), {}, {}, access.cluster.tlsServerName.empty() ? m_server->host : access.cluster.tlsServerName, {}, {}};
    if (m_server->isTls()) {
        auto authority = authorityOf(access.cluster);
        if (!authority)
            return std::unexpected(std::move(authority).error());
        plan.tls = {std::move(authority->text), std::move(authority->origin), false, access.cluster.insecureSkipTlsVerify, who.clientCertificate, who.clientKey};
        auto made = contextFor(plan.tls);
        if (!made)
            return std::unexpected(std::move(made).error());
        plan.context = *made;
    }
    if (plan.proxy && plan.proxy->isTls()) {
        plan.proxyTls = {plan.tls.authorities, plan.tls.trustOrigin, true, plan.tls.skipVerification, {}, {}};
        auto made = makeTlsContext(plan.proxyTls);
        if (!made)
            return std::unexpected(std::move(made).error());
        plan.proxyContext = *made;
    }
    return plan;
}

Task<Result<StreamPointer>> HttpClient::State::connectFresh(OperationPointer operation, const RequestCredentials& who)
{
    auto plan = makePlan(who);
    if (!plan)
        co_return std::unexpected(std::move(plan).error());
    ConnectionReport made;
    auto stream = co_await connectTo(operation, context, std::move(*plan), options, made);
    report.set(std::make_shared<const ConnectionReport>(std::move(made)));
    co_return stream;
}

StreamPointer HttpClient::State::takeKept(std::uint64_t generation)
{
    const auto oldest = std::chrono::steady_clock::now() - options.idleLimit;
    if (generation != m_generation) {
        m_generation = generation;
        m_kept.clear(); // another certificate: the server would still see the old user on these
    }
    while (!m_kept.empty()) {
        Kept kept = std::move(m_kept.front());
        m_kept.pop_front();
        if (kept.since > oldest && kept.stream->isIdle())
            return std::move(kept.stream);
    }
    return nullptr;
}

void HttpClient::State::keep(StreamPointer stream, std::uint64_t generation)
{
    if (m_isShut || generation != m_generation)
        return;
    m_kept.push_front({std::move(stream), generation, std::chrono::steady_clock::now()});
    if (m_kept.size() > options.keptConnections)
        m_kept.pop_back();
}

Result<std::string> HttpClient::State::headOf(const HttpRequest& request, const RequestCredentials& who) const
{
    HttpHeaders headers{{"Host", m_server->authority()}, {"User-Agent", options.userAgent}};
    if (!who.authorization.empty())
        headers.emplace_back("Authorization", who.authorization);
    else if (!m_server->user.empty() && m_server->isTls())
        headers.emplace_back("Authorization", basicAuthorization(m_server->user, m_server->password));
    headers.insert(headers.end(), who.impersonation.begin(), who.impersonation.end());
    headers.insert(headers.end(), request.headers.begin(), request.headers.end());
    if (!access.cluster.disableCompression && !findHeader(headers, "Accept-Encoding") && !findHeader(headers, "Upgrade"))
        headers.emplace_back("Accept-Encoding", "gzip");
    if (!request.body.empty() || (!isRepeatable(request.method) && !findHeader(headers, "Upgrade")))
        headers.emplace_back("Content-Length", std::to_string(request.body.size()));
    std::string head = request.method + " " + m_server->path + request.target + " HTTP/1.1\r\n";
    if (!isToken(request.method) || head.size() > 16384 || head.find_first_of("\r\n \t", request.method.size() + 1) != head.size() - 11)
        return failure(ErrorCode::Invalid, "the request `" + request.method + "` has no usable target");
    for (const auto& [name, value] : headers) {
        if (!isToken(name) || !isOneLine(value)) // a token with a line break, for one; its text is not repeated here
            return failure(ErrorCode::Invalid, "the header " + (isToken(name) ? name : std::string("of this request")) + " holds a line break or another character that HTTP does not allow");
        head += name + ": " + value + "\r\n";
    }
    return head + "\r\n";
}

/// `untouched`: the server may not have seen the request, so that it can be sent again.
Task<Result<OpenAnswer>> HttpClient::State::converse(OperationPointer operation, StreamPointer stream, const HttpRequest& request,
                                                     const RequestCredentials& who, bool& untouched)
{
    auto head = headOf(request, who);
    if (!head)
        co_return std::unexpected(std::move(head).error());
    auto reader = std::make_unique<HttpReader>(*stream, request.method);
    const Deadline deadline(operation, context, request.patience);
    Failure failure;
    {
        const Operation::Waker waker(*operation, [&stream] { stream->close(); });
        const std::string bytes = *head + request.body;
        if (!operation->isStopped())
            co_await stream->writeAll(asBytes(bytes), failure);
    }
    if (operation->isStopped())
        co_return std::unexpected(operation->stopError("request"));
    Result<void> read;
    if (failure && failure != asio::error::broken_pipe && failure != asio::error::connection_reset)
        read = binnacle::failure(ErrorCode::Unavailable, tlsProblemInWords(failure));
    else // a server that hangs up early may have said why
        read = co_await reader->readHead(operation);
    untouched = !read && reader->sawNothing();
    if (!read)
        co_return std::unexpected(std::move(read).error().within("request"));
    co_return OpenAnswer(std::move(stream), std::move(reader));
}

Task<Result<OpenAnswer>> HttpClient::State::tryOnce(OperationPointer operation, const HttpRequest& request, const RequestCredentials& who, Reuse reuse)
{
    StreamPointer kept = reuse == Reuse::Allowed ? takeKept(who.generation) : nullptr;
    if (kept) {
        bool untouched = false;
        auto answer = co_await converse(operation, std::move(kept), request, who, untouched);
        if (answer || operation->isStopped() || !untouched || !isRepeatable(request.method))
            co_return answer; // otherwise the server closed the kept connection just now
    }
    auto fresh = co_await connectFresh(operation, who);
    if (!fresh)
        co_return std::unexpected(std::move(fresh).error());
    bool untouched = false;
    co_return co_await converse(operation, std::move(*fresh), request, who, untouched);
}

Error HttpClient::State::named(Error error, const HttpRequest& request) const
{
    const bool isNamed = error.what.starts_with(m_server->toText());
    return isNamed ? std::move(error) : std::move(error).within(request.method + " " + m_server->toText() + request.target.substr(0, request.target.find('?')));
}

Task<Result<OpenAnswer>> HttpClient::State::open(OperationPointer operation, HttpRequest request, Reuse reuse)
{
    if (!m_server)
        co_return std::unexpected(m_server.error());
    for (int attempt = 0;; ++attempt) {
        auto who = co_await loadCredentials(operation);
        if (!who)
            co_return std::unexpected(std::move(who).error());
        auto answer = co_await tryOnce(operation, request, *who, reuse);
        if (!answer)
            co_return std::unexpected(named(std::move(answer).error(), request));
        const bool isRefused = answer->reader->status() == 401 && attempt == 0 && credentials && m_server->isTls();
        if (!isRefused || credentials->invalidate(*who) == CredentialSource::Retry::Pointless)
            co_return answer;
    }
}

Task<Result<HttpResponse>> HttpClient::State::finish(OperationPointer operation, OpenAnswer answer, HttpRequest request)
{
    const Deadline deadline(operation, context, request.patience);
    HttpResponse response{answer.reader->status(), answer.reader->headers(), {}};
    answer.reader->limitBody(response.status < 300 ? request.largestAnswer : std::min(request.largestAnswer, kLargestRefusal));
    const std::uint64_t generation = m_generation;
    for (;;) {
        auto more = co_await answer.reader->readBody(operation, response.body);
        if (!more)
            co_return std::unexpected(named(std::move(more).error(), request));
        if (!*more)
            break;
    }
    if (answer.reader->keepsConnection())
        keep(std::move(answer.stream), generation);
    co_return response;
}

Task<Result<HttpResponse>> HttpClient::State::exchange(OperationPointer operation, HttpRequest request)
{
    for (int attempt = 1;; ++attempt) {
        auto answer = co_await open(operation, request, Reuse::Allowed);
        if (!answer)
            co_return std::unexpected(std::move(answer).error());
        auto response = co_await finish(operation, std::move(*answer), request);
        const bool isBusy = response && (response->status == 429 || response->status == 503 || response->status == 504);
        const auto pause = isBusy ? retryAfter(response->headers) : std::nullopt;
        if (!pause || attempt >= options.mostTries)
            co_return response;
        if (!co_await sleepFor(operation, context, *pause))
            co_return std::unexpected(operation->stopError("waiting as the server asked"));
    }
}

} // namespace binnacle::kube
