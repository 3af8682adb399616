/** The items that an importer yields: clips and broken lines, in the order of the source. */

/** A clip as its source describes it; its audio has not been looked at. */
export interface SourceClip {
  /** Where it is described, for messages: `file:line`, or a file. */
  where: string;
  /** Given by the source: two clips can't have the same. Absent: made from the audio's name. */
  id?: string;
  /** Absolute path of the sound file. */
  audio: string;
  /** The part of the file that is the clip; absent = all of it. */
  part?: { startS: number; endS?: number };
  /** Length of the audio according to the source, in seconds. */
  claimedS?: number;
  /** Reference transcript; absent when there is none. */
  text?: string;
  /** Transcript of each channel, where the source has them: left, right. */
  channelTexts?: readonly (string | undefined)[];
  /** As it is written: capitals, punctuation, digits. */
  written?: string;
  speaker?: string;
  language?: string;
}

/** A line that is no clip. */
export interface BadLine {
  where: string;
  reason: string;
}

/** True for what is no clip. */
export function isBadLine(item: object): item is BadLine {
  return "reason" in item;
}

/** Reads one format. */
export interface Importer {
  name: string;
  /** Description for people of the format it reads. */
  describe: string;
  /**
   * Whether a source is of this format.
   * @param names of the files in it when it is a folder, else undefined
   */
  matches(source: string, names: readonly string[] | undefined): boolean;
  /**
   * The clips and broken lines. Called twice: once to look for what is wrong, once to import.
   * @throws BenchError (exit 2) when the source as a whole can't be read
   */
  read(source: string): AsyncGenerator<SourceClip | BadLine, void>;
}
