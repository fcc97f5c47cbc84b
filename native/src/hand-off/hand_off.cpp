#include "hand_off.h"

namespace hvsock {
namespace {

bool toFlag(const Call& call, const char* what, napi_value value) {
  if (typeOf(call.env, value) != napi_boolean) reject(call.env, call.function, what, "a boolean", value);
  bool flag = false;
  check(call.env, napi_get_value_bool(call.env, value, &flag));
  return flag;
}

// What can be an argument of a process.
std::string toWord(const Call& call, const std::string& what, napi_value value) {
  const char* expected = "text without a NUL";
  if (typeOf(call.env, value) != napi_string) reject(call.env, call.function, what, expected, value);
  std::string text = fromText(call.env, value);
  if (text.find('\0') != std::string::npos) reject(call.env, call.function, what, expected, value);
  return text;
}

std::vector<std::string> toLines(const Call& call, const std::string& what, napi_value list) {
  bool array = false;
  check(call.env, napi_is_array(call.env, list, &array));
  std::uint32_t length = 0;
  if (array) check(call.env, napi_get_array_length(call.env, list, &length));
  if (length == 0) reject(call.env, call.function, what, "an array with lines", list);
  std::vector<std::string> lines;
  for (std::uint32_t i = 0; i < length; ++i) {
    napi_value word = nullptr;
    check(call.env, napi_get_element(call.env, list, i, &word));
    const std::string name = what + "[" + std::to_string(i) + "]";
    lines.push_back(toWord(call, name, word));
    if (lines.back().find('\n') != std::string::npos) reject(call.env, call.function, name, "one line", word);
  }
  return lines;
}

}  // namespace

std::optional<HandOff> toHandOff(const Call& call, napi_value value) {
  const napi_env env = call.env;
  const napi_valuetype type = typeOf(env, value);
  if (type == napi_undefined) return std::nullopt;
  if (type != napi_object) reject(env, call.function, "options.handOff", "an object", value);
  return HandOff{
      wholeNumber(env, call.function, "options.handOff.afterMs", get(env, value, "afterMs"), 0, largestDelay),
      toFlag(call, "options.handOff.ignoreInterrupts", get(env, value, "ignoreInterrupts")),
      toFlag(call, "options.handOff.confined", get(env, value, "confined")),
      toWord(call, "options.handOff.title", get(env, value, "title")),
      toLines(call, "options.handOff.onFailure", get(env, value, "onFailure")),
  };
}

}  // namespace hvsock
