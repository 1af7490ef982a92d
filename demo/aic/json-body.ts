import { isJsonObject, parseLossless } from './lossless-json.ts';
import { refusal } from './refusal.ts';

/** The text of a request that must be JSON by its content type, or the refusal. */
export async function jsonText(request: Request): Promise<string | Response> {
  const type = request.headers.get('content-type') ?? '';
  const body = await request.text();
  return /^application\/json\s*(;|$)/i.test(type)
    ? body
    : refusal(415, 'Content-Type must be application/json');
}

/** The JSON object of a request with exactly these fields, or the refusal. */
export async function jsonFields(
  request: Request,
  fields: readonly string[],
): Promise<Record<string, unknown> | Response> {
  const body = await jsonText(request);
  if (body instanceof Response) return body;
  let value: unknown;
  try {
    value = parseLossless(body);
  } catch (error) {
    return refusal(400, error instanceof SyntaxError ? error.message : 'The body is not JSON');
  }
  if (!isJsonObject(value)) return refusal(400, '"value" must be of type object');
  const problems = [
    ...fields.filter((field) => !Object.hasOwn(value, field)).map((field) => `"${field}" is required`),
    ...Object.keys(value)
      .filter((key) => !fields.includes(key))
      .map((key) => `"${key}" is not allowed`),
  ];
  return problems.length > 0 ? refusal(400, problems.join('. ')) : value;
}
