// SPDX-License-Identifier: Apache-2.0
#include "core/kube/config/yaml_value.h"

#include "core/base/base64.h"
#include "core/kube/config/internal/readable_text.h"

#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace binnacle::kube {

namespace {

constexpr std::size_t kMaxDepth = 100, kMaxValues = 1'000'000, kMaxTextBytes = 64u << 20;
constexpr std::string_view kStandardTags = "tag:yaml.org,2002:";

struct Problem {
    int line;
    std::string what;
};

/// Not UTF-16, which only the parser reads.
bool isText(std::string_view text) { return !text.starts_with("\xff\xfe") && !text.starts_with("\xfe\xff"); }

/// YAML knows three line ends, the parser two of them.
std::string withLineFeeds(std::string_view text)
{
    if (!isText(text))
        return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r')
            out.push_back(text[i]);
        else if (i + 1 == text.size() || text[i + 1] != '\n')
            out.push_back('\n');
    }
    return out;
}

std::string lineSentence(const Problem& problem) { return "line " + std::to_string(problem.line) + ": " + problem.what; }

/// The type that a tag asks for must be the one that the word has.
bool suits(std::string_view type, const YamlValue& value)
{
    using Kind = YamlValue::Kind;
    const bool whole = value.kind == Kind::Number && value.text.find_first_of(".eE") == std::string::npos;
    return (type == "null" && value.kind == Kind::Null) || (type == "bool" && value.kind == Kind::Bool) || (type == "int" && whole)
           || (type == "float" && value.kind == Kind::Number) || type == "timestamp";
}

YamlValue textValue(std::string_view text)
{
    YamlValue value;
    value.kind = YamlValue::Kind::String;
    value.text = text;
    return value;
}

/// A scalar by its tag: `?` is an unquoted word, `!` a quoted one.
YamlValue scalar(int line, const std::string& tag, const std::string& text)
{
    if (tag == "?") {
        YamlValue value = typedScalar(text);
        if (value.kind == YamlValue::Kind::Number && value.text.empty())
            throw Problem{line, text + " is a number that JSON does not have"};
        return value;
    }
    const std::string type = tag.starts_with(kStandardTags) ? tag.substr(kStandardTags.size()) : std::string();
    if (type == "binary") {
        auto bytes = fromBase64(text);
        if (!bytes)
            throw Problem{line, "!!binary holds what is no base64"};
        return textValue(*bytes);
    }
    for (const std::string_view known : {"null", "bool", "int", "float", "timestamp"}) {
        if (type != known)
            continue;
        YamlValue value = typedScalar(text);
        if (!suits(type, value))
            throw Problem{line, "`" + text + "` cannot be read as !!" + type};
        return type == "timestamp" ? textValue(text) : value;
    }
    return textValue(text);
}

/// Builds the value from the parser's events.  Throws Problem; parseYaml() catches it.
class Builder : public YAML::EventHandler {
public:
    YamlValue takeRoot() { return std::move(m_root); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { finish(anchor, at(mark, YamlValue{}), Origin::Plain); }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override
    {
        if (tag == "?" && text == "<<" && wantsKey()) {
            m_open.back().key.emplace(kMergeKey);
            m_open.back().isMerge = true;
            return;
        }
        finish(anchor, at(mark, scalar(mark.line + 1, tag, text)), Origin::Plain);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        const auto named = m_anchors.find(anchor);
        if (named == m_anchors.end())
            throw Problem{mark.line + 1, "an alias stands inside the value that it names"};
        count(mark.line + 1, named->second);
        finish(YAML::NullAnchor, at(mark, named->second), Origin::Alias);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
    {
        open(mark, anchor, YamlValue::Kind::List);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
    {
        open(mark, anchor, YamlValue::Kind::Map);
    }
    void OnMapEnd() override { close(); }

private:
    static constexpr std::string_view kMergeKey = "<<";
    enum class Origin { Plain, Alias };

    struct Open {
        YamlValue value;
        YAML::anchor_t anchor;
        std::optional<std::string> key;
        bool isMerge = false;
        std::unordered_map<std::string, std::size_t> places; // of the keys in value.fields

        void set(const std::string& name, YamlValue field)
        {
            const auto [place, isNew] = places.try_emplace(name, value.fields.size());
            if (isNew)
                value.fields.push_back({name, std::move(field)});
            else
                value.fields[place->second].value = std::move(field);
        }
        /// go-yaml v2 merges where the `<<` stands: it replaces what came before, and what comes after replaces it.
        void merge(const YamlValue& from)
        {
            for (const auto& [name, field] : from.fields)
                set(name, field);
        }
    };

    bool wantsKey() const { return !m_open.empty() && m_open.back().value.kind == YamlValue::Kind::Map && !m_open.back().key; }

    static YamlValue at(const YAML::Mark& mark, YamlValue value)
    {
        value.line = mark.line + 1;
        return value;
    }

    void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlValue::Kind kind)
    {
        if (wantsKey())
            throw Problem{mark.line + 1, "a list or a map cannot be a key"};
        if (m_open.size() >= kMaxDepth)
            throw Problem{mark.line + 1, "nested more than " + std::to_string(kMaxDepth) + " deep"};
        YamlValue value;
        value.kind = kind;
        m_open.push_back({at(mark, std::move(value)), anchor, std::nullopt, false, {}});
    }

    void close()
    {
        Open done = std::move(m_open.back());
        m_open.pop_back();
        finish(done.anchor, std::move(done.value), Origin::Plain);
    }

    /// Everything that the value holds, so that aliases of aliases cannot grow without end.
    void count(int line, const YamlValue& value)
    {
        m_textBytes += value.text.size();
        if (++m_values > kMaxValues || m_textBytes > kMaxTextBytes)
            throw Problem{line, "the document is too large once its aliases are written out"};
        for (const YamlValue& item : value.items)
            count(line, item);
        for (const auto& [key, field] : value.fields) {
            m_textBytes += key.size();
            count(line, field);
        }
    }

    void finish(YAML::anchor_t anchor, YamlValue value, Origin origin)
    {
        m_textBytes += value.text.size();
        if (++m_values > kMaxValues || m_textBytes > kMaxTextBytes)
            throw Problem{value.line, "the document is too large"};
        if (anchor != YAML::NullAnchor)
            m_anchors.insert_or_assign(anchor, value);
        if (m_open.empty())
            m_root = std::move(value);
        else if (m_open.back().value.kind == YamlValue::Kind::List)
            m_open.back().value.items.push_back(std::move(value));
        else if (!m_open.back().key)
            m_open.back().key = keyText(value);
        else
            putField(std::move(value), origin);
    }

    static std::string keyText(const YamlValue& key)
    {
        switch (key.kind) {
        case YamlValue::Kind::String:
        case YamlValue::Kind::Number:
            return key.text;
        case YamlValue::Kind::Bool:
            return key.boolean ? "true" : "false";
        default:
            throw Problem{key.line, "a key must be a word, a number or a truth value"};
        }
    }

    void putField(YamlValue value, Origin origin)
    {
        Open& map = m_open.back();
        const std::string key = std::move(*map.key);
        map.key.reset();
        if (!std::exchange(map.isMerge, false)) {
            map.set(key, std::move(value));
            return;
        }
        const bool isList = value.kind == YamlValue::Kind::List && origin != Origin::Alias; // go-yaml takes no alias of a list here
        if (!isList && value.kind != YamlValue::Kind::Map)
            throw Problem{value.line, "`<<` needs a map, or a list of maps"};
        if (!isList)
            map.merge(value);
        for (auto item = value.items.rbegin(); item != value.items.rend(); ++item) { // the first of the list wins
            if (item->kind != YamlValue::Kind::Map)
                throw Problem{item->line, "`<<` needs a map, or a list of maps"};
            map.merge(*item);
        }
    }

    YamlValue m_root;
    std::vector<Open> m_open;
    std::map<YAML::anchor_t, YamlValue> m_anchors;
    std::size_t m_values = 0, m_textBytes = 0;
};

YamlValue build(const std::string& document)
{
    std::istringstream in(document);
    YAML::Parser parser(in);
    Builder builder;
    parser.HandleNextDocument(builder); // false: nothing there
    return builder.takeRoot();
}

nlohmann::json jsonOf(const YamlValue& value)
{
    switch (value.kind) {
    case YamlValue::Kind::Null:
        return nullptr;
    case YamlValue::Kind::Bool:
        return value.boolean;
    case YamlValue::Kind::Number:
        return nlohmann::json::parse(value.text, nullptr, false);
    case YamlValue::Kind::String:
        return value.text;
    case YamlValue::Kind::List: {
        auto list = nlohmann::json::array();
        for (const YamlValue& item : value.items)
            list.push_back(jsonOf(item));
        return list;
    }
    case YamlValue::Kind::Map: {
        auto map = nlohmann::json::object();
        for (const auto& [key, field] : value.fields)
            map[key] = jsonOf(field);
        return map;
    }
    }
    return nullptr;
}

} // namespace

const YamlValue* YamlValue::find(std::string_view key) const
{
    for (const auto& [name, value] : fields) {
        if (name == key)
            return &value;
    }
    return nullptr;
}

std::string YamlValue::toJson() const { return jsonOf(*this).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

Result<YamlValue> parseYaml(std::string_view text)
{
    if (const auto unreadable = findUnreadable(text))
        return failure(ErrorCode::Corrupt, "line " + std::to_string(unreadable->line) + ": " + unreadable->what);
    try {
        const std::string document = withLineFeeds(text);
        if (document.find_first_of("'\"") != std::string::npos && isText(document))
            build(document + "\n...\n"); // an open quote then meets the document's end; at the end of the text alone yaml-cpp would close it
        return build(document);
    } catch (const Problem& problem) {
        return failure(ErrorCode::Corrupt, lineSentence(problem));
    } catch (const YAML::Exception& problem) {
        return failure(ErrorCode::Corrupt, lineSentence({problem.mark.line + 1, "this is no YAML: " + problem.msg}));
    }
}

} // namespace binnacle::kube
