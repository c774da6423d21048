// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <grpcpp/support/status.h>
#include <string>

namespace binnacle::agent {

/// How many read at the moment, with a limit.  Thread: any.
class ReaderCount {
public:
    static constexpr std::uint32_t kMost = 16;

    /// One reader, as long as it lives.
    class Reader {
    public:
        explicit Reader(ReaderCount& count) : m_count(count), m_isAdmitted(++count.m_readers <= kMost) {}
        ~Reader() { --m_count.m_readers; }
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        bool isAdmitted() const { return m_isAdmitted; }

    private:
        ReaderCount& m_count;
        bool m_isAdmitted;
    };

    std::uint32_t count() const { return m_readers; }

private:
    std::atomic<std::uint32_t> m_readers{0};
};

/// `program`: agent or gateway.
inline grpc::Status tooManyReaders(const std::string& program)
{
    const std::string next = program == "agent" ? "; close one, or read through a gateway" : "; close one";
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "this " + program + " already serves " + std::to_string(ReaderCount::kMost) + " readers" + next};
}

} // namespace binnacle::agent
