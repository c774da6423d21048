// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/net/http_message.h"
#include "core/kube/net/internal/stream.h"

#include <memory>
#include <string>

namespace binnacle::kube {

/// Reads one HTTP/1.1 answer off a stream, piece by piece: chunked or counted, packed with gzip or not.
///
/// Limits: 64 KiB of head; the body's is the caller's.  Bytes beyond the answer (of an upgraded protocol) are left in `takeRest`.
class HttpReader {
public:
    HttpReader(Stream& stream, std::string_view method); // the stream is not owned and outlives the reader
    ~HttpReader();

    Task<Result<void>> readHead(OperationPointer operation);
    int status() const;
    const HttpHeaders& headers() const { return m_headers; }
    void limitBody(std::size_t largest); // of what readBody() appends to one string
    /// Appends what came, unpacked; false at the body's end.
    Task<Result<bool>> readBody(OperationPointer operation, std::string& into);
    bool keepsConnection() const; // whole answer read, and nothing said against using the connection again
    bool sawNothing() const { return !m_sawBytes; }
    std::string takeRest();

private:
    struct Parser;
    Task<Result<void>> feed(OperationPointer operation);

    Stream& m_stream;
    std::unique_ptr<Parser> m_parser;
    HttpHeaders m_headers;
    std::string m_pending; // read, not parsed
    bool m_sawBytes = false;
};

} // namespace binnacle::kube
