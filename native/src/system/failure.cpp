#include "failure.h"

namespace hvsock {

std::string errorName(int number) {
  const char* name = knownErrorName(number);
  return name != nullptr ? name : "E" + std::to_string(number);
}

std::string message(const Failure& failure) {
  const std::string meaning = failure.message.empty() ? errorMeaning(failure.number) : failure.message;
  return failure.syscall + (": " + meaning);
}

}  // namespace hvsock
