#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <cstdint>

namespace engine {

bool isConsole(HANDLE handle);

// Columns of a console; 0 for anything else.
int consoleColumns(HANDLE handle);

// Writes text in UTF-8 to a console, whatever its code page is; colours in it are colours. How many bytes it took. Throws.
std::size_t writeConsole(HANDLE handle, const std::uint8_t* bytes, std::size_t length);

}  // namespace engine
