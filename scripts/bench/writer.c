/*
 * Makes the changes that the benchmarks observe, in a process of its own:
 *
 *   writer make  DIRECTORY COUNT        creates the numbered files
 *   writer open  DIRECTORY COUNT        opens each of them, for one event each
 *   writer write DIRECTORY COUNT PAUSE  writes to each, about PAUSE µs apart; prints when, in ns
 *   writer write DIRECTORY COUNT PAUSE FIFO
 *                                       likewise, with more varied pauses, but each write follows a byte from
 *                                       the FIFO, which says that the one before was handled
 *   writer storm DIRECTORY COUNT        creates, closes and removes COUNT files at full speed; prints
 *                                       the ns of a cycle, and creates "end" when all is long done
 *   writer burst DIRECTORY COUNT        creates, writes, closes and removes COUNT files at full speed
 *   writer deep  DIRECTORY COUNT        creates each file four new directories below, at full speed
 *   writer tree  DIRECTORY COUNT FILES  makes it a tree of COUNT directories, each with FILES files
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void pause_for(int64_t ns) {
  struct timespec t = {ns / 1000000000, ns % 1000000000};
  nanosleep(&t, NULL);
}

static void fail(const char *what) {
  fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_file(const char *name, int flags) {
  int fd = open(name, flags | O_CLOEXEC, 0600);
  if (fd < 0) fail(name);
  return fd;
}

static void write_byte(int fd, const char *name) {
  if (write(fd, "x", 1) != 1) fail(name);
}

/* Waits for a byte, for a second at most: a write that is never reported must not end it all. */
static void await_byte(int fd) {
  struct pollfd p = {fd, POLLIN, 0};
  char bytes[64];
  if (poll(&p, 1, 1000) > 0 && read(fd, bytes, sizeof bytes) < 0) fail("the FIFO");
}

static void make_directory(const char *name) {
  if (mkdir(name, 0700) < 0) fail(name);
}

static void descend(const char *name) {
  make_directory(name);
  if (chdir(name) < 0) fail(name);
}

static void name_file(char *name, size_t size, long number) {
  snprintf(name, size, "%06ld-of-a-usual-size", number); // 22 bytes
}

/* Makes the directory of this number, in which those from 10 * number + 1 on will be, and its files. */
static void branch(long number, long files) {
  char path[200] = "", below[100];
  for (long i = number; i > 0; i = (i - 1) / 10) {
    strcpy(below, path);
    snprintf(path, sizeof path, "d%06ld/%s", i, below);
  }
  if (number > 0) make_directory(path);
  size_t length = strlen(path);
  for (long i = 0; i < files; i++) {
    name_file(path + length, sizeof path - length, i);
    close(open_file(path, O_CREAT | O_WRONLY));
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const char *mode = argv[1];
  long count = atol(argv[3]);
  long parameter = argc > 4 ? atol(argv[4]) : 0;
  if (chdir(argv[2]) < 0) fail(argv[2]);

  int64_t *stamps = calloc(count, sizeof *stamps);
  int64_t start = now();
  int fifo = argc > 5 ? open_file(argv[5], O_RDWR) : -1;
  srand(start);
  for (long i = 0; i < count; i++) {
    char name[48];
    name_file(name, sizeof name, i);
    if (!strcmp(mode, "make")) {
      close(open_file(name, O_CREAT | O_WRONLY));
    } else if (!strcmp(mode, "open")) {
      close(open_file(name, O_RDONLY));
    } else if (!strcmp(mode, "write")) {
      if (fifo >= 0 && i > 0) await_byte(fifo);
      int64_t ns = parameter * 1000, least = fifo >= 0 ? ns * 3 / 10 : ns * 3 / 4;
      // As much below the pause as above it, so that no timer of the reader's can keep in step.
      pause_for(least + rand() % (2 * (ns - least) + 1));
      int fd = open_file(name, O_WRONLY);
      stamps[i] = now();
      write_byte(fd, name);
      close(fd);
    } else if (!strcmp(mode, "storm")) {
      close(open_file(name, O_CREAT | O_WRONLY));
      if (unlink(name) < 0) fail(name);
    } else if (!strcmp(mode, "burst")) {
      int fd = open_file(name, O_CREAT | O_WRONLY);
      write_byte(fd, name);
      close(fd);
      if (unlink(name) < 0) fail(name);
    } else if (!strcmp(mode, "deep")) {
      char top[24];
      snprintf(top, sizeof top, "d%06ld", i);
      descend(top);
      descend("a");
      descend("b");
      descend("c");
      close(open_file(name, O_CREAT | O_WRONLY));
      if (chdir("../../../..") < 0) fail("..");
    } else {
      branch(i, parameter);
    }
  }
  if (!strcmp(mode, "write")) {
    for (long i = 0; i < count; i++) printf("%lld\n", (long long)stamps[i]);
  } else if (!strcmp(mode, "storm")) {
    printf("%lld\n", (long long)((now() - start) / count));
    pause_for(300000000); // so that "end" does not fall victim to an overflow
    close(open_file("end", O_CREAT | O_WRONLY));
    unlink("end");
  }
  return 0;
}
