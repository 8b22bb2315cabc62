// The two renderers of the value tree.
#include <array>
#include <charconv>
#include <cmath>

#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_hex_byte(std::string& out, unsigned char byte) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0xf];
}

// ---- UTF-8 ----

/// One character of UTF-8, or a byte that is none.
struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

/// The character at the start of `text`, which is not empty. Overlong forms, surrogates and codes
/// past U+10FFFF are not valid. Unicode 15 §3.9, table 3-7
Character next_character(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {first, 1, true};
    std::size_t length = 0;
    std::uint32_t code = 0;
    std::uint32_t least = 0;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2, code = first & 0x1fu, least = 0x80;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3, code = first & 0x0fu, least = 0x800;
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4, code = first & 0x07u, least = 0x10000;
    } else {
        return {first, 1, false};
    }
    if (text.size() < length) return {first, 1, false};
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {first, 1, false};
        code = code << 6 | (byte(i) & 0x3fu);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least || surrogate || code > 0x10ffff) return {first, 1, false};
    return {code, length, true};
}

/// Characters that steer a terminal or reorder what a person reads; they are written as escapes.
constexpr bool steers(std::uint32_t code) noexcept {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x200e && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/// Text in double quotes. The escapes used are those that JSON and YAML read alike.
void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const Character character = next_character(text);
        if (!character.valid) {
            out += "\\\\x";
            append_hex_byte(out, static_cast<unsigned char>(text[0]));
        } else if (character.code == '"' || character.code == '\\') {
            out += '\\';
            out += static_cast<char>(character.code);
        } else if (character.code == '\n') {
            out += "\\n";
        } else if (character.code == '\t') {
            out += "\\t";
        } else if (character.code == '\r') {
            out += "\\r";
        } else if (steers(character.code)) {
            // All of them are in the basic plane, so four digits are enough.
            out += "\\u";
            append_hex_byte(out, static_cast<unsigned char>(character.code >> 8));
            append_hex_byte(out, static_cast<unsigned char>(character.code));
        } else {
            out += text.substr(0, character.bytes);
        }
        text.remove_prefix(character.bytes);
    }
    out += '"';
}

// ---- Scalars ----

template <class T>
void append_number(std::string& out, T value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), end.ptr);
}

void append_real(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    const std::size_t start = out.size();
    append_number(out, value);
    // A whole number keeps a fraction, so that its type does not depend on its value.
    if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

void append_hex_number(std::string& out, std::uint64_t value, unsigned digits) {
    out += "0x";
    unsigned shift = 64;
    while (shift > 4 * digits && (value >> (shift - 4)) == 0) shift -= 4;
    while (shift > 0) {
        shift -= 4;
        out += kHexDigits[(value >> shift) & 0xf];
    }
}

/// Everything but text, lists and maps.
void append_scalar(std::string& out, const Node& node) {
    switch (node.kind()) {
        case Node::Kind::boolean:
            out += node.as_bool() ? "true" : "false";
            return;
        case Node::Kind::unsigned_integer:
            append_number(out, node.as_unsigned());
            return;
        case Node::Kind::signed_integer:
            append_number(out, node.as_signed());
            return;
        case Node::Kind::real:
            append_real(out, node.as_real());
            return;
        case Node::Kind::null:
        case Node::Kind::text:
        case Node::Kind::list:
        case Node::Kind::map:
            break;
    }
    out += "null";
}

// ---- JSON ----

void break_line(std::string& out, unsigned indent, unsigned level) {
    if (indent == 0) return;
    out += '\n';
    out.append(std::size_t{indent} * level, ' ');
}

/// Numbers and the like beside each other read better on one line than one below the other.
bool is_row(const Node& node) {
    if (node.kind() != Node::Kind::list) return false;
    for (std::size_t i = 0; i < node.size(); ++i) {
        const Node::Kind kind = node.at(i).kind();
        if (kind == Node::Kind::map || kind == Node::Kind::list) return false;
    }
    return true;
}

// Depth is that of trees which the library or its caller built, never of foreign input.
void append_json(std::string& out, const Node& node, unsigned indent, unsigned level) {
    const bool map = node.kind() == Node::Kind::map;
    if (node.kind() == Node::Kind::text) {
        append_quoted(out, node.as_text());
        return;
    }
    if (!map && node.kind() != Node::Kind::list) {
        append_scalar(out, node);
        return;
    }
    const bool row = is_row(node);
    out += map ? '{' : '[';
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (i > 0) out += row && indent > 0 ? ", " : ",";
        if (!row) break_line(out, indent, level + 1);
        if (map) {
            append_quoted(out, node.name(i));
            out += indent == 0 ? ":" : ": ";
        }
        append_json(out, node.at(i), indent, level + 1);
    }
    if (node.size() > 0 && !row) break_line(out, indent, level);
    out += map ? '}' : ']';
}

// ---- YAML ----

bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Words that a reader of YAML takes for something other than text (1.1 and 1.2).
bool reserved_word(std::string_view text) noexcept {
    constexpr auto kWords = std::to_array<std::string_view>(
        {"true", "false", "null", "yes", "no", "on", "off", "y", "n"});
    if (text.size() > 5) return false;
    std::array<char, 5> lower{};
    for (std::size_t i = 0; i < text.size(); ++i) {
        lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    }
    const std::string_view word(lower.data(), text.size());
    for (const std::string_view candidate : kWords) {
        if (word == candidate) return true;
    }
    return false;
}

/// True for text that stands for itself without quotes: it begins with a letter or a slash, and
/// has nothing in it that YAML could take for a sign. Everything else is quoted.
bool plain(std::string_view text) noexcept {
    if (text.empty() || !(is_letter(text[0]) || text[0] == '/')) return false;
    if (text.back() == ' ' || text.back() == ':') return false;
    if (reserved_word(text)) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        constexpr std::string_view kPlainSigns = " _-./()+,=%;'@";
        if (is_letter(c) || is_digit(c) || kPlainSigns.find(c) != std::string_view::npos) continue;
        if (c == ':' && text[i + 1] != ' ') continue;  // The last character is no colon.
        return false;
    }
    return true;
}

void append_yaml_text(std::string& out, std::string_view text) {
    if (plain(text)) {
        out += text;
    } else {
        append_quoted(out, text);
    }
}

void append_yaml(std::string& out, const Node& node, unsigned level, bool after_dash);

/// A value behind a name or a dash: on the same line where it is a scalar or empty.
void append_yaml_value(std::string& out, const Node& node, unsigned level, bool after_dash) {
    const bool nested = node.kind() == Node::Kind::map || node.kind() == Node::Kind::list;
    if (nested && node.size() > 0) {
        out += after_dash ? ' ' : '\n';
        append_yaml(out, node, level, after_dash);
        return;
    }
    out += ' ';
    if (node.kind() == Node::Kind::text) {
        append_yaml_text(out, node.as_text());
    } else if (nested) {
        out += node.kind() == Node::Kind::map ? "{}" : "[]";
    } else if (node.hex_digits() > 0) {
        append_hex_number(out, node.as_unsigned(), node.hex_digits());
    } else {
        append_scalar(out, node);
    }
    out += '\n';
}

/// A list or map that is not empty. Behind a dash its first line continues the dash's.
void append_yaml(std::string& out, const Node& node, unsigned level, bool after_dash) {
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (i > 0 || !after_dash) out.append(std::size_t{2} * level, ' ');
        if (node.kind() == Node::Kind::map) {
            append_yaml_text(out, node.name(i));
            out += ':';
            append_yaml_value(out, node.at(i), level + 1, false);
        } else {
            out += '-';
            append_yaml_value(out, node.at(i), level + 1, true);
        }
    }
}

}  // namespace

Node Node::device_text(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '\\') {
            text += c;
        } else {
            text += "\\x";
            append_hex_byte(text, byte);
        }
    }
    return Node(std::move(text));
}

std::string to_yaml(const Node& node) {
    std::string out;
    const bool nested = node.kind() == Node::Kind::map || node.kind() == Node::Kind::list;
    if (nested && node.size() > 0) {
        append_yaml(out, node, 0, false);
    } else {
        append_yaml_value(out, node, 0, false);
        out.erase(0, 1);  // The space that stands between a name and its value.
    }
    return out;
}

std::string to_json(const Node& node, unsigned indent) {
    std::string out;
    append_json(out, node, indent, 0);
    if (indent > 0) out += '\n';
    return out;
}

}  // namespace xnvme::nvme
