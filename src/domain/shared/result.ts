/** What is expected to fail is returned, not thrown: the value, or the tagged reason why there is none. */
export type Result<Value, Failure> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Failure };

export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function fail<Failure>(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}

/** The values of all, or the first failure. */
export async function allOk<Value, Failure>(
  results: readonly Promise<Result<Value, Failure>>[],
): Promise<Result<readonly Value[], Failure>> {
  const values: Value[] = [];
  for (const result of await Promise.all(results)) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}
