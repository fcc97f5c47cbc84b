#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <hvsocket.h>

// Not in the winsock2.h of every mingw-w64.
#if !defined(AF_HYPERV)
#define AF_HYPERV 34
#endif
