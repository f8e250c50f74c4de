// What stands in .preinit_array runs before any library does. OpenBLAS asks for
// the buffers of its threads when it is loaded, and asks for ever when the limit
// of the shell (ulimit -v, -d) leaves no room.

#if defined(__linux__)

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { outOfMemory = 71 };

// For what is loaded with the program, and for each processor: measured with
// OpenBLAS 0.3.21 on two.
static const rlim_t fixedRoom = 320ull << 20;
static const rlim_t roomOfProcessor = 128ull << 20;

static void checkAddressSpace(void) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  rlim_t needed = fixedRoom + roomOfProcessor * (processors > 0 ? processors : 1);
  struct rlimit all, own;
  if (getrlimit(RLIMIT_AS, &all) || getrlimit(RLIMIT_DATA, &own)) return;
  if (all.rlim_cur >= needed && own.rlim_cur >= needed - fixedRoom) return;
  static const char line[] =
      "anomaly: error: the limit of memory (ulimit -v, ulimit -d) leaves no room"
      " for the buffers of OpenBLAS: raise it\n";
  if (write(STDERR_FILENO, line, strlen(line)) < 0) {
    // The status tells it too.
  }
  _exit(outOfMemory);
}

// OpenBLAS starts a thread for every processor when it is loaded, and ends the
// process by a signal where one is refused. The command calls it on threads of
// its own, so it starts once more with the variable that keeps it to one.
static void keepToOneThread(char **arguments, char **environment) {
  static char setting[] = "OPENBLAS_NUM_THREADS=1";
  const size_t name = sizeof setting - 2;
  int count = 0;
  while (environment[count]) count++;
  char *changed[count + 2];
  int place = count;
  for (int i = 0; i < count; i++) {
    changed[i] = environment[i];
    if (!strncmp(environment[i], setting, name)) place = i;
  }
  if (place < count && !strcmp(environment[place], setting)) return;
  changed[place] = setting;
  changed[place < count ? count : count + 1] = NULL;
  // By its own path, or the process would be called "exe".
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  // Where this fails, the process goes on as it is.
  execve(path, arguments, changed);
}

static void prepare(int count, char **arguments, char **environment) {
  (void)count;
  checkAddressSpace();
  keepToOneThread(arguments, environment);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(
    int, char **, char **) = prepare;

#endif
