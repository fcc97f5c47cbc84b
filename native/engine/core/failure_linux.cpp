#include <cctype>
#include <cstring>

#include "failure.h"

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

ErrorWords errorWords(int number) { return {nameOf(number), -number, messageOf(number)}; }

}  // namespace engine
