const begin = '<!-- aic-bot:begin -->';
const end = '<!-- aic-bot:end -->';
const mark = '<!-- aic-bot';

/** The description with the bot's section in it: in the place of an earlier one, else at the end. What people wrote around it stays. */
export function withOwnSection(description: string, section: string): string {
  // A pipeline may be named like a mark.
  const own = `${begin}\n${section.trimEnd().replaceAll(mark, `${mark}\u2060`)}\n${end}`;
  const from = description.indexOf(begin);
  const to = description.indexOf(end, from);
  if (from !== -1 && to !== -1) {
    return description.slice(0, from) + own + description.slice(to + end.length);
  }
  const before = description.trimEnd();
  return before === '' ? `${own}\n` : `${before}\n\n${own}\n`;
}
