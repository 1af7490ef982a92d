import { isJsonObject, parseJson, writeJson, type Json, type JsonObject } from '../shared/json.ts';
import { linesOf } from '../shared/json-error.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { codeIn } from './task-code.ts';

/**
 * What belongs to a pipeline besides its title. Everything else in AIC's `jobConfig` is the server's (`$id` above all, which differs
 * per workspace) and goes neither into Git nor into a comparison.
 */
export interface Content {
  /** A list of `{ id, value, … }`, or an object of values by id. */
  readonly variables: readonly Json[] | JsonObject;
  readonly sourceStage: JsonObject;
  readonly stages: readonly JsonObject[];
  readonly sinkStage: JsonObject;
}

/** A pipeline without anything. */
export const emptyContent: Content = { variables: [], sourceStage: {}, stages: [], sinkStage: {} };

/** Why a config can't be used; the line, from 1, is where (the first mistake of them) stands in the file. */
export interface ConfigMistake {
  readonly line?: number;
  /** All mistakes, for people. */
  readonly problem: string;
}

/** The largest config file that is read, in bytes. GitLab allows only five reads a minute of blobs over 10 MB. */
export const maxConfigBytes = 10 * 1024 * 1024;

/** How many files of code one config may make; pipelines have some dozens. Each is hashed, compared and committed. */
const mostCode = 1_000;

/**
 * The content of a config file: one of our own, one that the Python library wrote, or one edited by hand. Fields that are no content are
 * dropped at the top and kept below it; a field that is missing or null counts as its empty value. Never throws.
 */
export function parseConfig(text: string): Result<Content, ConfigMistake> {
  const json = parseJson(text);
  if (!json.ok) {
    const { line, column, problem } = json.failure;
    return fail({ line, problem: `not valid JSON at column ${column}: ${problem}` });
  }
  // An empty object would deploy an empty pipeline; it is a slip, such as a config within a wrapper.
  const config = json.value;
  if (isJsonObject(config) && !contentFields.some((field) => Object.hasOwn(config, field))) {
    return fail({ line: 1, problem: `a config must have at least one of ${contentFields.join(', ')}` });
  }
  const content = readContent(config);
  if (content.ok) return content;
  const lines = linesOf(
    text,
    content.failure.map(({ place }) => place),
  );
  const located = content.failure.map(({ problem }, index) => ({ line: lines[index] ?? 1, problem }));
  const [first] = located;
  const problem = located
    .map((mistake) =>
      mistake.line === first?.line ? mistake.problem : `${mistake.problem} (line ${mistake.line})`,
    )
    .join('; ');
  return fail({ line: first?.line ?? 1, problem });
}

/** The content of a `jobConfig` as AIC answers it, by the same rules as for files. The mistake has no line. */
export function contentOf(jobConfig: Json): Result<Content, ConfigMistake> {
  const content = readContent(jobConfig);
  return content.ok
    ? content
    : fail({ problem: content.failure.map((violation) => violation.problem).join('; ') });
}

/** The text of a config file: JSON with two spaces and a final newline, the title first. */
export function writeConfig(title: string, content: Content): string {
  const { variables, sourceStage, stages, sinkStage } = content;
  return `${writeJson({ title, variables, sourceStage, stages, sinkStage }, 2)}\n`;
}

const contentFields = ['variables', 'sourceStage', 'stages', 'sinkStage'];

interface Violation {
  /** Fields and indexes; none for the config as a whole. */
  readonly place: readonly (string | number)[];
  readonly problem: string;
}

function readContent(config: Json): Result<Content, readonly Violation[]> {
  if (!isJsonObject(config)) {
    return fail([{ place: [], problem: `a config must be an object, not ${kindOf(config)}` }]);
  }
  const variables = readVariables(config);
  const sourceStage = readStage(config, 'sourceStage');
  const stages = readStages(config);
  const sinkStage = readStage(config, 'sinkStage');
  if (variables.ok && sourceStage.ok && stages.ok && sinkStage.ok) {
    const content: Content = {
      variables: variables.value,
      sourceStage: sourceStage.value,
      stages: stages.value,
      sinkStage: sinkStage.value,
    };
    return hasTooMuchCode(content) ? fail([tooMuchCode]) : ok(content);
  }
  return fail([variables, sourceStage, stages, sinkStage].flatMap((read) => (read.ok ? [] : read.failure)));
}

const tooMuchCode: Violation = {
  place: [],
  problem: `its tasks make more than ${mostCode.toLocaleString('en')} files of code: scripts, queries and blocks of SQL in triple quotation marks`,
};

function hasTooMuchCode(content: Content): boolean {
  const code = codeIn({ ...content });
  for (let count = 0; count <= mostCode; count += 1) if (code.next().done === true) return false;
  return true;
}

function readVariables(config: JsonObject): Result<Content['variables'], readonly Violation[]> {
  const value = fieldOf(config, 'variables');
  if (value === null) return ok([]);
  if (isJsonArray(value)) return ok(value);
  if (isJsonObject(value)) return ok(Object.keys(value).length === 0 ? [] : value);
  return fail([mustBe('variables', 'an array or an object', value)]);
}

function readStages(config: JsonObject): Result<readonly JsonObject[], readonly Violation[]> {
  const field = 'stages';
  const value = fieldOf(config, field);
  if (value === null) return ok([]);
  if (!isJsonArray(value)) return fail([mustBe(field, 'an array', value)]);
  const stages = value.filter(isJsonObject);
  const others = value.flatMap((stage, index) => (isJsonObject(stage) ? [] : [{ stage, index }]));
  if (others.length === 0) return ok(stages);
  // A file can hold millions of them.
  const shown = others.slice(0, 5).map(({ stage, index }) => ({
    place: [field, index],
    problem: `each entry of "${field}" must be an object, number ${index + 1} is ${kindOf(stage)}`,
  }));
  return fail(shown);
}

function readStage(config: JsonObject, field: string): Result<JsonObject, readonly Violation[]> {
  const value = fieldOf(config, field);
  if (value === null) return ok({});
  return isJsonObject(value) ? ok(value) : fail([mustBe(field, 'an object', value)]);
}

/** The field's value, null where it is missing. */
function fieldOf(config: JsonObject, field: string): Json {
  return config[field] ?? null;
}

function mustBe(field: string, wanted: string, value: Json): Violation {
  return { place: [field], problem: `"${field}" must be ${wanted}, not ${kindOf(value)}` };
}

// Array.isArray alone does not narrow readonly arrays.
function isJsonArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (isJsonObject(value)) return 'an object';
  if (typeof value === 'string') return 'a string';
  return typeof value === 'boolean' ? 'a boolean' : 'a number';
}
