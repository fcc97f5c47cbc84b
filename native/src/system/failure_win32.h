#pragma once

#include "failure.h"

namespace hvsock {

// The name of a Winsock code ("WSAECONNREFUSED") or of a WMI HRESULT; null for any other number.
const char* windowsName(int number);

// Windows' message for the code, in English if available.
std::string windowsMessage(int number);

// The failure in WSAGetLastError.
Failure lastWinsock(const char* syscall);

// A Win32 error code as the nearest errno; the message contains the code itself.
Failure fromWin32(unsigned long code, const char* syscall);
Failure lastWin32(const char* syscall);

}  // namespace hvsock
