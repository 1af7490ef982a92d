/** `2015-05-17 18:21:36 UTC`: the form in which some webhooks have their times. */
export function railsTime(date: Date): string {
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
