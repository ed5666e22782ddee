/*
 * A faulty FUSE file system: fuse MOUNTPOINT FAULT [NUMBER]
 *
 *   /file
 *   /dir/in
 *   /link           leads to dir
 *   /odd            the faulty entry; if it can be opened, it contains /odd/below
 *
 * FAULT                                                       NUMBER
 *   trial        the program ends once it is mounted
 *   directory    odd, listed as a directory, is not found       errno
 *   symlink      odd, listed as a symbolic link, is not found   errno
 *   untyped      no types are listed; odd is not found          errno
 *   closed       odd and a link to it cannot be opened          errno
 *   broken       the listing of odd breaks off                  errno
 *   circle       the listing of odd never ends
 *   clock        times are of another clock                     its difference in seconds
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse3/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum { LISTED = 2000 }; /* entries of odd: more than one call returns */

static const char *fault;
static int number;
static time_t started;

static int is(const char *what) { return strcmp(fault, what) == 0; }
static int same(const char *a, const char *b) { return strcmp(a, b) == 0; }

static void *init(struct fuse_conn_info *connection, struct fuse_config *config) {
  (void)connection;
  config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
  puts("mounted");
  fflush(stdout);
  if (is("trial")) exit(0);
  return NULL;
}

static mode_t type(const char *path) {
  if (same(path, "/") || same(path, "/dir")) return S_IFDIR | 0755;
  if (same(path, "/link") || (is("symlink") && same(path, "/odd"))) return S_IFLNK | 0777;
  if (same(path, "/odd")) return S_IFDIR | 0755;
  return S_IFREG | 0644;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *file) {
  (void)file;
  if (same(path, "/odd") && (is("directory") || is("symlink") || is("untyped"))) return -number;
  const char *paths[] = {"/", "/file", "/dir", "/dir/in", "/link", "/odd", "/odd/below"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    if (!same(path, paths[i])) continue;
    memset(st, 0, sizeof *st);
    st->st_mode = type(path);
    st->st_nlink = S_ISDIR(st->st_mode) ? 2 : 1;
    st->st_ctime = started + (is("clock") ? number : 0);
    return 0;
  }
  return -ENOENT;
}

static int read_link(const char *path, char *target, size_t length) {
  (void)path;
  snprintf(target, length, is("closed") ? "odd" : "dir");
  return 0;
}

static int open_directory(const char *path, struct fuse_file_info *file) {
  (void)file;
  return is("closed") && same(path, "/odd") ? -number : 0;
}

static void add(void *list, fuse_fill_dir_t fill, const char *name, mode_t mode) {
  struct stat st = {.st_mode = is("untyped") ? 0 : mode};
  fill(list, name, &st, 0, 0);
}

static int read_directory(const char *path, void *list, fuse_fill_dir_t fill, off_t offset,
                          struct fuse_file_info *file, enum fuse_readdir_flags flags) {
  (void)file, (void)flags;
  if (same(path, "/odd") && (is("broken") || is("circle"))) {
    struct stat st = {.st_mode = S_IFREG};
    char name[100];
    if (is("circle")) offset = 0;
    if (offset > LISTED / 2) return -number;
    for (off_t i = offset; i < LISTED; i++) {
      snprintf(name, sizeof name, "a-name-that-takes-some-room-in-a-listing-%d", (int)i);
      if (fill(list, name, &st, i + 1, 0)) return 0;
    }
    return 0;
  }
  add(list, fill, ".", S_IFDIR);
  add(list, fill, "..", S_IFDIR);
  if (same(path, "/")) {
    add(list, fill, "file", S_IFREG);
    add(list, fill, "dir", S_IFDIR);
    add(list, fill, "link", S_IFLNK);
    add(list, fill, "odd", type("/odd"));
  } else if (same(path, "/dir")) {
    add(list, fill, "in", S_IFREG);
  } else if (same(path, "/odd")) {
    add(list, fill, "below", S_IFREG);
  }
  return 0;
}

int main(int argc, char **argv) {
  static const struct fuse_operations operations = {
      .init = init,
      .getattr = get_attributes,
      .readlink = read_link,
      .opendir = open_directory,
      .readdir = read_directory,
  };
  if (argc < 3) return 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* the process that started it may be killed */
  fault = argv[2];
  started = time(NULL);
  number = argc > 3 ? atoi(argv[3]) : 0;
  char *options[] = {argv[0], "-f", "-s", argv[1], NULL};
  return fuse_main(4, options, &operations, NULL);
}
