/**
 * The parts of `--help` that inotifywait and inotifywatch share.
 *
 * @module
 */

/** The options that choose what is watched. */
export const SELECTION_HELP =
  `  -r, --recursive        directories with everything below them, also what is created later
  -e, --event EVENT,…    only these events; can be given several times
  -P, --no-dereference   a symbolic link itself instead of its target
      --fromfile FILE    the paths in FILE, one per line; - is the standard input
      @PATH              not this directory, which is below one that is watched with -r
      --exclude REGEX    not what matches this extended regular expression (regex(7)). A directory is not
                         watched if everything below it matches. Only the last --exclude counts
      --excludei REGEX   the same, ignoring case
      --include REGEX    only what matches; the last one counts. Not together with --exclude
      --includei REGEX   the same, ignoring case
      --all-patterns     every pattern counts: what matches any --exclude(i) is left out; of the rest, what
                         matches any --include(i) is kept
  -h, --help             print this
`;

/** The events, at the end of a help text. */
export const EVENTS_HELP = `Events, in upper or lower case:
  access         it was read
  modify         it was written
  attrib         its owner, mode, times or number of links changed
  close_write    it was closed by a program that could write it
  close_nowrite  it was closed by a program that could only read it
  close          either of them
  open           it was opened
  moved_from     it was moved out of or within what is watched: its old name
  moved_to       it was moved into or within what is watched: its new name
  move           either of them
  move_self      a watched path was moved
  create         it was created in a watched directory
  delete         it was deleted in a watched directory
  delete_self    a watched path was deleted
  unmount        the file system of a watched path was unmounted
`;
