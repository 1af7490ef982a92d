import { z } from 'zod';

const entries = z.array(z.object({ $id: z.string(), name: z.string().nullish() }));

/** The entries of a list that have a name, by AIC's id. Throws a ZodError for what is no such list. */
export function namedIn(body: unknown): readonly { readonly id: string; readonly name: string }[] {
  return entries
    .parse(body)
    .flatMap(({ $id, name }) => (name === null || name === undefined ? [] : [{ id: $id, name }]));
}
