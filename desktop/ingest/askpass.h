// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"
#include "core/base/platform/environment.h"
#include "core/base/platform/local_socket.h"
#include "core/base/platform/private_folder.h"
#include "core/base/result.h"
#include "desktop/ingest/target.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace binnacle::desktop {

/// What ssh asks a person for.
struct SshQuestion {
    enum class Kind : std::uint8_t {
        Secret,  // a passphrase, a password, a PIN: not to be shown
        HostKey, // whether this is the right host: yes or no
        Confirm, // whether a key may be used: yes or no
        Notice,  // a key waits to be touched: nothing to answer; ssh takes it back by itself
    };
    Kind kind = Kind::Secret;
    std::string target; // `ssh://alice@web-1`
    std::string prompt; // in ssh's words; of a host's key with its fingerprint
    friend bool operator==(const SshQuestion&, const SshQuestion&) = default;
};

/// By SSH_ASKPASS_PROMPT, which ssh sets for what is no secret, and by ssh's words.
SshQuestion::Kind kindOf(std::string_view hint, std::string_view prompt);

/// Blocks for a person.  Nothing: there is no answer, which for ssh is a refusal.
using AskSsh = std::function<std::optional<std::string>(const SshQuestion&, const Cancellation&)>;

/// Where ssh asks when it was started by a window: ssh runs this program again as its SSH_ASKPASS, and that brings the question here.
///
/// Owns its threads, and a socket in a folder of this user alone.  What is under way is cancelled when ssh goes away, and by the end of this object.
/// An answer is kept nowhere.  Thread: any.
class AskpassServer {
public:
    /// `program`: the file of this program, whose main() begins with answerAskpass().
    static Result<std::shared_ptr<AskpassServer>> open(std::filesystem::path program, AskSsh ask);
    ~AskpassServer();

    /// So that an ssh with this environment asks here.
    void addTo(platform::Environment& environment, const Target& target) const;

private:
    struct Conversation {
        Cancellation over;
        std::future<void> ended;
    };
    AskpassServer(std::filesystem::path program, AskSsh ask, std::shared_ptr<platform::PrivateFolder> folder, platform::LocalListener listener);
    void run();
    void talk(const platform::NativeSocket& connection, const Cancellation& over) const;

    const std::filesystem::path m_program;
    const AskSsh m_ask;
    const std::shared_ptr<platform::PrivateFolder> m_folder;
    platform::LocalListener m_listener;       // the thread's, as the next
    std::list<Conversation> m_conversations;
    std::atomic<bool> m_stopping = false;
    std::thread m_thread; // last
};

/// The other end, in the program that ssh has started: true when it is one, by its environment and its one argument.  Then the answer stands on
/// standard output, and `exitStatus` is what to end with.  To be asked before anything else reads the arguments.
bool answerAskpass(int argc, const char* const* argv, int& exitStatus);

} // namespace binnacle::desktop
