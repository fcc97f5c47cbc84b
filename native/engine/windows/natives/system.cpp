#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <memory>

#include "../../../src/system/failure.h"
#include "../../natives/of_system.h"
#include "../handles/console.h"
#include "../handles/handles.h"
#include "../core/names.h"
#include "../core/random.h"
#include "../core/text.h"

namespace engine::system {
namespace {

HANDLE standardHandle(int descriptor) {
  try {
    return handleOf(descriptor, "isatty");
  } catch (const SystemFailure&) {
    return INVALID_HANDLE_VALUE;
  }
}

}  // namespace

const char* platform() { return "win32"; }

std::vector<std::string> environment() {
  std::vector<std::string> pairs;
  const std::unique_ptr<wchar_t, decltype(&FreeEnvironmentStringsW)> block(GetEnvironmentStringsW(),
                                                                           FreeEnvironmentStringsW);
  for (const wchar_t* at = block.get(); at != nullptr && *at != L'\0';) {
    const std::wstring pair = at;
    pairs.push_back(narrow(pair));
    at += pair.size() + 1;
  }
  return pairs;
}

std::string workingFolder() {
  std::wstring path(32768, L'\0');
  const DWORD length = GetCurrentDirectoryW(static_cast<DWORD>(path.size()), path.data());
  if (length == 0 || length >= path.size()) throw lastFailure("uv_cwd");
  path.resize(length);
  return narrow(path);
}

std::string programPath(const Start&) {
  std::wstring path(32768, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
  return narrow(path);
}

// Windows has users of another kind, as Node has it, and no parent: its pid may be another process's by now.
double user() { return -1; }

double effectiveUser() { return -1; }


double parentPid() { return -1; }

int pid() { return static_cast<int>(GetCurrentProcessId()); }

// Errnos, and the codes of Winsock.
int errorCount() { return 11100; }

std::string errorName(int number) {
  const std::string name = hvsock::errorName(number);
  return name != "E" + std::to_string(number) ? name : "";
}

std::pair<double, double> processorTime() {
  FILETIME made, ended, kernel, user;
  GetProcessTimes(GetCurrentProcess(), &made, &ended, &kernel, &user);
  const auto micros = [](const FILETIME& time) {
    return static_cast<double>(std::uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) / 10;
  };
  return {micros(user), micros(kernel)};
}

std::vector<std::string> names() { return {"Windows_NT", hostName(), windowsRelease(), windowsVersion(), "x86_64"}; }

std::vector<std::string> account() { return {userName(), profileFolder()}; }

bool isTerminal(int descriptor) { return isConsole(standardHandle(descriptor)); }

int columns(int descriptor) { return consoleColumns(standardHandle(descriptor)); }

std::string randomBytes(std::size_t count) { return engine::randomBytes(count); }

}  // namespace engine::system
