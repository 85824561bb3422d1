/* JSON as it is read: the config, and inputs of the type JSON. Nothing is copied but texts with escapes. */
#include "internal.h"

#include <float.h>
#include <string.h>

/* Deepest nesting that is looked into; what is deeper is as if it were not there. */
enum { DEPTH_MAX = 128 };

static size_t skip_space(sb_json json, size_t at) {
    while (at < json.length && strchr(" \t\r\n", json.at[at]) != NULL && json.at[at] != '\0') {
        at++;
    }
    return at;
}

/* Behind the text that begins there. */
static size_t skip_text(sb_json json, size_t at) {
    for (at++; at < json.length && json.at[at] != '"'; at++) {
        if (json.at[at] == '\\') {
            at++;
        }
    }
    return at < json.length ? at + 1 : json.length;
}

/* Behind the value that begins there. */
static size_t skip_value(sb_json json, size_t at) {
    for (size_t depth = 0; at < json.length;) {
        char byte = json.at[at];
        if (byte == '"') {
            at = skip_text(json, at);
        } else if (byte == '{' || byte == '[') {
            depth++;
            at++;
            continue;
        } else if (byte == '}' || byte == ']') {
            if (depth == 0) {
                return at;
            }
            depth--;
            at++;
        } else if (depth == 0) {
            while (at < json.length && strchr(",:]} \t\r\n", json.at[at]) == NULL) {
                at++;
            }
        } else {
            at++;
            continue;
        }
        if (depth == 0 || depth > DEPTH_MAX) {
            return at;
        }
    }
    return json.length;
}

static sb_json value_from(sb_json json, size_t at) {
    at = skip_space(json, at);
    size_t end = skip_value(json, at);
    return (sb_json){json.at + at, end - at};
}

static bool begins(sb_json json, char byte) {
    return json.length > 0 && json.at[0] == byte;
}

static const sb_json NONE = {"", 0};

sb_json sb_json_member(sb_json object, const char *name) {
    object = value_from(object, 0);
    if (!begins(object, '{')) {
        return NONE;
    }
    size_t at = skip_space(object, 1);
    while (at < object.length && object.at[at] == '"') {
        size_t end = skip_text(object, at);
        sb_maybe_text found = sb_json_text((sb_json){object.at + at, end - at});
        at = skip_space(object, end);
        if (at >= object.length || object.at[at] != ':') {
            return NONE;
        }
        sb_json value = value_from(object, at + 1);
        if (found.has && sb_text_is(found.value, name)) {
            return value;
        }
        at = skip_space(object, (size_t)(value.at - object.at) + value.length);
        at = skip_space(object, at + 1);
    }
    return NONE;
}

sb_json sb_json_item(sb_json list, size_t index) {
    list = value_from(list, 0);
    if (!begins(list, '[')) {
        return NONE;
    }
    for (size_t at = 1; at < list.length; index--) {
        sb_json value = value_from(list, at);
        if (index == 0 || value.length == 0) {
            return value;
        }
        at = skip_space(list, (size_t)(value.at - list.at) + value.length) + 1;
    }
    return NONE;
}

sb_maybe_boolean sb_json_boolean(sb_json json) {
    bool is_true = sb_text_is(json, "true");
    return (sb_maybe_boolean){is_true || sb_text_is(json, "false"), is_true};
}

static bool is_digit(sb_json json, size_t at) {
    return at < json.length && json.at[at] >= '0' && json.at[at] <= '9';
}

sb_maybe_integer sb_json_integer(sb_json json) {
    bool negative = begins(json, '-');
    uint64_t most = negative ? (uint64_t)1 << 63 : ((uint64_t)1 << 63) - 1;
    uint64_t found = 0;
    size_t at = negative;
    for (; is_digit(json, at); at++) {
        uint64_t digit = (uint64_t)(json.at[at] - '0');
        if (found > (most - digit) / 10) {
            return (sb_maybe_integer){0};
        }
        found = found * 10 + digit;
    }
    if (at != json.length || at == negative) {
        return (sb_maybe_integer){0};
    }
    return (sb_maybe_integer){true, (int64_t)(negative ? 0 - found : found)};
}

/* `digits` times ten to that power. Exact, by Clinger's fast path, where `digits` is below 2^53 and the power within 22. */
static double scaled(uint64_t digits, int64_t power) {
    static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double found = (double)digits;
    for (; power > 0 && found != 0 && found <= DBL_MAX; power -= power > 22 ? 22 : power) {
        found *= TENS[power > 22 ? 22 : power];
    }
    for (; power < 0 && found != 0; power += power < -22 ? 22 : -power) {
        found /= TENS[power < -22 ? 22 : -power];
    }
    return found;
}

sb_maybe_number sb_json_number(sb_json json) {
    bool negative = begins(json, '-');
    size_t at = negative;
    if (!is_digit(json, at)) {
        return (sb_maybe_number){0};
    }
    uint64_t digits = 0;
    int64_t power = 0;
    bool behind_point = false;
    for (; is_digit(json, at) || (at < json.length && json.at[at] == '.'); at++) {
        if (json.at[at] == '.') {
            behind_point = true;
        } else if (digits < 100000000000000000) {
            digits = digits * 10 + (uint64_t)(json.at[at] - '0');
            power -= behind_point;
        } else {
            power += !behind_point;
        }
    }
    if (at < json.length && (json.at[at] | 0x20) == 'e') {
        bool negative_exponent = at + 1 < json.length && json.at[at + 1] == '-';
        bool signed_exponent = negative_exponent || (at + 1 < json.length && json.at[at + 1] == '+');
        int64_t exponent = 0;
        for (at += 1 + signed_exponent; is_digit(json, at); at++) {
            exponent = exponent < 100000 ? exponent * 10 + (json.at[at] - '0') : exponent;
        }
        power += negative_exponent ? -exponent : exponent;
    }
    double found = scaled(digits, power);
    return (sb_maybe_number){true, negative ? -found : found};
}

static uint32_t four_digits(sb_json json, size_t at) {
    uint32_t found = 0;
    for (size_t end = at + 4; at < end; at++) {
        char byte = at < json.length ? json.at[at] : '0';
        uint32_t digit = (uint32_t)(byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10);
        found = found << 4 | (digit & 15);
    }
    return found;
}

/* Bytes of UTF-8 written to `to`. */
static size_t encode(uint32_t scalar, char *to) {
    if (scalar < 0x80) {
        to[0] = (char)scalar;
        return 1;
    }
    size_t length = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t at = length - 1; at > 0; at--) {
        to[at] = (char)(0x80 | (scalar & 0x3f));
        scalar >>= 6;
    }
    static const unsigned char FIRST[] = {0, 0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(FIRST[length] | scalar);
    return length;
}

/* What the escape behind the backslash at `*at` stands for; moves `*at` behind it. */
static uint32_t escaped(sb_json json, size_t *at) {
    static const char NAMES[] = "bfnrt", MEANT[] = "\b\f\n\r\t";
    char name = json.at[*at + 1];
    const char *known = strchr(NAMES, name);
    if (name != 'u') {
        *at += 2;
        return (uint32_t)(unsigned char)(known != NULL && name != '\0' ? MEANT[known - NAMES] : name);
    }
    uint32_t unit = four_digits(json, *at + 2);
    *at += 6;
    bool is_first_half = unit >= 0xd800 && unit < 0xdc00;
    if (is_first_half && *at + 1 < json.length && json.at[*at] == '\\' && json.at[*at + 1] == 'u') {
        uint32_t second = four_digits(json, *at + 2);
        *at += 6;
        return 0x10000 + ((unit - 0xd800) << 10) + ((second - 0xdc00) & 0x3ff);
    }
    return unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit;
}

sb_maybe_text sb_json_text(sb_json json) {
    if (json.length < 2 || json.at[0] != '"' || json.at[json.length - 1] != '"') {
        return (sb_maybe_text){0};
    }
    sb_text inner = {json.at + 1, json.length - 2};
    if (memchr(inner.at, '\\', inner.length) == NULL) {
        return (sb_maybe_text){true, inner};
    }
    char *plain = sb_allocate(inner.length);
    size_t length = 0;
    for (size_t at = 0; at < inner.length;) {
        if (inner.at[at] == '\\' && at + 1 < inner.length) {
            length += encode(escaped(inner, &at), plain + length);
        } else {
            plain[length++] = inner.at[at++];
        }
    }
    return (sb_maybe_text){true, {plain, length}};
}
