/**
 * Does in groups what is asked for one by one: what comes in one turn of the event loop, or while a group is under way, is the next group.
 * @param most how many are in a group at most
 * @param act does a whole group; it answers each of them, in their order. Where it rejects, all of the group do
 */
export function inGroups<Asked, Answer>(
  most: number,
  act: (group: readonly Asked[]) => Promise<readonly (Answer | Promise<Answer>)[]>,
): (asked: Asked) => Promise<Answer> {
  const waiting: { readonly asked: Asked; readonly answer: PromiseWithResolvers<Answer> }[] = [];
  let isUnderWay = false;

  async function work(): Promise<void> {
    isUnderWay = true;
    for (;;) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const group = waiting.splice(0, most);
      if (group.length === 0) break;
      try {
        const answers = await act(group.map(({ asked }) => asked));
        for (const [index, { answer }] of group.entries()) answer.resolve(answers[index] as Answer);
      } catch (error) {
        for (const { answer } of group) answer.reject(error);
      }
    }
    isUnderWay = false;
  }

  return (asked) => {
    const answer = Promise.withResolvers<Answer>();
    waiting.push({ asked, answer });
    if (!isUnderWay) void work();
    return answer.promise;
  };
}
