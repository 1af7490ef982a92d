/** The strictest plausible limit: what Google's storage takes as the name of an object, in bytes. */
const longest = 1_024;

/**
 * A path on a drive, such as `./20260131`, as its parts; `.` and `./` are the drive itself. A string is the refusal: parts that are
 * empty, `.` or `..`, and what does not begin with a dot.
 */
export function partsOf(path: string): readonly string[] | string {
  if (path === '.' || path === './') return [];
  if (!path.startsWith('./')) return '"path" must begin with "./"';
  const parts = path.slice(2).split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return '"path" must not hold empty parts, "." or ".."';
  return Buffer.byteLength(path) > longest ? `"path" must not be longer than ${longest} bytes` : parts;
}

/** What is wrong with the name of a file; undefined when nothing is. */
export function problemOfName(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || /[/\p{Cc}]/u.test(name)) {
    return '"fileName" must be a name without slashes and control characters';
  }
  return Buffer.byteLength(name) > longest
    ? `"fileName" must not be longer than ${longest} bytes`
    : undefined;
}

/** Whether a name fits a pattern in which `*` stands for any characters. */
export function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'su').test(name);
}
