#include "stdio_win32.h"

#include <winternl.h>

#include <string>

#include "../system/failure_win32.h"

namespace hvsock {
namespace {

// https://learn.microsoft.com/en-us/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_pipe_local_information
struct PipeLocalInformation {
  ULONG type, configuration, maximumInstances, currentInstances, inboundQuota, readDataAvailable, outboundQuota,
      writeQuotaAvailable, state, end;
};
constexpr auto pipeLocalInformation = static_cast<FILE_INFORMATION_CLASS>(24);
constexpr ULONG closingState = 4;

}  // namespace

bool isPipe(HANDLE handle) { return GetFileType(handle) == FILE_TYPE_PIPE; }

HANDLE standardHandle(int descriptor, const char* syscall) {
  constexpr DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  const HANDLE handle = descriptor < 3 ? GetStdHandle(names[descriptor]) : nullptr;
  if (handle == nullptr || handle == INVALID_HANDLE_VALUE) {
    const char* why = descriptor < 3 ? " is not open" : " is not one of 0, 1 and 2";
    throw Failure{EBADF, syscall, "descriptor " + std::to_string(descriptor) + why};
  }
  return handle;
}

bool otherEndClosed(HANDLE handle) {
  if (!isPipe(handle)) return false;
  IO_STATUS_BLOCK status{};
  PipeLocalInformation pipe{};
  if (NtQueryInformationFile(handle, &status, &pipe, sizeof pipe, pipeLocalInformation) < 0) return false;
  return pipe.state == closingState;
}

void endOutput(HANDLE handle) {
  // One handle may be used by several descriptors: closing it signals an end only on a pipe, and only by its last owner.
  if (!isPipe(handle) || handle == GetStdHandle(STD_ERROR_HANDLE) || handle == GetStdHandle(STD_INPUT_HANDLE)) return;
  if (handle == GetStdHandle(STD_OUTPUT_HANDLE)) SetStdHandle(STD_OUTPUT_HANDLE, nullptr);
  CloseHandle(handle);
}

}  // namespace hvsock
