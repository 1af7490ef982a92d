/** Added and removed lines. */
export interface LineCount {
  readonly additions: number;
  readonly deletions: number;
}

const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/** Counts the lines of a unified diff. Only what the hunks announce counts, so that a line such as `+++ x` inside one is a line. */
export function countLines(diff: string): LineCount {
  let [additions, deletions, oldLeft, newLeft] = [0, 0, 0, 0];
  for (const line of diff.split('\n')) {
    if (oldLeft <= 0 && newLeft <= 0) {
      const announced = hunk.exec(line);
      if (announced === null) continue;
      oldLeft = Number(announced[1] ?? 1);
      newLeft = Number(announced[2] ?? 1);
    } else if (line.startsWith('+')) {
      additions += 1;
      newLeft -= 1;
    } else if (line.startsWith('-')) {
      deletions += 1;
      oldLeft -= 1;
    } else if (!line.startsWith('\\')) {
      oldLeft -= 1;
      newLeft -= 1;
    }
  }
  return { additions, deletions };
}
