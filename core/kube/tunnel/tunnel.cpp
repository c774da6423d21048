// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/tunnel.h"

#include "core/kube/tunnel/internal/relay.h"
#include "core/kube/tunnel/port_forward.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/local/connect_pair.hpp>

#include <list>

namespace binnacle::kube {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, asio::io_context::executor_type>;
using Clock = std::chrono::steady_clock;
using Phase = TunnelState::Phase;

constexpr std::size_t kMostEarly = 64u << 10;

/// A pair of connected ends: ours for the loop, the other for whoever asked.
Result<std::pair<LocalSocket, platform::NativeSocket>> makePair(asio::io_context& context)
{
    LocalSocket ours(context);
    LocalSocket theirs(context);
    Failure failure;
    asio::local::connect_pair(ours, theirs, failure);
    if (failure)
        return binnacle::failure(ErrorCode::Unavailable, "no socket pair can be made: " + failure.message());
    const auto handle = theirs.release(failure);
    return std::pair(std::move(ours), platform::NativeSocket(static_cast<platform::NativeSocket::Handle>(handle)));
}

} // namespace

/// Lives on the reactor; its tasks keep it alive until they have ended.
struct Tunnel::Core : std::enable_shared_from_this<Tunnel::Core> {
    Core(HttpClient& itsClient, PodLocator itsLocate, Observer itsOnChange, TunnelOptions itsOptions)
        : reactor(itsClient.reactor()), client(itsClient.state()), context(reactor.loop().context), locate(std::move(itsLocate)),
          onChange(std::move(itsOnChange)), options(itsOptions), backoff(options.firstPause, options.longestPause), acceptor(context)
    {
    }

    void accept();
    void serve(LocalSocket local);
    void stop();
    void podsChanged();

private:
    struct Opened {
        ForwardPointer forward;
        std::string early;
    };
    Task<void> acceptAll();
    Task<void> serveOne(LocalSocket local, OperationPointer operation);
    Task<bool> waitForTurn(OperationPointer operation);
    Task<Result<PodPort>> findPod(OperationPointer operation);
    Task<std::optional<ForwardPointer>> open(OperationPointer operation);
    void publish(Phase phase, std::optional<Error> why = {});
    void failed(ForwardRefusal refusal);
    void pause(Error why);
    void ended(const RelayEnd& end);
    static bool readEarly(LocalSocket& local, std::string& early);

public:
    Reactor& reactor;
    std::shared_ptr<HttpClient::State> client;
    asio::io_context& context;
    const PodLocator locate;
    const Observer onChange;
    const TunnelOptions options;

private:
    Backoff backoff;
    TunnelState state;
    Clock::time_point notBefore{}; // of the next try
    std::optional<Error> refusal;  // holds until podsChanged(), or until then:
    Clock::time_point refusedUntil{};
    std::list<OperationPointer> serving;
    std::list<std::weak_ptr<Operation>> waiting; // for their turn
    bool isStopped = false;

public:
    Acceptor acceptor;
    std::shared_ptr<platform::PrivateFolder> folder; // of the acceptor's socket
};

void Tunnel::Core::publish(Phase phase, std::optional<Error> why)
{
    state.phase = phase;
    state.why = std::move(why);
    if (phase != Phase::Open)
        state.protocol.reset();
    state.until = phase == Phase::Waiting ? notBefore : phase == Phase::Refused ? refusedUntil : Clock::time_point{};
    if (onChange && !isStopped)
        onChange(state);
}

void Tunnel::Core::stop()
{
    isStopped = true;
    Failure ignored;
    acceptor.close(ignored);
    folder.reset();
    for (const OperationPointer& operation : std::list(serving))
        operation->stop(Operation::Stop::Cancelled);
}

void Tunnel::Core::podsChanged()
{
    refusal.reset();
    notBefore = {};
    backoff.reset();
    for (const auto& weak : std::exchange(waiting, {})) {
        if (const auto pause = weak.lock())
            pause->stop(Operation::Stop::Cancelled);
    }
    if (state.phase == Phase::Refused)
        publish(Phase::Idle);
}

void Tunnel::Core::accept()
{
    start(context, [self = shared_from_this()] { return self->acceptAll(); });
}

Task<void> Tunnel::Core::acceptAll()
{
    const auto self = shared_from_this();
    while (!isStopped) {
        LocalSocket local(context);
        Failure failure;
        co_await acceptor.async_accept(local, into(failure));
        if (!failure)
            serve(std::move(local));
        else if (failure == asio::error::operation_aborted || failure == asio::error::bad_descriptor)
            co_return;
        else // out of descriptors, for one
            co_await sleepFor(std::make_shared<Operation>(), context, std::chrono::milliseconds(200));
    }
}

void Tunnel::Core::serve(LocalSocket local)
{
    if (refusal && Clock::now() >= refusedUntil)
        refusal.reset();
    if (isStopped || refusal) // the local side sees its stream end; the state says why
        return;
    auto operation = std::make_shared<Operation>();
    const auto place = serving.insert(serving.end(), operation);
    const auto holder = std::make_shared<LocalSocket>(std::move(local));
    start(context, [self = shared_from_this(), holder, operation, place]() -> Task<void> {
        co_await self->serveOne(std::move(*holder), operation);
        self->serving.erase(place);
    });
}

/// Takes what the local side has said already, so that its end is seen; false when it has gone.
bool Tunnel::Core::readEarly(LocalSocket& local, std::string& early)
{
    Failure failure;
    local.non_blocking(true, failure);
    char block[8192];
    while (early.size() < kMostEarly) {
        const std::size_t got = local.receive(asio::buffer(block), 0, failure);
        if (failure == asio::error::would_block || failure == asio::error::try_again)
            return true;
        if (failure || got == 0)
            return false;
        early.append(block, got);
    }
    return true;
}

/// Until the pause is over, podsChanged() ends it, or the tunnel itself ends (false).
Task<bool> Tunnel::Core::waitForTurn(OperationPointer operation)
{
    while (Clock::now() < notBefore && !operation->isStopped()) {
        const auto pause = std::make_shared<Operation>();
        const Operation::Waker waker(*operation, [pause] { pause->stop(Operation::Stop::Cancelled); });
        waiting.push_back(pause);
        co_await sleepFor(pause, context, std::chrono::duration_cast<std::chrono::milliseconds>(notBefore - Clock::now()) + std::chrono::milliseconds(1));
        std::erase_if(waiting, [&pause](const auto& weak) { return weak.expired() || weak.lock() == pause; });
    }
    co_return !operation->isStopped() && !refusal;
}

Task<Result<PodPort>> Tunnel::Core::findPod(OperationPointer operation)
{
    struct Answer {
        std::optional<Result<PodPort>> pod;
        Timer arrived;
        explicit Answer(asio::io_context& itsContext) : arrived(itsContext, Timer::time_point::max()) {}
    };
    const auto answer = std::make_shared<Answer>(context);
    const Deadline deadline(operation, context, options.locatePatience);
    const Operation::Waker waker(*operation, [answer] { answer->arrived.cancel(); });
    locate([&itsReactor = reactor, answer](Result<PodPort> pod) {
        itsReactor.post([answer, pod = std::move(pod)] {
            answer->pod = pod;
            answer->arrived.cancel();
        });
    });
    Failure ignored;
    if (!operation->isStopped())
        co_await answer->arrived.async_wait(into(ignored));
    if (answer->pod)
        co_return *answer->pod;
    co_return std::unexpected(operation->stopError("looking for the agent's pod"));
}

Task<std::optional<ForwardPointer>> Tunnel::Core::open(OperationPointer operation)
{
    publish(Phase::Connecting);
    auto pod = co_await findPod(operation);
    if (!pod) {
        const bool isFinal = pod.error().code == ErrorCode::NotFound;
        failed({.error = std::move(pod).error(), .isFinal = isFinal});
        co_return std::nullopt;
    }
    state.pod = *pod;
    const Deadline deadline(operation, context, options.openPatience);
    auto forward = co_await openForward(client, operation, *pod, options.choice);
    if (!forward) {
        failed(std::move(forward).error());
        co_return std::nullopt;
    }
    co_return std::move(*forward);
}

void Tunnel::Core::failed(ForwardRefusal why)
{
    if (why.error.code == ErrorCode::Cancelled)
        return;
    if (!why.isFinal)
        return pause(std::move(why.error));
    refusal = why.error;
    refusedUntil = Clock::now() + options.refusedPause;
    publish(Phase::Refused, std::move(why.error));
}

void Tunnel::Core::pause(Error why)
{
    notBefore = Clock::now() + backoff.next();
    publish(Phase::Waiting, std::move(why));
}

Task<void> Tunnel::Core::serveOne(LocalSocket local, OperationPointer operation)
{
    std::string early;
    if (!co_await waitForTurn(operation) || !readEarly(local, early))
        co_return;
    const auto attempt = std::make_shared<Operation>(); // its deadlines are not the connection's
    std::optional<ForwardPointer> forward;
    {
        const Operation::Waker waker(*operation, [attempt] { attempt->stop(Operation::Stop::Cancelled); });
        forward = co_await open(attempt);
    }
    if (!forward || operation->isStopped())
        co_return;
    ++state.connections;
    state.protocol = (*forward)->protocol();
    publish(Phase::Open);
    const RelayEnd end = co_await relay(operation, context, std::move(local), std::move(*forward), std::move(early), options.pingEvery);
    --state.connections;
    ended(end);
}

void Tunnel::Core::ended(const RelayEnd& end)
{
    if (end.received > 0)
        backoff.reset(); // the pod has spoken: this way works
    if (!end.byPod)
        return publish(state.connections ? Phase::Open : Phase::Idle);
    publish(Phase::Lost, end.why ? *end.why : Error{ErrorCode::Unavailable, "the pod ended the connection"});
    if (end.received == 0)
        pause(end.why ? *end.why : Error{ErrorCode::Unavailable, "the pod ended the connection without a word"});
}

Tunnel::Tunnel(HttpClient& client, PodLocator locate, Observer onChange, TunnelOptions options)
    : m_core(std::make_shared<Core>(client, std::move(locate), std::move(onChange), options))
{
}

Tunnel::~Tunnel()
{
    m_core->reactor.post([core = m_core] { core->stop(); });
}

Result<std::string> Tunnel::listen(std::shared_ptr<platform::PrivateFolder> folder, const std::string& name)
{
    const std::filesystem::path file = folder->path() / name;
    Failure failure;
    const asio::local::stream_protocol protocol;
    m_core->acceptor.open(protocol, failure);
    if (!failure && file.string().size() > 100)
        return binnacle::failure(ErrorCode::Invalid, file.string() + " is too long a path for a socket");
    if (!failure)
        m_core->acceptor.bind(asio::local::stream_protocol::endpoint(file.string()), failure);
    if (!failure) { // before listen(): nobody can connect in between
        std::error_code problem;
        std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, problem);
        failure = problem ? Failure(problem.value(), boost::system::system_category()) : failure;
    }
    if (!failure)
        m_core->acceptor.listen(16, failure);
    if (failure)
        return binnacle::failure(ErrorCode::Unavailable, "no socket can be made at " + file.string() + ": " + failure.message());
    m_core->folder = std::move(folder);
    m_core->reactor.post([core = m_core] { core->accept(); });
    return "unix:" + file.string();
}

Result<platform::NativeSocket> Tunnel::connect()
{
    auto pair = makePair(m_core->context);
    if (!pair)
        return std::unexpected(std::move(pair).error());
    const auto holder = std::make_shared<LocalSocket>(std::move(pair->first));
    m_core->reactor.post([core = m_core, holder] { core->serve(std::move(*holder)); });
    return std::move(pair->second);
}

void Tunnel::podsChanged()
{
    m_core->reactor.post([core = m_core] { core->podsChanged(); });
}

Result<ForwardedPort> openPortForward(HttpClient& client, const PodPort& to, ForwardChoice choice, const Cancellation& cancellation)
{
    using Outcome = Result<std::shared_ptr<ForwardedPort>>; // a result that can be copied through a callback
    auto opened = requestAndWait<Outcome>(
        client.reactor(),
        [state = client.state(), to, choice](OperationPointer operation) -> Task<Outcome> {
            auto forward = co_await openForward(state, operation, to, choice);
            if (!forward)
                co_return std::unexpected(std::move(forward).error().error);
            auto pair = makePair(state->context);
            if (!pair)
                co_return std::unexpected(std::move(pair).error());
            const auto result = std::make_shared<ForwardedPort>(std::move(pair->second), (*forward)->protocol());
            const auto ours = std::make_shared<std::pair<LocalSocket, ForwardPointer>>(std::move(pair->first), std::move(*forward));
            start(state->context, [state, ours]() -> Task<void> {
                co_await relay(std::make_shared<Operation>(), state->context, std::move(ours->first), std::move(ours->second), {}, std::chrono::seconds(25));
            });
            co_return result;
        },
        cancellation);
    if (!opened)
        return std::unexpected(std::move(opened).error());
    return std::move(**opened);
}

} // namespace binnacle::kube
