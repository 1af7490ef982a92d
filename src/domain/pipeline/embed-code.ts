import { codeFiles, codePieces, type CodePiece } from './code-files.ts';
import { parseLocatedJson, type Span } from '../shared/json.ts';
import { contentOf, parseConfig, type ConfigMistake, type Content } from './config.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { trimmed } from './task-code.ts';

/** A config with edited code in it. */
export interface Embedded {
  readonly text: string;
  /** The code files that were brought in. */
  readonly paths: readonly string[];
}

/** Why edited code can't be brought into a config. */
export type EmbedMistake =
  | ({ readonly kind: 'unreadable-config' } & ConfigMistake)
  /** A script and a block of it were both edited, and say different things. */
  | { readonly kind: 'contradiction'; readonly paths: readonly string[] }
  /** The block could not be found again where it stood: it ends its quotation marks itself, or is no SQL statement. */
  | { readonly kind: 'not-a-block'; readonly path: string };

/** A text with a part replaced. */
interface Edit extends Span {
  readonly text: string;
}

/**
 * Brings edited code files back into the text of a config. Only the JSON strings that hold the code change; every other byte stays. A block of SQL is put back
 * between the quotation marks that it stood in, with the white space around it; so extracting the code again gives the edited files. Files that
 * are not among `files`, or that the config does not know, do not matter. Never throws.
 * @param files the texts of code files by path; of SQL the white space around it does not count
 */
export function embed(
  pipeline: string,
  config: string,
  files: ReadonlyMap<string, string>,
): Result<Embedded, EmbedMistake> {
  const parsed = parseConfig(config);
  if (!parsed.ok) return fail({ kind: 'unreadable-config', ...parsed.failure });
  const located = parseLocatedJson(config);
  const content = located.ok ? contentOf(located.value.value) : undefined;
  if (!located.ok || content?.ok !== true)
    return fail({ kind: 'unreadable-config', problem: 'it cannot be read' });
  const pieces = codePieces(pipeline, content.value);
  const edited = pieces.flatMap((piece) => {
    const wanted = wantedText(piece, files);
    return wanted === undefined || wanted === piece.text ? [] : [{ piece, wanted }];
  });
  if (edited.length === 0) return ok({ text: config, paths: [] });
  const edits: Edit[] = [];
  for (const [holder, fields] of byPlace(edited)) {
    for (const [field, its] of fields) {
      const span = located.value.spans.get(holder)?.get(field);
      if (span === undefined) continue;
      const whole = wholeText(holder, field, its);
      if (!whole.ok) return whole;
      edits.push({ ...span, text: literal(whole.value, config.slice(span.start, span.end)) });
    }
  }
  const text = withEdits(config, edits);
  const lost = lostIn(pipeline, text, pieces, edited);
  if (lost !== undefined) return fail({ kind: 'not-a-block', path: lost });
  return ok({ text, paths: edited.map(({ piece }) => pathIn(piece, files)) });
}

/** The code files that say something else than the config. Files that are not given, or that the config does not know, do not count. */
export function codeDisagreements(
  pipeline: string,
  content: Content,
  files: ReadonlyMap<string, string>,
): readonly string[] {
  return codePieces(pipeline, content)
    .filter((piece) => (wantedText(piece, files) ?? piece.text) !== piece.text)
    .map((piece) => pathIn(piece, files));
}

interface Edited {
  readonly piece: CodePiece;
  readonly wanted: string;
}

/** The Python library's path counts where both are there, as everywhere. */
function pathIn({ path, libraryPath }: CodePiece, files: ReadonlyMap<string, string>): string {
  return files.has(libraryPath) ? libraryPath : path;
}

function wantedText(piece: CodePiece, files: ReadonlyMap<string, string>): string | undefined {
  const text = files.get(pathIn(piece, files));
  return text === undefined || piece.path.endsWith('.py') ? text : trimmed(text);
}

function byPlace(
  edited: readonly Edited[],
): ReadonlyMap<CodePiece['holder'], ReadonlyMap<string, readonly Edited[]>> {
  const places = new Map<CodePiece['holder'], Map<string, Edited[]>>();
  for (const one of edited) {
    const { holder, field } = one.piece;
    const fields = places.get(holder) ?? new Map<string, Edited[]>();
    const its = fields.get(field);
    if (its === undefined) fields.set(field, [one]);
    else its.push(one);
    places.set(holder, fields);
  }
  return places;
}

/** The text of a field with its edits: first the script as a whole, then its blocks. */
function wholeText(
  holder: CodePiece['holder'],
  field: string,
  edited: readonly Edited[],
): Result<string, EmbedMistake> {
  const before = holder[field];
  const script = edited.find(({ piece }) => isScript(piece));
  const blocks = edited.filter((one) => one !== script);
  if (typeof before !== 'string') return ok('');
  if (script === undefined) return ok(withEdits(before, blocks.map(editOf)));
  // The blocks where they stand in the edited script.
  const pieces = new Map(
    codePieces('', inTask(script.wanted)).map((piece) => [
      piece.path.slice(piece.path.lastIndexOf('_')),
      piece,
    ]),
  );
  const edits: Edit[] = [];
  for (const { piece, wanted } of blocks) {
    const here = pieces.get(piece.path.slice(piece.path.lastIndexOf('_')));
    if (here?.text === wanted) continue;
    if (here?.text !== piece.text)
      return fail({ kind: 'contradiction', paths: [script.piece.path, piece.path] });
    edits.push({ ...here.part, text: wanted });
  }
  return ok(withEdits(script.wanted, edits));
}

/** A pipeline of one script, whose pieces are those of the script. */
function inTask(script: string): Content {
  const tasks = [{ id: 't', type: 'PYSPARK', config: { script } }];
  return { variables: [], sourceStage: {}, stages: [{ tasks }], sinkStage: {} };
}

function editOf({ piece, wanted }: Edited): Edit {
  return { ...piece.part, text: wanted };
}

function withEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, text: wanted } of edits.toSorted((one, other) => one.start - other.start)) {
    parts.push(text.slice(at, start), wanted);
    at = end;
  }
  return [...parts, text.slice(at)].join('');
}

/** The file that does not come out of the new config as it should: as it was edited, or as it was. */
function lostIn(
  pipeline: string,
  config: string,
  pieces: readonly CodePiece[],
  edited: readonly Edited[],
): string | undefined {
  const content = parseConfig(config);
  const now = new Map(
    content.ok ? codeFiles(pipeline, content.value).map(({ path, text }) => [path, text]) : [],
  );
  const wantedOf = new Map(edited.map(({ piece, wanted }) => [piece, wanted]));
  const scripts = new Set(edited.filter(({ piece }) => isScript(piece)).map(({ piece }) => piece.holder));
  const blocks = new Set(edited.filter(({ piece }) => !isScript(piece)).map(({ piece }) => piece.holder));
  const lost = pieces.find((piece) => {
    const wanted = wantedOf.get(piece);
    // What a script and its blocks say depends on each other.
    if (isScript(piece) ? blocks.has(piece.holder) : scripts.has(piece.holder) && wanted === undefined)
      return false;
    return now.get(piece.path) !== (wanted ?? piece.text);
  });
  return lost?.path ?? edited.find((one) => escapesItsEnd(one))?.piece.path;
}

function isScript({ path }: CodePiece): boolean {
  return path.endsWith('.py');
}

/** Whether a block would escape the quotation marks behind it, which Python then would not see. */
function escapesItsEnd({ piece, wanted }: Edited): boolean {
  return piece.field === 'script' && !isScript(piece) && /(?<!\\)(?:\\\\)*\\$/.test(wanted);
}

/** A JSON string, with the habits of the one that it replaces: whether it escapes what is not ASCII, and slashes. */
function literal(text: string, like: string): string {
  let written = JSON.stringify(text);
  if (/\\u[\da-f]{4}/i.test(like) && !/[^\0-\x7F]/.test(like))
    written = written.replaceAll(
      /[^\0-\x7F]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  if (like.includes('\\/')) written = written.replaceAll('/', '\\/');
  return written;
}
