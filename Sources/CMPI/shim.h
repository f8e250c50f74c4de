// What of MPI is a macro, and so not to be seen from Swift, or differs between
// its implementations. No message has more bytes than an int can count.

#include <mpi.h>
#include <stddef.h>
#include <time.h>

enum { communicator_largest = 1 << 30 };

/// Apart, so that those that end do not take part in what others still do.
static inline MPI_Comm *communicator_exits(void) {
  static MPI_Comm exits;
  return &exits;
}

static inline int communicator_start(int *rank, int *size) {
  int level = 0;
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level) ||
      level < MPI_THREAD_SERIALIZED)
    return 0;
  MPI_Comm_dup(MPI_COMM_WORLD, communicator_exits());
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, size);
  return 1;
}

/// Waits without keeping a processor busy for long; gives 0 when it lasts more
/// than so many seconds, unless these are negative.
static inline int communicator_wait(MPI_Request *request, double patience) {
  double start = MPI_Wtime();
  for (long tries = 0;; tries++) {
    int is_done = 0;
    MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
    if (is_done) return 1;
    if (patience >= 0 && MPI_Wtime() - start > patience) return 0;
    if (tries < 1000) continue;
    long pause = tries < 20000 ? 20000 : 1000000;
    nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
  }
}

static inline void communicator_send(const void *bytes, size_t count, int rank) {
  const char *start = (const char *)bytes;
  while (count > 0) {
    int part = count < communicator_largest ? (int)count : communicator_largest;
    MPI_Request request;
    MPI_Isend(start, part, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &request);
    communicator_wait(&request, -1);
    start += part;
    count -= part;
  }
}

static inline void communicator_receive(void *bytes, size_t count, int rank) {
  char *start = (char *)bytes;
  while (count > 0) {
    int part = count < communicator_largest ? (int)count : communicator_largest;
    MPI_Request request;
    MPI_Irecv(start, part, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &request);
    communicator_wait(&request, -1);
    start += part;
    count -= part;
  }
}

static inline int communicator_statuses(int own, int *all, double patience) {
  MPI_Request request;
  MPI_Iallgather(
      &own, 1, MPI_INT, all, 1, MPI_INT, *communicator_exits(), &request);
  return communicator_wait(&request, patience);
}

static inline void communicator_finish(void) {
  MPI_Comm_free(communicator_exits());
  MPI_Finalize();
}

static inline void communicator_abort(int status) {
  MPI_Abort(MPI_COMM_WORLD, status);
}
