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
inline std::string errorName(int number) {
  const char* name = knownErrorName(number);
  return name != nullptr ? name : "E" + std::to_string(number);
}

// "connect: Connection refused"
inline std::string message(const Failure& failure) {
  const std::string meaning = failure.message.empty() ? errorMeaning(failure.number) : failure.message;
  return failure.syscall + (": " + meaning);
}

#if defined(_WIN32)
// The failure in WSAGetLastError.
Failure lastWinsock(const char* syscall);

// A Win32 error code as the nearest errno; the message contains the code itself.
Failure fromWin32(unsigned long code, const char* syscall);
Failure lastWin32(const char* syscall);
#endif

}  // namespace hvsock
