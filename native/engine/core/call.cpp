#include "call.h"

#include <cstring>

#include "../image/process_state.h"

namespace engine {

int Call::integer(int index) const {
  std::int32_t number = 0;
  if (JS_ToInt32(js, &number, argument(index)) < 0) throw Thrown{};
  return number;
}

double Call::number(int index) const {
  double number = 0;
  if (JS_ToFloat64(js, &number, argument(index)) < 0) throw Thrown{};
  return number;
}

std::string Call::word(int index) const { return wordOf(argument(index)); }

std::vector<std::string> Call::words(int index) const {
  std::vector<std::string> words;
  each(index, [&](JSValueConst element) { words.push_back(wordOf(element)); });
  return words;
}

std::vector<int> Call::integers(int index) const {
  std::vector<int> integers;
  each(index, [&](JSValueConst element) {
    std::int32_t number = 0;
    if (JS_ToInt32(js, &number, element) < 0) throw Thrown{};
    integers.push_back(number);
  });
  return integers;
}

Bytes Call::bytes(int index) const {
  std::size_t length = 0;
  const std::uint8_t* data = JS_GetUint8Array(js, &length, argument(index));
  if (data == nullptr && JS_HasException(js)) throw Thrown{};
  return {data, length};
}

std::string Call::wordOf(JSValueConst value) const {
  std::string word = toSystem(js, value);
  if (word.find('\0') == std::string::npos) return word;
  Value error(js, checked(JS_NewTypeError(js, "The argument must be a string without null bytes.")));
  set(js, error.get(), "code", JS_NewString(js, "ERR_INVALID_ARG_VALUE"));
  JS_Throw(js, error.release());
  throw Thrown{};
}

template <typename Visit>
void Call::each(int index, Visit visit) const {
  std::int64_t length = 0;
  if (JS_GetLength(js, argument(index), &length) < 0) throw Thrown{};
  for (std::int64_t i = 0; i < length; ++i) {
    const Value element(js, checked(JS_GetPropertyInt64(js, argument(index), i)));
    visit(element.get());
  }
}

JSValue newBytes(JSContext* js, const void* data, std::size_t length) {
  return JS_NewUint8ArrayCopy(js, static_cast<const std::uint8_t*>(data), length);
}

void throwFailure(JSContext* js, const SystemFailure& failure) {
  const auto& [number, call, path] = failure;
  const auto [code, nodeNumber, words] = errorWords(number);
  const std::string place = path.empty() ? "" : " '" + path + "'";
  const std::string message = code + ": " + words + ", " + call + place;
  Value error(js, checked(newErrorWithStack(js, checked(fromText(js, "Error: " + message)))));
  constexpr int hidden = JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE;
  JS_DefinePropertyValueStr(js, error.get(), "message", fromText(js, message), hidden);
  set(js, error.get(), "errno", JS_NewInt32(js, nodeNumber));
  set(js, error.get(), "code", fromText(js, code));
  set(js, error.get(), "syscall", fromText(js, call, std::strlen(call)));
  if (!path.empty()) set(js, error.get(), "path", fromText(js, path));
  JS_Throw(js, error.release());
}

}  // namespace engine
