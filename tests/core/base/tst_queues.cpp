// SPDX-License-Identifier: Apache-2.0
#include "core/base/bounded_queue.h"
#include "core/base/published.h"

#include <gtest/gtest.h>
#include <thread>

namespace binnacle {
namespace {

using namespace std::chrono_literals;

TEST(BoundedQueue, refusesWhenFullAndKeepsOrder)
{
    BoundedQueue<int> queue(2);
    EXPECT_TRUE(queue.push(1));
    EXPECT_TRUE(queue.push(2));
    EXPECT_FALSE(queue.push(3));
    EXPECT_EQ(queue.pop(0ms), 1);
    EXPECT_TRUE(queue.push(4));
    EXPECT_EQ(queue.pop(0ms), 2);
    EXPECT_EQ(queue.pop(0ms), 4);
    EXPECT_EQ(queue.pop(0ms), std::nullopt);
}

TEST(BoundedQueue, givesWhatIsLeftAfterItIsClosed)
{
    BoundedQueue<int> queue(2);
    EXPECT_TRUE(queue.push(1));
    queue.close();
    EXPECT_FALSE(queue.push(2));
    EXPECT_EQ(queue.pop(1h), 1);
    EXPECT_EQ(queue.pop(1h), std::nullopt);
}

TEST(BoundedQueue, losesNothingBetweenThreads)
{
    BoundedQueue<int> queue(8);
    constexpr int kCount = 20011;
    std::thread producer([&] {
        for (int i = 0; i < kCount;) {
            if (queue.push(i))
                ++i;
            else
                std::this_thread::yield();
        }
        queue.close();
    });
    int expected = 0;
    while (const auto value = queue.pop(1h))
        EXPECT_EQ(*value, expected++);
    producer.join();
    EXPECT_EQ(expected, kCount);
}

TEST(Published, keepsTheValueOfAReaderAlive)
{
    Published<int> published;
    EXPECT_EQ(published.get(), nullptr);
    published.set(std::make_shared<int>(1));
    const auto seen = published.get();
    published.set(std::make_shared<int>(2));
    EXPECT_EQ(*seen, 1);
    EXPECT_EQ(*published.get(), 2);
}

} // namespace
} // namespace binnacle
