#pragma once

#include <cerrno>
#include <string>

namespace hvsock {

// What went wrong. Becomes a JavaScript Error with code, errno and syscall, and the message "<syscall>: <message>".
struct Failure {
  int number;
  const char* syscall;
  std::string message;  // empty: the system's own

  // The failure in errno.
  static Failure last(const char* syscall) { return {errno, syscall, {}}; }
};

// The name of an errno, or null if it has none here.
const char* knownErrorName(int number);

// What an errno means: "Connection refused".
std::string errorMeaning(int number);

// The name of an errno, such as "ECONNREFUSED"; "E<number>" if it has none here.
std::string errorName(int number);

// "connect: Connection refused"
std::string message(const Failure& failure);

}  // namespace hvsock
