/** Asks whoever sits at the terminal to choose one of the names; undefined when they would rather not. */
export type Ask = (question: string, names: readonly string[]) => Promise<string | undefined>;
