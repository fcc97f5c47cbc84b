#include <windows.h>

#include "../functions.h"
#include "failure_win32.h"

namespace hvsock {
namespace {

// A FILETIME counts 100 ns.
double milliseconds(const FILETIME& time) {
  constexpr double perHigh = 4294967296.0;
  return (time.dwHighDateTime * perHigh + time.dwLowDateTime) / 10'000;
}

}  // namespace

napi_value threadTime(Call& call) {
  FILETIME created;
  FILETIME exited;
  FILETIME kernel;
  FILETIME user;
  if (!GetThreadTimes(GetCurrentThread(), &created, &exited, &kernel, &user)) throw lastWin32(call.function);
  return toNumber(call.env, milliseconds(kernel) + milliseconds(user));
}

}  // namespace hvsock
