/* A disk that fails on demand and forgets what it was not made to keep; preloaded into Steward by test_disk.py.

   Concerns files below $DISK_ROOT. $DISK_STATE holds flag files, looked for at every call:
     full       what would take more room: ENOSPC
     readonly   every change: EROFS
     fsync      fsync and fdatasync: EIO. As Linux does, what they should have kept counts as clean afterwards: only
                what is written again later is kept by a later fsync.
   $DISK_STATE/kept/ has every file as a power cut would leave it: what an fsync that succeeded was asked to keep. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct change { off_t from; size_t length; struct change *next; } change;
typedef struct file { char name[NAME_MAX + 1]; change *unkept; struct file *next; } file;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static file *files;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_set(const char *flag) {
  char path[PATH_MAX];
  const char *state = getenv("DISK_STATE");
  return state && snprintf(path, sizeof path, "%s/%s", state, flag) > 0 && access(path, F_OK) == 0;
}

/* The file behind a descriptor when it is one of ours, with the mutex held by the caller; its shared memory is none. */
static file *of(int fd) {
  char link[64], path[PATH_MAX];
  const char *root = getenv("DISK_ROOT");
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = root ? readlink(link, path, sizeof path - 1) : -1;
  if (length < 0) return NULL;
  path[length] = 0;
  if (strncmp(path, root, strlen(root)) || !strstr(path, ".db") || strstr(path, "-shm") || strstr(path, ".lock"))
    return NULL;
  const char *name = strrchr(path, '/') + 1;
  for (file *one = files; one; one = one->next)
    if (!strcmp(one->name, name)) return one;
  file *fresh = calloc(1, sizeof *fresh);
  snprintf(fresh->name, sizeof fresh->name, "%s", name);
  fresh->next = files;
  return files = fresh;
}

static int open_kept(const file *one) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/kept/%s", getenv("DISK_STATE"), one->name);
  return open(path, O_RDWR | O_CREAT, 0600);
}

static void forget(file *one) {
  while (one->unkept) {
    change *gone = one->unkept;
    one->unkept = gone->next;
    free(gone);
  }
}

static void keep(int fd, file *one) {
  char buffer[1 << 16];
  int kept = open_kept(one);
  for (change *part = one->unkept; part; part = part->next)
    for (size_t done = 0; done < part->length;) {
      size_t piece = part->length - done < sizeof buffer ? part->length - done : sizeof buffer;
      ssize_t got = pread(fd, buffer, piece, part->from + done);
      if (got <= 0) break;
      REAL(pwrite64)(kept, buffer, got, part->from + done);
      done += got;
    }
  close(kept);
  forget(one);
}

static int refuses(int fd, off_t end) {
  if (is_set("readonly")) return EROFS;
  struct stat now;
  return is_set("full") && !fstat(fd, &now) && end > now.st_size ? ENOSPC : 0;
}

static ssize_t change_it(int fd, const void *data, size_t length, off_t from, int positioned) {
  pthread_mutex_lock(&mutex);
  file *one = of(fd);
  off_t start = positioned || !one ? from : lseek(fd, 0, SEEK_CUR);
  int error = one ? refuses(fd, start + length) : 0;
  ssize_t done = -1;
  if (!error) done = positioned ? REAL(pwrite64)(fd, data, length, from) : REAL(write)(fd, data, length);
  if (one && done > 0) {
    change *fresh = malloc(sizeof *fresh);
    *fresh = (change){start, done, one->unkept};
    one->unkept = fresh;
  }
  pthread_mutex_unlock(&mutex);
  if (error) errno = error;
  return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t from) { return change_it(fd, data, length, from, 1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t from) { return change_it(fd, data, length, from, 1); }
ssize_t write(int fd, const void *data, size_t length) { return change_it(fd, data, length, 0, 0); }

static int cut(int fd, off_t length) {
  pthread_mutex_lock(&mutex);
  file *one = of(fd);
  int error = one ? refuses(fd, length) : 0;
  int result = error ? -1 : REAL(ftruncate64)(fd, length);
  if (one && !result) {
    int kept = open_kept(one);
    struct stat now;
    if (!fstat(kept, &now) && now.st_size > length) result = REAL(ftruncate64)(kept, length);
    close(kept);
  }
  pthread_mutex_unlock(&mutex);
  if (error) errno = error;
  return result;
}

int ftruncate64(int fd, off64_t length) { return cut(fd, length); }
int ftruncate(int fd, off_t length) { return cut(fd, length); }

int unlink(const char *path) {
  char kept[PATH_MAX];
  const char *root = getenv("DISK_ROOT"), *name = strrchr(path, '/');
  int result = REAL(unlink)(path);
  if (!result && root && name && !strncmp(path, root, strlen(root))) {
    snprintf(kept, sizeof kept, "%s/kept/%s", getenv("DISK_STATE"), name + 1);
    REAL(unlink)(kept);
  }
  return result;
}

static int flush(int fd, int (*real)(int)) {
  pthread_mutex_lock(&mutex);
  file *one = of(fd);
  int fails = one && is_set("fsync");
  if (fails) forget(one);
  int result = fails ? -1 : real(fd);
  if (one && !result) keep(fd, one);
  pthread_mutex_unlock(&mutex);
  if (fails) errno = EIO;
  return result;
}

int fsync(int fd) { return flush(fd, REAL(fsync)); }
int fdatasync(int fd) { return flush(fd, REAL(fdatasync)); }
