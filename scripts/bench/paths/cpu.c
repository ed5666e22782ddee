/*
 * Prints the CPU time of a process so far, in ns, including threads that have ended:
 *
 *   cpu PID
 *
 * /proc/PID/stat has a resolution of 10 ms only.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  clockid_t clock;
  struct timespec t;
  if (argc != 2 || clock_getcpuclockid(atoi(argv[1]), &clock) || clock_gettime(clock, &t)) return 1;
  printf("%lld\n", t.tv_sec * 1000000000LL + t.tv_nsec);
  return 0;
}
