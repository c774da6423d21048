# SPDX-License-Identifier: Apache-2.0
"""The agent comes, goes and is killed under load: no request fails, and nothing of it stays in the kernel."""
import random
import time

from binnacle_test import BinnacleTest, kernel_objects, main


class NoHarm(BinnacleTest):
    def left_behind(self, before, names):
        """What is in the kernel now, was not before, and has the name of something that the agent made."""
        return {kind: {number: name for number, name in found.items() if number not in before[kind] and name in names[kind]}
                for kind, found in kernel_objects().items() if kind != "link"}

    def test_attach_detach_and_kill_twenty_times_under_load(self):
        before = kernel_objects()
        http = self.start_load(1, "--duration", "300", "--rate", "300", "--connections", "8", "--path", "/orders", "--path", "/health")
        redis = self.start_load(1, "--duration", "300", "--rate", "500", "--redis", "--connections", "4", "--pipeline", "8")
        seeded, names = random.Random(20), {"prog": set(), "map": set()}
        for number in range(20):
            agent = self.start_agent("--capture", ("socket", "syscall")[number % 2], name=f"agent{number}")
            for kind in names:
                names[kind] |= {name for key, name in kernel_objects()[kind].items() if key not in before[kind]}
            time.sleep(seeded.random())
            (agent.kill9 if number % 2 or number % 3 == 0 else agent.stop)()
        for result in (http.close(), redis.close()):
            self.assertEqual(result["failed"], {})
            self.assertGreater(result["completed"], 1000)
        self.assertTrue(names["prog"] and names["map"], "the agent made nothing in the kernel?")
        for _ in range(50):  # the kernel frees maps after a grace period
            left = self.left_behind(before, names)
            if not any(left.values()):
                break
            time.sleep(0.2)
        self.assertEqual(left, {"prog": {}, "map": {}})


if __name__ == "__main__":
    main()
