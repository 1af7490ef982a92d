import type { Located, LocatedMap, Mistake } from './located-yaml.ts';
import { nearest } from '../shared/suggest-names.ts';
import { names, phrase, type Phrase } from '../report/phrase.ts';

const longestName = 255;

/** Beyond so many mistakes nobody reads, and to look for the likeliest name for each would take seconds in a file of thousands. */
const mostSuggestions = 10;

/** The fields of a map by key; empty where it is missing. A key that is not among the allowed ones is a mistake. */
export function fieldsOf(
  node: Located | undefined,
  what: Phrase,
  allowed: readonly string[] | undefined,
  example: string,
  mistakes: Mistake[],
): ReadonlyMap<string, Located> {
  if (node === undefined) return new Map();
  const map = asMap(node, what, example, mistakes);
  const fields = new Map<string, Located>();
  for (const { key, line, value } of map?.fields ?? []) {
    if (allowed === undefined || allowed.includes(key)) fields.set(key, value);
    else
      mistakes.push({
        line,
        problem: phrase`${key} is not known in ${what}.`,
        remedy: instead(key, allowed, mistakes),
      });
  }
  return fields;
}

/** The node as a map; undefined, and a mistake that shows a line of it, where it is something else. */
export function asMap(
  node: Located,
  what: Phrase,
  example: string,
  mistakes: Mistake[],
): LocatedMap | undefined {
  if (node.kind === 'map') return node;
  if (node.kind === 'unread') return undefined;
  const remedy = phrase`Write it as lines such as ${example}, or remove it.`;
  mistakes.push({ line: node.line, problem: phrase`Keys with values are expected in ${what}.`, remedy });
  return undefined;
}

/** A name: some text on one line, not too long. Undefined where it is missing or is none. */
export function nameIn(node: Located | undefined, what: Phrase, mistakes: Mistake[]): string | undefined {
  if (node === undefined || node.kind === 'unread') return undefined;
  const name = node.kind === 'text' ? node.text.trim() : '';
  if (name !== '' && name.length <= longestName && !/\p{Cc}/u.test(name)) return name;
  const problem = [...what, ` must be a name on one line, of up to ${longestName} characters.`];
  mistakes.push({
    line: node.line,
    problem,
    remedy: phrase`Write the name after the colon, in quotes if it holds ${':'} or ${'#'}.`,
  });
  return undefined;
}

/** One of the words that are allowed; the usual one where it is missing. */
export function oneOf<const Word extends string>(
  allowed: readonly Word[],
  usual: Word,
  node: Located | undefined,
  what: string,
  mistakes: Mistake[],
): Word {
  if (node === undefined || node.kind === 'unread') return usual;
  const found = node.kind === 'text' ? allowed.find((word) => word === node.text) : undefined;
  if (found !== undefined) return found;
  const problem =
    node.kind === 'text' ? phrase`${what} cannot be ${node.text}.` : phrase`${what} must be a single word.`;
  mistakes.push({ line: node.line, problem, remedy: ['Write one of: ', ...names(allowed), '.'] });
  return usual;
}

/** The remedy for a word that is not allowed: the nearest one, else all of them. */
export function instead(wrong: string, allowed: readonly string[], told: readonly Mistake[]): Phrase {
  const [first] = told.length < mostSuggestions ? nearest(wrong, allowed, 1) : [];
  if (first !== undefined) return phrase`Did you mean ${first}?`;
  return ['Use one of: ', ...names(allowed), '.'];
}
