/**
 * Parses a command line as getopt_long(3) does: options may follow operands, letters may be joined, long names
 * may be abbreviated. `parseArgs` of node:util takes no abbreviations, and its messages are not glibc's.
 *
 * @module
 */

/** An option of a program. */
export interface Option {
  /** Its long name, without the dashes. */
  readonly name: string;
  /** Its letter. */
  readonly letter?: string;
  /** Whether it takes an argument. */
  readonly argument?: boolean;
  /** Whether inotify-tools lack it. It cannot be abbreviated, so that their abbreviations stay unambiguous. */
  readonly extra?: boolean;
}

/** An option with its argument ("" if it takes none), or an operand. */
export type Given =
  | { readonly option: Option; readonly argument: string }
  | { readonly operand: string };

/** An invalid command line; the message is glibc's. */
export class GetoptError extends Error {}

/**
 * Yields options and operands in order; as in C, also those before an invalid one.
 *
 * @throws {GetoptError}
 */
export function* getopt(
  args: readonly string[],
  options: readonly Option[],
): Generator<Given, void> {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") {
      for (const operand of args.slice(i + 1)) yield { operand };
      return;
    }
    if (arg.startsWith("--")) {
      const option = long(arg, options);
      const equals = arg.indexOf("=");
      let argument = equals < 0 ? "" : arg.slice(equals + 1);
      if (!option.argument && equals >= 0) {
        throw new GetoptError(`option '--${option.name}' doesn't allow an argument`);
      }
      if (option.argument && equals < 0) {
        if (++i === args.length) {
          throw new GetoptError(`option '--${option.name}' requires an argument`);
        }
        argument = args[i];
      }
      yield { option, argument };
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let at = 1; at < arg.length; at++) {
        const option = options.find(({ letter }) => letter === arg[at]);
        if (option === undefined) throw new GetoptError(`invalid option -- '${arg[at]}'`);
        if (!option.argument) {
          yield { option, argument: "" };
          continue;
        }
        const joined = arg.slice(at + 1);
        if (joined === "" && ++i === args.length) {
          throw new GetoptError(`option requires an argument -- '${arg[at]}'`);
        }
        yield { option, argument: joined || args[i] };
        break;
      }
    } else {
      yield { operand: arg };
    }
  }
}

function long(arg: string, options: readonly Option[]): Option {
  const name = arg.slice(2).split("=", 1)[0];
  const exact = options.find((option) => option.name === name);
  if (exact !== undefined) return exact;
  const candidates = options.filter((option) => !option.extra && option.name.startsWith(name));
  if (candidates.length === 1) return candidates[0];
  if (candidates.length === 0) throw new GetoptError(`unrecognized option '${arg}'`);
  const names = candidates.map((option) => ` '--${option.name}'`).join("");
  throw new GetoptError(`option '${arg}' is ambiguous; possibilities:${names}`);
}
