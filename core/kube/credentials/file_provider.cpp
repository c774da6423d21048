// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/file_provider.h"

#include "core/kube/config/internal/readable_text.h"

namespace binnacle::kube {

namespace {

constexpr std::chrono::seconds kKeep{50}; // a minute, 10 s early (client-go transport/token_source.go)

std::string trimmed(std::string_view text)
{
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    const std::size_t from = text.find_first_not_of(kSpace);
    return from == std::string_view::npos ? std::string() : std::string(text.substr(from, text.find_last_not_of(kSpace) - from + 1));
}

} // namespace

FileProvider::FileProvider(const UserCredentials& user, std::function<UtcTime()> now)
    : m_token(user.token), m_certificate(user.clientCertificate), m_key(user.clientKey), m_user(user.name),
      m_hasFiles(!m_token.file.empty() || !m_certificate.file.empty() || !m_key.file.empty()), m_now(std::move(now))
{
}

Result<FileProvider::Answer> FileProvider::obtain(const Cancellation&)
{
    m_read.clear();
    m_notes.clear();
    Answer answer;
    auto token = readToken();
    if (!token)
        return std::unexpected(std::move(token).error());
    answer.credentials.token = std::move(*token);
    if (m_certificate.isSet())
        BN_TRY(readPair(answer.credentials));
    if (const auto facts = certificateFacts(answer.credentials.clientCertificate))
        answer.credentials.expiresAt = facts->notAfter;
    if (m_hasFiles)
        answer.askAgainAt = m_now() + kKeep;
    return answer;
}

/// With both the file wins; the inline one serves while the file gives nothing.
Result<std::string> FileProvider::readToken()
{
    if (m_token.file.empty())
        return m_token.inlineText;
    const auto text = read({{}, m_token.file}, "token file");
    const std::string token = text ? trimmed(*text) : std::string();
    if (!isHeaderValue(token))
        return failure(ErrorCode::Corrupt, "the token file " + m_token.file.string() + " holds more than one line: it must hold the token alone");
    if (!token.empty())
        return token;
    m_notes.push_back(text ? "the token file " + m_token.file.string() + " is empty" : text.error().what);
    if (!text && m_token.inlineText.empty())
        return std::unexpected(text.error());
    return m_token.inlineText;
}

Result<void> FileProvider::readPair(IssuedCredentials& issued)
{
    auto certificate = read(m_certificate, "client certificate"), key = read(m_key, "client key");
    if (!certificate || !key)
        return std::unexpected(!certificate ? certificate.error() : key.error());
    if (auto fine = checkKeyPair(*certificate, *key); !fine) // an exchange that is half done: the old pair serves on
        return std::unexpected(std::move(fine).error().within("user " + m_user));
    issued.clientCertificate = std::move(*certificate);
    issued.clientKey = std::move(*key);
    return {};
}

Result<std::string> FileProvider::read(const InlineOrFile& material, const char* what)
{
    auto text = readMaterial(material);
    if (!material.file.empty() && text)
        m_read.push_back(material.file);
    if (!text)
        return std::unexpected(std::move(text).error().within("the " + std::string(what) + " of user " + m_user + " cannot be read"));
    return text;
}

void FileProvider::describe(CredentialReport& report) const
{
    report.files.insert(report.files.end(), m_read.begin(), m_read.end());
    report.notes.insert(report.notes.end(), m_notes.begin(), m_notes.end());
}

} // namespace binnacle::kube
