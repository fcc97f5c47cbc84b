#include "failure.h"

#include <cstring>

namespace engine {

void throwFailure(JSContext* js, const SystemFailure& failure) {
  const auto& [number, call, path] = failure;
  const auto [code, nodeNumber, words] = errorWords(number);
  const std::string place = path.empty() ? "" : " '" + path + "'";
  Value error(js, checked(JS_NewError(js)));
  const std::string message = code + ": " + words + ", " + call + place;
  constexpr int hidden = JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE;
  JS_DefinePropertyValueStr(js, error.get(), "message", fromText(js, message), hidden);
  set(js, error.get(), "errno", JS_NewInt32(js, nodeNumber));
  set(js, error.get(), "code", fromText(js, code));
  set(js, error.get(), "syscall", fromText(js, call, std::strlen(call)));
  if (!path.empty()) set(js, error.get(), "path", fromText(js, path));
  JS_Throw(js, error.release());
}

}  // namespace engine
