#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <string>
#include <vector>

#include "functions.h"
#include "system/failure.h"
#include "system/text_win32.h"

namespace hvsock {
namespace {

constexpr SECURITY_INFORMATION listOnly = DACL_SECURITY_INFORMATION;

std::wstring pathOf(Call& call, std::size_t index, const char* name) {
  const napi_value value = call.argument(index);
  if (typeOf(call.env, value) != napi_string) reject(call.env, call.function, name, "a path", value);
  return wide(fromText(call.env, value));
}

// A file system without access lists, such as that of a memory stick, has none to keep.
bool hasNoAccessLists(DWORD error) {
  return error == ERROR_NOT_SUPPORTED || error == ERROR_INVALID_FUNCTION || error == ERROR_CALL_NOT_IMPLEMENTED;
}

std::vector<unsigned char> readList(const std::wstring& path, const char* function) {
  std::vector<unsigned char> descriptor(512);
  DWORD needed = 0;
  while (!GetFileSecurityW(path.c_str(), listOnly, descriptor.data(), static_cast<DWORD>(descriptor.size()), &needed)) {
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
  std::vector<unsigned char> descriptor = readList(from, call.function);
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

}  // namespace hvsock
