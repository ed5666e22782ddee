/*
 * What the subjects in C have in common; subject.ts is the same, and says what is expected of them:
 *
 *   PROGRAM create|modify DIRECTORY COUNT
 */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum kind { CREATE, MODIFY, OTHER };

static enum kind wanted;
static const char *directory;
static long count;
static int64_t *times;
static int fifo;

static void say(const char *word) {
  puts(word);
  fflush(stdout);
}

/* Takes the parameters, and waits to be told to watch. */
static void begin(int argc, char **argv) {
  if (argc != 4) exit(2);
  wanted = strcmp(argv[1], "modify") ? CREATE : MODIFY;
  directory = argv[2];
  count = atol(argv[3]);
  times = calloc(count, sizeof *times);
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s.fifo", directory);
  fifo = open(path, O_RDWR | O_CLOEXEC);
  say("begin");
  char byte;
  if (read(STDIN_FILENO, &byte, 1) != 1) exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The handler of events. */
static void see(enum kind kind, const char *path) {
  if (kind != wanted && kind != CREATE) return;
  const char *name = strrchr(path, '/') + 1;
  if (!strcmp(name, "end")) say("end");
  if (kind != wanted) return;
  char *rest;
  long number = strtol(name, &rest, 10);
  if (rest == name || number >= count || times[number]) return;
  times[number] = wanted == MODIFY ? now() : 1;
  if (fifo >= 0 && write(fifo, "x", 1) != 1) exit(1);
}

static void report(void) {
  printf("[");
  for (long i = 0; i < count; i++) printf("%s%lld", i ? "," : "", (long long)times[i]);
  printf("]\n");
}
