/*
 * inotifywait(1) with a handler of its output behind a pipe. The started process becomes inotifywait, so
 * that the handler's cost is not measured; once it ends, the handler prints the times.
 */
#define _GNU_SOURCE
#include <err.h>

#include "subject.h"

static enum kind kind_of(const char *line) {
  if (!strncmp(line, "CREATE", 6) || !strncmp(line, "MOVED_TO", 8)) return CREATE;
  return strncmp(line, "MODIFY", 6) ? OTHER : MODIFY;
}

static void handle_all(FILE *lines) {
  char *line = NULL;
  size_t size = 0;
  for (ssize_t length; (length = getline(&line, &size, lines)) > 0;) {
    line[length - 1] = '\0';
    const char *path = strstr(line, " /");
    if (!strcmp(line, "Watches established.")) print_line("ready");
    else if (path) see(kind_of(line), path + 1);
  }
  report();
}

int main(int argc, char **argv) {
  begin(argc, argv);
  int ends[2];
  if (pipe(ends)) err(1, "pipe");
  pid_t handler = fork();
  if (handler < 0) err(1, "fork");
  if (handler == 0) {
    close(ends[1]);
    handle_all(fdopen(ends[0], "r"));
    return 0;
  }
  dup2(ends[1], STDOUT_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[0]);
  close(ends[1]);
  execlp("inotifywait", "inotifywait", "--monitor", "--recursive", "--event",
         "create,modify,delete,move", "--format", "%e %w%f", directory, NULL);
  err(1, "inotifywait");
}
