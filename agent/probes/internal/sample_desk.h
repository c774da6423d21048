// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <vector>

struct binnacle_bpf;

namespace binnacle::agent {

/// Has the kernel look at the sockets that it keeps for us, some at a time: their keys go out in memory that both see, what it finds comes
/// back there (bpf/programs/socket_samples.bpf.c).
///
/// Owns the mapping; the skeleton is lent and outlives it.  Thread: one.
class SampleDesk {
public:
    static Result<std::unique_ptr<SampleDesk>> open(binnacle_bpf& skeleton);
    ~SampleDesk();
    SampleDesk(const SampleDesk&) = delete;
    SampleDesk& operator=(const SampleDesk&) = delete;

    /// One round over all connections: the records, one after the other.  A socket that comes or goes meanwhile may be missing.
    Result<std::vector<std::uint8_t>> look();

private:
    explicit SampleDesk(binnacle_bpf& skeleton) : m_skeleton(skeleton) {}

    Result<bool> list(); // the next keys into m_sockets; false: those were the last
    Result<void> ask(const std::uint64_t* sockets, std::size_t count, std::vector<std::uint8_t>& records);

    binnacle_bpf& m_skeleton;
    void* m_slots = nullptr;
    std::vector<std::uint64_t> m_sockets;
    std::vector<std::uint8_t> m_states; // what the map holds for them; not looked at here
    std::size_t m_room = 0;             // of both
    std::uint32_t m_position = 0;       // in the map, where the next list begins
    bool m_begun = false;
};

} // namespace binnacle::agent
