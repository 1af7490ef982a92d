import type { Project } from '../gitlab/project.ts';
import { guardedPlace, threadOf, type Origin } from '../gitlab/command-origin.ts';
import { joined, link, phrase, words, type Phrase } from '../report/phrase.ts';
import { placeName, referenceTo, type Place } from '../gitlab/comment-location.ts';
import { paragraph, sectionsAsComments, toComment, toComments } from '../report/markdown.ts';
import type { Report } from '../report/report.ts';

/** What one command of a comment is answered with, kept until the last one has ended. */
export interface KeptAnswer {
  /** As it was written. */
  readonly line: string;
  /** Markdown; several where it is the only command and its answer long. */
  readonly pages: readonly string[];
  /** Whether it shows nothing of what configs and workspaces hold. */
  readonly isForAll: boolean;
}

/** The answers of several commands share so many characters: they wait in one row, and a row of D1 takes two million bytes. */
const sharedCharacters = 600_000;
/** Who has less cannot read internal comments: GitLab's number of a Reporter. */
const readsInternal = 20;

/** @param count how many commands the comment has */
export function keepAnswer(
  { line, report, isForAll }: { readonly line: string; readonly report: Report; readonly isForAll: boolean },
  count: number,
): KeptAnswer {
  const pages =
    count === 1 ? toComments(report) : toComments(report, 1, Math.floor(sharedCharacters / count));
  return { line, pages, isForAll };
}

/** Of a report that stands in a comment of its own: its outcome. */
export function outcomeAlone({ mood, outcome }: Report): Report {
  return { mood, outcome, table: undefined, remedies: [], facts: [] };
}

/** One comment of the answer. */
interface AnswerComment {
  readonly place: Exclude<Place, { kind: 'commit' }>;
  readonly marker: string;
  readonly body: string;
}

/** To whom, and where, all commands of a comment are answered. */
export interface Addressee {
  readonly origin: Origin;
  /** Undefined where GitLab did not show it. */
  readonly project: Project | undefined;
  /** The access level of who asked; undefined where that is not known. */
  readonly level: number | undefined;
}

/**
 * The one answer to all commands of a comment. What several were answered with alike is said once. Where people read the thread who cannot read
 * the code, and the answer shows some of that, it is an internal comment beside the thread.
 */
export function answerComments(
  answers: readonly KeptAnswer[],
  { origin, project, level }: Addressee,
): readonly AnswerComment[] {
  if (answers.length === 0) return [];
  const thread = threadOf(origin);
  const place = answers.every(({ isForAll }) => isForAll)
    ? thread
    : guardedPlace(origin, project?.isCodeOpen === true);
  const isBeside = placeName(place) !== placeName(thread);
  const marker = `aic-bot:answer:${origin.note}`;
  const comments = bodies(answers).map((body, index) => ({
    place,
    marker: index === 0 ? marker : `${marker}:${index + 1}`,
    body: isBeside && index === 0 ? `${paragraph(introduction(origin, project))}\n${body}` : body,
  }));
  const isHidden = isBeside && (level ?? 0) < readsInternal;
  const pointer = { place: thread, marker: `${marker}:where`, body: toComment(whereReport()) };
  return isHidden ? [...comments, pointer] : comments;
}

function bodies(answers: readonly KeptAnswer[]): readonly string[] {
  const alike = new Map<string, { readonly pages: readonly string[]; readonly lines: string[] }>();
  for (const { line, pages } of answers) {
    const text = pages.join('\n');
    const before = alike.get(text);
    if (before === undefined) alike.set(text, { pages, lines: [line] });
    else before.lines.push(line);
  }
  const [first, ...others] = alike.values();
  if (first !== undefined && others.length === 0) return first.pages;
  return sectionsAsComments(
    [...alike].map(([text, { lines }]) => ({
      heading: joined(
        lines.map((line) => phrase`${line}`),
        ', ',
      ),
      text,
    })),
  );
}

function introduction({ on, note }: Origin, project: Project | undefined): Phrase {
  const page = on.kind === 'issue' ? 'issues' : 'merge_requests';
  const comment =
    project === undefined
      ? words(`a comment on ${referenceTo(on)}`)
      : link('this comment', `${project.webUrl}/-/${page}/${on.iid}#note_${note}`);
  return [
    'The answer to ',
    ...comment,
    '. It is internal because guests of this project cannot read its code.',
  ];
}

function whereReport(): Report {
  return {
    mood: 'note',
    outcome: words('The answer is an internal comment: guests of this project cannot read its code.'),
    table: undefined,
    remedies: [words('Members from the role Reporter on read it here.')],
    facts: [],
  };
}
