#pragma once

#include <cerrno>
#include <string>

#include "value.h"

namespace engine {

// A call of the system that failed.
struct SystemFailure {
  int number;  // errno, or what GetLastError gives
  const char* call;
  std::string path{};
};

// What a failing call left behind.
SystemFailure lastFailure(const char* call, std::string path = {});

// What Node says of a number: code, errno and the words of its message.
struct ErrorWords {
  std::string code;
  int number;
  std::string words;
};
ErrorWords errorWords(int number);

// Node's own error for it: "ENOENT: no such file or directory, open '/x'", with code, errno, syscall and path.
void throwFailure(JSContext* js, const SystemFailure& failure);

// Returns a result; throws if it is -1.
template <typename Result>
Result succeeded(Result result, const char* call, const std::string& path = {}) {
  if (result < 0) throw lastFailure(call, path);
  return result;
}

}  // namespace engine
