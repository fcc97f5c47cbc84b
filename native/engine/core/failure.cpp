#include "failure.h"

#include <cctype>
#include <cstring>

namespace engine {
namespace {

std::string nameOf(int number) {
#if defined(__GLIBC__)
  if (const char* name = strerrorname_np(number)) return name;
#endif
  return "E" + std::to_string(number);
}

// libuv's message: in lower case at its start, but for abbreviations.
std::string messageOf(int number) {
  std::string message = std::strerror(number);
  if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1]))) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  return message;
}

}  // namespace

SystemFailure lastFailure(const char* call, std::string path) { return {errno, call, std::move(path)}; }

void throwFailure(JSContext* js, const SystemFailure& failure) {
  const auto& [number, call, path] = failure;
  const std::string name = nameOf(number);
  const std::string place = path.empty() ? "" : " '" + path + "'";
  Value error(js, checked(JS_NewError(js)));
  const std::string message = name + ": " + messageOf(number) + ", " + call + place;
  constexpr int hidden = JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE;
  JS_DefinePropertyValueStr(js, error.get(), "message", fromText(js, message), hidden);
  set(js, error.get(), "errno", JS_NewInt32(js, -number));
  set(js, error.get(), "code", fromText(js, name));
  set(js, error.get(), "syscall", fromText(js, call, std::strlen(call)));
  if (!path.empty()) set(js, error.get(), "path", fromText(js, path));
  JS_Throw(js, error.release());
}

}  // namespace engine
