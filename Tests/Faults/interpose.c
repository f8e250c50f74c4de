// Makes the n-th call of a kind fail, or ends the process at it.
//
// FAULT=kind:n[:end], where kind is read, write, rename, thread or memory;
// memory counts allocations of more than 64 kB. FAULT_COUNTS is a file that is
// told how many calls of each kind there were.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { reading, writing, renaming, threading, memory, kinds };

static const char *const names[kinds] = {"read", "write", "rename", "thread",
                                         "memory"};
static atomic_long counts[kinds];
static enum kind chosen = kinds;
static long number;
static int ends;

static void readFault(void) {
  const char *fault = getenv("FAULT");
  if (!fault) return;
  const char *colon = strchr(fault, ':');
  if (!colon) return;
  for (enum kind kind = reading; kind < kinds; kind++)
    if (strlen(names[kind]) == (size_t)(colon - fault) &&
        !strncmp(fault, names[kind], colon - fault))
      chosen = kind;
  char *rest;
  number = strtol(colon + 1, &rest, 10);
  ends = !strcmp(rest, ":end");
}

__attribute__((constructor(101))) static void start(void) {
  // What was allocated before cannot fail any more.
  atomic_store(&counts[memory], 0);
  readFault();
}

static long (*write_itself)(int, const void *, size_t);

__attribute__((destructor)) static void finish(void) {
  const char *path = getenv("FAULT_COUNTS");
  if (!path) return;
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) return;
  chosen = kinds;
  char line[256];
  int length = snprintf(line, sizeof line, "%ld %ld %ld %ld %ld\n",
                        counts[reading], counts[writing], counts[renaming],
                        counts[threading], counts[memory]);
  if (!write_itself)
    write_itself = (long (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  if (write_itself(file, line, length) != length) abort();
  close(file);
}

// Whether this call is the one that fails.
static int fails(enum kind kind) {
  // Libraries may start threads before `start` is called.
  if (kind == threading && chosen == kinds) readFault();
  long count = atomic_fetch_add(&counts[kind], 1) + 1;
  if (kind != chosen || count != number) return 0;
  if (ends) _exit(137);
  return 1;
}

// Files that the run brought in or makes, not those of the system.
static int ours(int descriptor) {
  struct stat status;
  return !fstat(descriptor, &status) &&
         (S_ISREG(status.st_mode) || descriptor <= 2);
}

#define ITSELF(type, name, ...)                                            \
  static type (*itself)(__VA_ARGS__);                                      \
  if (!itself) itself = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);

ssize_t read(int file, void *target, size_t count) {
  ITSELF(ssize_t, read, int, void *, size_t)
  if (ours(file) && fails(reading)) return errno = EIO, -1;
  return itself(file, target, count);
}

ssize_t pread(int file, void *target, size_t count, off_t offset) {
  ITSELF(ssize_t, pread, int, void *, size_t, off_t)
  if (ours(file) && fails(reading)) return errno = EIO, -1;
  return itself(file, target, count, offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
  ITSELF(ssize_t, write, int, const void *, size_t)
  if (ours(file) && fails(writing)) return errno = ENOSPC, -1;
  return itself(file, bytes, count);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  ITSELF(ssize_t, writev, int, const struct iovec *, int)
  if (ours(file) && fails(writing)) return errno = ENOSPC, -1;
  return itself(file, parts, count);
}

int rename(const char *from, const char *to) {
  ITSELF(int, rename, const char *, const char *)
  if (fails(renaming)) return errno = EIO, -1;
  return itself(from, to);
}

int renameat2(int fromFolder, const char *from, int toFolder, const char *to,
              unsigned flags) {
  ITSELF(int, renameat2, int, const char *, int, const char *, unsigned)
  if (fails(renaming)) return errno = EIO, -1;
  return itself(fromFolder, from, toFolder, to, flags);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*body)(void *), void *argument) {
  ITSELF(int, pthread_create, pthread_t *, const pthread_attr_t *,
         void *(*)(void *), void *)
  if (fails(threading)) return EAGAIN;
  return itself(thread, attributes, body, argument);
}

enum { large = 64 << 10 };

// The allocator's own names, since dlsym allocates.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  if (size > large && fails(memory)) return errno = ENOMEM, NULL;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  if (size && count > large / size && fails(memory))
    return errno = ENOMEM, NULL;
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  if (size > large && fails(memory)) return errno = ENOMEM, NULL;
  return __libc_realloc(old, size);
}

int posix_memalign(void **target, size_t alignment, size_t size) {
  if (size > large && fails(memory)) return errno = ENOMEM;
  void *found = __libc_memalign(alignment, size);
  if (!found) return ENOMEM;
  *target = found;
  return 0;
}

void *aligned_alloc(size_t alignment, size_t size) {
  if (size > large && fails(memory)) return errno = ENOMEM, NULL;
  return __libc_memalign(alignment, size);
}
