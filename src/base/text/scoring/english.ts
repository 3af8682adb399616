/** English words that are said alike and written otherwise: contractions, titles, spellings of two countries. */

const FILLERS: ReadonlySet<string> = new Set("hmm hm mm mmm mhm mmhm uh uhm um umm er erm".split(" "));

/** Whether a word is a sound of hesitation, which transcribers write or leave out as they please. */
export function isFiller(word: string): boolean {
  return FILLERS.has(word);
}

/** Words that stand for others, whole. */
const IN_FULL: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    "won't": "will not",
    "can't": "can not",
    cannot: "can not",
    "shan't": "shall not",
    "let's": "let us",
    "ain't": "is not",
    "y'all": "you all",
    wanna: "want to",
    gotta: "got to",
    gonna: "going to",
    "ma'am": "madam",
    ok: "okay",
    mr: "mister",
    mrs: "missus",
    ms: "miss",
    dr: "doctor",
    prof: "professor",
    st: "saint",
    jr: "junior",
    sr: "senior",
    capt: "captain",
    lt: "lieutenant",
    gen: "general",
    gov: "governor",
    sen: "senator",
    rep: "representative",
    rev: "reverend",
    vs: "versus",
  }).map(([short, long]) => [short, long.split(" ")]),
);

/** Endings behind an apostrophe. "'s" may also be "has" or a possessive: it is taken alike on both sides. */
const ENDINGS: readonly (readonly [ending: string, word: string])[] = [
  ["n't", "not"],
  ["'re", "are"],
  ["'ve", "have"],
  ["'ll", "will"],
  ["'m", "am"],
  ["'d", "would"],
  ["'s", "is"],
];

/** British and American stems: what follows the stem is the same. */
const SPELLINGS: readonly (readonly [british: RegExp, american: string])[] = [
  [
    /^(col|fav|flav|harb|hon|hum|lab|neighb|behavi|rum|vap|vig|arm|endeav|od|parl|sav|splend|val|clam|cand|rig)our/,
    "$1or",
  ],
  [/^(cent|theat|met|lit|kilomet|centimet|millimet|fib|calib|spect|meag|somb)re(s)?$/, "$1er$2"],
  [/^(cent|met|lit|fib|calib)red$/, "$1ered"],
  [/^(cent|met|lit|fib|calib)red$/, "$1ered"],
  [
    /^(cancel|travel|label|model|level|signal|total|fuel|dial|counsel|channel|marvel|quarrel)l(ed|ing|er|ers)$/,
    "$1$2",
  ],
  [
    /^(organ|real|recogn|apolog|author|final|minim|maxim|optim|emphas|summar|standard|special|general|civil|critic|util|priorit|visual|categor|character)is(e|es|ed|ing|er|ers|ation|ations)$/,
    "$1iz$2",
  ],
  [/^(analy|paraly|cataly)s(e|ed|ing)$/, "$1z$2"],
  [/^(catalog|dialog|monolog|analog)ue(s)?$/, "$1$2"],
  [/^(defen|offen|licen|preten)ce/, "$1se"],
  [/^gr(e)y/, "gray"],
  [/^cheque/, "check"],
  [/^programme(s)?$/, "program$1"],
  [/^tyre/, "tire"],
  [/^ageing$/, "aging"],
  [/^fulfil(s|ment)?$/, "fulfill$1"],
  [/^enrol(s|ment)?$/, "enroll$1"],
  [/^skilful/, "skillful"],
  [/^jewellery$/, "jewelry"],
  [/^aeroplane/, "airplane"],
  [/^mum(s)?$/, "mom$1"],
];

/** The words that a spoken word stands for, in full and in American spelling. */
export function expanded(word: string): string[] {
  const whole = IN_FULL.get(word);
  if (whole !== undefined) return [...whole];
  if (word.includes("'")) {
    for (const [ending, said] of ENDINGS) {
      if (word.length > ending.length && word.endsWith(ending))
        return [...expanded(word.slice(0, -ending.length)), said];
    }
  }
  return [american(word)];
}

function american(word: string): string {
  for (const [british, spelling] of SPELLINGS) if (british.test(word)) return word.replace(british, spelling);
  return word;
}
