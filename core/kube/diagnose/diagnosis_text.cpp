// SPDX-License-Identifier: Apache-2.0
#include "core/kube/diagnose/diagnosis.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace binnacle::kube {
namespace {

/// Each line of a text behind `indent`.
std::string indented(std::string_view text, std::string_view indent)
{
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out.append(indent).append(text.substr(0, end)).push_back('\n');
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string padded(std::string_view text, std::size_t width) { return std::string(text) + std::string(width - std::min(width, text.size()), ' '); }

} // namespace

std::string diagnosisText(const DiagnosisStep& step)
{
    constexpr std::size_t kStateWidth = 9, kNameWidth = 15;
    std::string text = padded(nameOf(step.state), kStateWidth) + padded(nameOf(step.id), kNameWidth);
    if (step.state == StepState::Skipped)
        return text + step.why + '\n';
    text += std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(step.took).count()) + " ms\n";
    for (const std::string& fact : step.found)
        text += indented(fact, "         ");
    if (!step.why.empty())
        text += indented("why: " + step.why, "         ");
    if (!step.next.empty())
        text += indented("next: " + step.next, "         ");
    return text;
}

std::string diagnosisText(std::span<const DiagnosisStep> steps)
{
    std::string text;
    for (const DiagnosisStep& step : steps)
        text += diagnosisText(step);
    return text;
}

std::string diagnosisJson(const std::string& context, std::span<const DiagnosisStep> steps)
{
    using Json = nlohmann::ordered_json;
    const auto orNull = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    Json object{{"schema", "binnacle.diagnose/1"}, {"context", orNull(context)}, {"steps", Json::array()}};
    for (const DiagnosisStep& step : steps) {
        object["steps"].push_back(Json{{"name", nameOf(step.id)},
                                       {"state", nameOf(step.state)},
                                       {"found", step.found},
                                       {"why", orNull(step.why)},
                                       {"next", orNull(step.next)},
                                       {"took_ns", step.took.count()}});
    }
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

} // namespace binnacle::kube
