/** `1 pipeline`, `2 pipelines`; `many` where a plural has another form. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
