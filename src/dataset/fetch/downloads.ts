/** Datasets that can be fetched: to add one, write its lines here. */

/** An archive on the web. */
export interface Download {
  name: string;
  url: string;
  bytes: number;
  /** Checksum of the archive. */
  sha256: string;
  /** Folder of the dataset in the archive. */
  root: string;
  /** Contents of the archive. */
  describe: string;
  /** Licence and credit, to be shown before anything is fetched. */
  licence: string;
}

/** All of them. */
export const DOWNLOADS: readonly Download[] = [
  {
    name: "librispeech-test-clean",
    url: "https://www.openslr.org/resources/12/test-clean.tar.gz",
    bytes: 346_663_984,
    sha256: "39fde525e59672dc6d1551919b1478f724438a95aa55f874b576be21967e6c23",
    root: "LibriSpeech/test-clean",
    describe: "LibriSpeech test-clean: 5.4 hours of read English, 40 speakers",
    licence:
      "CC BY 4.0. Credit: V. Panayotov, G. Chen, D. Povey, S. Khudanpur: LibriSpeech, an ASR corpus based on public domain audio books (2015).",
  },
];
