// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/snapshot.h"
#include "desktop/cli/commands.h"
#include "desktop/cli/row_filter.h"
#include "desktop/cli/show_text.h"

#include <cstdio>

namespace binnacle::desktop {

namespace {

using Json = nlohmann::ordered_json;

std::string jsonText(const Json& object)
{
    // Names come from programs and wires: what is not UTF-8 is replaced, never an error.
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

Result<OpenedSource> open(const ShowCommand& command)
{
    if (command.file)
        return openFile(*command.file, command.range);
    return openAgents(command.agents, command.clusters, command.range);
}

Result<std::vector<telemetry::BufferHorizon>> horizons(const ShowCommand& command)
{
    if (command.file)
        return horizonsOfFile(*command.file);
    return horizonsOfAgents(command.agents, command.clusters);
}

} // namespace

Result<void> runShow(const ShowCommand& command)
{
    std::vector<telemetry::BufferHorizon> buffer;
    if (command.what == ShowWhat::Buffer) {
        auto asked = horizons(command);
        if (!asked)
            return std::unexpected(std::move(asked).error());
        buffer = std::move(*asked);
    }
    const auto opened = open(command);
    if (!opened)
        return std::unexpected(opened.error());
    const auto snapshot = analysis::buildSnapshot(*opened->source, opened->range);
    if (!snapshot)
        return std::unexpected(Error(snapshot.error()).within("reading " + opened->about.path));
    Json object = showJson(command.what, *snapshot, opened->about, buffer);
    BN_TRY(filterRows(command.what, object, command.where));
    if (!command.where.empty() && object.at(std::string(factsOf(command.what).arrays.front())).empty())
        std::fprintf(stderr, "binnacle: nothing in this range fits --where\n");
    print(command.output == Output::Json ? jsonText(object) : showText(command.what, object));
    return {};
}

Result<void> runInfo(const InfoCommand& command)
{
    const auto object = infoOf(command.file);
    if (!object)
        return std::unexpected(object.error());
    print(command.output == Output::Json ? jsonText(*object) : infoText(*object));
    return {};
}

} // namespace binnacle::desktop
