// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/http_reader.h"

#include "core/kube/net/internal/gzip.h"

#include <boost/beast/http/parser.hpp>

#include <array>
#include <limits>
#include <optional>

namespace binnacle::kube {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadSize = 32u << 10;
constexpr std::uint32_t kLargestHead = 64u << 10;

/// A body that is taken out of the parser as it comes in.
struct ArrivingBody {
    using value_type = std::string;

    class reader {
    public:
        template <bool isRequest, class Fields>
        reader(http::header<isRequest, Fields>&, value_type& body) : m_body(body)
        {
        }
        void init(const boost::optional<std::uint64_t>&, Failure& failure) { failure = {}; }
        template <class Buffers>
        std::size_t put(const Buffers& buffers, Failure& failure)
        {
            failure = {};
            std::size_t size = 0;
            for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
                const asio::const_buffer part(*it);
                m_body.append(static_cast<const char*>(part.data()), part.size());
                size += part.size();
            }
            return size;
        }
        void finish(Failure& failure) { failure = {}; }

    private:
        value_type& m_body;
    };
};

std::string wordsOf(const Failure& failure)
{
    if (failure == http::error::partial_message || failure == http::error::end_of_stream)
        return "the connection ended inside the answer";
    if (failure.category() == make_error_code(http::error::bad_version).category())
        return "the answer is no HTTP/1.1 (" + failure.message() + ")";
    return tlsProblemInWords(failure);
}

} // namespace

struct HttpReader::Parser {
    http::response_parser<ArrivingBody> parser;
    std::optional<Gunzip> gunzip;
    std::size_t largest = std::numeric_limits<std::size_t>::max();
    bool ended = false;
    bool isHead = false; // no body follows, whatever the headers say

    Parser() { prepare(); }
    void prepare()
    {
        parser.header_limit(kLargestHead);
        parser.body_limit(std::numeric_limits<std::uint64_t>::max()); // readBody's caller has its own
        parser.eager(true);
    }
};

HttpReader::HttpReader(Stream& stream, std::string_view method) : m_stream(stream), m_parser(std::make_unique<Parser>())
{
    m_parser->isHead = method == "HEAD" || method == "CONNECT"; // no body follows
    m_parser->parser.skip(m_parser->isHead);
}

HttpReader::~HttpReader() = default;

/// Parses what is pending, and reads once if that gets nowhere.
Task<Result<void>> HttpReader::feed(OperationPointer operation)
{
    Failure failure;
    if (!m_pending.empty()) {
        const std::size_t used = m_parser->parser.put(asio::buffer(m_pending), failure);
        m_pending.erase(0, used);
        if (failure && failure != http::error::need_more)
            co_return binnacle::failure(ErrorCode::Corrupt, wordsOf(failure));
        if (used > 0)
            co_return Result<void>();
    }
    std::array<std::uint8_t, kReadSize> block;
    const Operation::Waker waker(*operation, [this] { m_stream.close(); });
    if (operation->isStopped())
        co_return std::unexpected(operation->stopError("waiting for the answer"));
    const std::size_t got = co_await m_stream.readSome(block, failure = {});
    if (operation->isStopped())
        co_return std::unexpected(operation->stopError("waiting for the answer"));
    if (failure)
        co_return binnacle::failure(ErrorCode::Unavailable, wordsOf(failure));
    if (got == 0) {
        m_parser->ended = true;
        if (!m_sawBytes)
            co_return binnacle::failure(ErrorCode::Unavailable, tlsProblemInWords(asio::error::eof));
        m_parser->parser.put_eof(failure);
        if (failure)
            co_return binnacle::failure(ErrorCode::Unavailable, wordsOf(failure));
        co_return Result<void>();
    }
    m_sawBytes = true;
    m_pending.append(reinterpret_cast<const char*>(block.data()), got);
    co_return Result<void>();
}

Task<Result<void>> HttpReader::readHead(OperationPointer operation)
{
    for (int interim = 0; interim < 8; ++interim) {
        while (!m_parser->parser.is_header_done()) {
            if (auto fed = co_await feed(operation); !fed)
                co_return fed;
        }
        const bool isInterim = status() >= 100 && status() < 200 && status() != 101;
        if (!isInterim)
            break;
        const bool isHead = m_parser->isHead;
        m_parser = std::make_unique<Parser>();
        m_parser->isHead = isHead;
        m_parser->parser.skip(isHead);
    }
    for (const auto& field : m_parser->parser.get())
        m_headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    if (findHeader(m_headers, "Content-Encoding").value_or("") == "gzip")
        m_parser->gunzip.emplace();
    co_return Result<void>();
}

int HttpReader::status() const { return static_cast<int>(m_parser->parser.get().result_int()); }

Task<Result<bool>> HttpReader::readBody(OperationPointer operation, std::string& target)
{
    std::string& arrived = m_parser->parser.get().body();
    while (arrived.empty() && !m_parser->parser.is_done()) {
        if (auto fed = co_await feed(operation); !fed)
            co_return std::unexpected(std::move(fed).error());
    }
    if (arrived.empty()) {
        if (m_parser->gunzip && m_parser->gunzip->hasBegun() && !m_parser->gunzip->isWhole())
            co_return failure(ErrorCode::Corrupt, "the answer's gzip data end too early");
        co_return false;
    }
    if (m_parser->gunzip) {
        if (auto fed = m_parser->gunzip->feed(arrived, target, m_parser->largest); !fed)
            co_return std::unexpected(std::move(fed).error());
    } else if (target.size() + arrived.size() > m_parser->largest) {
        co_return failure(ErrorCode::Full, "the answer is larger than " + std::to_string(m_parser->largest >> 20) + " MiB");
    } else {
        target += arrived;
    }
    arrived.clear();
    co_return true;
}

void HttpReader::limitBody(std::size_t largest) { m_parser->largest = largest; }

bool HttpReader::keepsConnection() const
{
    return m_parser->parser.is_done() && m_parser->parser.keep_alive() && !m_parser->ended && m_pending.empty();
}

std::string HttpReader::takeRest() { return std::move(m_pending); }

} // namespace binnacle::kube
