// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/show_text.h"

#include "core/analysis/words.h"
#include "desktop/cli/table.h"

#include <array>
#include <cmath>

namespace binnacle::desktop {

namespace {

using namespace analysis;
using Json = nlohmann::ordered_json;
using Cell = std::string (*)(const Json& row);

struct Column {
    const char* title;
    Table::Align align;
    Cell text;
};

constexpr auto kLeft = Table::Align::Left;
constexpr auto kRight = Table::Align::Right;

std::string word(const Json& value)
{
    if (value.is_null())
        return std::string(kUnknownWord);
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_number_unsigned())
        return countWords(value.get<std::uint64_t>());
    if (value.is_array()) {
        std::string text;
        for (const Json& each : value)
            text += (text.empty() ? "" : ", ") + word(each);
        return text.empty() ? std::string(kUnknownWord) : text;
    }
    return value.dump();
}

template <std::size_t N>
struct Name {
    char text[N]{};
    constexpr Name(const char (&given)[N]) { std::copy_n(given, N, text); }
};

template <Name key>
std::string field(const Json& row)
{
    return word(row.at(key.text));
}

template <Name key>
std::string bytesField(const Json& row)
{
    const Json& value = row.at(key.text);
    return value.is_null() ? std::string(kUnknownWord) : bytesWords(value.get<std::uint64_t>());
}

template <Name key>
std::string durationField(const Json& row)
{
    const Json& value = row.at(key.text);
    return value.is_null() ? std::string(kUnknownWord) : durationWords(Nanoseconds(value.get<std::int64_t>()));
}

template <Name key>
std::string timeField(const Json& row)
{
    const Json& value = row.at(key.text);
    return value.is_null() ? std::string(kUnknownWord) : toRfc3339(utcTime(value.get<std::int64_t>()));
}

template <Name key, Name quantile>
std::string quantileField(const Json& row)
{
    const Json& value = row.at(key.text);
    if (value.is_null())
        return std::string(kUnknownWord);
    const Json& duration = value.at(quantile.text);
    return durationWords(Nanoseconds(duration.get<std::int64_t>()));
}

std::string countsText(const Json& counts)
{
    std::string text;
    for (const auto& [name, count] : counts.items())
        text += (text.empty() ? "" : " ") + (name.empty() ? std::string("broken-off") : name) + ":" + countWords(count.get<std::uint64_t>());
    return text;
}

template <Name key>
std::string countsField(const Json& row)
{
    return countsText(row.at(key.text));
}

template <Name key>
std::string shareField(const Json& row)
{
    const Json& value = row.at(key.text);
    return value.is_null() ? std::string(kUnknownWord) : shareWords(value.get<double>());
}

std::string rateField(const Json& row) { return rateWords(row.at("rps").get<double>()); }

std::string protocolField(const Json& row)
{
    return row.at("protocol").get<std::string>() + (row.at("tls").get<bool>() ? "+tls" : "") + ":" + std::to_string(row.at("port").get<int>());
}

std::string instancesField(const Json& row)
{
    const std::string now = word(row.at("instances")), most = word(row.at("instances_max"));
    return now == most ? now : now + " of " + most;
}

std::string render(const Json& rows, std::initializer_list<Column> columns)
{
    std::vector<Table::Column> titles;
    for (const Column& column : columns)
        titles.push_back({column.title, column.align});
    Table table(std::move(titles));
    for (const Json& row : rows) {
        std::vector<std::string> cells;
        for (const Column& column : columns)
            cells.push_back(column.text(row));
        table.add(std::move(cells));
    }
    return table.text();
}

std::string orSentence(std::string table, const char* sentence) { return table.empty() ? std::string(sentence) + "\n" : table; }

/// Why the unhealthy ones are.
std::string reasonsOf(const Json& rows, const auto& name)
{
    std::string text;
    for (const Json& row : rows) {
        if (row.at("health") == "ok")
            continue;
        for (const Json& reason : row.at("health_reasons")) {
            if (row.at("health") != "unknown" || row.value("losses", 0) != 0)
                text += name(row) + " is " + row.at("health").get<std::string>() + ": " + reason.get<std::string>() + "\n";
        }
    }
    return text.empty() ? text : "\n" + text;
}

std::string mapText(const Json& object)
{
    const std::string nodes = render(object.at("nodes"), {{"SERVICE", kLeft, field<"id">},
                                                          {"TYPE", kLeft, field<"type">},
                                                          {"INSTANCES", kRight, instancesField},
                                                          {"HOSTS", kLeft, field<"hosts">},
                                                          {"HEALTH", kLeft, field<"health">}});
    const std::string edges = render(object.at("edges"), {{"FROM", kLeft, field<"from">},
                                                          {"TO", kLeft, field<"to">},
                                                          {"PROTOCOL", kLeft, protocolField},
                                                          {"REQUESTS", kRight, field<"requests">},
                                                          {"RATE", kRight, rateField},
                                                          {"ERRORS", kRight, field<"errors">},
                                                          {"FAILED CONNECTS", kRight, field<"failed_connects">},
                                                          {"STATUSES", kLeft, countsField<"statuses">},
                                                          {"P50", kRight, quantileField<"latency", "p50_ns">},
                                                          {"P99", kRight, quantileField<"latency", "p99_ns">},
                                                          {"MAX", kRight, quantileField<"latency", "max_ns">},
                                                          {"IN FLIGHT", kRight, field<"in_flight">},
                                                          {"OLDEST", kRight, durationField<"oldest_in_flight_ns">},
                                                          {"CONNECTING", kRight, field<"pending_connects">},
                                                          {"OLDEST", kRight, durationField<"oldest_pending_connect_ns">},
                                                          {"SENT", kRight, bytesField<"bytes_sent">},
                                                          {"RECEIVED", kRight, bytesField<"bytes_received">},
                                                          {"SEEN FROM", kLeft, field<"seen_from">},
                                                          {"LOSSES", kRight, field<"losses">},
                                                          {"HEALTH", kLeft, field<"health">}});
    const std::string possible = render(object.at("possible"), {{"SERVICE", kLeft, field<"from">}, {"LEADS TO", kLeft, field<"to">}, {"PORT", kRight, [](const Json& row) { return row.at("port").dump(); }}});
    return orSentence(nodes, "No service was seen in this range.") + "\n" + orSentence(edges, "Nothing talked in this range.")
        + (possible.empty() ? "" : "\nPossible by what Kubernetes lists, not observed:\n" + possible)
        + reasonsOf(object.at("edges"), [](const Json& edge) { return edge.at("from").get<std::string>() + " → " + edge.at("to").get<std::string>(); });
}

std::string routesText(const Json& service)
{
    return render(service.at("routes"), {{"  ROUTE", kLeft, [](const Json& row) { return "  " + row.at("route").get<std::string>(); }},
                                         {"REQUESTS", kRight, field<"requests">},
                                         {"ERRORS", kRight, field<"errors">},
                                         {"STATUSES", kLeft, countsField<"statuses">},
                                         {"P50", kRight, quantileField<"latency", "p50_ns">},
                                         {"P99", kRight, quantileField<"latency", "p99_ns">}});
}

std::string servicesText(const Json& object)
{
    std::string text = orSentence(render(object.at("services"), {{"SERVICE", kLeft, field<"id">},
                                                                 {"TYPE", kLeft, field<"type">},
                                                                 {"INSTANCES", kRight, instancesField},
                                                                 {"REQUESTS", kRight, field<"requests">},
                                                                 {"RATE", kRight, rateField},
                                                                 {"ERRORS", kRight, field<"errors">},
                                                                 {"STATUSES", kLeft, countsField<"statuses">},
                                                                 {"P50", kRight, quantileField<"latency", "p50_ns">},
                                                                 {"P99", kRight, quantileField<"latency", "p99_ns">},
                                                                 {"CLIENTS", kLeft, field<"clients">},
                                                                 {"SERVERS", kLeft, field<"servers">},
                                                                 {"LISTENING", kLeft, field<"listening">},
                                                                 {"HEALTH", kLeft, field<"health">}}),
                                  "No service was seen in this range.");
    for (const Json& service : object.at("services")) {
        if (!service.at("routes").empty())
            text += "\n" + service.at("id").get<std::string>() + "\n" + routesText(service);
    }
    return text + reasonsOf(object.at("services"), [](const Json& service) { return service.at("id").get<std::string>(); });
}

std::string tcpText(const Json& object)
{
    return orSentence(render(object.at("pairs"), {{"FROM", kLeft, field<"from">},
                                                  {"TO", kLeft, field<"to">},
                                                  {"PORT", kRight, [](const Json& row) { return std::to_string(row.at("port").get<int>()); }},
                                                  {"ACTIVE", kRight, field<"active">},
                                                  {"OPENED", kRight, field<"opened">},
                                                  {"CLOSED", kRight, field<"closed">},
                                                  {"FAILED", kRight, field<"failed">},
                                                  {"FAILED BY", kLeft, countsField<"failed_by">},
                                                  {"CONNECT P99", kRight, quantileField<"connect_latency", "p99_ns">},
                                                  {"RTT P50", kRight, quantileField<"rtt", "p50_ns">},
                                                  {"LIFETIME P50", kRight, quantileField<"lifetime", "p50_ns">},
                                                  {"RETRANSMITS OUT", kRight, field<"retransmits_out">},
                                                  {"IN", kRight, field<"retransmits_in">},
                                                  {"RESETS OUT", kRight, field<"resets_sent">},
                                                  {"IN", kRight, field<"resets_received">},
                                                  {"QUEUE MAX", kRight, field<"accept_queue_max">},
                                                  {"SENT", kRight, bytesField<"bytes_sent">},
                                                  {"RECEIVED", kRight, bytesField<"bytes_received">},
                                                  {"REUSE", kRight, shareField<"reuse_ratio">}}),
                      "No connection was seen in this range.");
}

std::string inFlightText(const Json& object)
{
    return orSentence(render(object.at("inflight"), {{"AGE", kRight, durationField<"age_ns">},
                                                     {"SERVICE", kLeft, field<"service">},
                                                     {"INSTANCE", kLeft, field<"instance">},
                                                     {"ROUTE", kLeft, field<"route">},
                                                     {"COUNT", kRight, field<"count">},
                                                     {"PEER", kLeft, field<"peer">},
                                                     {"WAITS ON", kLeft, field<"waits_on">},
                                                     {"SYN SENT", kRight, field<"syn_sent">},
                                                     {"THREAD", kRight, [](const Json& row) {
                                                          return row.at("thread").is_null() ? std::string(kUnknownWord) : row.at("thread").dump();
                                                      }},
                                                     {"STARTED", kLeft, timeField<"started_ns">}}),
                      "Nothing is in flight at the end of this range.");
}

std::string eventsText(const Json& object)
{
    return orSentence(render(object.at("events"), {{"TIME", kLeft, timeField<"at_ns">},
                                                   {"KIND", kLeft, field<"kind">},
                                                   {"SUBJECT", kLeft, field<"subject">},
                                                   {"DETAIL", kLeft, field<"detail">}}),
                      "Nothing changed in this range.");
}

std::string lossesText(const Json& losses)
{
    return render(losses, {{"PLACE", kLeft, field<"place">},
                           {"REASON", kLeft, field<"reason">},
                           {"COUNT", kRight, field<"count">},
                           {"UNIT", kLeft, field<"unit">},
                           {"FROM", kLeft, timeField<"from_ns">},
                           {"TO", kLeft, timeField<"to_ns">},
                           {"ADVICE", kLeft, field<"advice">}});
}

std::string coverageText(const Json& coverage)
{
    return render(coverage, {{"SUBJECT", kLeft, field<"subject">},
                             {"WHAT", kLeft, field<"what">},
                             {"SHARE", kRight, shareField<"share">},
                             {"ADVICE", kLeft, field<"advice">}});
}

std::string bufferOwner(const Json& row)
{
    const std::string name = word(row.at(row.at("host").is_null() ? "agent" : "host"));
    return row.at("merged").get<bool>() ? name + " (all hosts added up)" : name;
}

std::string bufferText(const Json& object)
{
    return orSentence(render(object.at("buffer"), {{"HOST", kLeft, bufferOwner},
                                                   {"SIGNAL", kLeft, field<"signal">},
                                                   {"FROM", kLeft, timeField<"from_ns">},
                                                   {"TO", kLeft, timeField<"to_ns">},
                                                   {"SIZE", kRight, bytesField<"bytes">}}),
                      "The buffer is empty.");
}

std::string contentText(ShowWhat what, const Json& object)
{
    switch (what) {
    case ShowWhat::Map: return mapText(object);
    case ShowWhat::Services: return servicesText(object);
    case ShowWhat::Tcp: return tcpText(object);
    case ShowWhat::InFlight: return inFlightText(object);
    case ShowWhat::Events: return eventsText(object);
    case ShowWhat::Losses: return orSentence(lossesText(object.at("losses")), "Nothing was lost in this range.");
    case ShowWhat::Coverage: return orSentence(coverageText(object.at("coverage")), "Everything that was seen was understood.");
    case ShowWhat::Buffer: return bufferText(object);
    }
    return {};
}

std::string rangeText(const Json& object)
{
    const std::int64_t from = object.at("from_ns").get<std::int64_t>(), to = object.at("to_ns").get<std::int64_t>();
    if (from == to)
        return "nothing recorded";
    return toRfc3339(utcTime(from)) + " to " + toRfc3339(utcTime(to)) + " (" + durationWords(Nanoseconds(to - from)) + ")";
}

} // namespace

std::string showText(ShowWhat what, const Json& object)
{
    std::string text = object.at("source").at("path").get<std::string>() + ": " + rangeText(object) + "\n\n" + contentText(what, object);
    // A figure that data are missing from never stands alone.
    if (what != ShowWhat::Losses && !object.at("losses").empty())
        text += "\nLost in this range:\n" + lossesText(object.at("losses"));
    return text;
}

std::string infoText(const Json& object)
{
    std::string text = rangeText(object) + "\n";
    text += std::string(object.at("complete").get<bool>() ? "complete" : "not closed properly") + (object.at("damaged").get<bool>() ? ", damaged" : "") + ", "
        + word(object.at("segments")) + " segments, " + bytesWords(object.at("bytes").get<std::uint64_t>()) + "\n\n";
    text += render(object.at("agents"), {{"HOST", kLeft, field<"host">},
                                         {"VERSION", kLeft, field<"version">},
                                         {"EPOCH", kRight, field<"epoch">},
                                         {"BOOT", kLeft, field<"boot_id">}});
    if (!object.at("losses").empty())
        text += "\nLost:\n" + lossesText(object.at("losses"));
    return text;
}

} // namespace binnacle::desktop
