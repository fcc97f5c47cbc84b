// wbem.dll: a WbemLocator that knows invented Hyper-V machines. To be registered over CLSID_WbemLocator.
//
// FAKE_WMI      a file with a machine a line, in UTF-8: Name, ElementName and EnabledState with tabs in between; absent:
//               there is no namespace ROOT\virtualization\v2, as on a Windows without Hyper-V
// FAKE_WMI_HR   an HRESULT in hexadecimal that ConnectServer fails with
// FAKE_WMI_QUERY_HR   the same for ExecQuery
// FAKE_WMI_ENDLESS  the machines are listed again and again
// FAKE_WMI_BUSY     the milliseconds of a processor that each row takes
// FAKE_WMI_LONG     the length of the first machine's ElementName
// FAKE_WMI_LOG  a file that the query is written to, and whose security the program wants to set
#define COBJMACROS
#define INITGUID
#include <windows.h>
#include <wbemcli.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 1000, LONGEST = 512 };

static char rows[MOST][3][LONGEST];
static int row_count;

// One C struct serves all interfaces: a table of methods, a reference count, and a position.
struct Object {
  void** methods;
  LONG references;
  int row;
};

static struct Object* make(void** methods, int row) {
  struct Object* object = calloc(1, sizeof *object);
  object->methods = methods;
  object->references = 1;
  object->row = row;
  return object;
}

static void note(const WCHAR* text);
static void* enum_methods[8];

static HRESULT WINAPI query_interface(struct Object* object, REFIID id, void** out) {
  if (IsEqualIID(id, &IID_IClientSecurity)) {
    note(object->methods == enum_methods ? L"security of the rows" : L"security of the services");
    *out = NULL;
    return E_NOINTERFACE;
  }
  object->references++;
  *out = object;
  return S_OK;
}

static ULONG WINAPI add_reference(struct Object* object) { return ++object->references; }

static ULONG WINAPI release(struct Object* object) {
  const LONG left = --object->references;
  if (left == 0) free(object);
  return left;
}

static HRESULT WINAPI not_there(void) { return E_NOTIMPL; }

static HRESULT WINAPI get(struct Object* object, LPCWSTR field, long flags, VARIANT* value, void* type, void* flavor) {
  static const WCHAR* const fields[] = {L"Name", L"ElementName", L"EnabledState"};
  WCHAR text[LONGEST];
  (void)flags, (void)type, (void)flavor;
  for (int i = 0; i < 3; i++) {
    if (lstrcmpiW(field, fields[i]) != 0) continue;
    if (i == 2) {
      V_VT(value) = VT_I4;
      V_I4(value) = atoi(rows[object->row][i]);
    } else if (i == 1 && object->row == 0 && getenv("FAKE_WMI_LONG")) {
      const UINT length = (UINT)atoi(getenv("FAKE_WMI_LONG"));
      V_VT(value) = VT_BSTR;
      V_BSTR(value) = SysAllocStringLen(NULL, length);
      for (UINT at = 0; at < length; at++) V_BSTR(value)[at] = L'x';
    } else {
      MultiByteToWideChar(CP_UTF8, 0, rows[object->row][i], -1, text, LONGEST);
      V_VT(value) = VT_BSTR;
      V_BSTR(value) = SysAllocString(text);
    }
    return S_OK;
  }
  return WBEM_E_NOT_FOUND;
}

static void* object_methods[27] = {query_interface, add_reference, release, not_there, get};

// Works for so long on this thread.
static void work(int milliseconds) {
  ULONGLONG kernel = 0, user = 0, first = 0;
  FILETIME created, exited;
  do {
    GetThreadTimes(GetCurrentThread(), &created, &exited, (FILETIME*)&kernel, (FILETIME*)&user);
    if (first == 0) first = kernel + user;
  } while (kernel + user - first < milliseconds * 10000ull);
}

static HRESULT WINAPI next(struct Object* rows_left, long timeout, ULONG wanted, struct Object** out, ULONG* got) {
  (void)timeout;
  if (getenv("FAKE_WMI_BUSY")) work(atoi(getenv("FAKE_WMI_BUSY")));
  if (getenv("FAKE_WMI_ENDLESS") && rows_left->row == row_count) rows_left->row = 0;
  for (*got = 0; *got < wanted && rows_left->row < row_count; ++*got) out[*got] = make(object_methods, rows_left->row++);
  return *got == wanted ? WBEM_S_NO_ERROR : WBEM_S_FALSE;
}

static void* enum_methods[8] = {query_interface, add_reference, release, not_there, next, not_there, not_there, not_there};

static void note(const WCHAR* text) {
  const char* path = getenv("FAKE_WMI_LOG");
  FILE* file = path ? fopen(path, "ab") : NULL;
  if (!file) return;
  fprintf(file, "%ls\n", text);
  fclose(file);
}

static HRESULT WINAPI exec_query(struct Object* services, BSTR language, BSTR query, long flags, void* context,
                                 struct Object** out) {
  const char* failure = getenv("FAKE_WMI_QUERY_HR");
  const char* path = getenv("FAKE_WMI");
  FILE* file = path ? fopen(path, "rb") : NULL;
  char line[3 * LONGEST];
  (void)services, (void)language, (void)flags, (void)context;
  note(query);
  if (failure) return (HRESULT)strtoul(failure, NULL, 16);
  row_count = 0;
  while (file && row_count < MOST && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%511[^\t]\t%511[^\t]\t%511[^\r\n]", rows[row_count][0], rows[row_count][1], rows[row_count][2]) == 3) {
      row_count++;
    }
  }
  if (file) fclose(file);
  *out = make(enum_methods, 0);
  return S_OK;
}

// The 20th method of IWbemServices after the three of IUnknown is ExecQuery: filled in by DllMain.
static void* services_methods[26];

static HRESULT WINAPI connect_server(struct Object* locator, BSTR name, BSTR user, BSTR password, BSTR locale, long flags,
                                     BSTR authority, void* context, struct Object** out) {
  const char* failure = getenv("FAKE_WMI_HR");
  (void)locator, (void)user, (void)password, (void)locale, (void)flags, (void)authority, (void)context;
  if (failure) return (HRESULT)strtoul(failure, NULL, 16);
  if (lstrcmpiW(name, L"ROOT\\virtualization\\v2") != 0 || !getenv("FAKE_WMI")) return WBEM_E_INVALID_NAMESPACE;
  *out = make(services_methods, 0);
  return S_OK;
}

static void* locator_methods[4] = {query_interface, add_reference, release, connect_server};

static HRESULT WINAPI create_instance(struct Object* factory, IUnknown* outer, REFIID id, void** out) {
  (void)factory, (void)outer, (void)id;
  *out = make(locator_methods, 0);
  return S_OK;
}

static void* factory_methods[5] = {query_interface, add_reference, release, create_instance, not_there};

HRESULT WINAPI DllGetClassObject(REFCLSID class, REFIID id, void** out) {
  (void)class, (void)id;
  *out = make(factory_methods, 0);
  return S_OK;
}

HRESULT WINAPI DllCanUnloadNow(void) { return S_FALSE; }

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void* reserved) {
  (void)self, (void)reserved;
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  for (size_t i = 0; i < sizeof services_methods / sizeof *services_methods; i++) services_methods[i] = not_there;
  services_methods[0] = query_interface;
  services_methods[1] = add_reference;
  services_methods[2] = release;
  services_methods[FIELD_OFFSET(IWbemServicesVtbl, ExecQuery) / sizeof(void*)] = exec_query;
  return TRUE;
}
