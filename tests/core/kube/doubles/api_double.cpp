// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/doubles/api_double.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

extern char** environ;

namespace binnacle::kube::test {
namespace {

std::string readAll(int descriptor, bool oneLine)
{
    std::string text;
    char block[4096];
    for (ssize_t got; (got = ::read(descriptor, block, oneLine ? 1 : sizeof block)) > 0;) {
        text.append(block, static_cast<std::size_t>(got));
        if (oneLine && block[0] == '\n')
            break;
    }
    return text;
}

void sendAll(int socket, const std::string& bytes)
{
    for (std::size_t at = 0; at < bytes.size();) {
        const auto sent = ::send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
        if (sent <= 0)
            throw std::runtime_error("the double's control endpoint hangs up");
        at += static_cast<std::size_t>(sent);
    }
}

/// RFC 9112 section 7.1, of a whole body.
std::string joinChunks(const std::string& body)
{
    std::string joined;
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t lineEnd = body.find("\r\n", at);
        const std::size_t size = std::stoul(body.substr(at, lineEnd - at), nullptr, 16);
        if (size == 0)
            break;
        joined += body.substr(lineEnd + 2, size);
        at = lineEnd + 2 + size + 2;
    }
    return joined;
}

} // namespace

ApiDouble::ApiDouble(const nlohmann::json& script)
{
    m_folder = (std::filesystem::temp_directory_path() / "binnacle-double-XXXXXX").string();
    if (!::mkdtemp(m_folder.data()))
        throw std::runtime_error("no folder for the double");
    const std::string scriptFile = m_folder + "/script.json";
    std::ofstream(scriptFile) << (script.is_null() ? "{}" : script.dump());
    int input[2];
    int output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe for the double");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    // Certificates are made once a machine and shared: keys take time.
    const std::string shared = (std::filesystem::temp_directory_path() / ("binnacle-double-certificates-" + std::to_string(::getuid()))).string();
    const char* arguments[] = {"python3", BINNACLE_API_DOUBLE, "--script", scriptFile.c_str(), "--state", m_folder.c_str(), "--certificates", shared.c_str(), nullptr};
    if (::posix_spawnp(&m_process, "python3", &actions, nullptr, const_cast<char**>(arguments), environ) != 0)
        throw std::runtime_error("python3 does not start");
    posix_spawn_file_actions_destroy(&actions);
    ::close(input[0]);
    ::close(output[1]);
    m_input = input[1];
    const std::string line = readAll(output[0], true);
    ::close(output[0]);
    m_addresses = nlohmann::json::parse(line, nullptr, false);
    if (!m_addresses.is_object())
        throw std::runtime_error("the double did not start: " + line);
}

ApiDouble::~ApiDouble()
{
    ::close(m_input); // its sign to end
    int status = 0;
    ::waitpid(m_process, &status, 0);
    std::error_code ignored;
    std::filesystem::remove_all(m_folder, ignored);
}

ClusterAccess ApiDouble::access(const std::string& server) const
{
    ClusterAccess access;
    access.cluster.name = "double";
    access.cluster.server = (*this)[server];
    access.cluster.certificateAuthority.file = (*this)["ca_file"];
    access.user.name = "u";
    return access;
}

nlohmann::json ApiDouble::order(const std::string& method, const std::string& path, const nlohmann::json& body) const
{
    const std::string url = (*this)["control_url"];
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("the double's control endpoint is away");
    const std::string text = body.is_null() ? "" : body.dump();
    sendAll(socket, method + " " + path + " HTTP/1.1\r\nHost: control\r\nConnection: close\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
    ::shutdown(socket, SHUT_WR); // one order a connection
    const std::string answer = readAll(socket, false);
    ::close(socket);
    if (answer.find(" 200 ") != 8)
        throw std::runtime_error("the double refuses " + path + ": " + answer);
    const std::size_t headEnd = answer.find("\r\n\r\n") + 4;
    const bool isChunked = answer.substr(0, headEnd).find("chunked") != std::string::npos; // long answers are
    return nlohmann::json::parse(isChunked ? joinChunks(answer.substr(headEnd)) : answer.substr(headEnd));
}

std::vector<nlohmann::json> ApiDouble::log(const std::string& kind) const
{
    std::vector<nlohmann::json> found;
    const nlohmann::json answer = order("GET", "/log");
    for (const auto& entry : answer.at("entries")) {
        if (entry.at("kind") == kind)
            found.push_back(entry);
    }
    return found;
}

} // namespace binnacle::kube::test
