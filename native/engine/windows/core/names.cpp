#include "names.h"

#include <windows.h>
// needs windows.h from above
#include <userenv.h>
#include <winternl.h>

#include <memory>

#include "../../core/failure.h"
#include "text.h"

extern "C" NTSTATUS NTAPI RtlGetVersion(OSVERSIONINFOW* version);

namespace engine {
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

}  // namespace

std::string hostName() {
  return filled("gethostname", 256, [](wchar_t* text, DWORD* size) {
    return GetComputerNameExW(ComputerNamePhysicalDnsHostname, text, size);
  });
}

std::string windowsRelease() {
  OSVERSIONINFOW version{};
  version.dwOSVersionInfoSize = sizeof version;
  RtlGetVersion(&version);
  return std::to_string(version.dwMajorVersion) + "." + std::to_string(version.dwMinorVersion) + "." +
         std::to_string(version.dwBuildNumber);
}

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

}  // namespace engine
