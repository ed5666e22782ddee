/*
 * A plain C loop, the reference of all other subjects: it watches every directory, keeps their paths by
 * watch descriptor, calls ppoll(2) and read(2), and builds the path of each event. It ignores renames and
 * overflows, and may report an entry twice.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>

#include "subject.h"

enum { MASK = IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO };

static int fd;
static char **paths;
static int capacity;

static void remember(int wd, const char *path) {
  if (wd >= capacity) {
    int old = capacity;
    capacity = 2 * wd + 64;
    paths = realloc(paths, capacity * sizeof *paths);
    memset(paths + old, 0, (capacity - old) * sizeof *paths);
  }
  free(paths[wd]);
  paths[wd] = strdup(path);
}

/* Watches a directory and all below it; calls `found`, if given, for each entry. */
static void walk(const char *path, void (*found)(enum kind kind, const char *path)) {
  int wd = inotify_add_watch(fd, path, MASK | IN_ONLYDIR);
  if (wd >= 0) remember(wd, path);
  else if (errno == ENOSPC) err(1, "%s", path);
  DIR *stream = opendir(path);
  if (!stream) return; // removed by now
  for (struct dirent *entry; (entry = readdir(stream));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (!found && entry->d_type != DT_DIR) continue;
    char below[PATH_MAX];
    snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
    if (found) found(CREATE, below);
    if (entry->d_type == DT_DIR) walk(below, found);
  }
  closedir(stream);
}

static enum kind kind_of(uint32_t mask) {
  if (mask & (IN_CREATE | IN_MOVED_TO)) return CREATE;
  return mask & IN_MODIFY ? MODIFY : OTHER;
}

static void handle(const struct inotify_event *event) {
  if (event->wd < 0 || !paths[event->wd]) return;
  if (event->mask & IN_IGNORED) {
    free(paths[event->wd]);
    paths[event->wd] = NULL;
    return;
  }
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", paths[event->wd], event->len ? event->name : "");
  enum kind kind = kind_of(event->mask);
  see(kind, path);
  if (kind == CREATE && event->mask & IN_ISDIR) walk(path, see);
}

static void stop(int signal) { (void)signal; }

int main(int argc, char **argv) {
  sigset_t terminate, none;
  sigemptyset(&none);
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  sigprocmask(SIG_BLOCK, &terminate, NULL);
  signal(SIGTERM, stop);

  begin(argc, argv);
  fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  walk(directory, NULL);
  print_line("ready");
  static char buffer[65536] __attribute__((aligned(8)));
  // The signal is unblocked only here, where it ends the wait.
  for (struct pollfd p = {fd, POLLIN, 0}; ppoll(&p, 1, NULL, &none) > 0;) {
    ssize_t length = read(fd, buffer, sizeof buffer);
    for (ssize_t offset = 0; offset < length;) {
      const struct inotify_event *event = (const void *)(buffer + offset);
      handle(event);
      offset += sizeof *event + event->len;
    }
  }
  report();
  return 0;
}
