// SPDX-License-Identifier: Apache-2.0
//
// The lab's load generator: a counted number of requests, with its own clock before send and after receive.
#include "engine.h"

#include <csignal>
#include <cstdio>
#include <limits>
#include <unistd.h>

namespace {

/// False at the end of stdin: whoever started us is gone.
bool awaitLine()
{
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) == 1)
        if (byte == '\n')
            return true;
    return false;
}

void say(const std::string& line)
{
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv)
{
    const auto options = loadgen::parseOptions(argc, argv);
    if (!options)
        return 2;
    std::signal(SIGTERM, [](int) { loadgen::Engine::stop(); });
    std::signal(SIGINT, [](int) { loadgen::Engine::stop(); });
    loadgen::Engine engine(*options);
    const auto phases = options->duration.count() > 0 ? std::vector<std::uint64_t>{std::numeric_limits<std::uint64_t>::max()} : options->phases;
    for (std::size_t i = 0; i < phases.size(); ++i) {
        engine.run(phases[i]);
        if (i + 1 == phases.size())
            break;
        say("{\"phase\": " + std::to_string(i + 1) + "}");
        if (!awaitLine())
            break;
    }
    say(engine.report().json());
    while (options->hold && awaitLine()) {
    }
    return engine.report().failed.empty() ? 0 : 1;
}
