import { commandTable, verbs, type OptionKey, type Verb, type WordKey } from './command-table.ts';
import { wordsOf, type Word } from './tokenize.ts';
import type { Right } from '../mapping/mapping.ts';
import { nearest } from '../shared/suggest-names.ts';
import { fail, ok, type Result } from '../shared/result.ts';

/** A command, as somebody wrote it. What the table does not give its verb is empty. */
export interface Command {
  readonly verb: Verb;
  /** What stands before the names, such as the verb that help is asked for. */
  readonly subject: string | undefined;
  readonly pipelines: readonly string[];
  readonly options: Readonly<Partial<Record<OptionKey, string>>>;
  readonly words: ReadonlySet<WordKey>;
}

/** Why a line is no command. The words of the line are data. */
export type Misunderstanding = { readonly verb: Verb | undefined } & (
  | { readonly kind: 'unknown-verb'; readonly wanted: string; readonly nearest: readonly string[] }
  | { readonly kind: 'unknown-option'; readonly wanted: string; readonly nearest: readonly string[] }
  | { readonly kind: 'unknown-word'; readonly wanted: string; readonly nearest: readonly string[] }
  | { readonly kind: 'no-name' }
  | { readonly kind: 'no-subject'; readonly subject: string }
  | {
      readonly kind: 'unknown-subject';
      readonly subject: string;
      readonly wanted: string;
      readonly nearest: readonly string[];
    }
  | { readonly kind: 'empty' | 'twice'; readonly key: string }
  | { readonly kind: 'open-quote'; readonly open: string }
);

/** Copying from a web page may leave no other mark than this one between `/aic` and the verb. */
const afterName = /^(\s*\/aic)\u200B/i;

/**
 * Reads a line that begins with `/aic`. Alone it means help. Never throws, whatever the line holds.
 */
export function parseCommand(line: string): Result<Command, Misunderstanding> {
  const words = wordsOf(line.replace(afterName, '$1 '));
  if (!words.ok) return fail({ kind: 'open-quote', verb: undefined, open: words.failure.open });
  const [, first, ...rest] = words.value;
  const wanted =
    first === undefined ? 'help' : first.key === undefined ? first.text : `${first.key}=${first.text}`;
  const verb = verbs.find((known) => known === wanted.toLowerCase());
  if (verb === undefined) {
    return fail({ kind: 'unknown-verb', verb, wanted, nearest: nearest(wanted, verbs) });
  }
  return read(verb, rest);
}

/** The right that a command needs; undefined for what every member may do. */
export function rightOf({ verb, words }: Command): Right | undefined {
  return words.has('force') ? 'force' : commandTable[verb].right;
}

function read(verb: Verb, given: readonly Word[]): Result<Command, Misunderstanding> {
  const spec = commandTable[verb];
  const options: Partial<Record<OptionKey, string>> = {};
  const words = new Set<WordKey>();
  const names: Word[] = [];
  for (const word of given) {
    if (word.key !== undefined) {
      const key = spec.options.find((known) => known === word.key);
      if (key === undefined) {
        return fail({
          kind: 'unknown-option',
          verb,
          wanted: word.key,
          nearest: nearest(word.key, spec.options),
        });
      }
      if (word.text.trim() === '') return fail({ kind: 'empty', verb, key });
      if (options[key] !== undefined) return fail({ kind: 'twice', verb, key });
      options[key] = word.text;
      continue;
    }
    const known = spec.words.find((each) => !word.quoted && each === word.text.toLowerCase());
    if (known === undefined) names.push(word);
    else words.add(known);
  }
  const first = spec.subject === undefined ? undefined : names.shift()?.text;
  const subject = spec.subject?.values === undefined ? first : first?.toLowerCase();
  const mistake = mistakeIn(verb, { subject, names });
  if (mistake !== undefined) return fail(mistake);
  return ok({ verb, subject, pipelines: [...new Set(names.map(({ text }) => text))], options, words });
}

function mistakeIn(
  verb: Verb,
  { subject, names }: { readonly subject: string | undefined; readonly names: readonly Word[] },
): Misunderstanding | undefined {
  const spec = commandTable[verb];
  if (spec.subject !== undefined) {
    const { name, values, optional } = spec.subject;
    if (subject === undefined && optional !== true) return { kind: 'no-subject', verb, subject: name };
    if (subject !== undefined && values?.includes(subject) === false) {
      const near = nearest(subject, values);
      return { kind: 'unknown-subject', verb, subject: name, wanted: subject, nearest: near };
    }
    if (subject?.trim() === '') return { kind: 'no-name', verb };
  }
  const [extra] = names;
  if (spec.pipelines === undefined && extra !== undefined) {
    return { kind: 'unknown-word', verb, wanted: extra.text, nearest: nearest(extra.text, spec.words) };
  }
  return names.some(({ text }) => text === '') ? { kind: 'no-name', verb } : undefined;
}
