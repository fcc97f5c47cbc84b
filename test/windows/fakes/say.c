// Takes the place of powershell.exe, wsl.exe, ssh.exe: notes its arguments and says what was recorded. NAME is its own
// file name without .exe, in upper case.
//
// FAKE_NAME_OUT   a folder of files: the first argument that is the name of one there (without its characters that a
//                 file name cannot hold) chooses it; or one file for all
// FAKE_NAME_ARGS  a file that the arguments are added to, one line each, followed by an empty line
// FAKE_NAME_ERR   text for stderr
// FAKE_NAME_CODE  the exit code, 0
//
// Without FAKE_SSH_OUT, ssh -G says that nobody has told it anything, and notes nothing.
#include <windows.h>
#include <ctype.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char own_name[MAX_PATH];

static const char* setting(const char* what) {
  char name[MAX_PATH + 16];
  sprintf(name, "FAKE_%s_%s", own_name, what);
  return getenv(name);
}

static void learn_own_name(void) {
  char path[MAX_PATH];
  char* start;
  GetModuleFileNameA(NULL, path, sizeof path);
  start = strrchr(path, '\\') + 1;
  strcpy(own_name, start);
  if (strrchr(own_name, '.')) *strrchr(own_name, '.') = '\0';
  for (char* c = own_name; *c; c++) *c = (char)toupper((unsigned char)*c);
}

static BOOL say(const char* path) {
  char bytes[4096];
  size_t length;
  FILE* file = fopen(path, "rb");
  if (!file) return FALSE;
  while ((length = fread(bytes, 1, sizeof bytes, file)) > 0) fwrite(bytes, 1, length, stdout);
  fclose(file);
  return TRUE;
}

static void answer(int count, char** arguments, const char* out) {
  char path[2 * MAX_PATH];
  if (say(out)) return;
  for (int i = 1; i < count; i++) {
    sprintf(path, "%s\\%.200s", out, arguments[i] + strspn(arguments[i], "-"));
    if (say(path)) return;
  }
}

static BOOL shows_settings(int count, char** arguments) {
  if (strcmp(own_name, "SSH") != 0 || setting("OUT")) return FALSE;
  for (int i = 1; i < count; i++)
    if (strcmp(arguments[i], "-G") == 0) return TRUE;
  return FALSE;
}

int main(int count, char** arguments) {
  const char* text;
  learn_own_name();
  _setmode(_fileno(stdout), _O_BINARY);
  if (shows_settings(count, arguments)) return puts("stricthostkeychecking ask") < 0;
  text = setting("ARGS");
  if (text) {
    FILE* file = fopen(text, "ab");
    for (int i = 1; i < count; i++) fprintf(file, "%s\n", arguments[i]);
    fputc('\n', file);
    fclose(file);
  }
  text = setting("ERR");
  if (text) fputs(text, stderr);
  text = setting("OUT");
  if (text) answer(count, arguments, text);
  text = setting("CODE");
  return text ? atoi(text) : 0;
}
