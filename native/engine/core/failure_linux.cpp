#include <cctype>

#include "../../src/system/failure.h"
#include "failure.h"

namespace engine {
namespace {

// libuv's message: in lower case at its start, but for abbreviations.
std::string messageOf(int number) {
  std::string message = hvsock::errorMeaning(number);
  if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1]))) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  return message;
}

}  // namespace

SystemFailure lastFailure(const char* call, std::string path) { return {errno, call, std::move(path)}; }

ErrorWords errorWords(int number) { return {hvsock::errorName(number), -number, messageOf(number)}; }

}  // namespace engine
