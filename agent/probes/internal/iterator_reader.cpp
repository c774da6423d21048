// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/iterator_reader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace binnacle::agent {

Result<std::vector<std::uint8_t>> runIterator(const bpf_link& link)
{
    const int fd = bpf_iter_create(bpf_link__fd(&link));
    if (fd < 0)
        return failure(ErrorCode::Unavailable, fmt::format("a BPF iterator cannot be started: {}", std::strerror(errno)));
    std::vector<std::uint8_t> all;
    std::array<std::uint8_t, 32768> part;
    ssize_t got = 0;
    while ((got = read(fd, part.data(), part.size())) > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) {
        if (got > 0)
            all.insert(all.end(), part.begin(), part.begin() + got);
    }
    const int error = errno;
    close(fd);
    if (got < 0)
        return failure(ErrorCode::Unavailable, fmt::format("a BPF iterator ended early: {}", std::strerror(error)));
    return all;
}

} // namespace binnacle::agent
