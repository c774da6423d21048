// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/ring_queue.h"

#include <deque>
#include <gtest/gtest.h>
#include <random>

namespace binnacle::protocols {
namespace {

TEST(RingQueue, behavesLikeADeque)
{
    RingQueue<int> ring;
    std::deque<int> model;
    std::mt19937 random(3);
    for (int i = 0; i < 20000; ++i) {
        if (random() % 5 < 3 || model.empty()) {
            ring.pushBack() = i;
            model.push_back(i);
        } else {
            ring.popFront();
            model.pop_front();
        }
        ASSERT_EQ(ring.size(), model.size());
        if (!model.empty()) {
            ASSERT_EQ(ring.front(), model.front());
            ASSERT_EQ(ring.back(), model.back());
            ASSERT_EQ(ring[model.size() / 2], model[model.size() / 2]);
        }
    }
    ring.clear();
    EXPECT_TRUE(ring.empty());
}

} // namespace
} // namespace binnacle::protocols
