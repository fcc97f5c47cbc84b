#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>
// needs windows.h from above
#include <sddl.h>

#include <memory>
#include <string>
#include <vector>

#include "functions.h"
#include "system/failure.h"
#include "system/text_win32.h"

namespace hvsock {
namespace {

constexpr SECURITY_INFORMATION listOnly = DACL_SECURITY_INFORMATION;
constexpr SECURITY_INFORMATION listAndOwner = DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION;

std::wstring pathOf(Call& call, std::size_t index, const char* name) {
  const napi_value value = call.argument(index);
  if (typeOf(call.env, value) != napi_string) reject(call.env, call.function, name, "a path", value);
  return wide(fromText(call.env, value));
}

// A file system without access lists, such as that of a memory stick, has none to keep.
bool hasNoAccessLists(DWORD error) {
  return error == ERROR_NOT_SUPPORTED || error == ERROR_INVALID_FUNCTION || error == ERROR_CALL_NOT_IMPLEMENTED;
}

std::vector<unsigned char> readAccess(const std::wstring& path, SECURITY_INFORMATION what, const char* function) {
  std::vector<unsigned char> descriptor(512);
  DWORD needed = 0;
  while (!GetFileSecurityW(path.c_str(), what, descriptor.data(), static_cast<DWORD>(descriptor.size()), &needed)) {
    if (hasNoAccessLists(GetLastError())) return {};
    if (GetLastError() != ERROR_INSUFFICIENT_BUFFER || needed <= descriptor.size()) throw lastWin32(function);
    descriptor.resize(needed);
  }
  return descriptor;
}

}  // namespace

napi_value copyAccess(Call& call) {
  const std::wstring from = pathOf(call, 0, "from");
  const std::wstring to = pathOf(call, 1, "to");
  std::vector<unsigned char> descriptor = readAccess(from, listOnly, call.function);
  if (descriptor.empty()) return undefined(call.env);
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  DWORD revision = 0;
  // Without this request Windows forgets that entries came from the folder above.
  if (GetSecurityDescriptorControl(descriptor.data(), &control, &revision) && (control & SE_DACL_AUTO_INHERITED) != 0) {
    SetSecurityDescriptorControl(descriptor.data(), SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERIT_REQ);
  }
  const bool isDone = SetFileSecurityW(to.c_str(), listOnly, descriptor.data());
  if (!isDone && !hasNoAccessLists(GetLastError())) throw lastWin32(call.function);
  return undefined(call.env);
}

napi_value accessList(Call& call) {
  const std::wstring path = pathOf(call, 0, "path");
  std::vector<unsigned char> descriptor = readAccess(path, listAndOwner, call.function);
  if (descriptor.empty()) return undefined(call.env);
  LPWSTR text = nullptr;
  ULONG length = 0;
  if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor.data(), SDDL_REVISION_1, listAndOwner, &text,
                                                            &length)) {
    throw lastWin32(call.function);
  }
  const std::unique_ptr<void, decltype(&LocalFree)> freeing(text, LocalFree);
  std::string ascii;
  for (const wchar_t* each = text; *each != 0; each++) ascii += *each < 0x80 ? static_cast<char>(*each) : '?';
  return toText(call.env, ascii);
}

}  // namespace hvsock
