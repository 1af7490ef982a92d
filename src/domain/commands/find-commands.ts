import { fromMarkdown } from 'mdast-util-from-markdown';

/** `/aic` as a word of its own at the beginning of a line, as GitLab's quick actions stand. */
const command = /^ {0,3}\/aic(?=[\s\u200B]|$)/i;
const somewhere = new RegExp(command.source, 'im');

/**
 * How much of a comment is looked at, in characters, and of a line for its nesting. The time that parsing takes can grow with
 * the square of either, before it is known who wrote: this much takes a fifth of a second at worst. A comment that is all command fits.
 */
const mostCharacters = 4_000;
const longestLine = 2_000;

/** Only blocks and code spans matter here; the parser's other constructs would only cost time. */
const blocksOnly = {
  disable: {
    null: [
      'attention',
      'autolink',
      'characterEscape',
      'characterReference',
      'definition',
      'hardBreakEscape',
      'labelEnd',
      'labelStartImage',
      'labelStartLink',
    ],
  },
};

/**
 * The lines of a comment that are commands, trimmed. What stands in code, in quotations, in lists or in HTML is not meant as one: there
 * people show commands to each other. GitLab's own forms of quotations (between lines of `>>>`) and of front matter count.
 */
export function commandLines(comment: string): readonly string[] {
  if (!somewhere.test(comment)) return [];
  const lines = comment.slice(0, mostCharacters).split(/\r\n?|\n/);
  const tree = fromMarkdown(lines.map((line) => line.slice(0, longestLine)).join('\n'), {
    extensions: [blocksOnly],
  });
  const skipped = linesBetweenMarks(lines, codeLines(tree));
  return tree.children.flatMap((block) => {
    // A line of dashes below a paragraph makes it a heading.
    if ((block.type !== 'paragraph' && block.type !== 'heading') || block.position === undefined) return [];
    const { start, end } = block.position;
    const inCode = block.children
      .filter(({ type }) => type === 'inlineCode' || type === 'html')
      .map(({ position }) => ({ from: position?.start.line ?? 0, to: position?.end.line ?? 0 }));
    return lines.slice(start.line - 1, end.line).flatMap((line, index) => {
      const number = start.line + index;
      const within = inCode.some(({ from, to }) => from < number && number <= to);
      return command.test(line) && !within && !skipped.has(number) ? [line.trim()] : [];
    });
  });
}

/** The numbers of the lines that stand in code blocks. */
function codeLines(tree: ReturnType<typeof fromMarkdown>): ReadonlySet<number> {
  const lines = new Set<number>();
  for (const { type, position } of tree.children) {
    if (type !== 'code' || position === undefined) continue;
    for (let line = position.start.line; line <= position.end.line; line += 1) lines.add(line);
  }
  return lines;
}

/** The numbers of the lines in front matter and in quotations between `>>>`, which Markdown itself does not know. */
function linesBetweenMarks(lines: readonly string[], code: ReadonlySet<number>): ReadonlySet<number> {
  const found = new Set<number>();
  const [first] = lines;
  let open =
    first !== undefined && /^(?:---|\+\+\+|;;;)$/.test(first) && lines.includes(first, 1) ? first : undefined;
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    if (open !== undefined) {
      found.add(number);
      if (line.trimEnd() === open && index > 0) open = undefined;
    } else if (line.trimEnd() === '>>>' && !code.has(number) && lines.indexOf('>>>', index + 1) !== -1) {
      open = '>>>';
    }
  }
  return found;
}
