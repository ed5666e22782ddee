/** A registry on localhost that serves this package as jsr.io would. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { tmpDir } from "./tmp.ts";

const root = join(import.meta.dirname!, "../..");

/** The package's deno.json. */
export const manifest: {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, string>;
  readonly publish: { readonly include: readonly string[] };
} = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));

/** The published files: the paths that deno.json includes, sorted. */
export const published: readonly string[] = manifest.publish.include.flatMap((path) =>
  statSync(join(root, path)).isDirectory()
    ? readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
      .map((name) => join(path, name))
      .filter((name) => statSync(join(root, name)).isFile())
    : [path]
).sort();

/** The package's name on npm.jsr.io. */
export const npmName: string = manifest.name.replace(/^@(.*)\/(.*)$/, "@jsr/$1__$2");

/** A registry that is served until this process ends. */
export interface Registry {
  /** The value of JSR_URL. */
  readonly url: string;
  /** The registry of the scope `@jsr`, for npm and compatible clients. */
  readonly npmUrl: string;
  /** The files of the package that were requested. */
  readonly requested: ReadonlySet<string>;
}

/**
 * Serves the package as two registries: one for Deno, with the sources (https://jsr.io/docs/api), and one
 * for npm, with each source also as JavaScript and with its types in `_dist/`, both compiled by tsc.
 */
export async function serve(): Promise<Registry> {
  const { name, version, exports } = manifest;
  const requested = new Set<string>();
  const sources = Object.fromEntries(
    published.map((path) => [`/${path}`, readFileSync(join(root, path))]),
  );
  const tarball = pack();
  const server = createServer(({ url = "", headers }, response) => {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const json = (body: unknown) => response.end(JSON.stringify(body));
    const file = path.slice(`/${name}/${version}`.length);
    if (path === `/${name}/meta.json`) {
      const [scope, short] = name.slice(1).split("/");
      json({ scope, name: short, latest: version, versions: { [version]: {} } });
    } else if (path === `/${name}/${version}_meta.json`) {
      const entries = Object.entries(sources).map(([path, bytes]) => [path, {
        size: bytes.length,
        checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}`,
      }]);
      json({ manifest: Object.fromEntries(entries), exports });
    } else if (path.startsWith(`/${name}/${version}/`) && file in sources) {
      requested.add(file.slice(1));
      response.setHeader("content-type", file.endsWith(".ts") ? "text/typescript" : "text/plain");
      response.end(sources[file]);
    } else if (path === `/npm/${npmName}`) {
      const dist = {
        tarball: `http://${headers.host}/npm/package.tgz`,
        integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
      };
      json({
        name: npmName,
        "dist-tags": { latest: version },
        versions: { [version]: { name: npmName, version, dist, dependencies: {} } },
      });
    } else if (path === "/npm/package.tgz") {
      response.end(tarball);
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `${url}/`, npmUrl: `${url}/npm/`, requested };
}

/** The package's tarball for npm. */
function pack(): Uint8Array {
  const directory = tmpDir();
  const target = join(directory, "package");
  for (const path of published) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path));
  }
  execFileSync("tsc", [
    ...["--ignoreConfig", "--noCheck", "--types", "", "--rootDir", ".", "--outDir", "."],
    ...["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"],
    ...["--rewriteRelativeImportExtensions", "--declaration", "--declarationDir", "_dist"],
    ...Object.values(manifest.exports),
  ], { cwd: target });
  const exports = Object.entries(manifest.exports).map(([name, path]) => [name, {
    types: path.replace(/^\.\/(.*)\.ts$/, "./_dist/$1.d.ts"),
    default: path.replace(/ts$/, "js"),
  }]);
  writeFileSync(
    join(target, "package.json"),
    JSON.stringify({
      name: npmName,
      version: manifest.version,
      type: "module",
      exports: Object.fromEntries(exports),
    }),
  );
  return execFileSync("tar", ["-cz", "package"], { cwd: directory });
}
