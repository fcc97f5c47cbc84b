#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>
// needs windows.h from above
#include <bcrypt.h>
#include <userenv.h>
#include <winternl.h>

#include <memory>
#include <string>

#include "../../src/system/failure.h"
#include "../natives/of_system.h"
#include "handles.h"

extern "C" NTSTATUS NTAPI RtlGetVersion(OSVERSIONINFOW* version);

namespace engine::system {
namespace {

// What a function of the system writes into a buffer, whose size it is told; the zero behind it is left out.
template <typename Fill>
std::string filled(const char* call, DWORD size, Fill fill) {
  std::wstring text(size, L'\0');
  if (!fill(text.data(), &size)) throw lastFailure(call);
  text.resize(text.find(L'\0'));
  return narrow(text);
}

constexpr DWORD longest = 32767;

std::string hostName() {
  return filled("gethostname", 256, [](wchar_t* text, DWORD* size) {
    return GetComputerNameExW(ComputerNamePhysicalDnsHostname, text, size);
  });
}

// "10.0.22631"
std::string windowsRelease() {
  OSVERSIONINFOW version{};
  version.dwOSVersionInfoSize = sizeof version;
  RtlGetVersion(&version);
  return std::to_string(version.dwMajorVersion) + "." + std::to_string(version.dwMinorVersion) + "." +
         std::to_string(version.dwBuildNumber);
}

// "Windows 10 Pro", as the registry has it.
std::string windowsVersion() {
  wchar_t text[256] = L"";
  DWORD size = sizeof text - sizeof *text;
  constexpr const wchar_t* key = LR"(SOFTWARE\Microsoft\Windows NT\CurrentVersion)";
  RegGetValueW(HKEY_LOCAL_MACHINE, key, L"ProductName", RRF_RT_REG_SZ, nullptr, text, &size);
  return narrow(text);
}

std::string userName() {
  return filled("uv_os_get_passwd", longest, [](wchar_t* text, DWORD* size) { return GetUserNameW(text, size); });
}

std::string profileFolder() {
  HANDLE token = nullptr;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_READ, &token)) throw lastFailure("uv_os_get_passwd");
  const std::unique_ptr<void, decltype(&CloseHandle)> closing(token, CloseHandle);
  return filled("uv_os_get_passwd", longest,
                [token](wchar_t* text, DWORD* size) { return GetUserProfileDirectoryW(token, text, size); });
}

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

std::string randomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  auto* to = reinterpret_cast<unsigned char*>(bytes.data());
  if (BCryptGenRandom(nullptr, to, static_cast<ULONG>(count), BCRYPT_USE_SYSTEM_PREFERRED_RNG) < 0) {
    throw SystemFailure{ERROR_GEN_FAILURE, "BCryptGenRandom"};
  }
  return bytes;
}

}  // namespace engine::system
