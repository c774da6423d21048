// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/core/kube/doubles/scripted_server.h"

namespace binnacle::kube::test {

/// The program in the pod: says `hello`, then gives back what it gets.
inline void helloThenEcho(Peer& peer)
{
    peer.write("hello");
    for (std::string bytes; !(bytes = peer.readSome()).empty();)
        peer.write(bytes);
}

/// A blocking end of a private stream, for tests.
class LocalEnd {
public:
    explicit LocalEnd(int descriptor);
    ~LocalEnd();
    LocalEnd(const LocalEnd&) = delete;
    LocalEnd& operator=(const LocalEnd&) = delete;
    static int connectTo(const std::string& target); // `unix:/path`

    bool write(const std::string& bytes) const;
    std::string read(std::size_t count) const; // less at the end
    int descriptor() const { return m_descriptor; }

private:
    int m_descriptor;
};

} // namespace binnacle::kube::test
