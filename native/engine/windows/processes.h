#pragma once

#include <windows.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace engine {

// Null for a process that was not started here, or whose exit code was taken.
HANDLE processHandle(int pid);

// The exit code of a process that has ended, after a wait of that many milliseconds at most; it is taken by that.
std::optional<std::int64_t> exitCodeOf(int pid, DWORD milliseconds);

// A command line that programs split into these words again: by the rules of Microsoft's C library.
std::wstring commandLine(const std::vector<std::string>& words);

// A block for CreateProcess of "NAME=value" each, with what every program needs of our own where it is absent.
std::wstring environmentBlock(std::vector<std::string> variables);

// The path of a program: by the PATH of `variables`, never in the current folder. Throws.
std::wstring findProgram(const std::string& program, const std::vector<std::string>& variables);

}  // namespace engine
