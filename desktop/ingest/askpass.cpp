// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/askpass.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

namespace binnacle::desktop {
namespace {

constexpr const char* kSocketVariable = "BINNACLE_ASKPASS_SOCKET";
constexpr const char* kTargetVariable = "BINNACLE_ASKPASS_TARGET";
constexpr auto kLook = std::chrono::milliseconds(100); // how late an end may be seen
constexpr std::size_t kLongest = 16u << 10;            // of a question or an answer
constexpr std::size_t kFields = 3;                     // of a question: target, hint, prompt; each ends with a zero byte
constexpr char kAnswered = 'y';

/// Until `fields` zero bytes have come; nothing when the other end goes before, or says too much.
std::optional<std::string> receiveFields(const platform::NativeSocket& from, std::size_t fields, const Cancellation& over)
{
    std::string bytes;
    while (static_cast<std::size_t>(std::ranges::count(bytes, '\0')) < fields) {
        const platform::Received came = platform::receiveSome(from, kLook);
        bytes += came.bytes;
        if (came.isOver || over.isCancelled() || bytes.size() > kLongest)
            return std::nullopt;
    }
    return bytes;
}

std::array<std::string, kFields> fieldsOf(const std::string& bytes)
{
    std::array<std::string, kFields> fields;
    std::size_t start = 0;
    for (std::string& field : fields) {
        const std::size_t end = bytes.find('\0', start);
        field = bytes.substr(start, end - start);
        start = end + 1;
    }
    return fields;
}

} // namespace

SshQuestion::Kind kindOf(std::string_view hint, std::string_view prompt)
{
    if (hint == "none")
        return SshQuestion::Kind::Notice;
    if (prompt.contains("(yes/no") || prompt.contains("Please type 'yes'"))
        return SshQuestion::Kind::HostKey;
    return hint == "confirm" ? SshQuestion::Kind::Confirm : SshQuestion::Kind::Secret;
}

Result<std::shared_ptr<AskpassServer>> AskpassServer::open(std::filesystem::path program, AskSsh ask)
{
    auto folder = platform::PrivateFolder::create("binnacle");
    if (!folder)
        return std::unexpected(std::move(folder).error());
    auto listener = platform::LocalListener::open((*folder)->path() / "ask");
    if (!listener)
        return std::unexpected(std::move(listener).error());
    return std::shared_ptr<AskpassServer>(new AskpassServer(std::move(program), std::move(ask), std::move(*folder), std::move(*listener)));
}

AskpassServer::AskpassServer(std::filesystem::path program, AskSsh ask, std::shared_ptr<platform::PrivateFolder> folder, platform::LocalListener listener)
    : m_program(std::move(program)), m_ask(std::move(ask)), m_folder(std::move(folder)), m_listener(std::move(listener)), m_thread([this] { run(); })
{
}

AskpassServer::~AskpassServer()
{
    m_stopping = true;
    m_thread.join();
}

void AskpassServer::addTo(platform::Environment& environment, const Target& target) const
{
    environment["SSH_ASKPASS"] = m_program.string();
    environment[kSocketVariable] = (m_folder->path() / "ask").string();
    environment[kTargetVariable] = target.toText();
}

void AskpassServer::run()
{
    while (!m_stopping) {
        std::erase_if(m_conversations, [](const Conversation& one) { return one.ended.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
        auto connection = m_listener.accept(kLook);
        if (!connection)
            continue;
        const Cancellation over;
        auto shared = std::make_shared<platform::NativeSocket>(std::move(*connection));
        m_conversations.push_back({over, std::async(std::launch::async, [this, shared, over] { talk(*shared, over); })});
    }
    for (const Conversation& one : m_conversations)
        one.over.cancel();
    m_conversations.clear(); // waits for them
}

/// One question; ssh that ends meanwhile takes it back.
void AskpassServer::talk(const platform::NativeSocket& connection, const Cancellation& over) const
{
    const auto bytes = receiveFields(connection, kFields, over);
    if (!bytes)
        return;
    const auto [target, hint, prompt] = fieldsOf(*bytes);
    const SshQuestion question{kindOf(hint, prompt), target, prompt};
    auto asking = std::async(std::launch::async, [this, &question, &over] { return m_ask(question, over); });
    while (asking.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        if (platform::receiveSome(connection, kLook).isOver) {
            over.cancel();
            asking.wait();
        }
    }
    if (const auto answer = asking.get())
        platform::sendAll(connection, kAnswered + *answer + '\0');
}

bool answerAskpass(int argc, const char* const* argv, int& exitStatus)
{
    const platform::Environment environment = platform::environment();
    const std::string socket = platform::variable(environment, kSocketVariable);
    if (socket.empty() || argc != 2)
        return false;
    exitStatus = 1;
    const auto connection = platform::connectLocal(socket);
    if (!connection)
        return true;
    const std::string question = platform::variable(environment, kTargetVariable) + '\0' + platform::variable(environment, "SSH_ASKPASS_PROMPT") + '\0' + argv[1] + '\0';
    if (!platform::sendAll(*connection, question))
        return true;
    const auto answer = receiveFields(*connection, 1, {});
    if (!answer || answer->front() != kAnswered)
        return true;
    std::fwrite(answer->data() + 1, 1, answer->find('\0') - 1, stdout);
    std::fputc('\n', stdout);
    exitStatus = 0;
    return true;
}

} // namespace binnacle::desktop
