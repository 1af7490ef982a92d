import { isJsonObject, parseLossless } from './lossless-json.ts';

/** What belongs to a pipeline besides its title. Parsed without loss of digits; undefined is not given. */
export interface JobContent {
  readonly stages: unknown;
  readonly variables: unknown;
  readonly sourceStage: unknown;
  readonly sinkStage: unknown;
}

/** What a caller of the API asks for: the job to be, and which one it replaces, if any. */
export interface JobRequest {
  readonly id: string | undefined;
  readonly title: string;
  readonly content: JobContent;
}

/**
 * Reads the body of a POST or PUT. A string is the refusal, in the words of the answer: all five fields must be
 * there and no others, but for `$id` where it is allowed. AIC may be more lenient; nobody knows where.
 */
export function readJobRequest(body: string, options: { readonly idAllowed: boolean }): JobRequest | string {
  let value: unknown;
  try {
    value = parseLossless(body);
  } catch (error) {
    return error instanceof SyntaxError ? error.message : 'The body is not JSON';
  }
  if (!isJsonObject(value)) return '"value" must be of type object';
  const { $id: id, title, stages, variables, sourceStage, sinkStage, ...others } = value;
  const problems = [
    ...(id === undefined || (options.idAllowed && isText(id))
      ? []
      : ['"$id" is not allowed here or not a string']),
    ...(isText(title)
      ? []
      : [`"title" ${title === undefined ? 'is required' : 'must be a string that is not empty'}`]),
    ...(Array.isArray(stages) && stages.every(isJsonObject) ? [] : ['"stages" must be an array of objects']),
    ...(Array.isArray(variables) && variables.every(isJsonObject)
      ? []
      : ['"variables" must be an array of objects']),
    ...(isJsonObject(sourceStage) || sourceStage === null ? [] : ['"sourceStage" must be an object']),
    ...(isJsonObject(sinkStage) || sinkStage === null ? [] : ['"sinkStage" must be an object']),
    ...Object.keys(others).map((key) => `"${key}" is not allowed`),
  ];
  if (problems.length > 0 || !isText(title)) return problems.join('. ');
  return { id: isText(id) ? id : undefined, title, content: { stages, variables, sourceStage, sinkStage } };
}

/** The content in a config that is given as an object, or as JSON text when digits matter; other fields are dropped. */
export function contentOf(config: object | string): JobContent {
  const value = parseLossless(typeof config === 'string' ? config : JSON.stringify(config));
  if (!isJsonObject(value)) throw new Error('A pipeline config is a JSON object.');
  const { stages, variables, sourceStage, sinkStage } = value;
  return { stages, variables, sourceStage, sinkStage };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
