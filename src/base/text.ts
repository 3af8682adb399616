/**
 * Spoken words of a transcript, so that "Please hold, Mr. Brown." and "please hold mr brown" are the same: lower case,
 * punctuation dropped except apostrophes inside words. Digits stay digits.
 */
export function spokenWords(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .replaceAll("’", "'")
      .match(/[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}]+)*/gu) ?? []
  );
}
