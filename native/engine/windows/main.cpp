#include <windows.h>

#include <string>
#include <vector>

#include "../core/program.h"
#include "../image/image.h"
#include "../memory/memory.h"
#include "../../src/system/text_win32.h"

namespace engine {

// Windows' program has no image: it makes its engine at each start.
const Engine* restoreEngine() { return nullptr; }
bool lacksImage() { return false; }
bool collectMemory(std::uintptr_t) { return false; }
int writeImage(const Engine&, const char*) { return 1; }

std::size_t stackLeft() {
  // For what natives, the addon and the system take on top of JavaScript.
  constexpr std::size_t reserve = std::size_t{256} << 10;
  ULONG_PTR lowest = 0;
  ULONG_PTR highest = 0;
  GetCurrentThreadStackLimits(&lowest, &highest);
  const std::size_t left = reinterpret_cast<ULONG_PTR>(&lowest) - lowest;
  return left > reserve ? left - reserve : 0;
}

}  // namespace engine

// Words with * and ? stay what they are.
extern "C" {
int _CRT_glob = 0;
}

int wmain(int count, wchar_t** words) {
  const double ms = engine::monotonicMs();
  // What is loaded from here on comes from Windows itself, never from the folder of the program or the current one.
  SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
  // A program that cannot be started, or a drive without a disk, is an error and no window.
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(hvsock::narrow(words[i]));
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  engine::Program program({count, pointers.data(), ms});
  program.end(program.run());
}
