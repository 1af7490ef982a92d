const longest = 100;

/**
 * Data as one line of a commit's message or a title: GitLab would close `Fixes #3`, notify `@somebody` and link `!5` there, so a mark of no
 * width stands behind each such sign. What is long is cut.
 */
export function inert(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const cut = line.length > longest ? `${line.slice(0, longest).toWellFormed()}…` : line;
  return cut.replaceAll(/[@#!$&%~[]|(?<=:)(?=\/\/)/g, (sign) => `${sign}\u2060`);
}
