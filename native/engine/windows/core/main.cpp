#include <windows.h>

#include <string>
#include <vector>

#include "../../core/program.h"
#include "text.h"

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
  for (int i = 0; i < count; ++i) texts.push_back(engine::narrow(words[i]));
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  engine::Program program({count, pointers.data(), ms});
  program.end(program.run());
}
