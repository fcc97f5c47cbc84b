#include "processes.h"

#include <windows.h>

#include <algorithm>

#include "../core/call.h"
#include "../../src/system/text_win32.h"

namespace engine {
namespace {

using hvsock::wide;

// https://learn.microsoft.com/en-us/cpp/c-language/parsing-c-command-line-arguments
std::wstring quoted(const std::wstring& word) {
  if (!word.empty() && word.find_first_of(L" \t\"") == std::wstring::npos) return word;
  std::wstring result = L"\"";
  std::size_t backslashes = 0;
  for (const wchar_t unit : word) {
    // In front of a quote, a backslash counts as an escape.
    if (unit == L'"') result.append(backslashes + 1, L'\\');
    backslashes = unit == L'\\' ? backslashes + 1 : 0;
    result += unit;
  }
  return result.append(backslashes, L'\\') + L'"';
}

// By libuv: https://github.com/libuv/libuv/blob/v1.x/src/win/process.c
constexpr const wchar_t* needed[] = {L"HOMEDRIVE",  L"HOMEPATH",   L"LOGONSERVER", L"PATH",        L"SYSTEMDRIVE",
                                     L"SYSTEMROOT", L"TEMP",       L"USERDOMAIN",  L"USERNAME",    L"USERPROFILE",
                                     L"WINDIR"};

std::wstring nameOf(const std::wstring& pair) { return pair.substr(0, pair.find(L'=', 1)); }

int compare(const std::wstring& one, const std::wstring& other) {
  return CompareStringOrdinal(one.data(), static_cast<int>(one.size()), other.data(), static_cast<int>(other.size()),
                              TRUE) -
         CSTR_EQUAL;
}

std::wstring ownVariable(const wchar_t* name) {
  std::wstring value(32767, L'\0');
  value.resize(GetEnvironmentVariableW(name, value.data(), static_cast<DWORD>(value.size())));
  return value;
}

bool isFile(const std::wstring& path) {
  const DWORD attributes = GetFileAttributesW(path.c_str());
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

// With the ending that stands there, or one that programs have; "" where no such file is.
std::wstring withEnding(const std::wstring& path) {
  const std::size_t name = path.find_last_of(L"\\/:");
  const bool hasEnding = path.find(L'.', name == std::wstring::npos ? 0 : name + 1) != std::wstring::npos;
  if (hasEnding && isFile(path)) return path;
  for (const wchar_t* ending : {L".com", L".exe"}) {
    if (isFile(path + ending)) return path + ending;
  }
  return {};
}

std::wstring pathOf(const std::vector<std::string>& variables) {
  for (const std::string& each : variables) {
    const std::wstring pair = wide(each);
    if (compare(nameOf(pair), L"PATH") == 0) return pair.substr(5);
  }
  return ownVariable(L"PATH");
}

}  // namespace

std::wstring commandLine(const std::vector<std::string>& words) {
  std::wstring line;
  for (const std::string& word : words) line += (line.empty() ? L"" : L" ") + quoted(wide(word));
  return line;
}

std::wstring environmentBlock(std::vector<std::string> variables) {
  std::vector<std::wstring> pairs;
  const auto isSet = [&](const std::wstring& name) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const auto& each) { return compare(nameOf(each), name) == 0; });
  };
  for (const std::string& each : variables) {
    if (std::wstring pair = wide(each); !isSet(nameOf(pair))) pairs.push_back(std::move(pair));
  }
  for (const wchar_t* name : needed) {
    const std::wstring value = isSet(name) ? L"" : ownVariable(name);
    if (!value.empty()) pairs.push_back(name + (L"=" + value));
  }
  const auto before = [](const auto& one, const auto& other) { return compare(nameOf(one), nameOf(other)) < 0; };
  std::sort(pairs.begin(), pairs.end(), before);
  std::wstring block;
  for (const std::wstring& pair : pairs) block += pair + L'\0';
  return block + L'\0';
}

std::wstring findProgram(const std::string& program, const std::vector<std::string>& variables) {
  const std::wstring name = wide(program);
  std::wstring found;
  if (name.find_first_of(L"\\/:") != std::wstring::npos) {
    found = withEnding(name);
  } else {
    const std::wstring path = pathOf(variables);
    for (std::size_t at = 0; at <= path.size() && found.empty();) {
      const std::size_t end = std::min(path.find(L';', at), path.size());
      std::wstring folder = path.substr(at, end - at);
      folder.erase(std::remove(folder.begin(), folder.end(), L'"'), folder.end());
      if (!folder.empty()) found = withEnding(folder + L'\\' + name);
      at = end + 1;
    }
  }
  if (found.empty()) throw SystemFailure{ERROR_FILE_NOT_FOUND, "spawn"};
  return found;
}

}  // namespace engine
