// console.exe PROGRAM ARGUMENTS...: runs a program on a console without a window, and prints what the console shows.
//
// CONSOLE_KEYS  records as a console delivers them, put into its input before the program starts: virtual key and character
//               in hexadecimal, such as "28:0 d:d"; each key is released too
// CONSOLE_CTRL_C  if it is set, Ctrl-C each half second until the program has ended
// CONSOLE_LOG   a file for the modes of the console's input and output, before and after the program
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const WCHAR inside[] = L"--inside";

// Not SetConsoleCtrlHandler(NULL, TRUE), which the program would inherit.
static BOOL WINAPI go_on(DWORD control) { return control == CTRL_C_EVENT; }

static DWORD run(WCHAR* command, STARTUPINFOEXW* start, DWORD flags) {
  PROCESS_INFORMATION process;
  DWORD code = 125;
  if (!CreateProcessW(NULL, command, NULL, NULL, start->StartupInfo.hStdInput != NULL, flags, NULL, NULL, &start->StartupInfo, &process)) {
    fprintf(stderr, "console: cannot start it: %lu\n", GetLastError());
    return code;
  }
  if (flags == 0 && getenv("CONSOLE_CTRL_C")) {
    while (WaitForSingleObject(process.hProcess, 500) == WAIT_TIMEOUT) GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
  }
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  return code;
}

// What follows the first words of the own command line, which has no quotes in them.
static WCHAR* rest_after(int words) {
  WCHAR* at = GetCommandLineW();
  for (; words > 0; words--) {
    const WCHAR end = *at == L'"' ? L'"' : L' ';
    at = wcschr(at + 1, end);
    if (!at) return L"";
    at += end == L'"';
    while (*at == L' ') at++;
  }
  return at;
}

static void type_keys(HANDLE input) {
  const char* at = getenv("CONSOLE_KEYS");
  while (at && *at) {
    INPUT_RECORD records[2];
    DWORD count;
    char* end;
    memset(records, 0, sizeof records);
    for (int i = 0; i < 2; i++) {
      records[i].EventType = KEY_EVENT;
      records[i].Event.KeyEvent.bKeyDown = i == 0;
      records[i].Event.KeyEvent.wRepeatCount = 1;
    }
    records[0].Event.KeyEvent.wVirtualKeyCode = (WORD)strtoul(at, &end, 16);
    records[0].Event.KeyEvent.uChar.UnicodeChar = (WCHAR)strtoul(end + 1, &end, 16);
    records[1].Event.KeyEvent.wVirtualKeyCode = records[0].Event.KeyEvent.wVirtualKeyCode;
    records[1].Event.KeyEvent.uChar = records[0].Event.KeyEvent.uChar;
    WriteConsoleInputW(input, records, 2, &count);
    at = end + strspn(end, " ");
  }
}

static void log_modes(HANDLE input, HANDLE output) {
  const char* path = getenv("CONSOLE_LOG");
  FILE* file = path ? fopen(path, "ab") : NULL;
  DWORD in = 0, out = 0;
  GetConsoleMode(input, &in);
  GetConsoleMode(output, &out);
  if (!file) return;
  fprintf(file, "%lx %lx\n", in, out);
  fclose(file);
}

static DWORD be_inside(void) {
  const DWORD both = GENERIC_READ | GENERIC_WRITE;
  const DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE;
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE input = CreateFileW(L"CONIN$", both, shared, &inherited, OPEN_EXISTING, 0, NULL);
  HANDLE output = CreateFileW(L"CONOUT$", both, shared, &inherited, OPEN_EXISTING, 0, NULL);
  STARTUPINFOEXW start;
  DWORD code;
  memset(&start, 0, sizeof start);
  start.StartupInfo.cb = sizeof start.StartupInfo;
  start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  start.StartupInfo.hStdInput = input;
  start.StartupInfo.hStdOutput = start.StartupInfo.hStdError = output;
  type_keys(input);
  SetConsoleCtrlHandler(go_on, TRUE);
  // As an older shell leaves it: the program has to ask for sequences.
  SetConsoleMode(output, ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT);
  log_modes(input, output);
  code = run(rest_after(2), &start, 0);
  log_modes(input, output);
  return code;
}

static HANDLE shown;

static DWORD WINAPI print_shown(void* unused) {
  char bytes[4096];
  DWORD length;
  (void)unused;
  while (ReadFile(shown, bytes, sizeof bytes, &length, NULL) && length > 0) fwrite(bytes, 1, length, stdout);
  fflush(stdout);
  return 0;
}

int wmain(int count, WCHAR** words) {
  const SIZE_T attribute = 0x00020016;  // PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE
  const COORD size = {80, 25};
  HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  HRESULT(WINAPI * create)(COORD, HANDLE, HANDLE, DWORD, void**) = (void*)GetProcAddress(kernel, "CreatePseudoConsole");
  void(WINAPI * end)(void*) = (void*)GetProcAddress(kernel, "ClosePseudoConsole");
  WCHAR own[MAX_PATH], *command;
  HANDLE in_read, in_write, out_write, thread;
  STARTUPINFOEXW start;
  SIZE_T bytes = 0;
  void* console;
  DWORD code;
  if (count > 2 && wcscmp(words[1], inside) == 0) return (int)be_inside();
  if (!create || !CreatePipe(&in_read, &in_write, NULL, 0) || !CreatePipe(&shown, &out_write, NULL, 0)) return 125;
  if (FAILED(create(size, in_read, out_write, 0, &console))) return 125;
  CloseHandle(in_read);
  CloseHandle(out_write);
  thread = CreateThread(NULL, 0, print_shown, NULL, 0, NULL);
  memset(&start, 0, sizeof start);
  start.StartupInfo.cb = sizeof start;
  start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;  // none: those of the console
  InitializeProcThreadAttributeList(NULL, 1, 0, &bytes);
  start.lpAttributeList = malloc(bytes);
  InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &bytes);
  UpdateProcThreadAttribute(start.lpAttributeList, 0, attribute, console, sizeof console, NULL, NULL);
  GetModuleFileNameW(NULL, own, MAX_PATH);
  command = malloc(sizeof(WCHAR) * (wcslen(GetCommandLineW()) + MAX_PATH + 32));
  swprintf(command, wcslen(GetCommandLineW()) + MAX_PATH + 32, L"\"%ls\" %ls %ls", own, inside, rest_after(1));
  code = run(command, &start, EXTENDED_STARTUPINFO_PRESENT);
  end(console);
  WaitForSingleObject(thread, 5000);
  return (int)code;
}
