/**
 * A sentence in which our own words and other people's data stay apart: strings are ours, `code` is data from outside (a name,
 * another system's answer) and is never rendered as anything but literal text, `link` is a label of ours on an address.
 */
export type Phrase = readonly Part[];

type Part = string | { readonly code: string } | { readonly link: string; readonly url: string };

const longestQuote = 500;
const longestRead = 10_000;

/** Builds a phrase from a template: what stands in `${}` is data, unless it is a phrase itself. */
export function phrase(
  template: TemplateStringsArray,
  ...values: readonly (string | number | Phrase)[]
): Phrase {
  return template.flatMap((word, index) => {
    const value = values[index];
    const parts =
      value === undefined ? [] : typeof value === 'object' ? value : [{ code: clean(String(value)) }];
    return word === '' ? parts : [word, ...parts];
  });
}

/** Our own words as a phrase. */
export function words(text: string): Phrase {
  return [text];
}

export function link(label: string, url: string): Phrase {
  return [{ link: clean(label), url }];
}

/** Phrases in a row with our own words between them. */
export function joined(phrases: readonly Phrase[], between: string): Phrase {
  return phrases.flatMap((each, index) => (index === 0 ? each : [between, ...each]));
}

/** Names as data, at most `most` of them. */
export function names(all: readonly string[], most = 10): Phrase {
  const shown = joined(
    all.slice(0, most).map((name) => phrase`${name}`),
    ', ',
  );
  return all.length > most ? [...shown, ` and ${all.length - most} more`] : shown;
}

/**
 * Data made fit for one line: control and direction-changing characters become visible, what is long is cut. Without them no
 * quoted text can leave its line, hide a part of itself or reverse the words around it.
 */
function clean(text: string): string {
  const line = text
    .slice(0, longestRead)
    .toWellFormed()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
    .trim();
  if (line === '') return '(empty)';
  return line.length <= longestQuote ? line : `${line.slice(0, longestQuote).toWellFormed()}…`;
}
