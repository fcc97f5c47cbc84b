#pragma once

#include "failure.h"

namespace hvsock {

// The name of a Winsock code ("WSAECONNREFUSED") or of a WMI HRESULT; null for any other number.
const char* windowsName(int number);

// What Windows says of the code, in English where it can.
std::string windowsMessage(int number);

// The failure that WSAGetLastError tells of.
Failure lastWinsock(const char* syscall);

// A Win32 error code as the errno that is nearest to it; the code itself stands in the words.
Failure fromWin32(unsigned long code, const char* syscall);
Failure lastWin32(const char* syscall);

}  // namespace hvsock
