import { commandTable, usageOf, verbs, type Verb } from './command-table.ts';
import type { Misunderstanding } from './parse-command.ts';
import { accessLevelOf, type Mapping, type Right } from '../mapping/mapping.ts';
import { joined, names, phrase, words, type Phrase } from '../report/phrase.ts';
import type { Report } from '../report/report.ts';

/** Who reads the help, and what the project allows to whom. */
export interface Reader {
  /** GitLab's number of the reader's access level. */
  readonly level: number;
  readonly permissions: Mapping['permissions'];
}

/** All commands, or one of them in detail, and for each whether the reader may give it. */
export function helpReport(verb: Verb | undefined, reader: Reader): Report {
  return verb === undefined ? overview(reader) : details(verb, reader);
}

function overview(reader: Reader): Report {
  return {
    mood: 'note',
    outcome: words(
      'Commands begin a line of a comment, one a line; names with spaces stand in quotation marks.',
    ),
    table: {
      head: ['Command', 'What it does', 'Who', 'You'],
      rows: verbs.map((verb) => {
        const { right, summary } = commandTable[verb];
        return [phrase`${usageOf(verb)}`, words(summary), who(right, reader), words(mark(right, reader))];
      }),
    },
    remedies: [phrase`${'/aic help deploy'} explains a command, with examples.`],
    facts: [],
  };
}

function details(verb: Verb, reader: Reader): Report {
  const { summary, right, details: more, examples, words: allowed } = commandTable[verb];
  const rights: readonly (Right | undefined)[] = allowed.includes('force') ? [right, 'force'] : [right];
  return {
    mood: 'note',
    outcome: [...phrase`${`/aic ${verb}`} `, summary, '.'],
    table: {
      head: ['', ''],
      rows: [
        [words('Usage'), phrase`${usageOf(verb)}`],
        ...rights.map((each): readonly Phrase[] => [
          words(each === 'force' ? 'Who, with force' : 'Who'),
          [...who(each, reader), mark(each, reader) === '✓' ? '; you may' : '; you may not'],
        ]),
        [
          words('Examples'),
          joined(
            examples.map((example) => phrase`${example}`),
            ', ',
          ),
        ],
        ...more.map((note) => [words('Good to know'), words(note)]),
      ],
    },
    remedies: [],
    facts: [],
  };
}

function who(right: Right | undefined, { permissions }: Reader): Phrase {
  return words(right === undefined ? 'members' : `${permissions[right]} and up`);
}

function mark(right: Right | undefined, { level, permissions }: Reader): string {
  return right === undefined || level >= accessLevelOf(permissions[right]) ? '✓' : '–';
}

/** The answer to a line that is no command: what is wrong with it, and what was most likely meant. */
export function misunderstoodReport(mistake: Misunderstanding): Report {
  const help = mistake.verb === undefined ? '/aic help' : `/aic help ${mistake.verb}`;
  return {
    mood: 'failed',
    outcome: ['Nothing was done: ', ...problem(mistake)],
    table: undefined,
    remedies: [
      ...suggestion(mistake),
      [
        ...(mistake.verb === undefined ? [] : phrase`It is written ${usageOf(mistake.verb)}. `),
        ...phrase`${help} tells more.`,
      ],
    ],
    facts: [],
  };
}

function problem(mistake: Misunderstanding): Phrase {
  const verb = mistake.verb ?? '';
  switch (mistake.kind) {
    case 'unknown-verb':
      return phrase`there is no command ${mistake.wanted}.`;
    case 'unknown-option':
      return phrase`${verb} knows no ${`${mistake.wanted}=`}.`;
    case 'unknown-word':
      return phrase`${verb} does not know what to do with ${mistake.wanted}.`;
    case 'unknown-subject':
      return phrase`${verb} knows no ${words(mistake.subject)} ${mistake.wanted}.`;
    case 'no-subject':
      return phrase`${verb} lacks its ${words(mistake.subject)}.`;
    case 'no-name':
      return phrase`two quotation marks of ${verb} have no name between them.`;
    case 'empty':
      return phrase`${`${mistake.key}=`} has no value.`;
    case 'twice':
      return phrase`${`${mistake.key}=`} is given twice.`;
    case 'open-quote':
      return phrase`a quotation mark is opened and not closed: ${mistake.open}`;
  }
}

function suggestion(mistake: Misunderstanding): readonly Phrase[] {
  switch (mistake.kind) {
    case 'unknown-verb':
    case 'unknown-option':
    case 'unknown-subject':
    case 'unknown-word': {
      const meant =
        mistake.nearest.length === 0 ? [] : [['Did you mean ', ...names(mistake.nearest), '?'] as Phrase];
      return mistake.kind === 'unknown-verb'
        ? meant
        : [...meant, phrase`If it is a part of a name, put the name in quotation marks.`];
    }
    case 'open-quote':
      return [phrase`Close it, or put a backslash before a quotation mark that belongs to a name.`];
    case 'no-name':
    case 'no-subject':
    case 'empty':
    case 'twice':
      return [];
  }
}
