/** The folder of the config files, at the root of the repository. */
const folder = 'config/';
const extension = '.json';
const longestName = 500;

/**
 * The path of a pipeline's config file, `config/<name>.json`. What a path can't hold safely on every system that checks the repository out
 * is percent-encoded: control characters, `/ \ : * ? " < > | %`, a space or dot at either end, and the first letter of the names that
 * Windows keeps for devices (https://learn.microsoft.com/windows/win32/fileio/naming-a-file), even with an extension. A lone surrogate,
 * which UTF-8 lacks, becomes `%uD83D`. Other letters of all scripts stay as they are.
 *
 * Not ensured: that the file's name fits into the 255 bytes that most file systems allow (85 kana are enough), and that names
 * which differ only in case stay apart where case is ignored.
 */
export function configPath(name: string): string {
  return folder + pathPart(name) + extension;
}

/** A name as one part of a path, encoded as `configPath` tells. */
export function pathPart(name: string): string {
  return name.replace(unsafe, escapeOf).replace(device, (reserved) => escapeOf(reserved) + reserved.slice(1));
}

/** The name that a part of a path stands for: decoded only when the part is exactly what `pathPart` writes. */
export function nameInPath(written: string): string {
  const name = written.replace(escape, (_escape, ...codes: readonly (string | undefined)[]) =>
    String.fromCharCode(Number.parseInt(codes.slice(0, 3).join(''), 16)),
  );
  return pathPart(name) === written ? name : written;
}

/**
 * The name of the pipeline whose config is at this path; undefined where the path is not a config's. A path is decoded only when it is
 * exactly what `configPath` writes. Any other was written by hand or by the Python library, which encodes nothing: there a percent sign
 * is a percent sign, and a subfolder a part of the name (`config/a/b.json` holds `a/b`).
 */
export function pipelineName(path: string): string | undefined {
  if (!path.startsWith(folder) || !path.endsWith(extension)) return undefined;
  const written = path.slice(folder.length, -extension.length);
  return written === '' ? undefined : nameInPath(written);
}

/** Whether every database holds the name: it has no NUL, and at most 500 characters. Configs of others are not deployed. */
export function isKeepable(name: string): boolean {
  return !name.includes('\0') && name.length <= longestName;
}

/** Whether the file at this path is a pipeline's config. */
export function isConfigPath(path: string): boolean {
  return pipelineName(path) !== undefined;
}

// With the flag u, a surrogate matches only where it has no partner.
const unsafe = /[\p{Control}\p{Surrogate}/\\:*?"<>|%]|^[ .]|[ .]$/gu;

const device = /^(?:con|prn|aux|nul|(?:com|lpt)[1-9¹²³])(?= *(?:\.|$))/i;

/** What `escapeOf` makes; one of the groups holds the hex digits of the UTF-16 unit. */
const escape = /%u(D[89A-F][\dA-F]{2})|%C2%([89][\dA-F])|%([0-7][\dA-F])/g;

/** The escape for the text's first character, by its UTF-8 bytes where it has any. */
function escapeOf(text: string): string {
  const code = text.charCodeAt(0);
  const hex = code.toString(16).toUpperCase().padStart(2, '0');
  if (code < 0x80) return `%${hex}`;
  return code < 0xa0 ? `%C2%${hex}` : `%u${hex}`;
}
