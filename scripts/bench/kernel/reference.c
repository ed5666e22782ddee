/*
 * The measurements of subject.ts and ready.ts with a plain C loop that calls poll(2) and read(2) and
 * parses each record: the reference of all other subjects.
 *
 *   reference wake   DIRECTORY COUNT
 *   reference drain  DIRECTORY COUNT REPEATS WRITER
 *   reference watch  DIRECTORY COUNT REPEATS
 *   reference parse  REPEATS
 *   reference storm  DIRECTORY
 *   reference ready
 */
#define _GNU_SOURCE
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int fd;
static char buffer[65536] __attribute__((aligned(8)));
/* Uses the result of parsing, so that the compiler cannot remove it. */
static volatile size_t sink;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* User and system time of this process, in µs. */
static int64_t cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec +
         u.ru_stime.tv_usec;
}

static int compare(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

static double median(double *values, int count) {
  qsort(values, count, sizeof *values, compare);
  return values[count / 2];
}

static void open_watch(const char *directory, uint32_t mask) {
  fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify_add_watch(fd, directory, mask) < 0) {
    perror(directory);
    exit(1);
  }
}

static void ready(void) {
  puts("ready");
  fflush(stdout);
}

static void wait_readable(void) {
  struct pollfd p = {fd, POLLIN, 0};
  poll(&p, 1, -1);
}

/* Calls `see`, if given, for each record. Returns the number of records. */
static long parse(const char *bytes, ssize_t length, void (*see)(const char *name)) {
  long count = 0;
  size_t sum = 0;
  for (ssize_t offset = 0; offset < length; count++) {
    const struct inotify_event *event = (const void *)(bytes + offset);
    sum += event->wd + event->mask + event->cookie + (event->len ? strlen(event->name) : 0);
    if (see) see(event->len ? event->name : "");
    offset += sizeof *event + event->len;
  }
  sink += sum;
  return count;
}

static int64_t *times;
static int64_t time_of_batch;

static void note_time(const char *name) { times[atol(name)] = time_of_batch; }

static void wake(const char *directory, long count) {
  times = calloc(count, sizeof *times);
  open_watch(directory, IN_MODIFY);
  ready();
  for (long seen = 0; seen < count;) {
    wait_readable();
    ssize_t length = read(fd, buffer, sizeof buffer);
    time_of_batch = now();
    seen += parse(buffer, length, note_time);
  }
  printf("[");
  for (long i = 0; i < count; i++) printf("%s%lld", i ? "," : "", (long long)times[i]);
  printf("]\n");
}

static void drain(const char *directory, char *count_text, int repeats, char *writer) {
  long count = atol(count_text);
  double cpus[repeats], walls[repeats];
  for (int i = -3; i < repeats; i++) {
    open_watch(directory, IN_OPEN);
    char *argv[] = {writer, "open", (char *)directory, count_text, NULL};
    pid_t pid;
    if (posix_spawn(&pid, writer, NULL, NULL, argv, environ)) exit(1);
    waitpid(pid, NULL, 0);
    int64_t cpu_start = cpu(), start = now();
    long seen = 0;
    for (ssize_t length; (length = read(fd, buffer, sizeof buffer)) > 0;)
      seen += parse(buffer, length, NULL);
    int64_t wall = now() - start, used = cpu() - cpu_start;
    if (seen < count) exit(1);
    if (i >= 0) cpus[i] = (double)used / seen, walls[i] = seen * 1e3 / wall;
    close(fd);
  }
  printf("{\"cpu\":%f,\"rate\":%f}\n", median(cpus, repeats), median(walls, repeats));
}

static void watch(const char *directory, long count, int repeats) {
  double adds[repeats], removals[repeats];
  int *wds = calloc(count, sizeof *wds);
  char(*paths)[256] = calloc(count, sizeof *paths);
  for (long i = 0; i < count; i++)
    snprintf(paths[i], sizeof paths[i], "%s/%06ld-of-a-usual-size", directory, i);
  for (int i = -2; i < repeats; i++) {
    fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int64_t start = now();
    for (long j = 0; j < count; j++) wds[j] = inotify_add_watch(fd, paths[j], IN_MODIFY);
    int64_t middle = now();
    for (long j = 0; j < count; j++) inotify_rm_watch(fd, wds[j]);
    int64_t end = now();
    if (i >= 0) {
      adds[i] = (double)(middle - start) / count;
      removals[i] = (double)(end - middle) / count;
    }
    close(fd);
  }
  printf("{\"add\":%f,\"remove\":%f}\n", median(adds, repeats), median(removals, repeats));
}

static double parse_cost(const char *format, int repeats) {
  enum { RECORDS = 2000 };
  char *bytes = calloc(RECORDS, 64), *end = bytes;
  for (int i = 0; i < RECORDS; i++) {
    struct inotify_event *event = (void *)end;
    int length = sprintf(event->name, format, i);
    *event = (struct inotify_event){1, IN_CREATE, 0, (length / 16 + 1) * 16};
    end += sizeof *event + event->len;
  }
  double results[repeats];
  for (int i = -20; i < repeats; i++) {
    int64_t start = now();
    parse(bytes, end - bytes, NULL);
    if (i >= 0) results[i] = (double)(now() - start) / RECORDS;
  }
  free(bytes);
  return median(results, repeats);
}

static int ended;

static void note_end(const char *name) {
  if (!strcmp(name, "end")) ended = 1;
}

static void storm(const char *directory) {
  open_watch(directory, IN_CREATE | IN_CLOSE_WRITE | IN_DELETE);
  int64_t start = cpu();
  ready();
  long seen = 0;
  while (!ended) {
    wait_readable();
    seen += parse(buffer, read(fd, buffer, sizeof buffer), note_end);
  }
  printf("{\"cpu\":%lld,\"seen\":%ld}\n", (long long)(cpu() - start), seen);
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "ready")) {
    open_watch(".", IN_CREATE);
    ready();
    wait_readable();
  } else if (!strcmp(mode, "wake") && argc == 4) {
    wake(argv[2], atol(argv[3]));
  } else if (!strcmp(mode, "drain") && argc >= 6) {
    drain(argv[2], argv[3], atoi(argv[4]), argv[5]);
  } else if (!strcmp(mode, "watch") && argc == 5) {
    watch(argv[2], atol(argv[3]), atoi(argv[4]));
  } else if (!strcmp(mode, "parse") && argc == 3) {
    int repeats = atoi(argv[2]);
    printf("{\"ascii\":%f,\"utf8\":%f}\n", parse_cost("%06d-of-a-usual-size", repeats),
           parse_cost("%06d-\u00fcblich-gro\u00df", repeats));
  } else if (!strcmp(mode, "storm") && argc == 3) {
    storm(argv[2]);
  } else {
    fprintf(stderr, "reference: wrong arguments\n");
    return 2;
  }
  return 0;
}
