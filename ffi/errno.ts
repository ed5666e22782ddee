/**
 * Linux's error numbers (errno(3)): those that the module compares with, and the name of each. They are the
 * same on x86-64 and aarch64.
 *
 * @module
 */

/** No such file or directory. */
export const ENOENT = 2;
/** No such process. */
export const ESRCH = 3;
/** A signal interrupted the call. */
export const EINTR = 4;
/** Input or output failed. */
export const EIO = 5;
/** Not a program that execve(2) can run. */
export const ENOEXEC = 8;
/** No open descriptor. */
export const EBADF = 9;
/** Nothing to read, or no room to write, without blocking. */
export const EAGAIN = 11;
/** A permission is missing. */
export const EACCES = 13;
/** In use. */
export const EBUSY = 16;
/** Exists already. */
export const EEXIST = 17;
/** Not a directory. */
export const ENOTDIR = 20;
/** A directory. */
export const EISDIR = 21;
/** An invalid argument. */
export const EINVAL = 22;
/** Too many open files of this process, or inotify instances of this user. */
export const EMFILE = 24;
/** No space left; from inotify_add_watch(2), no watch left for this user. */
export const ENOSPC = 28;
/** Nobody reads from the pipe any more. */
export const EPIPE = 32;
/** A result out of range. */
export const ERANGE = 34;
/** Too many symbolic links on the way to a path. */
export const ELOOP = 40;
/** A handle to a file of a network file system that is gone. */
export const ESTALE = 116;

/**
 * Names by number, from 1 on; 41 and 58 are not in use. Where a number has two names this is the one that
 * Node.js uses. The runtimes know too few: neither `os.constants.errno` nor libuv has EUCLEAN or ENOMEDIUM;
 * and only glibc has strerrorname_np(3).
 */
const NAMES: readonly string[] = `
  EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD
  EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR
  EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS
  EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP
  - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI
  EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR
  ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM
  EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD
  ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE
  EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT ENOTSUP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN
  ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT
  ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM
  EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD
  ENOTRECOVERABLE ERFKILL EHWPOISON
`.trim().split(/\s+/);

/** The name of an errno: "ENOENT", or "errno 41" where it has none. */
export function errnoName(errno: number): string {
  const name = NAMES[errno - 1] ?? "-";
  return name === "-" ? `errno ${errno}` : name;
}
