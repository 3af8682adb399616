/** How numbers are spoken: English in full, and the ten digits of other languages, which are what spoken codes are made of. */

const UNITS = "zero one two three four five six seven eight nine".split(" ");
const TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SCALES: readonly (readonly [word: string, value: number])[] = [
  ["trillion", 1e12],
  ["billion", 1e9],
  ["million", 1e6],
  ["thousand", 1e3],
];

/** One line a language, zero to nine; a slash parts words for the same digit. */
const OTHER_DIGITS = [
  "oh/o/nought/naught one two three four/for five six seven eight nine/niner",
  "null/nul eins/ein/eine zwei/zwo drei vier fünf sechs sieben acht neun",
  "cero uno/un/una dos tres cuatro cinco seis siete ocho nueve",
  "zéro un/une deux trois quatre cinq six sept huit neuf",
  "zero uno/un/una due tre quattro cinque sei sette otto nove",
  "zero um/uma dois/duas três quatro cinco seis/meia sete oito nove",
  "nul een/één twee drie vier vijf zes zeven acht negen",
  "noll ett/en två tre fyra fem sex sju åtta nio",
  "ноль/нуль один/одна два/две три четыре пять шесть семь восемь девять",
  "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć",
  "sıfır bir iki üç dört beş altı yedi sekiz dokuz",
  "không một hai ba bốn năm sáu bảy tám chín",
  "صفر واحد اثنان ثلاثة اربعة خمسة ستة سبعة ثمانية تسعة",
  "शून्य एक दो तीन चार पांच/पाँच छह/छः सात आठ नौ",
  "공/영 일 이 삼 사 오 육 칠 팔 구",
  "零/〇 一/幺 二/两 三 四 五 六 七 八 九",
];

const VALUES = new Map<string, number>([
  ...UNITS.map((word, value) => [word, value] as const),
  ...TEENS.map((word, index) => [word, 10 + index] as const),
  ...TENS.map((word, index) => [word, 20 + 10 * index] as const),
]);

const SCALE_VALUES = new Map(SCALES);

/** A word may be a digit in several languages, but it is the same digit in each: "six", "un", "sex". */
const DIGITS = new Map<string, number>(
  [UNITS.join(" "), ...OTHER_DIGITS]
    .flatMap((line) =>
      line.split(" ").map((words, digit) => words.split("/").map((word) => [word, digit] as const)),
    )
    .flat(),
);

/** Numbers up to this many digits are spoken as a whole, if at all. */
const WHOLE_DIGITS = 15;

/** The digit that a word says, in any of the languages known. */
export function digitOf(word: string | undefined): string | undefined {
  const digit = word === undefined ? undefined : DIGITS.get(word);
  return digit === undefined ? undefined : String(digit);
}

/** The first digit of "twenty" ... "ninety", to which a unit may follow. */
export function tensOf(word: string | undefined): string | undefined {
  const value = word === undefined ? undefined : VALUES.get(word);
  return value === undefined || value < 20 ? undefined : String(value / 10);
}

/** The digits one by one, in English. */
export function digitWords(digits: string): string[] {
  return Array.from(digits, (digit) => UNITS[Number(digit)] ?? digit);
}

/** Whether a word may be part of an English number. */
export function isNumberWord(word: string | undefined): boolean {
  if (word === undefined) return false;
  return VALUES.has(word) || SCALE_VALUES.has(word) || word === "hundred" || word === "and" || word === "a";
}

/** The number that all of the words together say in English, in digits: "one hundred and five" is "105". Undefined for no number. */
export function wholeNumber(words: readonly string[]): string | undefined {
  let total = 0;
  let group = 0;
  let scale = Infinity;
  let before: "" | "small" | "ten" | "hundred" | "scale" | "and" = "";
  for (const [index, word] of words.entries()) {
    const value = VALUES.get(word);
    const scaleValue = SCALE_VALUES.get(word);
    if (value !== undefined) {
      if (before === "small" || (before === "ten" && value >= 10)) return undefined;
      if (value === 0 && words.length > 1) return undefined;
      group += value;
      before = value >= 20 ? "ten" : "small";
    } else if (word === "a" && index === 0 && words.length > 1) {
      group = 1;
      before = "small";
    } else if (word === "hundred") {
      if (group < 1 || group > 99 || before === "and") return undefined;
      group *= 100;
      before = "hundred";
    } else if (scaleValue !== undefined) {
      if (group === 0 || scaleValue >= scale || before === "and") return undefined;
      total += group * scaleValue;
      group = 0;
      scale = scaleValue;
      before = "scale";
    } else if (word === "and" && (before === "hundred" || before === "scale")) before = "and";
    else return undefined;
  }
  if (words.length === 0 || before === "and" || (words[0] === "a" && words.length === 1)) return undefined;
  return String(total + group);
}

/** The English name of a whole number, without "and": "105" is one hundred five. Undefined for what nobody says as a whole. */
export function cardinalWords(digits: string): string[] | undefined {
  if (digits.length > WHOLE_DIGITS || (digits.startsWith("0") && digits !== "0")) return undefined;
  if (digits === "0") return ["zero"];
  let rest = Number(digits);
  const words: string[] = [];
  for (const [name, value] of SCALES) {
    if (rest >= value) words.push(...belowThousand(Math.floor(rest / value)), name);
    rest %= value;
  }
  return [...words, ...belowThousand(rest)];
}

function belowThousand(value: number): string[] {
  const words: string[] = [];
  if (value >= 100) words.push(UNITS[Math.floor(value / 100)] ?? "", "hundred");
  const rest = value % 100;
  if (rest >= 20) words.push(TENS[Math.floor(rest / 10) - 2] ?? "");
  if (rest >= 10 && rest < 20) words.push(TEENS[rest - 10] ?? "");
  else if (rest % 10 > 0) words.push(UNITS[rest % 10] ?? "");
  return words;
}

const ORDINALS = new Map(
  (
    "one:first two:second three:third five:fifth eight:eighth nine:ninth twelve:twelfth twenty:twentieth thirty:thirtieth " +
    "forty:fortieth fifty:fiftieth sixty:sixtieth seventy:seventieth eighty:eightieth ninety:ninetieth"
  )
    .split(" ")
    .map((pair) => pair.split(":") as [string, string]),
);

/** "21" is twenty first. */
export function ordinalWords(digits: string): string[] | undefined {
  const words = cardinalWords(digits);
  const last = words?.pop();
  return words === undefined || last === undefined
    ? undefined
    : [...words, ORDINALS.get(last) ?? `${last}th`];
}

/** The decade of "1990s" or "90s": nineteen nineties, nineties; "2000s" is two thousands. */
export function decadeWords(digits: string): string[] | undefined {
  const century = digits.slice(0, -2);
  const words =
    digits.length === 4 && digits.endsWith("00") && !digits.endsWith("000")
      ? [...(cardinalWords(century) ?? []), "hundred"]
      : digits.length === 4 && !digits.endsWith("000")
        ? [...(cardinalWords(century) ?? []), ...(cardinalWords(digits.slice(-2)) ?? [])]
        : cardinalWords(digits);
  const last = words?.pop();
  return words === undefined || last === undefined
    ? undefined
    : [...words, last.endsWith("y") ? `${last.slice(0, -1)}ies` : `${last}s`];
}
