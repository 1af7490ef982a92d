/**
 * GitLab runs a line that begins with `/` and a known word as a quick action with the bot's rights, in comments and descriptions alike; a
 * space before it prevents that.
 */
export function disarmed(text: string): string {
  return text.replaceAll(/^\//gm, ' /');
}
