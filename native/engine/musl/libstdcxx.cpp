// What the compiler's libstdc++ and libgcc, which were built for glibc, want of their libc and musl does not have.
#include <link.h>
#include <pthread.h>

#include <cstddef>
#include <cstdlib>

namespace {

using Address = ElfW(Addr);

// As in glibc's <dlfcn.h>.
struct FoundObject {
  unsigned long long flags;
  void* start;
  void* end;
  void* object;
  void* ehFrameHeader;
  unsigned long long reserved[7];
};

// Of a static program there is one.
int describe(dl_phdr_info* program, std::size_t, void* result) {
  auto* const found = static_cast<FoundObject*>(result);
  Address start = ~Address{0};
  Address end = 0;
  for (const ElfW(Phdr)* each = program->dlpi_phdr; each != program->dlpi_phdr + program->dlpi_phnum; ++each) {
    const Address from = program->dlpi_addr + each->p_vaddr;
    if (each->p_type == PT_GNU_EH_FRAME) found->ehFrameHeader = reinterpret_cast<void*>(from);
    if (each->p_type != PT_LOAD) continue;
    if (from < start) start = from;
    if (from + each->p_memsz > end) end = from + each->p_memsz;
  }
  found->start = reinterpret_cast<void*>(start);
  found->end = reinterpret_cast<void*>(end);
  return 1;
}

// What a thread's end destroys, the last one first.
struct Destructor {
  void (*function)(void*);
  void* object;
  Destructor* next;
};

pthread_key_t destructors;

void destroyAll(void* first) {
  for (auto* each = static_cast<Destructor*>(first); each != nullptr;) {
    Destructor* const next = each->next;
    each->function(each->object);
    std::free(each);
    each = next;
  }
}

}  // namespace

extern "C" {

// Whether counts of references may be changed without atomic instructions: the program has threads.
extern char __libc_single_threaded;
char __libc_single_threaded = 0;

// Where exceptions look for the way back from `address`.
int _dl_find_object(void* address, FoundObject* found);
int _dl_find_object(void* address, FoundObject* found) {
  *found = {};
  dl_iterate_phdr(describe, found);
  return address >= found->start && address < found->end && found->ehFrameHeader != nullptr ? 0 : -1;
}

// Since glibc 2.38, for an environment variable: it also parses binary numbers.
unsigned long __isoc23_strtoul(const char* text, char** end, int base);
unsigned long __isoc23_strtoul(const char* text, char** end, int base) { return std::strtoul(text, end, base); }

int __cxa_thread_atexit_impl(void (*function)(void*), void* object, void*);
int __cxa_thread_atexit_impl(void (*function)(void*), void* object, void*) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] { pthread_key_create(&destructors, destroyAll); });
  auto* const entry = static_cast<Destructor*>(std::malloc(sizeof(Destructor)));
  if (entry == nullptr) return -1;
  *entry = {function, object, static_cast<Destructor*>(pthread_getspecific(destructors))};
  return pthread_setspecific(destructors, entry);
}

}
