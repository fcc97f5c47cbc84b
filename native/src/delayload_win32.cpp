#include <windows.h>
// needs windows.h from above
#include <delayimp.h>

#include <cstring>

namespace {

// Node-API's functions are the running executable's, whatever its name is: node.exe, bun.exe, vmssh.exe, electron.exe.
FARPROC WINAPI resolveHost(unsigned event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(GetModuleHandleW(nullptr));
}

}  // namespace

// https://learn.microsoft.com/en-us/cpp/build/reference/understanding-the-helper-function
extern "C" {
PfnDliHook __pfnDliNotifyHook2 = resolveHost;
}
